//! Bearer tokens: renewed once for all connections, and clear words when they cannot be.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use delivery::smtp::Secret;
use delivery::{TokenError, TokenSource};
use jiff::{SignedDuration, Timestamp};
use lab::{Accounts, Behaviour, Mechanism};

use crate::{any_tls, handed_over, proved, relay, replied, started};

/// A token endpoint that gives one answer again and again, and counts.
struct Endpoint {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Endpoint {
    fn start(status: &'static str, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://127.0.0.1:{}/token", listener.local_addr().expect("an address").port());
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut request = Vec::new();
                let mut buffer = [0; 1024];
                // A form of a few fields: the last of them is the refresh token.
                while !String::from_utf8_lossy(&request).contains("refresh_token=secret") {
                    let read = stream.read(&mut buffer).expect("a request");
                    assert!(read > 0);
                    request.extend_from_slice(&buffer[..read]);
                }
                count.fetch_add(1, Ordering::SeqCst);
                let head =
                    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
                let answer = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
                stream.write_all(answer.as_bytes()).expect("written");
            }
        });
        Self { url, asked }
    }

    fn source(&self) -> TokenSource {
        let secret = Secret::new("secret".to_owned());
        TokenSource::refreshing("me".to_owned(), &self.url, "client", None, secret, None).expect("a source")
    }
}

#[tokio::test]
async fn token_is_renewed_before_it_ends_and_not_before() {
    let endpoint = Endpoint::start("200 OK", r#"{"access_token":"open sesame","expires_in":3600}"#);
    let source = endpoint.source();
    let start = Timestamp::UNIX_EPOCH;
    for (minute, asked) in [(0, 1), (1, 1), (57, 1), (59, 2), (100, 2)] {
        source.token(start + SignedDuration::from_mins(minute)).await.expect("a token");
        assert_eq!(endpoint.asked.load(Ordering::SeqCst), asked, "minute {minute}");
    }
}

#[tokio::test]
async fn renewed_token_opens_the_relay() {
    let endpoint = Endpoint::start("200 OK", r#"{"access_token":"open sesame"}"#);
    let accounts = Accounts {
        mechanisms: vec![Mechanism::XOauth2],
        user: "me".to_owned(),
        password: String::new(),
        token: "open sesame".to_owned(),
        required: true,
        proves_itself: true,
    };
    let server = started(Behaviour { accounts: Some(accounts), ..Behaviour::default() }).await;
    let source = endpoint.source();
    let mut session = delivery::smtp::open(&relay(&server), Some(&source), &any_tls(), Timestamp::UNIX_EPOCH)
        .await
        .expect("a connection");
    replied(handed_over(&mut session, &proved("ann@x.test")).await);
    assert_eq!(server.mailbox().received()[0].authenticated_as.as_deref(), Some("me"));
}

#[tokio::test]
async fn token_refused_is_lasting_and_endpoint_down_is_not() {
    let refused = Endpoint::start("400 Bad Request", r#"{"error":"invalid_grant"}"#).source();
    let error = refused.token(Timestamp::UNIX_EPOCH).await.expect_err("no token");
    assert_eq!((error.clone(), error.is_lasting()), (TokenError::Refused(400), true));
    let nonsense = Endpoint::start("200 OK", "hello").source();
    assert_eq!(nonsense.token(Timestamp::UNIX_EPOCH).await.err(), Some(TokenError::Answer));
    let busy = Endpoint::start("503 Service Unavailable", "").source();
    let error = busy.token(Timestamp::UNIX_EPOCH).await.expect_err("no token");
    assert!(!error.is_lasting());
}

#[test]
fn refresh_token_in_the_clear_to_another_machine_is_refused() {
    let secret = || Secret::new("secret".to_owned());
    for url in ["http://login.example/token", "ftp://x", "http://127.0.0.1.example:80/"] {
        let source = TokenSource::refreshing("me".to_owned(), url, "client", None, secret(), None);
        assert_eq!(source.err(), Some(TokenError::Endpoint), "{url}");
    }
}
