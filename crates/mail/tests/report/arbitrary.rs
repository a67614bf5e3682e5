//! Whatever arrives: no panic, and nobody is suppressed by words.

use mail::report::{BounceClass, NAMES_MAX, Report, TEXT_OCTETS_MAX, What, read};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{corpus, crlf};

fn class(report: &Report) -> Option<BounceClass> {
    match &report.what {
        What::DeliveryStatus(status) => status.class(),
        What::Bounce(bounce) => Some(bounce.class),
        _ => None,
    }
}

fn is_bounded(report: &Report) -> bool {
    let names = report.names();
    let texts = names.envelope_ids.iter().chain(&names.message_ids).chain(&names.tokens);
    [names.envelope_ids.len(), names.message_ids.len(), names.return_paths.len(), names.tokens.len()]
        .iter()
        .all(|length| *length <= NAMES_MAX)
        && texts.into_iter().all(|text| text.expose().len() <= TEXT_OCTETS_MAX)
}

/// Words that a bounce is made of, and a person may write.
const WORDS: &str = "(550|5\\.1\\.1|550 5\\.1\\.1|550-5\\.1\\.1|#5\\.1\\.1|Status: 5\\.1\\.1|Action: failed|\
    Final-Recipient: rfc822; a@x\\.test|Content-Type: message/delivery-status|Hi\\. This is the |<a@x\\.test>:|\
    Remote host said: |after RCPT TO:<a@x\\.test>: |--b|Undelivered|X-Failed-Recipients: a@x\\.test|unsubscribe|\n|\n\n| |a)";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_octets(octets in proptest::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(is_bounded(&read(&octets)));
    }

    #[test]
    fn fields_that_are_nearly_right(text in "((From|Subject|Content-Type|Return-Path|Auto-Submitted|X-Failed-Recipients|Status|Action|Final-Recipient|Diagnostic-Code|Message-ID|List-Unsubscribe)(:|: | )(MAILER-DAEMON|multipart/report; boundary=b|message/delivery-status|failed|5.1.1|smtp; 550|<>|<[a-z@.]{0,9}>|unsubscribe [a-z2-7]{18,31}|[ -~]{0,20})\r?\n|--b(--)?\n|\n){0,25}") {
        prop_assert!(is_bounded(&read(text.as_bytes())));
        let unix = text.replace('\r', "");
        prop_assert_eq!(read(&crlf(unix.as_bytes())), read(unix.as_bytes()));
    }

    #[test]
    fn mutated_messages(
        which in any::<Index>(),
        changes in proptest::collection::vec((any::<Index>(), any::<u8>(), 0_u8..4), 1..12),
    ) {
        let mut octets = which.get(&corpus()).1.clone();
        for (place, octet, kind) in changes {
            let at = place.index(octets.len() + 1);
            match kind {
                0 if at < octets.len() => octets[at] = octet,
                1 => octets.truncate(at.max(1)),
                2 if at < octets.len() => drop(octets.remove(at)),
                _ => octets.insert(at, octet),
            }
        }
        let report = read(&octets);
        prop_assert!(is_bounded(&report));
        if !octets.contains(&b'\r') {
            prop_assert_eq!(read(&crlf(&octets)), report);
        }
    }

    /// However a status is cut, no verdict comes of it that the whole does not have.
    #[test]
    fn cut_messages(which in any::<Index>(), place in any::<Index>()) {
        let all = corpus();
        let octets = &which.get(&all).1;
        let cut = read(&octets[..place.index(octets.len() + 1)]);
        if class(&cut) == Some(BounceClass::PermanentAddress) {
            let whole = class(&read(octets));
            // A text without structure does not tell that a second code is missing.
            let second_code = matches!(cut.what, What::Bounce(_)) && whole == Some(BounceClass::Undecided);
            prop_assert!(whole == Some(BounceClass::PermanentAddress) || second_code);
        }
    }

    #[test]
    fn words_of_people(
        words in proptest::collection::vec(WORDS, 0..40),
        subject in "(Re: |Undelivered Mail Returned to Sender|failure notice|550 5\\.1\\.1|[ -~]{0,30})",
        from in "(Ann <ann@people\\.example>|postmaster@people\\.example|mailer@people\\.example)",
        path in "(Return-Path: <ann@people\\.example>\n)?",
    ) {
        let message = format!("{path}From: {from}\nSubject: {subject}\n\n{}\n", words.concat());
        let class = class(&read(message.as_bytes()));
        prop_assert!(class.is_none_or(|class| class == BounceClass::Undecided), "{}", message);
        prop_assert!(!from.starts_with("Ann") || class.is_none());
    }
}
