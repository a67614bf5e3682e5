//! Attachments, pictures, and what cannot be read.

use mail::Reason;
use proof::{Expected, InspectedAttachment, Proved, Refusal, inspect_attachment, prove};

use crate::{
    GOOD, MESSAGE_ID, address, base64, prove_for, public, refused, with, with_body, with_field, with_html,
};

const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

fn with_attachment(fields: &str, octets: &[u8]) -> String {
    let head = &GOOD[..GOOD.find("Content-Type").unwrap()];
    format!(
        "{head}Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n\
         <p>Dear Ann <img src=\"cid:logo@police.example\"></p>\r\n--m\r\n{fields}\r\nContent-Transfer-Encoding: \
         base64\r\n\r\n{}\r\n--m--\r\n",
        base64(octets)
    )
}

fn prove_with(message: &str, attachments: &[InspectedAttachment], ids: &[String]) -> Result<Proved, Refusal> {
    let (recipient, public) = (address("ann@x.test"), public());
    let expected = Expected::new(&recipient, &public, MESSAGE_ID).attachments(attachments).content_ids(ids);
    prove(message.as_bytes().to_vec(), &expected)
}

#[test]
fn an_inspected_attachment_is_proved_and_no_other() {
    let picture = inspect_attachment("logo.png", "image/png", PICTURE, &public()).unwrap();
    assert_eq!(picture.could_not_inspect()[0].reason, Reason::Media);
    let ids = ["logo@police.example".to_owned()];
    let fields = "Content-Type: image/png; name=logo.png\r\nContent-ID: <logo@police.example>";
    let message = with_attachment(fields, PICTURE);
    let inspected = [picture];
    assert!(prove_with(&message, &inspected, &ids).is_ok());
    assert!(matches!(prove_with(&message, &[], &ids), Err(Refusal::AttachmentUnknown(_))));
    let altered = with_attachment(fields, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDQ");
    assert!(matches!(prove_with(&altered, &inspected, &ids), Err(Refusal::AttachmentUnknown(_))));
    assert!(matches!(prove_with(&message, &inspected, &[]), Err(Refusal::ContentId(_))));
    let other = message.replace("cid:logo@", "cid:bob@");
    assert!(matches!(prove_with(&other, &inspected, &ids), Err(Refusal::Stranger(_))));
    let other = message.replace("cid:logo@police.example", "cid:logo");
    assert!(matches!(prove_with(&other, &inspected, &ids), Err(Refusal::ContentId(_))));
    let named = message.replace("name=logo.png", "name=\"bob@y.test\"");
    assert!(matches!(prove_with(&named, &inspected, &ids), Err(Refusal::Stranger(_))));
}

#[test]
fn an_attachment_that_shows_somebody_is_refused() {
    for (name, kind, octets) in [
        ("list.csv", "text/csv", &b"name,email\r\nBob,bob@y.test\r\n"[..]),
        ("bob@y.test.txt", "text/plain", b"x"),
        ("a.bin", "application/octet-stream", b"\0\x01 bob.long@y.test \0"),
    ] {
        let refusal = inspect_attachment(name, kind, octets, &public()).unwrap_err();
        assert!(matches!(refusal, Refusal::AttachmentStranger(_)), "{name}");
    }
    let csv = inspect_attachment("a.csv", "text/csv", b"survey@police.example", &public()).unwrap();
    assert!(csv.could_not_inspect().is_empty());
    assert!(
        prove_with(
            &with_attachment("Content-Type: text/csv", b"survey@police.example"),
            &[csv],
            &["logo@police.example".into()]
        )
        .is_ok()
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (kind, octets) in [
        ("text/plain; charset=utf-7", &b"bob+AEA-y.test"[..]),
        ("text/plain; charset=x-none", b"x"),
        ("text/plain; charset=utf-8", b"\xFF\xFE\xFD"),
        ("image/png", PICTURE),
        ("application/pdf", b"%PDF-1.4"),
        ("message/rfc822", b"Subject: x\r\n\r\nx"),
        ("text/csv", b"a,b"),
    ] {
        assert!(
            prove_for("ann@x.test", with_body(&format!("Content-Type: {kind}"), octets)).is_err(),
            "{kind}"
        );
    }
    assert!(prove_for("ann@x.test", with("quoted-printable", "x-uuencode")).is_err());
}

#[test]
fn defects_are_refused() {
    for message in [
        with("--b-1--\r\n", ""),
        with("boundary=\"b-1\"", "x=y"),
        with("lang=3Den", "lang=en"),
        with("boundary=\"b-1\"", "boundary=\"b-1\"; boundary=\"b-2\""),
        with("quoted-printable", "base64"),
        with_field("Content-Transfer-Encoding: base64"),
        with_html("<!-- not closed"),
    ] {
        let refusal = refused(message);
        // A public address that is cut by a broken encoding is a stranger's, and that is said first.
        assert!(matches!(refusal, Refusal::Defect(_) | Refusal::Stranger(_)), "{refusal}");
    }
}
