//! Each limit, reached and one past.

use mail::{Limits, Reason, read};

use crate::{attached, finds, part, text, zip};

fn says(message: &[u8], limits: &Limits, reason: Reason) -> bool {
    read(message, limits).uninspected.iter().any(|u| u.reason == reason)
}

fn bounds(message: &[u8], at: &Limits, past: &Limits, reason: Reason) {
    assert!(!says(message, at, reason), "at the limit: {reason}");
    assert!(says(message, past, reason), "one past: {reason}");
}

fn nested(depth: usize) -> Vec<u8> {
    let mut message = b"\r\nx\r\n".to_vec();
    for _ in 0..depth {
        message = [b"Content-Type: message/rfc822\r\n\r\n".to_vec(), message].concat();
    }
    message
}

#[test]
fn each_limit_is_kept() {
    let all = Limits::default;
    let message = text("ann@x.test bob@x.test");
    let length = message.len();
    bounds(
        &message,
        &Limits { message_octets: length, ..all() },
        &Limits { message_octets: length - 1, ..all() },
        Reason::MessageTooLong,
    );
    bounds(&message, &Limits { fields: 3, ..all() }, &Limits { fields: 2, ..all() }, Reason::TooManyFields);
    bounds(
        &message,
        &Limits { sightings: 3, ..all() },
        &Limits { sightings: 1, ..all() },
        Reason::TooMuchText,
    );
    bounds(&message, &all(), &Limits { scanned_octets: 20, ..all() }, Reason::TooMuchText);
    bounds(
        &message,
        &Limits { field_octets: 26, ..all() },
        &Limits { field_octets: 25, ..all() },
        Reason::FieldTooLong,
    );
    let three = part("Content-Type: multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--");
    bounds(&three, &Limits { parts: 3, ..all() }, &Limits { parts: 2, ..all() }, Reason::TooManyParts);
    bounds(&nested(2), &Limits { depth: 2, ..all() }, &Limits { depth: 1, ..all() }, Reason::TooDeep);
    let inner = zip(&[("a", b"0123456789"), ("b", b"")]);
    let archive = attached("application/zip", &inner);
    bounds(
        &archive,
        &Limits { archive_members: 2, ..all() },
        &Limits { archive_members: 1, ..all() },
        Reason::TooManyMembers,
    );
    bounds(
        &archive,
        &Limits { archive_octets: 10, ..all() },
        &Limits { archive_octets: 9, ..all() },
        Reason::ArchiveTooLarge,
    );
    let outer = attached("application/zip", &zip(&[("c.zip", &inner)]));
    bounds(
        &outer,
        &Limits { archive_depth: 2, ..all() },
        &Limits { archive_depth: 1, ..all() },
        Reason::ArchiveTooDeep,
    );
    let twice = text("ann%2540x.test");
    bounds(
        &twice,
        &Limits { codings_depth: 2, ..all() },
        &Limits { codings_depth: 1, ..all() },
        Reason::CodingsTooDeep,
    );
}

#[test]
fn the_default_depth_holds_on_the_stack() {
    assert!(!says(&nested(mail::DEPTH_MAX), &Limits::default(), Reason::TooDeep));
    assert!(says(&nested(mail::DEPTH_MAX + 1), &Limits::default(), Reason::TooDeep));
    assert!(says(&nested(20_000), &Limits::default(), Reason::TooDeep));
}

#[test]
fn a_bomb_is_not_unpacked() {
    let bomb = zip(&[("a", &vec![b'a'; 4 << 20])]);
    let limits = Limits { archive_octets: 1 << 20, ..Limits::default() };
    assert!(
        bomb.len() < 100_000 && says(&attached("application/zip", &bomb), &limits, Reason::ArchiveTooLarge)
    );
}

#[test]
fn layers_of_every_coding_end() {
    let hostile = "%25 &amp; \\u005c (at) =40 =?utf-8?q?=3D?= @ ".repeat(2_000);
    let limits = Limits { scanned_octets: 8 << 20, ..Limits::default() };
    let reading = read(&text(&hostile), &limits);
    assert!(reading.sightings.len() < 10_000);
    let signs = text(&"a@b.c@".repeat(50_000));
    assert!(finds(signs, "a@b.c"));
}

/// Each of these once took the square of its length, or could have: a megabyte would not end.
#[test]
fn repetition_ends() {
    for unit in
        ["=?a?q?", ")", "QAQAQAQA", "é@", ";a=b", "<a b='", "<!--", "&amp;#", "%25", "a@b.c@", "([", "=40"]
    {
        let hostile = unit.repeat((1 << 20) / unit.len());
        for head in ["Content-Type: text/html\r\n\r\n", "Content-Type: "] {
            let _ = read(format!("{head}{hostile}").as_bytes(), &Limits::default());
        }
    }
}
