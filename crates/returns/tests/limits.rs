//! Every limit of a session, and one past it.

use std::sync::Arc;

use returns::{
    COMMAND_OCTETS_MAX, ERRORS_MAX, IDLE_COMMANDS_MAX, Leave, MESSAGE_OCTETS_MAX, Memory, Protocol,
    RECIPIENTS_MAX, Session, Settled, TRANSACTIONS_MAX, Terms, Turn,
};

const BOUNCE_OCTETS: usize = 10_000;

fn session(memory: usize) -> Session {
    Session::new(Arc::new(Terms {
        protocol: Protocol::Smtp,
        name: "mx.test".to_owned(),
        tls: true,
        bounce_octets: BOUNCE_OCTETS,
        memory: Memory::new(memory),
        accepts: Box::new(|recipient| recipient.local.starts_with("good")),
    }))
}

fn greeted() -> Session {
    let mut session = session(64 << 20);
    say(&mut session, "HELO x\r\n");
    session
}

/// Says something; the replies, and whether the connection ends.
fn say(session: &mut Session, text: &str) -> (String, bool) {
    session.push(text.as_bytes());
    match session.turn() {
        Turn::Settle(message) => {
            let octets = message.octets().len();
            session.settled(&vec![Settled::Taken; message.recipients.len()]);
            (format!("{octets} {}", replies(session)), false)
        }
        turn => (replies(session), matches!(turn, Turn::Close)),
    }
}

fn replies(session: &mut Session) -> String {
    String::from_utf8(session.output()).expect("replies are text")
}

fn last(text: &str) -> &str {
    text.trim_end().rsplit("\r\n").next().expect("a line")
}

#[test]
fn the_longest_command_and_one_past() {
    let command = |octets: usize| format!("NOOP {}\r\n", "x".repeat(octets - 7));
    let (reply, ends) = say(&mut greeted(), &command(COMMAND_OCTETS_MAX));
    assert!(reply.starts_with("250 ") && !ends);
    let (reply, ends) = say(&mut greeted(), &command(COMMAND_OCTETS_MAX + 1));
    assert!(reply.starts_with("500 5.5.2 ") && ends);
    // Nor is one without an end waited for.
    assert!(say(&mut greeted(), &"x".repeat(COMMAND_OCTETS_MAX)).1);
}

#[test]
fn commands_end_with_cr_and_lf() {
    for bare in ["NOOP\n", "NO\rOP\r\n", "NOOP\r\r\n"] {
        let (reply, ends) = say(&mut greeted(), bare);
        assert!(reply.starts_with("521 5.5.2 ") && ends, "{bare:?}");
    }
}

#[test]
fn recipients_and_one_past() {
    let mut session = greeted();
    say(&mut session, "MAIL FROM:<>\r\n");
    let (reply, _) = say(&mut session, &"RCPT TO:<good@b.test>\r\n".repeat(RECIPIENTS_MAX));
    assert_eq!(reply.matches("250 2.1.5").count(), RECIPIENTS_MAX);
    assert!(say(&mut session, "RCPT TO:<good@b.test>\r\n").0.starts_with("452 4.5.3 "));
}

#[test]
fn refused_commands_and_one_past() {
    let mut session = greeted();
    say(&mut session, "MAIL FROM:<>\r\n");
    for _ in 0..ERRORS_MAX {
        let (reply, ends) = say(&mut session, "RCPT TO:<bad@b.test>\r\n");
        assert!(reply.starts_with("550 5.1.1 ") && !ends);
    }
    let (reply, ends) = say(&mut session, "RCPT TO:<bad@b.test>\r\n");
    assert!(reply.starts_with("421 4.7.0 ") && ends);
}

#[test]
fn idle_commands_and_one_past() {
    let mut session = greeted();
    for _ in 1..IDLE_COMMANDS_MAX {
        assert!(!say(&mut session, "NOOP\r\n").1);
    }
    let (reply, ends) = say(&mut session, "RSET\r\n");
    assert!(last(&reply).starts_with("421 4.7.0 ") && ends);
    // A message begins the count anew.
    let mut session = greeted();
    for _ in 0..3 {
        for _ in 2..IDLE_COMMANDS_MAX {
            assert!(!say(&mut session, "NOOP\r\n").1);
        }
        assert!(!say(&mut session, "MAIL FROM:<>\r\nRSET\r\n").1);
    }
}

#[test]
fn messages_begun_and_one_past() {
    let mut session = greeted();
    for _ in 0..TRANSACTIONS_MAX {
        assert!(!say(&mut session, "MAIL FROM:<>\r\nRSET\r\n").1);
    }
    let (reply, ends) = say(&mut session, "MAIL FROM:<>\r\n");
    assert!(reply.starts_with("421 4.7.0 ") && ends);
}

fn message(session: &mut Session, sender: &str, octets: usize) -> String {
    say(session, &format!("MAIL FROM:<{sender}>\r\nRCPT TO:<good@b.test>\r\nDATA\r\n"));
    let body = "x".repeat(octets - 2);
    say(session, &format!("{body}\r\n.\r\n")).0
}

#[test]
fn the_largest_reply_and_one_past() {
    let mut session = greeted();
    let taken = message(&mut session, "ada@inbox.test", MESSAGE_OCTETS_MAX);
    assert!(taken.starts_with(&format!("{MESSAGE_OCTETS_MAX} 250 ")), "{taken}");
    assert!(message(&mut session, "ada@inbox.test", MESSAGE_OCTETS_MAX + 1).starts_with("552 5.3.4 "));
    assert!(message(&mut session, "ada@inbox.test", 100).starts_with("100 250 "), "the session goes on");
}

#[test]
fn of_a_long_bounce_the_beginning_is_kept() {
    let taken = message(&mut greeted(), "", MESSAGE_OCTETS_MAX + 1);
    assert!(taken.starts_with(&format!("{BOUNCE_OCTETS} 250 ")), "{taken}");
}

#[test]
fn without_room_one_is_to_come_again() {
    let mut session = session(8_192);
    say(&mut session, "HELO x\r\n");
    assert!(message(&mut session, "ada@inbox.test", 8_193).starts_with("452 4.3.1 "));
    assert!(
        message(&mut session, "ada@inbox.test", 8_000).starts_with("8000 250 "),
        "the room is free again"
    );
}

#[test]
fn nothing_comes_behind_starttls_in_the_clear() {
    let mut session = greeted();
    let (reply, ends) = say(&mut session, "STARTTLS\r\nMAIL FROM:<>\r\n");
    assert!(reply.starts_with("501 ") && ends);
    let mut session = greeted();
    say(&mut session, "MAIL FROM:<>\r\n");
    session.push(b"STARTTLS\r\n");
    assert!(matches!(session.turn(), Turn::Handshake));
    assert!(replies(&mut session).starts_with("220 "));
    session.secured();
    let (reply, _) = say(&mut session, "RCPT TO:<good@b.test>\r\nEHLO x\r\nSTARTTLS\r\n");
    assert!(reply.starts_with("503 ") && !reply.contains("STARTTLS\r\n") && last(&reply).starts_with("502 "));
}

#[test]
fn whoever_leaves_says_so() {
    for (why, code) in [(Leave::Ending, "421 4.3.2 "), (Leave::Waited, "421 4.4.2 ")] {
        let mut session = greeted();
        say(&mut session, "MAIL FROM:<>\r\nRCPT TO:<good@b.test>\r\nDATA\r\nhalf a mess");
        session.leave(why);
        let (reply, ends) = say(&mut session, "age\r\n.\r\n");
        assert!(reply.starts_with(code) && ends, "and the half is taken by nobody");
    }
}
