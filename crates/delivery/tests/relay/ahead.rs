//! The next message's envelope, written behind a final dot (RFC 2920 §3.1): each reply belongs to whom it is about.

use delivery::smtp::{Envelope, HandOver};
use lab::{Behaviour, Offers, Reaction, Server, Stage, When};
use proof::Proved;

use crate::{OPTIONS, envelope, handed_over, opened, proved, replied, started, with_rule};
use delivery::smtp::Session;

/// Hands one over with the next one's envelope behind it; the code that the relay gave.
async fn handed_over_before(session: &mut Session, mail: &Proved, next: &Proved) -> u16 {
    let reached = envelope(session, mail).await.expect("replies to the envelope");
    assert!(matches!(reached, Envelope::Ready), "{reached:?}");
    replied(session.hand_over(mail, Some((next, OPTIONS))).await)
}

/// Who got what: the envelope's recipient, and whom the message names.
fn recipients(server: &Server) -> Vec<String> {
    let received = server.mailbox().received();
    let of = |message: &std::sync::Arc<lab::Received>| {
        let text = String::from_utf8_lossy(&message.bytes).into_owned();
        let named = text.lines().find_map(|line| line.strip_prefix("To: ")).expect("a To").trim().to_owned();
        assert_eq!(message.recipients, std::slice::from_ref(&named));
        named
    };
    received.iter().map(of).collect()
}

#[tokio::test]
async fn each_gets_their_own() {
    let server = started(Behaviour::default()).await;
    let mut session = opened(&server).await;
    let people = ["ann@x.test", "ben@x.test", "cem@y.test"].map(proved);
    assert_eq!(handed_over_before(&mut session, &people[0], &people[1]).await, 250);
    assert_eq!(handed_over_before(&mut session, &people[1], &people[2]).await, 250);
    assert_eq!(replied(handed_over(&mut session, &people[2]).await), 250);
    assert_eq!(recipients(&server), ["ann@x.test", "ben@x.test", "cem@y.test"]);
}

#[tokio::test]
async fn envelope_of_one_is_never_taken_for_anothers() {
    let server = started(Behaviour::default()).await;
    let mut session = opened(&server).await;
    let (ann, ben, cem) = (proved("ann@x.test"), proved("ben@x.test"), proved("cem@x.test"));
    assert_eq!(handed_over_before(&mut session, &ann, &ben).await, 250);
    let lost = envelope(&mut session, &cem).await;
    assert!(lost.is_err(), "{lost:?}");
    drop(session);
    assert_eq!(recipients(&server), ["ann@x.test"]);
}

#[tokio::test]
async fn refused_dot_leaves_the_next_alone() {
    for refusal in ["451 4.3.0 Try again", "554 5.7.1 Looks like spam"] {
        let server =
            with_rule(Stage::DotBeforeRecording, When::FirstAttempts(1), Reaction::reply(refusal)).await;
        let mut session = opened(&server).await;
        let (ann, ben) = (proved("ann@x.test"), proved("ben@x.test"));
        let code = handed_over_before(&mut session, &ann, &ben).await;
        assert_eq!(code.to_string(), refusal[..3]);
        // The rule is for the first attempt at each person.
        assert_eq!(replied(handed_over(&mut session, &ben).await).to_string(), refusal[..3]);
        assert_eq!(replied(handed_over(&mut session, &ben).await), 250);
        assert_eq!(recipients(&server), ["ben@x.test"]);
    }
}

#[tokio::test]
async fn refused_next_is_told_from_the_accepted_one() {
    let refusal = Reaction::reply("550 5.1.1 No such user");
    let server = with_rule(Stage::Rcpt, When::Recipient("ben@x.test".to_owned()), refusal).await;
    let mut session = opened(&server).await;
    let (ann, ben, cem) = (proved("ann@x.test"), proved("ben@x.test"), proved("cem@x.test"));
    assert_eq!(handed_over_before(&mut session, &ann, &ben).await, 250);
    let reached = envelope(&mut session, &ben).await.unwrap();
    assert!(
        matches!(&reached, Envelope::Refused(delivery_stage, reply)
        if delivery_stage.word() == "RCPT" && reply.code.0 == 550),
        "{reached:?}"
    );
    assert_eq!(replied(handed_over(&mut session, &cem).await), 250, "on the same connection");
    assert_eq!(recipients(&server), ["ann@x.test", "cem@x.test"]);
}

#[tokio::test]
async fn connection_lost_behind_the_dot_loses_the_next_nothing() {
    let server = with_rule(Stage::DotAfterRecording, When::All, Reaction::Close).await;
    let mut session = opened(&server).await;
    let (ann, ben) = (proved("ann@x.test"), proved("ben@x.test"));
    envelope(&mut session, &ann).await.unwrap();
    let doubt = session.hand_over(&ann, Some((&ben, OPTIONS))).await;
    assert!(matches!(doubt, HandOver::InDoubt), "{doubt:?}");
    assert_eq!(recipients(&server), ["ann@x.test"]);
}

#[tokio::test]
async fn relay_without_pipelining_is_asked_one_by_one() {
    let offers = Offers { pipelining: false, ..Offers::default() };
    let server = started(Behaviour { offers, ..Behaviour::default() }).await;
    let mut session = opened(&server).await;
    let (ann, ben) = (proved("ann@x.test"), proved("ben@x.test"));
    assert_eq!(handed_over_before(&mut session, &ann, &ben).await, 250);
    assert_eq!(replied(handed_over(&mut session, &ben).await), 250);
    assert_eq!(recipients(&server), ["ann@x.test", "ben@x.test"]);
}

#[tokio::test]
async fn leaving_behind_an_envelope_sends_nothing_more() {
    let server = started(Behaviour::default()).await;
    let mut session = opened(&server).await;
    let (ann, ben) = (proved("ann@x.test"), proved("ben@x.test"));
    assert_eq!(handed_over_before(&mut session, &ann, &ben).await, 250);
    session.quit().await;
    let mailbox = server.mailbox();
    server.stop().await;
    assert_eq!(mailbox.count(), 1);
}
