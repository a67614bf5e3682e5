//! Our client against a relay that does what relays do. Each test is named after what goes wrong.
#![allow(clippy::expect_used, reason = "helpers of tests are not #[test] functions themselves")]

mod ahead;
mod dot;
mod envelope;
mod login;
mod opening;
mod sender;
mod tls;
mod token;

use std::sync::Arc;
use std::time::Duration;

use delivery::smtp::{
    Envelope, EnvelopeOptions, HandOver, OpenError, Relay, RelayUrl, Session, SessionError, Timeouts,
    client_config,
};
use lab::{Behaviour, Reaction, Server, Stage, When};
use mail::Address;
use proof::{Expected, Proved, PublicList, prove};
use rustls::ClientConfig;

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);
/// For the one step of a test that must run out of time.
const SHORT: Duration = Duration::from_millis(40);

const TIMEOUTS: Timeouts = Timeouts {
    connect: PATIENCE,
    greeting: PATIENCE,
    ehlo: PATIENCE,
    mail: PATIENCE,
    rcpt: PATIENCE,
    data: PATIENCE,
    data_block: PATIENCE,
    data_end: PATIENCE,
};

const OPTIONS: EnvelopeOptions<'_> = EnvelopeOptions { envelope_id: "token7" };

fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

/// A message for one person, proved; some of its lines begin with a dot.
fn proved(recipient: &str) -> Proved {
    proved_with(recipient, "Dear reader,\r\n\r\n.\r\n..\r\n.hidden\r\n")
}

fn proved_with(recipient: &str, body: &str) -> Proved {
    let message = format!(
        "From: Survey team <survey@police.example>\r\nTo: {recipient}\r\nSubject: A survey\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@police.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\n{body}"
    );
    let public = PublicList::from_iter([address("survey@police.example")]);
    let (recipient, reverse_path) = (address(recipient), address("b-1@bounce.example"));
    let expected = Expected::new(&recipient, &public, "<1@police.example>").reverse_path(&reverse_path);
    prove(message.into_bytes(), &expected).expect("a message that can be proved")
}

async fn started(behaviour: Behaviour) -> Server {
    Server::start(behaviour).await.expect("a server")
}

async fn with_rule(stage: Stage, when: When, reaction: Reaction) -> Server {
    started(Behaviour::with_rule(stage, when, reaction)).await
}

fn relay(server: &Server) -> Relay {
    relay_at(&server.url())
}

fn relay_at(url: &str) -> Relay {
    let url = RelayUrl::parse(url).expect("a relay");
    Relay { url, ehlo_name: "client.test".to_owned(), credentials: None, timeouts: TIMEOUTS }
}

/// For connections in the clear.
fn any_tls() -> Arc<ClientConfig> {
    client_config(None).expect("the machine's authorities")
}

/// Without bearer tokens, at no time in particular.
async fn open(relay: &Relay, tls: &Arc<ClientConfig>) -> Result<Session, OpenError> {
    delivery::smtp::open(relay, None, tls, jiff::Timestamp::UNIX_EPOCH).await
}

async fn opened(server: &Server) -> Session {
    open(&relay(server), &any_tls()).await.expect("a connection")
}

async fn not_opened(server: &Server) -> OpenError {
    failure(open(&relay(server), &any_tls()).await)
}

/// A session says nothing of itself, so `expect_err` cannot be used.
fn failure(opened: Result<Session, OpenError>) -> OpenError {
    opened.err().expect("no connection")
}

async fn envelope(session: &mut Session, mail: &Proved) -> Result<Envelope, SessionError> {
    session.envelope(mail, OPTIONS).await
}

/// Envelope and message; what the relay says to the dot.
async fn handed_over(session: &mut Session, mail: &Proved) -> HandOver {
    let reached = envelope(session, mail).await.expect("replies to the envelope");
    assert!(matches!(reached, Envelope::Ready), "{reached:?}");
    session.hand_over(mail, None).await
}

fn replied(handed_over: HandOver) -> u16 {
    match handed_over {
        HandOver::Replied(reply) => reply.code.0,
        other => panic!("{other:?}"),
    }
}
