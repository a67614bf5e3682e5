//! One past each limit. The largest log and the longest line are tested beside the code, with a smaller log.

use maillog::{
    Doubt, FILES_MAX, LINE_OCTETS_MAX, LIVES_PER_MESSAGE_MAX, LogError, MESSAGE_ID_OCTETS_MAX,
    REMEMBERED_MAX, Verdict, WANTED_MAX, Wanted, WantedError, Window,
};

use crate::{delivered, found, lines, log, time, try_read};

const OURS: &str = "ours@unit.example.test";

#[test]
fn one_message_too_many() {
    let mut wanted = Wanted::new();
    for number in 0..WANTED_MAX {
        wanted.add(&number.to_string()).unwrap();
    }
    assert_eq!(wanted.add("one@more"), Err(WantedError::TooMany));
    assert_eq!(wanted.add("7"), Ok(()), "asked for already");
    assert_eq!(wanted.len(), WANTED_MAX);
}

#[test]
fn what_is_no_message_id() {
    let mut wanted = Wanted::new();
    let long = "x".repeat(MESSAGE_ID_OCTETS_MAX + 1);
    for id in ["", "<a@b>", "a b@c", "ä@b", "a@b\n", &long] {
        assert_eq!(wanted.add(id), Err(WantedError::NotAnId), "{id:?}");
    }
    assert!(wanted.is_empty());
    assert_eq!(wanted.add(&long[1..]), Ok(()));
}

#[test]
fn one_file_too_many() {
    let all = vec![&b""[..]; FILES_MAX + 1];
    assert!(try_read(&all[1..], &[]).is_ok());
    assert!(matches!(try_read(&all, &[]).map(|_| ()).unwrap_err().error, LogError::TooManyFiles));
}

#[test]
fn a_long_line_is_read_as_far_as_that() {
    let mut ours = delivered("5A2B3C4D5E6", OURS);
    ours[2].push_str(&"x".repeat(LINE_OCTETS_MAX));
    let findings = found(&[&log(&lines(&ours))], &[OURS]);
    assert_eq!((findings.get(OURS).unwrap().accepted, findings.coverage().lines_cut), (1, 1));
}

#[test]
fn one_life_too_many() {
    let seen = |lives: usize| -> Vec<String> {
        (0..lives).map(|life| format!("postfix/cleanup[12]: {life:011X}: message-id=<{OURS}>")).collect()
    };
    let at = time("2026-11-23T10:00:00Z");
    let window = Window::new(at, at, jiff::SignedDuration::ZERO);
    for (lives, left_out) in [(LIVES_PER_MESSAGE_MAX, false), (LIVES_PER_MESSAGE_MAX + 1, true)] {
        let findings = found(&[&log(&lines(&seen(lives)))], &[OURS]);
        let finding = findings.get(OURS).unwrap();
        assert_eq!((finding.open as usize, finding.left_out), (LIVES_PER_MESSAGE_MAX, left_out));
    }
    // Refused every time, as far as it was followed.
    let mut all = seen(LIVES_PER_MESSAGE_MAX + 1);
    all.extend(
        (0..=LIVES_PER_MESSAGE_MAX).map(|life| format!("postfix/cleanup[12]: {life:011X}: reject: body x")),
    );
    let findings = found(&[&log(&lines(&all))], &[OURS]);
    let verdict = findings.verdict(OURS, &window, true).unwrap();
    assert_eq!(verdict, Verdict::Undecided(Doubt::TooManyLives));
}

#[test]
fn forgotten_sessions_leave_a_message_undecided() {
    for (more, refused) in [(REMEMBERED_MAX - 1, 1), (REMEMBERED_MAX, 0)] {
        let mut all = vec!["postfix/smtpd[1]: 5A2B3C4D5E6: client=x".to_owned()];
        all.extend((0..more).map(|n| format!("postfix/smtpd[{}]: {n:011X}: client=x", n + 2)));
        all.push("postfix/smtpd[1]: lost connection after DATA (98 bytes) from x".to_owned());
        all.push(format!("postfix/cleanup[12]: 5A2B3C4D5E6: message-id=<{OURS}>"));
        let text: String = all.iter().map(|line| format!("Nov 23 10:00:00 relay {line}\n")).collect();
        let finding = found(&[&text], &[OURS]).get(OURS).unwrap().clone();
        assert_eq!((finding.refused, finding.open), (refused, 1 - refused));
    }
}

#[test]
fn forgotten_signs_leave_a_message_undecided() {
    for (more, refused) in [(REMEMBERED_MAX - 1, 1), (REMEMBERED_MAX, 0)] {
        let mut all = vec!["postfix/smtpd[1]: 5A2B3C4D5E6: reject: END-OF-MESSAGE from x".to_owned()];
        all.extend((0..more).map(|n| format!("postfix/smtpd[1]: {n:011X}: reject: END-OF-MESSAGE from x")));
        all.push(format!("postfix/cleanup[12]: 5A2B3C4D5E6: message-id=<{OURS}>"));
        let text: String = all.iter().map(|line| format!("Nov 23 10:00:00 relay {line}\n")).collect();
        let finding = found(&[&text], &[OURS]).get(OURS).unwrap().clone();
        assert_eq!((finding.refused, finding.open), (refused, 1 - refused));
    }
}
