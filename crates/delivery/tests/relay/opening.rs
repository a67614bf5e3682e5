//! Greeting and EHLO.

use std::io::ErrorKind;

use campaign::Stage as At;
use delivery::smtp::{OpenError, ReplyError, SessionError};
use lab::{Behaviour, Reaction, Server, Stage, When};

use crate::{
    SHORT, any_tls, failure, handed_over, not_opened, open, opened, proved, relay, relay_at, replied,
    with_rule,
};

#[tokio::test]
async fn greeting_timeout() {
    let server = with_rule(Stage::Greeting, When::All, Reaction::Stall).await;
    let mut relay = relay(&server);
    relay.timeouts.greeting = SHORT;
    let error = failure(open(&relay, &any_tls()).await);
    let OpenError::Session(SessionError::Io { stage: At::Greeting, error: inner }) = &error else {
        panic!("{error}")
    };
    assert_eq!(inner.kind(), ErrorKind::TimedOut);
    assert!(error.pauses().is_none(), "it may answer later");
}

#[tokio::test]
async fn greeting_says_later() {
    for line in ["421 4.3.2 Too busy", "450 4.3.2 Not now"] {
        let server = with_rule(Stage::Greeting, When::All, Reaction::reply_and_close(line)).await;
        let error = not_opened(&server).await;
        assert!(
            matches!(error, OpenError::Later { stage: At::Greeting, .. }) && error.pauses().is_none(),
            "{error}"
        );
    }
}

#[tokio::test]
async fn greeting_refuses_us() {
    let server =
        with_rule(Stage::Greeting, When::All, Reaction::reply_and_close("554 5.7.1 You are on a list")).await;
    let error = not_opened(&server).await;
    assert!(
        matches!(error, OpenError::Refused { stage: At::Greeting, .. }) && error.pauses().is_some(),
        "{error}"
    );
    assert!(!error.to_string().contains("list"), "the relay's words can hold addresses");
}

#[tokio::test]
async fn too_many_connections() {
    let server = Server::start(Behaviour { connections_max: 1, ..Behaviour::default() }).await.unwrap();
    let mut first = opened(&server).await;
    assert!(matches!(not_opened(&server).await, OpenError::Later { stage: At::Greeting, .. }));
    assert_eq!(replied(handed_over(&mut first, &proved("ann@x.test")).await), 250);
}

#[tokio::test]
async fn ehlo_gets_garbage() {
    for (octets, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n"[..], ReplyError::Syntax),
        (b"250-a\r\n550 b\r\n", ReplyError::CodesDiffer),
        (b"\xff\xfe\r\n", ReplyError::Syntax),
    ] {
        let server = with_rule(Stage::Ehlo, When::All, Reaction::Garbage(octets.to_vec())).await;
        let error = not_opened(&server).await;
        assert!(
            matches!(error, OpenError::Session(SessionError::Reply { stage: At::Ehlo, error }) if error == expected),
            "{error}"
        );
    }
}

#[tokio::test]
async fn relay_floods_10_mb_reply() {
    let server = with_rule(Stage::Ehlo, When::All, Reaction::FloodReply(10_000_000)).await;
    let error = not_opened(&server).await;
    // The limits of a reply bound what is held: 200 lines, and one read beyond them.
    let too_many = ReplyError::TooManyLines;
    assert!(
        matches!(error, OpenError::Session(SessionError::Reply { error, .. }) if error == too_many),
        "{error}"
    );
}

#[tokio::test]
async fn line_without_end() {
    let server = with_rule(Stage::Ehlo, When::All, Reaction::Garbage(vec![b'2'; 1_000_000])).await;
    let error = not_opened(&server).await;
    let too_long = ReplyError::LineTooLong;
    assert!(
        matches!(error, OpenError::Session(SessionError::Reply { error, .. }) if error == too_long),
        "{error}"
    );
}

#[tokio::test]
async fn nobody_listens() {
    let server = Server::start(Behaviour::default()).await.unwrap();
    let url = server.url();
    server.stop().await;
    let error = failure(open(&relay_at(&url), &any_tls()).await);
    assert!(matches!(error, OpenError::Unreachable(_)) && error.pauses().is_none(), "{error}");
}
