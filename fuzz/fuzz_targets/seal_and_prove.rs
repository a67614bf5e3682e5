#![no_main]
//! A message of any source and value is refused or sealed; what is sealed and proved shows nobody but its person.

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use mail::{Address, Mailbox};
use message::{Identity, Person, Settings, Source, SourceKind, Template};
use proof::{Expected, PublicList, prove};

fuzz_target!(|input: (u8, &str, &str)| {
    let (kind, text, value) = input;
    let kind = [SourceKind::Markdown, SourceKind::Html, SourceKind::Mjml][usize::from(kind % 3)];
    let (Ok(recipient), Ok(sender)) =
        (Address::parse("ann@x.test"), Mailbox::parse("Team <survey@police.example>"))
    else {
        return;
    };
    let source = format!("---\nsubject: Hello\n---\n{text}");
    let Ok(source) = Source::parse(kind, &source) else { return };
    let settings = Settings { from: Some(sender), ..Settings::default() };
    let Ok(template) = Template::new(source, Vec::new(), Vec::new(), settings) else { return };
    let fields = BTreeMap::from([("name".to_owned(), value.to_owned())]);
    let person = Person { row: 2, address: &recipient, fields: &fields, language: None };
    let identity = Identity {
        message_id: "1@police.example".to_owned(),
        boundary_seed: [7; 16],
        date: jiff::Timestamp::UNIX_EPOCH,
        utc_offset: jiff::tz::Offset::UTC,
        reverse_path: None,
        unsubscribe: None,
        preferences: Some("https://police.example/preferences/abc".to_owned()),
        test: false,
    };
    let Ok(sealed) = template.seal(&person, &identity, &[]) else { return };
    let public: PublicList = template.public_addresses().into_iter().cloned().collect();
    let expected = Expected::new(&recipient, &public, "<1@police.example>");
    if let Ok(proved) = prove(sealed.into_bytes(), &expected) {
        assert_eq!(proved.recipient(), &recipient);
        assert!(!proved.bytes().windows(12).any(|w| w.eq_ignore_ascii_case(b" bob@y.test ")));
    }
});
