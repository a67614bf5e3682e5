//! STARTTLS, implicit TLS, certificates.

use std::io::Write;
use std::sync::Arc;

use delivery::smtp::{OpenError, client_config};
use lab::{Behaviour, Certificate, Reaction, Server, Stage, Tls, When};
use rustls::ClientConfig;
use testkit::Authority;

use crate::{failure, handed_over, open, opened, proved, relay_at, replied, started, with_rule};

const NAME: &str = "127.0.0.1";

fn certificate(issued: testkit::Certificate) -> Certificate {
    Certificate { chain: issued.chain, key: issued.key }
}

/// Trusts the authority of the test, besides the machine's.
fn trusting(authority: &Authority) -> Arc<ClientConfig> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(authority.pem().as_bytes()).expect("to write");
    client_config(Some(file.path())).expect("an authority")
}

async fn serving(tls: Tls) -> Server {
    started(Behaviour { tls, ..Behaviour::default() }).await
}

fn required(server: &Server) -> delivery::smtp::Relay {
    relay_at(&format!("{}?tls=required", server.url()))
}

/// What the client says to a server with this certificate.
async fn refusal(authority: &Authority, presented: testkit::Certificate) -> String {
    let server = serving(Tls::Offered(certificate(presented))).await;
    let error = failure(open(&required(&server), &trusting(authority)).await);
    assert!(matches!(error, OpenError::Tls(_)) && error.pauses().is_some(), "{error}");
    assert_eq!(server.mailbox().count(), 0);
    error.to_string()
}

#[tokio::test]
async fn certificate_good() {
    let authority = Authority::default();
    for make in [Tls::Offered, Tls::Required] {
        let server = serving(make(certificate(authority.good(NAME)))).await;
        let mut session = open(&required(&server), &trusting(&authority)).await.unwrap();
        assert!(!session.offers().starttls, "what was offered before TLS is forgotten");
        for who in ["ann@x.test", "bob@x.test"] {
            assert_eq!(replied(handed_over(&mut session, &proved(who)).await), 250);
        }
        assert!(server.mailbox().received().iter().all(|message| message.tls));
        session.quit().await;
    }
}

#[tokio::test]
async fn certificate_expired() {
    let authority = Authority::default();
    let words = refusal(&authority, authority.expired(NAME)).await;
    assert!(words.contains("its certificate has expired"), "{words}");
}

#[tokio::test]
async fn certificate_of_another_name() {
    let authority = Authority::default();
    let words = refusal(&authority, authority.good("other.test")).await;
    assert!(words.contains("its certificate is for another name"), "{words}");
}

#[tokio::test]
async fn certificate_unknown_issuer() {
    let words = refusal(&Authority::default(), Authority::default().good(NAME)).await;
    assert!(words.contains("nobody that this machine trusts"), "{words}");
}

#[tokio::test]
async fn implicit_tls() {
    let authority = Authority::default();
    let server = serving(Tls::Implicit(certificate(authority.good(NAME)))).await;
    assert!(server.url().starts_with("smtps://"));
    let mut session = open(&relay_at(&server.url()), &trusting(&authority)).await.unwrap();
    assert_eq!(replied(handed_over(&mut session, &proved("ann@x.test")).await), 250);
    assert!(server.mailbox().received()[0].tls);

    let stranger = Authority::default();
    let error = failure(open(&relay_at(&server.url()), &trusting(&stranger)).await);
    assert!(matches!(error, OpenError::Tls(_)), "{error}");
}

#[tokio::test]
async fn implicit_tls_to_a_relay_that_speaks_in_the_clear() {
    let server = started(Behaviour::default()).await;
    let url = server.url().replace("smtp://", "smtps://");
    let error = failure(open(&relay_at(&url), &trusting(&Authority::default())).await);
    assert!(matches!(error, OpenError::Tls(_)), "{error}");
}

#[tokio::test]
async fn starttls_required_but_not_offered() {
    let server = started(Behaviour::default()).await;
    let error = failure(open(&required(&server), &trusting(&Authority::default())).await);
    assert!(matches!(error, OpenError::NoStartTls) && error.pauses().is_some(), "{error}");
}

#[tokio::test]
async fn starttls_required_by_the_relay_and_not_used() {
    let authority = Authority::default();
    let server = serving(Tls::Required(certificate(authority.good(NAME)))).await;
    let refused = crate::envelope(&mut opened(&server).await, &proved("ann@x.test")).await.unwrap();
    assert!(format!("{refused:?}").contains("530 5.7.0"), "{refused:?}");
}

#[tokio::test]
async fn starttls_injection() {
    let authority = Authority::default();
    let behaviour = Behaviour {
        tls: Tls::Offered(certificate(authority.good(NAME))),
        injected_after_starttls: b"250-lab.test\r\n250 AUTH PLAIN\r\n".to_vec(),
        ..Behaviour::default()
    };
    let server = started(behaviour).await;
    let error = failure(open(&required(&server), &trusting(&authority)).await);
    assert!(matches!(error, OpenError::Injected) && error.pauses().is_some(), "{error}");
}

#[tokio::test]
async fn starttls_later() {
    let authority = Authority::default();
    let mut behaviour =
        Behaviour::with_rule(Stage::StartTls, When::All, Reaction::reply("454 4.7.0 TLS not available"));
    behaviour.tls = Tls::Offered(certificate(authority.good(NAME)));
    let server = started(behaviour).await;
    let error = failure(open(&required(&server), &trusting(&authority)).await);
    assert!(matches!(error, OpenError::Later { .. }) && error.pauses().is_none(), "{error}");
}

#[tokio::test]
async fn connection_lost_in_the_handshake_may_come_back() {
    let server = with_rule(Stage::Greeting, When::All, Reaction::Close).await;
    let url = server.url().replace("smtp://", "smtps://");
    let error = failure(open(&relay_at(&url), &trusting(&Authority::default())).await);
    assert!(matches!(error, OpenError::Unreachable(_)) && error.pauses().is_none(), "{error}");
}

#[tokio::test]
async fn connection_lost_after_dot_under_tls_is_in_doubt() {
    let authority = Authority::default();
    let mut behaviour = Behaviour::with_rule(Stage::DotAfterRecording, When::All, Reaction::Reset);
    behaviour.tls = Tls::Implicit(certificate(authority.good(NAME)));
    let server = started(behaviour).await;
    let mut session = open(&relay_at(&server.url()), &trusting(&authority)).await.unwrap();
    let doubt = handed_over(&mut session, &proved("ann@x.test")).await;
    assert!(matches!(doubt, delivery::smtp::HandOver::InDoubt), "{doubt:?}");
    assert_eq!(server.mailbox().count(), 1);
}
