//! One past each limit.

use std::fmt::Write as _;

use message::*;

use crate::{identity, markdown, seal, seal_as, settings, source, try_template};

fn front(front: &str) -> Result<Source, MessageError> {
    Source::parse(SourceKind::Markdown, &format!("---\nsubject: s\n{front}---\nx"))
}

#[test]
fn sources() {
    let text = |size: usize| format!("---\nsubject: s\n---\n{}", "x".repeat(size - 19));
    assert!(Source::parse(SourceKind::Markdown, &text(SOURCE_OCTETS_MAX)).is_ok());
    let error = Source::parse(SourceKind::Markdown, &text(SOURCE_OCTETS_MAX + 1)).err();
    assert_eq!(error, Some(MessageError::SourceTooLong));
}

#[test]
fn front_matter() {
    let long = |size: usize| front(&format!("# {}\n", "x".repeat(size - 14)));
    assert!(long(FRONT_MATTER_OCTETS_MAX).is_ok());
    assert_eq!(long(FRONT_MATTER_OCTETS_MAX + 1).err(), Some(MessageError::FrontMatterTooLong));
    let contacts = |count: usize| {
        let mut list = String::from("contacts:\n");
        for n in 0..count {
            writeln!(list, "- c{n}@x.test").unwrap();
        }
        front(&list)
    };
    assert!(contacts(CONTACTS_MAX).is_ok());
    assert_eq!(
        contacts(CONTACTS_MAX + 1).err(),
        Some(MessageError::TooMany { what: "contacts", max: CONTACTS_MAX })
    );
    let tag =
        |size: usize| front(&format!("language: {}\n", &"abcdefg-abcdefg-abcdefg-abcdefg-abcdefg"[..size]));
    assert!(tag(LANGUAGE_OCTETS_MAX).is_ok());
    assert_eq!(tag(LANGUAGE_OCTETS_MAX + 1).err(), Some(MessageError::Language));
}

#[test]
fn translations() {
    let new = |count: usize| {
        let tags = (0..count).map(|n| (format!("x{n}"), source_of("x"))).collect();
        Template::new(source_of("x"), tags, Vec::new(), settings()).err()
    };
    assert_eq!(new(TRANSLATIONS_MAX), None);
    let error = MessageError::TooMany { what: "translations", max: TRANSLATIONS_MAX };
    assert_eq!(new(TRANSLATIONS_MAX + 1), Some(error));
}

fn source_of(body: &str) -> Source {
    source(SourceKind::Markdown, "s", body)
}

#[test]
fn attachments() {
    let new = |count: usize, size: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("a{n}")).collect();
        let file = |name: &String| Attachment::new(name, "text/plain", vec![0; size]).unwrap();
        let source = front(&format!("attachments: [{}]\n", names.join(", "))).unwrap();
        Template::new(source, Vec::new(), names.iter().map(file).collect(), settings()).err()
    };
    assert_eq!(new(ATTACHMENTS_MAX, 1), None);
    let error = MessageError::TooMany { what: "attachments", max: ATTACHMENTS_MAX };
    assert_eq!(new(ATTACHMENTS_MAX + 1, 1), Some(error));
    assert_eq!(new(1, ATTACHMENTS_OCTETS_MAX), None);
    assert_eq!(new(1, ATTACHMENTS_OCTETS_MAX + 1), Some(MessageError::AttachmentsTooLarge));
    let name = |size: usize| Attachment::new(&"x".repeat(size), "text/plain", vec![]).err();
    assert_eq!(name(FILE_NAME_OCTETS_MAX), None);
    assert_eq!(name(FILE_NAME_OCTETS_MAX + 1), Some(MessageError::AttachmentName));
    let kind = |size: usize| Attachment::new("a", &format!("a/{}", "x".repeat(size - 2)), vec![]).err();
    assert_eq!(kind(CONTENT_TYPE_OCTETS_MAX), None);
    assert_eq!(kind(CONTENT_TYPE_OCTETS_MAX + 1), Some(MessageError::AttachmentType));
}

#[test]
fn merged_sizes() {
    let too_much = |place| Some(SealError::TooMuch { row: 7, place });
    let subject = |size: usize| seal(&markdown("{{ a }}", "x"), &[("a", &"x".repeat(size))]).err();
    assert_eq!(subject(SUBJECT_OCTETS_MAX), None);
    assert_eq!(subject(SUBJECT_OCTETS_MAX + 1), too_much(Place::Subject));
    let body = |size: usize| seal(&markdown("s", "{{ a }}"), &[("a", &"x".repeat(size))]).err();
    assert_eq!(body(BODY_OCTETS_MAX), None);
    assert_eq!(body(BODY_OCTETS_MAX + 1), too_much(Place::Body));
    // Each `"` is six octets in HTML.
    let part = |size: usize| seal(&markdown("s", "{{ a }}"), &[("a", &"\"".repeat(size))]).err();
    assert_eq!(part(PART_OCTETS_MAX / 6 - 1000), None);
    assert_eq!(part(PART_OCTETS_MAX / 6 + 1), too_much(Place::Body));
    let values = |count: usize| {
        let body = "{% for x in a %}{{ x }}{% endfor %}";
        seal(&markdown("s", body), &[("a", &"x".repeat(count))]).err()
    };
    assert_eq!(values(VALUES_MAX), None);
    assert_eq!(values(VALUES_MAX + 1), too_much(Place::Body));
    let work = "{% for x in a %}{% for y in a %}{% if y == 'z' %}!{% endif %}{% endfor %}{% endfor %}";
    assert_eq!(seal(&markdown("s", work), &[("a", &"x".repeat(1000))]).err(), too_much(Place::Body));
}

#[test]
fn nesting() {
    let quotes =
        |depth: usize| try_template(SourceKind::Markdown, "s", &format!("{} x", ">".repeat(depth))).err();
    // The paragraph within is one level too.
    assert_eq!(quotes(NESTING_MAX - 1), None);
    assert_eq!(quotes(NESTING_MAX), Some(MessageError::Content(ContentError::Nesting)));
    let html = |depth: usize| try_template(SourceKind::Html, "s", &"<blockquote>".repeat(depth)).err();
    assert_eq!(html(NESTING_MAX), None);
    assert_eq!(html(NESTING_MAX + 1), Some(MessageError::Content(ContentError::Nesting)));
    let mjml = |depth: usize| try_template(SourceKind::Mjml, "s", &"<mj-x>".repeat(depth)).err();
    assert_eq!(mjml(NESTING_MAX), Some(MessageError::Content(ContentError::Mjml)));
    assert_eq!(mjml(NESTING_MAX + 1), Some(MessageError::Content(ContentError::Nesting)));
    let long = |size: usize| try_template(SourceKind::Mjml, "s", &"x".repeat(size)).err();
    assert_eq!(long(MJML_OCTETS_MAX), Some(MessageError::Content(ContentError::Mjml)));
    assert_eq!(long(MJML_OCTETS_MAX + 1), Some(MessageError::Content(ContentError::MjmlTooLong)));
}

#[test]
fn identity_and_signers() {
    let id = |size: usize| {
        let message_id = format!("{}@x.test", "a".repeat(size - 7));
        seal_as(&markdown("s", "x"), &[], &Identity { message_id, ..identity() }).err()
    };
    assert_eq!(id(MESSAGE_ID_OCTETS_MAX), None);
    assert_eq!(id(MESSAGE_ID_OCTETS_MAX + 1), Some(SealError::Identity { what: "message-id" }));
    let https = |size: usize| {
        let uri = format!("https://{}", "a".repeat(size - 8));
        let unsubscribe = Some(Unsubscribe { mailto: None, https: Some(uri) });
        seal_as(&markdown("s", "x"), &[], &Identity { unsubscribe, ..identity() })
    };
    let longest = https(UNSUBSCRIBE_OCTETS_MAX).unwrap();
    assert!(longest.bytes().split(|b| *b == b'\n').all(|line| line.len() <= LINE_OCTETS_MAX + 1));
    assert!(https(UNSUBSCRIBE_OCTETS_MAX + 1).is_err());
    let signer = || Signer::new("x.test", "s", include_str!("../data/ed25519.pem")).unwrap();
    let address = mail::Address::parse("a@x.test").unwrap();
    let fields = crate::fields(&[]);
    let person = Person { row: 1, address: &address, fields: &fields, language: None };
    let sign = |count: usize| {
        let signers: Vec<Signer> = (0..count).map(|_| signer()).collect();
        markdown("s", "x").seal(&person, &identity(), &signers).err()
    };
    assert_eq!(sign(SIGNERS_MAX), None);
    assert_eq!(sign(SIGNERS_MAX + 1), Some(SealError::Identity { what: "number of signers" }));
}

#[test]
fn layouts() {
    // Six conditions fall in 64 ways; a seventh makes more than are kept, and all are still right.
    let mut body = String::new();
    for n in 0..7 {
        write!(body, "{{% if f{n} %}}{n}{{% endif %}}").unwrap();
    }
    let template = markdown("s", &format!("x{body}"));
    for ways in (0..=LAYOUTS_MAX).rev().chain(0..=LAYOUTS_MAX) {
        let names: Vec<String> = (0..7).map(|n| format!("f{n}")).collect();
        let pairs: Vec<(&str, &str)> = names
            .iter()
            .enumerate()
            .map(|(n, name)| (name.as_str(), if ways >> n & 1 == 1 { "y" } else { "" }))
            .collect();
        let expected: String =
            (0..7).filter(|n| ways >> n & 1 == 1).map(|n| n.to_string()).fold("x".to_owned(), |a, b| a + &b);
        let part = crate::read(&seal(&template, &pairs).unwrap());
        assert_eq!(part.leaf("text/plain").text().trim_end(), expected);
    }
    let long = markdown("s", &"x ".repeat(LAYOUT_OCTETS_MAX));
    assert!(seal(&long, &[]).is_ok());
}
