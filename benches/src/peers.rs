//! The peers. None of them proves a message or keeps what was sent on disk; smtp-source does not even merge.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use lettre::message::{Mailbox, Message, header::ContentType};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;

use crate::Run;
use crate::cpu::cpu_seconds;
use crate::sink::Sink;

/// Postfix's generator of mail: the same message again and again, all connections from one process.
pub fn smtp_source(messages: usize, connections: usize, octets: usize) -> Run {
    let sink = Sink::start();
    let (_, before) = cpu_seconds();
    let start = Instant::now();
    let ran = Command::new("smtp-source")
        .args(["-d", "-s", &connections.to_string(), "-l", &octets.to_string(), "-m", &messages.to_string()])
        .arg(sink.address())
        .status()
        .expect("smtp-source, of the package postfix");
    assert!(ran.success(), "smtp-source failed");
    let seconds = start.elapsed().as_secs_f64();
    Run { seconds, cpu_seconds: cpu_seconds().1 - before }
}

/// nodemailer's pool; its own clock leaves out the start of Node.
pub fn nodemailer(messages: usize, connections: usize, text: &Path) -> Run {
    let sink = Sink::start();
    let (_, before) = cpu_seconds();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/nodemailer/send.mjs");
    let ran = Command::new("node")
        .args([script, &sink.port.to_string(), &messages.to_string(), &connections.to_string()])
        .arg(text)
        .output()
        .expect("node");
    assert!(ran.status.success(), "nodemailer: {}", String::from_utf8_lossy(&ran.stderr));
    let seconds = String::from_utf8_lossy(&ran.stdout).trim().parse().expect("seconds");
    Run { seconds, cpu_seconds: cpu_seconds().1 - before }
}

/// lettre's connections, each with TCP_NODELAY: as its pool ships, it stalls for 40 ms a message on loopback.
pub fn lettre(messages: usize, connections: usize, text: &Path) -> Run {
    let sink = Sink::start();
    let body: Arc<str> = std::fs::read_to_string(text).expect("the body").into();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let (before, _) = cpu_seconds();
    let start = Instant::now();
    runtime.block_on(async {
        let next = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..connections)
            .map(|_| {
                let (next, body, address) = (next.clone(), body.clone(), sink.address());
                tokio::spawn(async move {
                    let stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
                    stream.set_nodelay(true).expect("an option");
                    let name = ClientId::Domain("client.example".to_owned());
                    let mut connection = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &name)
                        .await
                        .expect("EHLO");
                    loop {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        if n >= messages {
                            break;
                        }
                        let message = message(n, &body);
                        let octets = message.formatted();
                        connection.send(message.envelope(), &octets).await.expect("250");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("a task");
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    Run { seconds, cpu_seconds: cpu_seconds().0 - before }
}

fn message(n: usize, body: &str) -> Message {
    let from: Mailbox = "Survey team <survey@unit.example>".parse().expect("a mailbox");
    let to: Mailbox = format!("person{n}@mail{}.example", n % 97).parse().expect("a mailbox");
    Message::builder()
        .from(from)
        .to(to)
        .subject("Your experience with us")
        .header(ContentType::TEXT_PLAIN)
        .body(body.replace("{{ first_name }}", &format!("First{n}")))
        .expect("a message")
}
