//! Logs that Postfix wrote, and what had become of each message.

use maillog::{Doubt, Fate, Verdict, Window};

use crate::{found, time};

pub(crate) const SHORT: &str = include_str!("../data/short.log");
pub(crate) const LONG: &str = include_str!("../data/long.log");
const HOP: &str = include_str!("../data/hop.log");

type Status = (Fate, Option<(u8, u16, u16)>);

/// What the client saw or did, and what the log must say.
#[derive(Clone, Copy)]
pub(crate) enum Then {
    /// Taken, and what became of it then; `None` where the two logs differ in that.
    Taken(Option<Status>),
    Not,
    Undecided(Doubt),
}
use Then::{Not, Taken, Undecided};

const SENT: Then = Taken(Some((Fate::Sent, Some((2, 0, 0)))));
const DEFERRED: Then = Taken(Some((Fate::Deferred, Some((4, 4, 1)))));

pub(crate) const MESSAGES: [(&str, Then); 24] = [
    ("sent", SENT),
    ("refusedconn", DEFERRED),
    ("defer", Taken(Some((Fate::Deferred, Some((4, 3, 0)))))),
    ("bounce", Taken(Some((Fate::Bounced, Some((5, 1, 1)))))),
    // 550 to the dot: `cleanup` refused it before it had come to the Message-ID.
    ("rejectedheader", Not),
    // 250, on hold, released later.
    ("heldheader", SENT),
    // 250, thrown away before `cleanup` had come to the Message-ID: nobody gets it.
    ("discarded", Not),
    ("warned", SENT),
    // 250, on hold: no line but `NOQUEUE: hold:` tells.
    ("access-held", Undecided(Doubt::Open)),
    // 554 to the dot, and the Message-ID logged after it.
    ("eod", Not),
    ("quoted", SENT),
    // The connection was lost before the dot, by FIN and by RST.
    ("dropfin", Not),
    ("droprst", Not),
    // The dot was sent and the connection closed before the reply could come.
    ("afterdotfin", SENT),
    ("afterdotrst", SENT),
    ("rstlater", SENT),
    // Two messages in a session; the second lost its connection before the dot.
    ("two1", SENT),
    ("two2", Not),
    // By an administrator: `postsuper -e`, `-r`, `-d`.
    ("expired", Taken(Some((Fate::Expired, None)))),
    ("requeue", DEFERRED),
    ("deleted", DEFERRED),
    ("next", Taken(None)),
    ("never", Not),
    ("rr", Not),
];

pub(crate) fn id(name: &str) -> String {
    format!("{name}@unit.example.test")
}

#[track_caller]
pub(crate) fn holds(files: &[&str]) {
    let ids: Vec<String> = MESSAGES.iter().map(|(name, _)| id(name)).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let findings = found(files, &ids);
    let log = findings.coverage();
    let window = Window::new(log.first_time().unwrap(), log.last_time().unwrap(), jiff::SignedDuration::ZERO);
    for (name, then) in MESSAGES {
        let (finding, complete) =
            (findings.get(&id(name)).unwrap(), findings.verdict(&id(name), &window, true));
        let incomplete = findings.verdict(&id(name), &window, false).unwrap();
        let verdict = complete.unwrap();
        match then {
            Taken(status) => {
                let Verdict::Accepted { times: 1, last } = verdict else { panic!("{name}: {verdict:?}") };
                if let Some((fate, dsn)) = status {
                    let last = last.unwrap();
                    assert_eq!((last.fate, last.dsn), (fate, dsn), "{name}");
                }
                assert_eq!(incomplete, verdict, "{name}: what is taken is taken");
            }
            Not => {
                assert_eq!(verdict, Verdict::Unsent, "{name}: {finding:?}");
                assert_eq!(incomplete, Verdict::Undecided(Doubt::NotSaidComplete), "{name}");
            }
            Undecided(doubt) => {
                assert_eq!(verdict, Verdict::Undecided(doubt), "{name}");
                assert!(finding.seen_without_acceptance(), "{name}");
            }
        }
    }
}

#[test]
fn short_queue_ids() {
    holds(&[SHORT]);
}

#[test]
fn long_queue_ids() {
    holds(&[LONG]);
}

#[test]
fn a_log_given_twice_is_read_once() {
    holds(&[SHORT, SHORT]);
}

#[test]
fn a_log_cut_anywhere_and_given_in_any_order() {
    let ends: Vec<usize> = SHORT.match_indices('\n').map(|(place, _)| place + 1).collect();
    for end in ends.iter().step_by(7).take(ends.len() / 7) {
        let (before, after) = SHORT.split_at(*end);
        // Two halves that begin in the same second keep the order in which they are given.
        holds(&[before, after]);
        if !after.starts_with(&before[..15]) {
            holds(&[after, before]);
        }
    }
}

#[test]
fn two_relays_in_one_log_take_a_message_once() {
    let ids = [id("next")];
    let findings = found(&[SHORT, HOP], &[&ids[0]]);
    let finding = findings.get(&ids[0]).unwrap();
    assert_eq!((finding.accepted, finding.continued), (1, 1));
    assert_eq!(finding.last.unwrap().fate, Fate::Deferred, "what the second relay says counts");
    let logged = |text: &str| text.matches(": message-id=").count() as u64;
    assert_eq!(findings.coverage().messages, logged(SHORT) + logged(HOP));
    assert_eq!(findings.coverage().lines_not_understood, 0);
    assert_eq!(findings.coverage().first_time(), Some(time("2026-11-23T22:56:58Z")));
    assert_eq!(findings.coverage().last_time(), Some(time("2026-11-23T22:57:08Z")));
}
