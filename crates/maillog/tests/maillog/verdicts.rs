//! What follows, for every reason not to decide.

use std::collections::HashSet;

use jiff::SignedDuration;
use maillog::{Doubt, Verdict, Window};

use crate::{delivered, found, lines, log, log_from, time};

const OURS: &str = "ours@unit.example.test";

fn window(from: &str, settle_minutes: i64) -> Window {
    let from = time(&format!("2026-11-23T{from}Z"));
    Window::new(from, from, SignedDuration::from_mins(settle_minutes))
}

#[track_caller]
fn verdict(files: &[&str], window: &Window, complete: bool) -> Verdict {
    found(files, &[OURS]).verdict(OURS, window, complete).unwrap()
}

#[test]
fn not_seen_in_a_log_that_covers_the_attempt_is_unsent() {
    let text = log_from(0, &lines(&delivered("4A2B3C4D5E6", "x@y.example.test")))
        + &log_from(3600, &["postfix/anvil[1]: statistics: x"]);
    assert_eq!(verdict(&[&text], &window("10:00:00", 60), true), Verdict::Unsent);
    let cases = [
        (window("10:00:00", 60), false, Doubt::NotSaidComplete),
        (window("09:59:59", 60), true, Doubt::BeginsLater),
        (window("10:00:01", 60), true, Doubt::EndsEarlier),
    ];
    for (window, complete, doubt) in cases {
        assert_eq!(verdict(&[&text], &window, complete), Verdict::Undecided(doubt));
    }
}

#[test]
fn a_log_without_messages_proves_nothing() {
    for text in [
        String::new(),
        log(&["postfix/smtpd[1]: connect from x", "postfix/smtpd[1]: disconnect from x"]),
        log(&["exim[1]: 1xyz-0000 <= survey@unit.example.test id=ours@unit.example.test", "kernel: x"]),
    ] {
        assert_eq!(verdict(&[&text], &window("10:00:00", 0), true), Verdict::Undecided(Doubt::NoMessages));
    }
}

#[test]
fn a_missing_file_is_a_hole() {
    let other = delivered("4A2B3C4D5E6", "x@y.example.test");
    let part = |second| log_from(second, &lines(&other));
    // Each part is silent for a second at the most.
    let (first, second, third) = (part(0), part(5), part(10));
    let all = [first.as_str(), &second, &third];
    assert_eq!(verdict(&all, &window("10:00:06", 0), true), Verdict::Unsent);
    let without_second = [first.as_str(), &third];
    for from in ["10:00:04", "10:00:06", "10:00:09"] {
        let at = Window::new(
            time(&format!("2026-11-23T{from}Z")),
            time("2026-11-23T10:00:12Z"),
            SignedDuration::ZERO,
        );
        let expected = Verdict::Undecided(Doubt::Hole);
        assert_eq!(verdict(&without_second, &at, true), expected, "{from}");
    }
    assert_eq!(verdict(&without_second, &window("10:00:10", 0), true), Verdict::Unsent, "after the hole");
    assert_eq!(verdict(&without_second, &window("10:00:03", 0), true), Verdict::Unsent, "before it");
}

#[test]
fn lost_lines_and_lines_that_cannot_be_read() {
    let other = delivered("4A2B3C4D5E6", "x@y.example.test");
    let with = |line: &str| {
        let mut all = lines(&other);
        all.insert(3, line);
        verdict(&[&log(&all)], &window("10:00:00", 0), true)
    };
    assert_eq!(with("kernel: suppressed"), Verdict::Unsent);
    let lost = Verdict::Undecided(Doubt::LinesLost);
    assert_eq!(with("systemd-journald[1]: Suppressed 512 messages from postfix@-.service"), lost);
    assert_eq!(
        with(
            "rsyslogd[1]: imjournal: 17 messages lost due to rate-limiting (20000 allowed within 600 seconds)"
        ),
        lost
    );
    let text = log(&lines(&other)).replacen("Nov 23 10:00:02", "23.11. 10:00:02", 1);
    assert_eq!(
        verdict(&[&text], &window("10:00:00", 0), true),
        Verdict::Undecided(Doubt::LinesNotUnderstood)
    );
    assert_eq!(found(&[&text], &[OURS]).coverage().lines_not_understood, 1);
}

#[test]
fn seen_and_neither_taken_nor_refused_is_never_unsent() {
    let other = delivered("4A2B3C4D5E6", "x@y.example.test");
    for (line, doubt) in [
        ("kernel: x", Doubt::Open),
        (
            "postfix/cleanup[12]: 5A2B3C4D5E6: milter-hold: END-OF-MESSAGE from x[1]: milter triggers HOLD action",
            Doubt::Held,
        ),
        ("postfix/cleanup[12]: 5A2B3C4D5E6: hold: header Subject: x from x[1]; from=<> to=<>", Doubt::Held),
        ("postfix/postsuper[12]: 5A2B3C4D5E6: placed on hold", Doubt::Held),
        (
            "postfix/cleanup[12]: 5A2B3C4D5E6: discard: header Subject: x from x[1]; from=<> to=<>",
            Doubt::Discarded,
        ),
        ("postfix/smtpd[11]: lost connection after END-OF-MESSAGE from localhost[127.0.0.1]", Doubt::Open),
        ("postfix/smtpd[99]: lost connection after DATA (98 bytes) from localhost[127.0.0.1]", Doubt::Open),
        ("postfix/cleanup[12]: warning: 5A2B3C4D5E6: write queue file: No space left on device", Doubt::Open),
    ] {
        let mut all = lines(&other);
        all.extend([
            "postfix/smtpd[11]: 5A2B3C4D5E6: client=localhost[127.0.0.1]",
            "postfix/cleanup[12]: 5A2B3C4D5E6: message-id=<ours@unit.example.test>",
            line,
            "postfix/anvil[1]: statistics: x",
        ]);
        assert_eq!(verdict(&[&log(&all)], &window("10:00:00", 0), true), Verdict::Undecided(doubt), "{line}");
    }
}

#[test]
fn refused_is_unsent() {
    for line in [
        "postfix/smtpd[11]: lost connection after DATA (98 bytes) from localhost[127.0.0.1]",
        "postfix/submission/smtpd[11]: timeout after DATA (98 bytes) from localhost[127.0.0.1]",
        "postfix/cleanup[12]: 5A2B3C4D5E6: milter-reject: END-OF-MESSAGE from x[1]: 4.7.1 Service unavailable - try again later",
        "postfix/cleanup[12]: 5A2B3C4D5E6: reject: body x from x[1]; from=<> to=<>",
        "postfix/smtpd[11]: 5A2B3C4D5E6: reject: END-OF-MESSAGE from x[1]: 554 5.7.1 no",
    ] {
        let refused = [
            "postfix/smtpd[11]: 5A2B3C4D5E6: client=localhost[127.0.0.1]",
            "postfix/cleanup[12]: 5A2B3C4D5E6: message-id=<ours@unit.example.test>",
            line,
        ];
        assert_eq!(verdict(&[&log(&refused)], &window("10:00:00", 0), true), Verdict::Unsent, "{line}");
        // As Postfix was seen to log it for small messages: the sign first, then the Message-ID.
        let early = [refused[0], refused[2], refused[1]];
        assert_eq!(verdict(&[&log(&early)], &window("10:00:00", 0), true), Verdict::Unsent, "{line}");
    }
}

#[test]
fn a_window_that_cannot_be_told_is_covered_by_no_log() {
    let text = log(&lines(&delivered("4A2B3C4D5E6", "x@y.example.test")));
    let at = time("2026-11-23T10:00:00Z");
    let endless = Window::new(at, at, SignedDuration::MAX);
    assert_eq!(verdict(&[&text], &endless, true), Verdict::Undecided(Doubt::EndsEarlier));
}

#[test]
fn every_doubt_has_words_of_its_own() {
    use Doubt::*;
    let all = [
        NotSaidComplete,
        NoMessages,
        BeginsLater,
        EndsEarlier,
        Hole,
        LinesLost,
        LinesNotUnderstood,
        Held,
        Discarded,
        Open,
        TooManyLives,
    ];
    let words: HashSet<String> = all.iter().map(ToString::to_string).collect();
    assert_eq!(words.len(), all.len());
}
