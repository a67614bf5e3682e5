//! Each way to misbehave.

use std::io::ErrorKind;
use std::time::Duration;

use lab::{Behaviour, EightBit, Offers, Reaction, Rule, Server, Stage, When};

use crate::{Client, MESSAGE};

async fn started(rule: Rule) -> Server {
    Server::start(Behaviour::with_rules(vec![rule])).await.expect("a server")
}

#[tokio::test]
async fn pipelining_that_was_not_offered_ends_the_connection() {
    let offers = Offers { pipelining: false, ..Offers::default() };
    let server = Server::start(Behaviour { offers, ..Behaviour::default() }).await.unwrap();
    let mut client = Client::ready(&server).await;
    assert!(client.mail("ann@x.test", MESSAGE).await.starts_with("250"), "one at a time");
    client.send("MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\n").await;
    assert!(client.rest().await.unwrap_or_default().starts_with("503"));
}

#[tokio::test]
async fn eight_bit_mime_announced_falsely() {
    let offers = Offers { eight_bit_mime: EightBit::Falsely, ..Offers::default() };
    let server = Server::start(Behaviour { offers, ..Behaviour::default() }).await.unwrap();
    let mut client = Client::connect(&server).await;
    client.reply().await;
    assert!(client.ask("EHLO c.test\r\n").await.contains("250-8BITMIME\r\n"));
    assert!(client.mail("ann@x.test", "A: b\r\n\r\n\u{e4}\r\n").await.starts_with("554 5.6.3"));
}

#[tokio::test]
async fn no_enhanced_codes_and_no_dsn() {
    let offers = Offers { enhanced_codes: false, dsn: false, ..Offers::default() };
    let server = Server::start(Behaviour { offers, ..Behaviour::default() }).await.unwrap();
    let mut client = Client::ready(&server).await;
    assert_eq!(client.ask("MAIL FROM:<> RET=HDRS\r\n").await, "501 A parameter that was not offered\r\n");
    assert_eq!(client.ask("MAIL FROM:<>\r\n").await, "250 Sender ok\r\n");
    assert!(client.ask("RCPT TO:<a@x.test> NOTIFY=NEVER\r\n").await.starts_with("501 "));
}

#[tokio::test]
async fn greylisting_puts_off_the_first_attempt_of_each() {
    let server =
        started(Rule::new(Stage::Rcpt, When::FirstAttempts(1), Reaction::reply("451 4.7.1 Later"))).await;
    let mut client = Client::ready(&server).await;
    for (who, code) in [("a@x.test", "451"), ("b@x.test", "451"), ("a@x.test", "250"), ("b@x.test", "250")] {
        assert!(client.mail(who, MESSAGE).await.starts_with(code), "{who}");
        client.ask("RSET\r\n").await;
    }
}

#[tokio::test]
async fn closed_after_the_dot_with_and_without_the_message() {
    for (stage, count) in [(Stage::DotBeforeRecording, 0), (Stage::DotAfterRecording, 1)] {
        let server = started(Rule::new(stage, When::All, Reaction::Close)).await;
        let mut client = Client::ready(&server).await;
        assert_eq!(client.mail("ann@x.test", MESSAGE).await, "");
        assert_eq!(server.mailbox().count(), count);
        assert!(server.mailbox().received().iter().all(|message| !message.acknowledged()));
    }
}

#[tokio::test]
async fn reset_is_not_an_orderly_close() {
    let server = started(Rule::new(Stage::DotAfterRecording, When::EveryNth(2), Reaction::Reset)).await;
    let mut client = Client::ready(&server).await;
    assert!(client.mail("ann@x.test", MESSAGE).await.starts_with("250"));
    client.send("MAIL FROM:<>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n").await;
    for _ in 0..3 {
        client.reply().await;
    }
    client.send(format!("{MESSAGE}.\r\n")).await;
    assert_eq!(client.rest().await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn stalls_and_never_answers() {
    let server = started(Rule::new(Stage::Mail, When::All, Reaction::Stall)).await;
    let mut client = Client::ready(&server).await;
    client.send("MAIL FROM:<>\r\n").await;
    let silence = tokio::time::timeout(Duration::from_millis(50), client.reply()).await;
    assert!(silence.is_err());
}

#[tokio::test]
async fn delay_flood_garbage_and_421() {
    let rules = vec![
        Rule::new(Stage::Rset, When::All, Reaction::Delay(Duration::from_millis(1))),
        Rule::new(Stage::Rset, When::EveryNth(2), Reaction::FloodReply(200_000)),
        Rule::new(
            Stage::Rcpt,
            When::Recipient("ann@x.test".into()),
            Reaction::Garbage(b"hello\r\n".to_vec()),
        ),
        Rule::new(
            Stage::Rcpt,
            When::Recipient("bob@x.test".into()),
            Reaction::reply_and_close("550 5.7.1 Go away"),
        ),
        Rule::new(Stage::Mail, When::EveryNth(3), Reaction::reply("421 4.3.2 Closing")),
    ];
    let server = Server::start(Behaviour::with_rules(rules)).await.unwrap();
    let mut client = Client::ready(&server).await;
    assert!(client.ask("RSET\r\n").await.starts_with("250 2.0.0"));
    let flood = client.ask("RSET\r\n").await;
    assert!(flood.len() > 200_000 && flood.ends_with("\r\n250 end\r\n"));
    assert!(client.ask("MAIL FROM:<>\r\n").await.starts_with("250"));
    assert_eq!(client.ask("RCPT TO:<ann@x.test>\r\n").await, "hello\r\n");
    client.send("RCPT TO:<bob@x.test>\r\n").await;
    assert_eq!(client.rest().await.unwrap(), "550 5.7.1 Go away\r\n");
    let mut client = Client::ready(&server).await;
    client.ask("MAIL FROM:<>\r\n").await;
    client.ask("RSET\r\n").await;
    client.send("MAIL FROM:<>\r\n").await;
    assert_eq!(client.rest().await.unwrap(), "421 4.3.2 Closing\r\n");
}

#[tokio::test]
async fn messages_for_each_connection_and_one_past() {
    let behaviour = Behaviour { messages_per_connection_max: Some(2), ..Behaviour::default() };
    let server = Server::start(behaviour).await.unwrap();
    let mut client = Client::ready(&server).await;
    for code in ["250", "250", "421 4.7.0"] {
        assert!(client.mail("ann@x.test", MESSAGE).await.starts_with(code));
    }
}

#[tokio::test]
async fn the_log_has_what_was_recorded_before_the_reply() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let rules =
        vec![Rule::new(Stage::DotAfterRecording, When::Recipient("bob@x.test".into()), Reaction::Close)];
    let server =
        Server::start(Behaviour { log: Some(log.clone()), rules, ..Behaviour::default() }).await.unwrap();
    assert!(Client::ready(&server).await.mail("ann@x.test", MESSAGE).await.starts_with("250"));
    assert_eq!(Client::ready(&server).await.mail("bob@x.test", MESSAGE).await, "");
    let lines = std::fs::read_to_string(log).unwrap();
    assert_eq!(lines, "ann@x.test\t<1@x.test>\nbob@x.test\t<1@x.test>\n");
}
