//! Tests of the crate through its public face.

#![allow(clippy::unwrap_used, reason = "the lint knows a test by its attribute, not what it calls")]

mod composition;
mod content;
mod decode;
mod footer;
mod golden;
mod languages;
mod limits;
mod literal;
mod merge;
mod message;

use std::collections::BTreeMap;

use ::message::{
    Attachment, Identity, MessageError, Person, SealError, Sealed, Settings, Source, SourceKind, Template,
    Unsubscribe,
};
use jiff::{Timestamp, tz::Offset};
use mail::{Address, Mailbox};

use crate::decode::Part;

pub(crate) fn identity() -> Identity {
    Identity {
        message_id: "0123456789abcdef@survey.example".to_owned(),
        boundary_seed: *b"seed-of-16-bytes",
        date: Timestamp::from_second(1_328_000_000).unwrap(),
        utc_offset: Offset::UTC,
        reverse_path: None,
        unsubscribe: Some(Unsubscribe {
            mailto: Some("mailto:out@survey.example?subject=out".to_owned()),
            https: Some("https://survey.example/u/abc".to_owned()),
        }),
        preferences: None,
        test: false,
    }
}

pub(crate) fn settings() -> Settings {
    Settings {
        default_from: Some(Mailbox::parse("Survey team <team@survey.example>").unwrap()),
        ..Settings::default()
    }
}

pub(crate) fn source(kind: SourceKind, subject: &str, body: &str) -> Source {
    Source::parse(kind, &format!("---\nsubject: {}\n---\n{body}", serde_json::to_string(subject).unwrap()))
        .unwrap()
}

pub(crate) fn try_template(kind: SourceKind, subject: &str, body: &str) -> Result<Template, MessageError> {
    Template::new(source(kind, subject, body), Vec::new(), Vec::new(), settings())
}

pub(crate) fn markdown(subject: &str, body: &str) -> Template {
    try_template(SourceKind::Markdown, subject, body).unwrap()
}

pub(crate) fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn seal_as(
    template: &Template,
    pairs: &[(&str, &str)],
    identity: &Identity,
) -> Result<Sealed, SealError> {
    let address = Address::parse("ann@people.example").unwrap();
    let fields = fields(pairs);
    template.seal(&Person { row: 7, address: &address, fields: &fields, language: None }, identity, &[])
}

pub(crate) fn seal(template: &Template, pairs: &[(&str, &str)]) -> Result<Sealed, SealError> {
    seal_as(template, pairs, &identity())
}

pub(crate) fn read(sealed: &Sealed) -> Part {
    Part::read(sealed.bytes())
}

/// Plain text and HTML of a body merged with these fields.
pub(crate) fn bodies(kind: SourceKind, body: &str, pairs: &[(&str, &str)]) -> (String, String) {
    let sealed = seal(&try_template(kind, "Subject", body).unwrap(), pairs).unwrap();
    let part = read(&sealed);
    (part.leaf("text/plain").text(), part.leaf("text/html").text())
}

pub(crate) fn png() -> Attachment {
    Attachment::new("logo.png", "image/png", b"\x89PNG not really".to_vec()).unwrap()
}
