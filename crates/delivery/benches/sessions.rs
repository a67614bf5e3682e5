//! Messages a second to a relay on the same machine: `cargo bench -p delivery --bench sessions`.

#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![allow(clippy::expect_used, reason = "a benchmark that cannot run must say so")]

use std::sync::Arc;
use std::time::Instant;

use delivery::smtp::{Envelope, EnvelopeOptions, HandOver, Relay, RelayUrl, Timeouts, client_config, open};
use lab::{Behaviour, Server};
use mail::Address;
use proof::{Expected, Proved, PublicList, prove};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const CONNECTIONS: usize = 20;
const MESSAGES: usize = 2_000;
const BODY_OCTETS: usize = 2_000;

fn message(octets: usize) -> Vec<u8> {
    let line = format!("{}\r\n", "x".repeat(76));
    let body = line.repeat(octets.div_ceil(line.len()));
    format!(
        "From: Survey team <survey@police.example>\r\nTo: ann@x.test\r\nSubject: A survey\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@police.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=us-ascii\r\n\r\n{body}"
    )
    .into_bytes()
}

fn proved() -> Proved {
    let ann = Address::parse("ann@x.test").expect("an address");
    let public = PublicList::from_iter([Address::parse("survey@police.example").expect("an address")]);
    prove(message(BODY_OCTETS), &Expected::new(&ann, &public, "<1@police.example>")).expect("a proof")
}

/// Our client: the envelope in one write, the message in another.
async fn ours(server: &Server) {
    let relay = Relay {
        url: RelayUrl::parse(&server.url()).expect("a relay"),
        ehlo_name: "client.test".to_owned(),
        credentials: None,
        timeouts: Timeouts::default(),
    };
    let (relay, mail) = (Arc::new(relay), Arc::new(proved()));
    let tls = client_config(None).expect("authorities");
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (relay, mail, tls) = (relay.clone(), mail.clone(), tls.clone());
            tokio::spawn(async move {
                let mut session =
                    open(&relay, None, &tls, jiff::Timestamp::UNIX_EPOCH).await.expect("a connection");
                for _ in 0..MESSAGES {
                    let options = EnvelopeOptions { envelope_id: "token" };
                    let reached = session.envelope(&mail, options).await.expect("replies");
                    assert!(matches!(reached, Envelope::Ready));
                    assert!(matches!(session.hand_over(&mail, None).await, HandOver::Replied(_)));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task");
    }
}

/// No client at all: the next envelope behind the body, and replies counted by their line ends.
async fn raw(server: &Server) {
    let envelope: &[u8] = b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n";
    let block: Arc<Vec<u8>> = Arc::new([&message(BODY_OCTETS)[..], b".\r\n", envelope].concat());
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (block, address) = (block.clone(), server.address());
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.expect("a connection");
                stream.set_nodelay(true).expect("an option");
                stream.write_all(&[b"EHLO c.test\r\n", envelope].concat()).await.expect("to write");
                let mut octets = vec![0; 4_096];
                // The greeting, seven lines of EHLO, and three replies.
                let mut awaited = 11;
                for sent in 0..=MESSAGES {
                    while awaited > 0 {
                        let read = stream.read(&mut octets).await.expect("to read");
                        awaited -= octets[..read].iter().filter(|octet| **octet == b'\n').count();
                    }
                    if sent < MESSAGES {
                        stream.write_all(&block).await.expect("to write");
                        awaited = 4;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a task");
    }
}

#[tokio::main]
async fn main() {
    for round in 0..5 {
        for name in ["raw", "our client"] {
            let server = Server::start(Behaviour::default()).await.expect("a server");
            let start = Instant::now();
            if name == "raw" {
                raw(&server).await;
            } else {
                ours(&server).await;
            }
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(server.mailbox().count(), CONNECTIONS * MESSAGES);
            println!("{round}: {name}: {:.0} messages/s", (CONNECTIONS * MESSAGES) as f64 / seconds);
        }
    }
}
