//! What a person writes is never a bounce, and structure alone does not make a verdict.

use mail::report::{AutoMark, BounceClass, What, read, read_enveloped};

use crate::message;

#[test]
fn a_bounce_loses_its_verdict_with_its_structure() {
    let bounce = String::from_utf8(message("postfix_failed")).unwrap();
    let class = |text: &str| match read(text.as_bytes()).what {
        What::DeliveryStatus(status) => status.class(),
        What::Bounce(bounce) => Some(bounce.class),
        _ => None,
    };
    assert_eq!(class(&bounce), Some(BounceClass::PermanentAddress));
    for (from, to, expected) in [
        ("Action: failed", "Action: refused", Some(BounceClass::Undecided)),
        ("Action: failed", "Action: delayed", Some(BounceClass::Transient)),
        ("Action: failed\n", "", Some(BounceClass::Undecided)),
        ("Status: 5.1.1", "Status: 2.1.1", Some(BounceClass::Undecided)),
        ("Status: 5.1.1", "Status: 5.7.1", Some(BounceClass::Policy)),
        ("Status: 5.1.1", "Status: 4.1.1", Some(BounceClass::Transient)),
        ("multipart/report", "multipart/mixed", Some(BounceClass::PermanentAddress)),
    ] {
        assert!(bounce.contains(from));
        assert_eq!(class(&bounce.replacen(from, to, 1)), expected, "{from} -> {to}");
    }
    // The parts as a person's program forwards them.
    let from = "MAILER-DAEMON@relay.unit.test (Mail Delivery System)";
    let forwarded = bounce.replace("multipart/report", "multipart/mixed").replace("Return-Path: <>\n", "");
    let forwarded =
        forwarded.replace(from, "bob@people.example").replace("Auto-Submitted: auto-replied\n", "");
    assert!(matches!(read(forwarded.as_bytes()).what, What::Person(_)));
}

#[test]
fn several_recipients_have_a_verdict_together_only_if_they_agree() {
    let text = String::from_utf8(message("several_recipients")).unwrap();
    let What::DeliveryStatus(status) = read(text.as_bytes()).what else { panic!("a status") };
    assert_eq!(status.class(), Some(BounceClass::Undecided));
    let of = |address| status.of(&mail::Address::parse(address).unwrap()).map(|recipient| recipient.class);
    assert_eq!(of("ann@people.example"), Some(Some(BounceClass::PermanentAddress)));
    assert_eq!(of("bob@people.example"), Some(Some(BounceClass::MailboxFull)));
    assert_eq!(of("cat@people.example"), Some(None), "delivered");
    assert_eq!(of("ann@old.example"), None, "not whom the message was sent to");
}

#[test]
fn the_envelope_says_what_the_return_path_would() {
    let bounce = |from: &str| {
        format!(
            "From: {from}\nSubject: failure notice\n\nHi. This is the program.\n\n<a@x.test>:\nGone. (#5.1.1)\n"
        )
    };
    let class = |what| match what {
        What::Bounce(bounce) => Some(bounce.class),
        _ => None,
    };
    let of = |from: &str, null_sender: Option<bool>| {
        let octets = bounce(from);
        let octets = octets.as_bytes();
        class(null_sender.map_or_else(|| read(octets), |null| read_enveloped(octets, null)).what)
    };
    let (sure, unsure) = (Some(BounceClass::PermanentAddress), Some(BounceClass::Undecided));
    assert_eq!(
        [None, Some(true), Some(false)].map(|null| of("MAILER-DAEMON@x.test", null)),
        [sure, sure, unsure]
    );
    assert_eq!(
        [None, Some(true), Some(false)].map(|null| of("postmaster@x.test", null)),
        [unsure, sure, unsure]
    );
    assert_eq!([None, Some(true), Some(false)].map(|null| of("ann@x.test", null)), [None, sure, None]);
    let answer = b"From: ann@x.test\n\nAway.\n";
    assert_eq!(read_enveloped(answer, true).what, What::AutoReply(AutoMark::NullSender));
    assert!(matches!(read_enveloped(answer, false).what, What::Person(_)));
}
