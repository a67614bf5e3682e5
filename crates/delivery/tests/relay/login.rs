//! AUTH.

use campaign::Stage as At;
use delivery::smtp::{Credentials, OpenError, Secret};
use lab::{Accounts, Behaviour, Mechanism, Reaction, Rule, Server, Stage, When};

use crate::{any_tls, failure, handed_over, open, opened, proved, relay, replied, started};

const USER: &str = "survey, the team = us";
const PASSWORD: &str = "pass word\u{e4}";
const TOKEN: &str = "ya29.token";

fn accounts(mechanisms: &[Mechanism]) -> Behaviour {
    let accounts = Accounts {
        mechanisms: mechanisms.to_vec(),
        user: USER.to_owned(),
        password: PASSWORD.to_owned(),
        token: TOKEN.to_owned(),
        required: true,
        proves_itself: true,
    };
    Behaviour { accounts: Some(accounts), ..Behaviour::default() }
}

fn password(password: &str, mechanism: Option<&str>) -> Credentials {
    let password = Secret::new(password.to_owned());
    Credentials::Password { user: USER.to_owned(), password, mechanism: mechanism.map(str::to_owned) }
}

fn token(token: &str) -> Credentials {
    Credentials::Token { user: USER.to_owned(), token: Secret::new(token.to_owned()) }
}

async fn log_in(server: &Server, credentials: Credentials) -> Result<(), OpenError> {
    let mut relay = relay(server);
    relay.credentials = Some(credentials);
    let mut session = open(&relay, &any_tls()).await?;
    assert_eq!(replied(handed_over(&mut session, &proved("ann@x.test")).await), 250);
    assert_eq!(
        server.mailbox().received().pop().and_then(|m| m.authenticated_as.clone()).as_deref(),
        Some(USER)
    );
    Ok(())
}

/// Refused as a matter of the account, which pauses and fails nobody; the password is in no message.
fn refused(error: &OpenError) {
    assert!(matches!(error, OpenError::Refused { stage: At::Auth, reply } if reply.code.0 == 535), "{error}");
    assert!(error.pauses().is_some());
    assert!(!format!("{error} {error:?}").contains(PASSWORD));
}

#[tokio::test]
async fn auth_plain() {
    let server = started(accounts(&[Mechanism::Plain])).await;
    log_in(&server, password(PASSWORD, None)).await.unwrap();
    refused(&log_in(&server, password("wrong", None)).await.unwrap_err());
}

#[tokio::test]
async fn auth_login() {
    let server = started(accounts(&[Mechanism::Login])).await;
    log_in(&server, password(PASSWORD, None)).await.unwrap();
    refused(&log_in(&server, password("wrong", None)).await.unwrap_err());
}

#[tokio::test]
async fn auth_scram() {
    let server = started(accounts(&Mechanism::ALL)).await;
    log_in(&server, password(PASSWORD, Some("scram-sha-256"))).await.unwrap();
    refused(&log_in(&server, password("wrong", Some("SCRAM-SHA-256"))).await.unwrap_err());
    log_in(&server, password(PASSWORD, None)).await.unwrap();
}

#[tokio::test]
async fn auth_xoauth2() {
    let server = started(accounts(&[Mechanism::XOauth2])).await;
    log_in(&server, token(TOKEN)).await.unwrap();
    refused(&log_in(&server, token("expired")).await.unwrap_err());
}

#[tokio::test]
async fn auth_mechanism_not_offered() {
    let server = started(accounts(&[Mechanism::Login])).await;
    for credentials in [token(TOKEN), password(PASSWORD, Some("PLAIN"))] {
        let error = log_in(&server, credentials).await.unwrap_err();
        assert!(matches!(error, OpenError::Auth(_)) && error.pauses().is_some(), "{error}");
    }
}

#[tokio::test]
async fn auth_later() {
    let mut behaviour = accounts(&[Mechanism::Plain]);
    behaviour.rules = vec![Rule::new(Stage::Auth, When::All, Reaction::reply("454 4.7.0 Temporary failure"))];
    let error = log_in(&started(behaviour).await, password(PASSWORD, None)).await.unwrap_err();
    assert!(matches!(error, OpenError::Later { stage: At::Auth, .. }) && error.pauses().is_none(), "{error}");
}

#[tokio::test]
async fn auth_required_and_nobody_logs_in() {
    let server = started(accounts(&Mechanism::ALL)).await;
    let mut session = opened(&server).await;
    let refused = crate::envelope(&mut session, &proved("ann@x.test")).await.unwrap();
    assert!(format!("{refused:?}").contains("530 5.7.0"), "{refused:?}");
    let plain = started(Behaviour::default()).await;
    let mut relay = relay(&plain);
    relay.credentials = Some(password(PASSWORD, None));
    assert!(matches!(failure(open(&relay, &any_tls()).await), OpenError::Auth(_)), "no AUTH is offered");
    drop(plain);
}

#[tokio::test]
async fn auth_challenges_without_end() {
    let by = |mechanism| password(PASSWORD, Some(mechanism));
    for credentials in [token(TOKEN), by("SCRAM-SHA-256"), by("PLAIN"), by("LOGIN")] {
        let mut behaviour = accounts(&Mechanism::ALL);
        let challenges: String = "334 \r\n".repeat(1_000);
        behaviour.rules = vec![Rule::new(Stage::Auth, When::All, Reaction::Garbage(challenges.into_bytes()))];
        let server = started(behaviour).await;
        let mut relay = relay(&server);
        relay.credentials = Some(credentials);
        let error = failure(open(&relay, &any_tls()).await);
        assert!(matches!(error, OpenError::Auth(_)), "{error}");
    }
}

#[tokio::test]
async fn auth_scram_by_a_server_that_does_not_know_the_password() {
    let mut behaviour = accounts(&[Mechanism::ScramSha256]);
    if let Some(accounts) = &mut behaviour.accounts {
        accounts.proves_itself = false;
    }
    let error = log_in(&started(behaviour).await, password(PASSWORD, None)).await.unwrap_err();
    // RFC 5802 §3: a server that has not shown its signature has not shown who it is.
    assert!(matches!(error, OpenError::Auth(_)), "{error}");
}
