//! How long one message takes: `cargo bench -p message`.

#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use jiff::{Timestamp, tz::Offset};
use mail::Address;
use message::{Identity, Person, Settings, Signer, Source, SourceKind, Template, Unsubscribe};

const ROUNDS: u32 = 20_000;
const PARAGRAPH: &str = "We would like to hear what you think of how we did, and it takes *five minutes*. \
    Nobody who answers can be told from anybody else, and **your answer is yours alone**. ";

fn measure(name: &str, template: &Template, signers: &[Signer]) {
    let address = Address::parse("laura.wilson@bigmail.example").expect("an address");
    let fields = BTreeMap::from([
        ("first_name".to_owned(), "Laura".to_owned()),
        ("survey_link".to_owned(), "https://survey.example/s/abcdefghijklmnop".to_owned()),
    ]);
    let person = Person { row: 2, address: &address, fields: &fields, language: None };
    let identity = Identity {
        message_id: "0123456789abcdef@survey.example".to_owned(),
        boundary_seed: [7; 16],
        date: Timestamp::UNIX_EPOCH,
        utc_offset: Offset::UTC,
        reverse_path: None,
        unsubscribe: Some(Unsubscribe {
            mailto: Some("mailto:out@survey.example".to_owned()),
            https: Some("https://survey.example/u/abcdefghijklmnop".to_owned()),
        }),
        preferences: None,
        test: false,
    };
    let rounds = if signers.is_empty() { ROUNDS } else { ROUNDS / 20 };
    let mut size = 0;
    let start = Instant::now();
    for _ in 0..rounds {
        size = black_box(template.seal(&person, &identity, signers).expect("sealed")).bytes().len();
    }
    let each = start.elapsed() / rounds;
    println!("{name:32} {:8.1} µs  {size} octets", each.as_secs_f64() * 1e6);
}

fn main() {
    let front = "---\nsubject: Your views, {{ first_name }}\nfrom: Survey team <team@survey.example>\n---\n";
    let markdown = format!(
        "{front}Dear {{{{ first_name }}}},\n\n{}\n\n[Answer now]({{{{ survey_link }}}})\n\n- one\n- two\n\nThank you.\n",
        PARAGRAPH.repeat(12)
    );
    let mjml = format!(
        "{front}<mjml><mj-body><mj-section><mj-column><mj-text>Dear {{{{ first_name }}}}, {}</mj-text>\
         <mj-button href=\"{{{{ survey_link }}}}\">Answer</mj-button></mj-column></mj-section></mj-body></mjml>",
        PARAGRAPH.repeat(12)
    );
    let template = |kind, text: &str| {
        let source = Source::parse(kind, text).expect("a source");
        Template::new(source, Vec::new(), Vec::new(), Settings::default()).expect("a template")
    };
    let rsa = Signer::new("survey.example", "a", include_str!("../tests/data/rsa2048.pem")).expect("a key");
    let ed = Signer::new("survey.example", "b", include_str!("../tests/data/ed25519.pem")).expect("a key");
    let markdown = template(SourceKind::Markdown, &markdown);
    measure("Markdown, 2 kB", &markdown, &[]);
    measure("Markdown, 2 kB, Ed25519", &markdown, std::slice::from_ref(&ed));
    measure("Markdown, 2 kB, RSA and Ed25519", &markdown, &[rsa, ed]);
    measure("MJML, 2 kB", &template(SourceKind::Mjml, &mjml), &[]);
}
