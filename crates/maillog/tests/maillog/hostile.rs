//! What strangers can have a relay log: HELO names, subjects, addresses, replies, Message-IDs.

use maillog::Fate;

use crate::{delivered, found, lines, log};

const OURS: &str = "ours@unit.example.test";
const SEEN: [&str; 2] = [
    "postfix/smtpd[11]: 5A2B3C4D5E6: client=localhost[127.0.0.1]",
    "postfix/cleanup[12]: 5A2B3C4D5E6: message-id=<ours@unit.example.test>",
];

#[test]
fn words_of_strangers_are_not_taken_for_lines() {
    let claims = [
        "postfix/qmgr[13]: 5A2B3C4D5E6: from=<x>, size=1, nrcpt=1 (queue active)",
        "5A2B3C4D5E6: to=<x>, relay=x, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (x)",
        "Nov 23 10:00:09 relay postfix/qmgr[13]: 5A2B3C4D5E6: removed",
        "lost connection after DATA (1 bytes) from x",
        "5A2B3C4D5E6: reject: END-OF-MESSAGE from x",
        "\rNov 23 10:00:09 relay postfix/qmgr[13]: 5A2B3C4D5E6: removed",
    ];
    for claim in claims {
        for line in [
            format!("postfix/smtpd[11]: warning: non-SMTP command from x[192.0.2.1]: {claim}"),
            format!("postfix/smtpd[11]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554; helo=<{claim}>"),
            format!("postfix/smtpd[11]: 6A2B3C4D5E6: client={claim}"),
            format!("postfix/cleanup[12]: 5A2B3C4D5E6: warning: header Subject: {claim} from x"),
            format!("postfix/cleanup[12]: 6A2B3C4D5E6: message-id=<{claim}>"),
            format!("postfix/qmgr[13]: 6A2B3C4D5E6: from=<\"{claim}\"@x>, size=1, nrcpt=1 (queue active)"),
            format!(
                "postfix/smtp[14]: 6A2B3C4D5E6: to=<x@y>, relay=x, delay=1, delays=1/0/0/0, dsn=5.0.0, status=bounced (host said: {claim})"
            ),
            format!("postfix/smtp[14]: connect to {claim}: Connection refused"),
            format!("postfix/qmgr[13]: warning: {claim}"),
            format!("logger[1]: {claim}"),
            format!("su: {claim}"),
            format!("postfix/qmgr [13]: {claim}"),
        ] {
            let mut all = SEEN.to_vec();
            all.push(&line);
            let finding = found(&[&log(&all)], &[OURS]).get(OURS).unwrap().clone();
            assert_eq!((finding.accepted, finding.refused, finding.open), (0, 0, 1), "{line}");
        }
    }
}

#[test]
fn a_stranger_who_names_our_message_id_does_not_accept_it() {
    let stranger = delivered("6A2B3C4D5E6", "x> <ours@unit.example.test");
    let findings = found(&[&log(&lines(&stranger))], &[OURS]);
    assert_eq!(findings.get(OURS).unwrap().accepted, 0);
    let resent = ["postfix/cleanup[12]: 6A2B3C4D5E6: resent-message-id=<ours@unit.example.test>"];
    assert!(!found(&[&log(&resent)], &[OURS]).get(OURS).unwrap().seen_without_acceptance());
}

#[test]
fn the_status_is_behind_the_address_and_before_the_reply() {
    let line = |to: &str, said: &str| {
        format!(
            "postfix/smtp[14]: 5A2B3C4D5E6: to=<{to}>, relay=x[192.0.2.1]:25, delay=1, delays=1/0/0/0, dsn=5.1.1, \
             status=bounced (host said: {said})"
        )
    };
    let claim = "x>, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 7A2B3C4D5E6)";
    for line in [line("x", claim), line(&format!("\"{claim}\"@x"), "no")] {
        let mut all = SEEN.to_vec();
        all.push(&line);
        let last = found(&[&log(&all)], &[OURS]).get(OURS).unwrap().last.unwrap();
        assert_eq!((last.fate, last.dsn), (Fate::Bounced, Some((5, 1, 1))), "{line}");
    }
}

#[test]
fn an_address_does_not_expire_a_message() {
    let line = "postfix/qmgr[13]: 5A2B3C4D5E6: from=<\"x>, status=expired, returned to sender\"@x>, size=1, nrcpt=1 (queue active)";
    let finding = found(&[&log(&[SEEN[0], SEEN[1], line])], &[OURS]).get(OURS).unwrap().clone();
    assert_eq!((finding.accepted, finding.last), (1, None));
}

#[test]
fn what_is_no_queue_id() {
    for id in [
        "NOQUEUE",
        "warning",
        "5A2B3",
        "5a2b3c4d5e6",
        "5A2B3C4D5E6 ",
        "4jYLc-5dNz1WDY4",
        "4aYLcF05dNz1WDY4",
        "5A2B3C4D5E65A2B3C4D5E65AA",
    ] {
        let all = delivered(id, OURS);
        let finding = found(&[&log(&lines(&all))], &[OURS]).get(OURS).unwrap().clone();
        assert_eq!((finding.accepted, finding.open), (0, 0), "{id}");
    }
    for id in ["5A2B3C", "4jYLcF05dNz1WDY4", "5A2B3C4D5E65A2B3C4D5E65A"] {
        let all = delivered(id, OURS);
        assert_eq!(found(&[&log(&lines(&all))], &[OURS]).get(OURS).unwrap().accepted, 1, "{id}");
    }
}
