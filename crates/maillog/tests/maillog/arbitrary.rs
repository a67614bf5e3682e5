//! Whatever stands in a log, and however the lines of many messages are mixed.

use std::fs;
use std::path::PathBuf;

use maillog::{Verdict, Window};
use proptest::prelude::*;

use crate::{delivered, log, time, try_read};

#[test]
fn the_corpus_is_read() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/read_maillog");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let _ = try_read(&[&fs::read(entry.unwrap().path()).unwrap()], &["ours@unit.example.test"]);
        seen += 1;
    }
    assert!(seen >= 6);
}

/// The lines of a message that was taken, or lost before its dot, or refused, or left open, so far as given.
fn story(kind: u8, number: usize) -> (Vec<String>, (u32, u32, u32)) {
    let (id, message_id) = (format!("{number:05X}4D5E6"), format!("{number}@unit.example.test"));
    let mut all = delivered(&id, &message_id);
    all[0] = all[0].replace("[11]", &format!("[{}]", 1000 + number));
    match kind {
        0 => (all, (1, 0, 0)),
        1 => {
            all.truncate(2);
            all.push(format!(
                "postfix/smtpd[{}]: lost connection after DATA (98 bytes) from x",
                1000 + number
            ));
            (all, (0, 1, 0))
        }
        2 => {
            all.truncate(2);
            all.insert(1, format!("postfix/smtpd[1]: {id}: reject: END-OF-MESSAGE from x: 554"));
            (all, (0, 1, 0))
        }
        3 => {
            all.truncate(2);
            (all, (0, 0, 1))
        }
        _ => (Vec::new(), (0, 0, 0)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_octets(octets in proptest::collection::vec(any::<u8>(), 0..3000)) {
        let _ = try_read(&[&octets], &["ours@unit.example.test"]);
    }

    #[test]
    fn lines_that_are_nearly_right(text in "((<22>)?(1 )?(Nov 23 10:00:0[0-9]|2026-11-23T10:00:00Z) relay postfix/(qmgr|smtpd|cleanup|smtp)(\\[1\\])?: ?(5A2B3C4D5E6: )?(message-id=<ours@unit.example.test>|removed|from=<[>, a-z]{0,9}|to=<[>, a-z]{0,9}|(client=x|reject: |hold: ))[ -~]{0,20}\n){0,12}") {
        let findings = try_read(&[text.as_bytes()], &["ours@unit.example.test"]).unwrap();
        prop_assert_eq!(findings.coverage().lines, text.lines().count() as u64);
        // In pieces it is the same log.
        let cut = text.match_indices('\n').map(|(place, _)| place + 1).nth(5).unwrap_or(text.len());
        let pieces = try_read(&[&text.as_bytes()[..cut], &text.as_bytes()[cut..]], &[]).unwrap();
        prop_assert_eq!(pieces.coverage().lines, findings.coverage().lines);
    }

    #[test]
    fn many_messages_mixed_up(
        kinds in proptest::collection::vec(0_u8..5, 1..60),
        mut turns in proptest::collection::vec(any::<prop::sample::Index>(), 300),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut waiting: Vec<(Vec<String>, (u32, u32, u32))> =
            kinds.iter().enumerate().map(|(number, kind)| story(*kind, number)).collect();
        let expected: Vec<(u32, u32, u32)> = waiting.iter().map(|(_, then)| *then).collect();
        // Each message's lines stay in their order; whose line comes next is chance.
        let mut all = Vec::new();
        while waiting.iter().any(|(lines, _)| !lines.is_empty()) {
            let mut rest: Vec<_> = waiting.iter_mut().filter(|(lines, _)| !lines.is_empty()).collect();
            let turn = turns.pop().map_or(0, |turn| turn.index(rest.len()));
            all.push(rest[turn].0.remove(0));
        }
        let text = log(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let ids: Vec<String> = (0..kinds.len()).map(|number| format!("{number}@unit.example.test")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        // Rotated between any two lines, the files in the wrong order.
        let ends: Vec<usize> = text.match_indices('\n').map(|(place, _)| place + 1).collect();
        let cut = if ends.is_empty() { 0 } else { ends[cut.index(ends.len())] };
        let (before, after) = text.as_bytes().split_at(cut);
        let window = Window::new(time("2026-11-23T10:00:00Z"), time("2026-11-23T10:00:00Z"), jiff::SignedDuration::ZERO);
        for files in [&[text.as_bytes()][..], &[after, before]] {
            let findings = try_read(files, &ids).unwrap();
            for (id, then) in ids.iter().zip(&expected) {
                let finding = findings.get(id).unwrap();
                prop_assert_eq!((finding.accepted, finding.refused, finding.open), *then, "{}", id);
                let verdict = findings.verdict(id, &window, true).unwrap();
                prop_assert_eq!(matches!(verdict, Verdict::Accepted { times: 1, .. }), then.0 == 1);
                prop_assert!(verdict != Verdict::Unsent || then.2 == 0);
            }
        }
    }
}
