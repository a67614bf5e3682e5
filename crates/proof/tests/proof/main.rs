//! Messages that must be refused, each with the one thing that is wrong with it, and messages that must not.
#![allow(clippy::unwrap_used, reason = "helpers of tests are not #[test] functions themselves")]

mod corpus;
mod fields;
mod leaks;
mod parts;
mod signatures;

use mail::Address;
use proof::{Expected, Proved, PublicList, Refusal, prove};

const GOOD: &str = include_str!("../../../../fuzz/corpus/prove_message/alternative.eml");
const MESSAGE_ID: &str = "<1@police.example>";

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn public() -> PublicList {
    PublicList::from_iter([address("survey@police.example")])
}

fn prove_for(recipient: &str, message: impl AsRef<[u8]>) -> Result<Proved, Refusal> {
    prove(message.as_ref().to_vec(), &Expected::new(&address(recipient), &public(), MESSAGE_ID))
}

fn refused(message: impl AsRef<[u8]>) -> Refusal {
    prove_for("ann@x.test", message).unwrap_err()
}

/// The good message with one thing replaced.
fn with(old: &str, new: &str) -> String {
    assert!(GOOD.contains(old), "{old}");
    GOOD.replacen(old, new, 1)
}

/// The good message with a field added.
fn with_field(field: &str) -> String {
    with("MIME-Version: 1.0\r\n", &format!("MIME-Version: 1.0\r\n{field}\r\n"))
}

/// A message with one HTML part, in Base64.
fn with_html(html: &str) -> String {
    with_body("Content-Type: text/html; charset=utf-8", html.as_bytes())
}

fn with_body(content_type: &str, octets: &[u8]) -> String {
    let head = &GOOD[..GOOD.find("Content-Type").unwrap()];
    format!("{head}{content_type}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", base64(octets))
}

fn base64(octets: &[u8]) -> String {
    let text = data_encoding::BASE64.encode(octets);
    text.as_bytes().chunks(76).map(|l| String::from_utf8_lossy(l)).collect::<Vec<_>>().join("\r\n")
}

#[test]
fn a_good_message_is_proved() {
    let proved = prove_for("ann@x.test", GOOD).unwrap();
    assert_eq!((proved.recipient(), proved.reverse_path()), (&address("ann@x.test"), None));
    assert_eq!((proved.bytes(), proved.needs_smtputf8()), (GOOD.as_bytes(), false));
    let shown = format!("{proved:?}");
    assert!(!shown.contains('@') && !shown.contains("nn"), "{shown}");
}

#[test]
fn refusals_tell_the_place_and_nobody() {
    let refusal = refused(with_html("<a href='https://h.test/?r=bob%40y.test'>x</a>"));
    assert_eq!(
        refusal.to_string(),
        "an address that is neither the person's own nor on the public list stands in the message (HTML, within \
         a tag), behind percent-encoding"
    );
    assert!(!format!("{refusal:?}").contains("bob"));
}
