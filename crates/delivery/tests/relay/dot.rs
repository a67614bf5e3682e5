//! The message and its final dot: what was sent, what was not, and what nobody knows (promise 3).

use delivery::smtp::HandOver;
use lab::{Behaviour, Offers, Reaction, Stage, When};

use crate::{
    SHORT, any_tls, envelope, handed_over, open, opened, proved, proved_with, relay, replied, started,
    with_rule,
};

#[tokio::test]
async fn relay_stalls_after_dot() {
    let server = with_rule(Stage::DotAfterRecording, When::All, Reaction::Stall).await;
    let mut relay = relay(&server);
    relay.timeouts.data_end = SHORT;
    let mut session = open(&relay, &any_tls()).await.unwrap();
    let doubt = handed_over(&mut session, &proved("ann@x.test")).await;
    assert!(matches!(doubt, HandOver::InDoubt), "{doubt:?}");
    assert_eq!(server.mailbox().count(), 1, "its recipient has it, and the sender must not say otherwise");
}

#[tokio::test]
async fn connection_lost_after_dot_is_in_doubt() {
    for (stage, count) in [(Stage::DotBeforeRecording, 0), (Stage::DotAfterRecording, 1)] {
        let server = with_rule(stage, When::All, Reaction::Close).await;
        let doubt = handed_over(&mut opened(&server).await, &proved("ann@x.test")).await;
        assert!(matches!(doubt, HandOver::InDoubt), "{doubt:?}");
        assert_eq!(server.mailbox().count(), count);
    }
}

#[tokio::test]
async fn connection_reset_after_dot_is_in_doubt() {
    for stage in [Stage::DotBeforeRecording, Stage::DotAfterRecording] {
        let server = with_rule(stage, When::All, Reaction::Reset).await;
        let doubt = handed_over(&mut opened(&server).await, &proved("ann@x.test")).await;
        assert!(matches!(doubt, HandOver::InDoubt), "{doubt:?}");
    }
}

#[tokio::test]
async fn half_a_reply_after_dot_is_in_doubt() {
    for octets in [&b"250"[..], b"250 2.0.0 Ok", b"250-2.0.0 Ok\r\n"] {
        // The server waits for the next command then, so that the client's patience is what ends.
        let server = with_rule(Stage::DotAfterRecording, When::All, Reaction::Garbage(octets.to_vec())).await;
        let mut relay = relay(&server);
        relay.timeouts.data_end = SHORT;
        let doubt = handed_over(&mut open(&relay, &any_tls()).await.unwrap(), &proved("ann@x.test")).await;
        assert!(matches!(doubt, HandOver::InDoubt), "{doubt:?}");
    }
}

#[tokio::test]
async fn reply_that_is_none_after_dot_is_in_doubt() {
    for octets in [&b"hello\r\n"[..], b"354 more?\r\n", b"250-a\r\n550 b\r\n", b"150 wait\r\n"] {
        let server = with_rule(Stage::DotAfterRecording, When::All, Reaction::Garbage(octets.to_vec())).await;
        let doubt = handed_over(&mut opened(&server).await, &proved("ann@x.test")).await;
        assert!(matches!(doubt, HandOver::InDoubt), "{doubt:?}");
    }
}

#[tokio::test]
async fn relay_floods_10_mb_reply_after_dot() {
    let server = with_rule(Stage::DotAfterRecording, When::All, Reaction::FloodReply(10_000_000)).await;
    let doubt = handed_over(&mut opened(&server).await, &proved("ann@x.test")).await;
    assert!(matches!(doubt, HandOver::InDoubt), "{doubt:?}");
}

#[tokio::test]
async fn reply_451_after_dot() {
    let later = Reaction::reply("451 4.3.0 Try again");
    let server = with_rule(Stage::DotBeforeRecording, When::FirstAttempts(1), later).await;
    let mut session = opened(&server).await;
    assert_eq!(replied(handed_over(&mut session, &proved("ann@x.test")).await), 451);
    assert_eq!(
        replied(handed_over(&mut session, &proved("ann@x.test")).await),
        250,
        "on the same connection"
    );
    assert_eq!(server.mailbox().count(), 1);
}

#[tokio::test]
async fn reply_554_after_dot() {
    let server =
        with_rule(Stage::DotBeforeRecording, When::All, Reaction::reply("554 5.7.1 Looks like spam")).await;
    assert_eq!(replied(handed_over(&mut opened(&server).await, &proved("ann@x.test")).await), 554);
}

#[tokio::test]
async fn reply_421_after_dot() {
    let server = with_rule(Stage::DotBeforeRecording, When::All, Reaction::reply("421 4.3.2 Closing")).await;
    assert_eq!(replied(handed_over(&mut opened(&server).await, &proved("ann@x.test")).await), 421);
}

#[tokio::test]
async fn connection_lost_before_dot() {
    // Cut off behind 354, and noticed by the kernel before the message is written: whatever the client says, it must
    // not claim that the relay answered; and the relay has nothing.
    let server = with_rule(Stage::Data, When::All, Reaction::Reply(vec!["354 Go ahead".to_owned()])).await;
    let mut session = opened(&server).await;
    let mail = proved("ann@x.test");
    envelope(&mut session, &mail).await.unwrap();
    let mailbox = server.mailbox();
    server.stop().await;
    let lost = session.hand_over(&mail, None).await;
    assert!(matches!(lost, HandOver::NotSent(_) | HandOver::InDoubt), "{lost:?}");
    assert_eq!(mailbox.count(), 0);
}

#[tokio::test]
async fn connection_lost_within_a_large_message_is_not_sent() {
    let offers = Offers { size: false, ..Offers::default() };
    let server = started(Behaviour { offers, ..Behaviour::default() }).await;
    let mut session = opened(&server).await;
    // More than two sockets hold: it cannot be written to the end without a reader.
    let mail = proved_with("ann@x.test", &format!("{}\r\n", "x".repeat(76)).repeat(300_000));
    envelope(&mut session, &mail).await.unwrap();
    let mailbox = server.mailbox();
    server.stop().await;
    let lost = session.hand_over(&mail, None).await;
    assert!(matches!(lost, HandOver::NotSent(_)), "{lost:?}");
    assert_eq!(mailbox.count(), 0);
}

#[tokio::test]
async fn large_message_arrives_whole() {
    let server = started(Behaviour::default()).await;
    let mail = proved_with("ann@x.test", &format!(".{}\r\n", "x".repeat(76)).repeat(30_000));
    assert_eq!(replied(handed_over(&mut opened(&server).await, &mail).await), 250);
    assert_eq!(server.mailbox().received()[0].bytes, mail.bytes());
}

#[tokio::test]
async fn reply_that_came_before_the_message_is_not_its_own() {
    // A relay out of step: behind 354 a second reply that nobody asked for. Taken for the answer to the final dot it
    // would say of a message that it was accepted, before the relay had seen it.
    let early = Reaction::Reply(vec!["354 Go ahead".to_owned(), "250 2.0.0 Ok".to_owned()]);
    let server = with_rule(Stage::Data, When::All, early).await;
    let mut session = opened(&server).await;
    let mail = proved("ann@x.test");
    envelope(&mut session, &mail).await.unwrap();
    let lost = session.hand_over(&mail, None).await;
    assert!(matches!(lost, HandOver::NotSent(_)), "{lost:?}");
    drop(session);
    assert_eq!(server.mailbox().count(), 0);
}
