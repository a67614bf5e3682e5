//! What a correct server does, and what it takes from nobody.

use lab::{Behaviour, COMMAND_OCTETS_MAX, LINE_OCTETS_MAX, Loopback, Offers, Server};

use crate::{Client, MESSAGE};

#[tokio::test]
async fn a_message_is_taken_and_kept() {
    let server = Server::start(Behaviour::default()).await.unwrap();
    assert!(server.url().starts_with("smtp://127.0.0.1:"));
    let mut client = Client::ready(&server).await;
    assert_eq!(
        client.mail("ann@x.test", "Message-ID: <1@x.test>\r\n\r\n..dot\r\n").await,
        "250 2.0.0 Ok: message 1\r\n"
    );
    let mailbox = server.mailbox();
    mailbox.wait_for(1).await;
    let message = &mailbox.received()[0];
    assert_eq!((message.number, message.reverse_path.as_str()), (1, ""));
    assert_eq!(message.recipients, ["ann@x.test"]);
    assert_eq!(message.bytes, b"Message-ID: <1@x.test>\r\n\r\n.dot\r\n");
    assert_eq!(message.message_id(), "<1@x.test>");
    assert!(message.acknowledged() && !message.tls && !message.smtputf8);
    assert_eq!(client.ask("QUIT\r\n").await, "221 2.0.0 Goodbye\r\n");
    assert_eq!(client.rest().await.unwrap(), "");
}

#[tokio::test]
async fn a_pipelined_batch_gets_its_replies_together() {
    let server = Server::start(Behaviour::default()).await.unwrap();
    let mut client = Client::ready(&server).await;
    client.send("MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n").await;
    for code in ["250", "250", "354"] {
        assert!(client.reply().await.starts_with(code));
    }
    client.send(format!("{MESSAGE}.\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<c@x.test>\r\nDATA\r\n")).await;
    for code in ["250", "250", "250", "354"] {
        assert!(client.reply().await.starts_with(code));
    }
    assert!(client.ask(format!("{MESSAGE}.\r\n")).await.starts_with("250"));
    assert_eq!(server.mailbox().count(), 2);
}

#[tokio::test]
async fn octets_behind_data_are_not_taken() {
    let server = Server::start(Behaviour::default()).await.unwrap();
    let mut client = Client::ready(&server).await;
    client.send(format!("MAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nDATA\r\n{MESSAGE}.\r\n")).await;
    let rest = client.rest().await.unwrap();
    assert!(
        rest.ends_with("503 5.5.0 Commands were sent together, and pipelining was not offered\r\n"),
        "{rest}"
    );
    assert_eq!(server.mailbox().count(), 0);
}

#[tokio::test]
async fn bare_line_ends_and_nul_are_refused() {
    let server = Server::start(Behaviour::default()).await.unwrap();
    let mut client = Client::ready(&server).await;
    for message in ["A: b\n\r\n", "A: b\r\n\r\nx\n.\nMAIL FROM:<>\r\n", "A: b\rc\r\n", "A: \0\r\n"] {
        assert!(client.mail("ann@x.test", message).await.starts_with("554 5.6.0"), "{message:?}");
    }
    let long = format!("{}\r\n", "x".repeat(LINE_OCTETS_MAX - 1));
    assert!(client.mail("ann@x.test", &long).await.starts_with("554 5.6.0"));
    assert_eq!(server.mailbox().count(), 0);
    for command in ["NOOP\n", "NOOP\rNOOP\r\n", "NO\0OP\r\n"] {
        let mut client = Client::ready(&server).await;
        client.send(command).await;
        assert!(client.rest().await.unwrap().starts_with("500 5.5.2"), "{command:?}");
    }
}

#[tokio::test]
async fn the_longest_command_and_one_past() {
    let server = Server::start(Behaviour::default()).await.unwrap();
    let noop = |octets: usize| format!("NOOP {}\r\n", "x".repeat(octets - 7));
    let mut client = Client::ready(&server).await;
    assert!(client.ask(noop(COMMAND_OCTETS_MAX)).await.starts_with("250"));
    assert!(client.ask(noop(COMMAND_OCTETS_MAX + 1)).await.starts_with("500 5.5.6"));
}

#[tokio::test]
async fn a_full_mailbox_says_later() {
    let behaviour = Behaviour { mailbox_messages_max: 1, ..Behaviour::default() };
    let server = Server::start(behaviour).await.unwrap();
    let mut client = Client::ready(&server).await;
    assert!(client.mail("ann@x.test", MESSAGE).await.starts_with("250"));
    assert!(client.mail("bob@x.test", MESSAGE).await.starts_with("452 4.3.1"));
}

#[tokio::test]
async fn a_size_too_large_is_refused_early_and_late() {
    let offers = Offers { size_max: 100, ..Offers::default() };
    let server = Server::start(Behaviour { offers, ..Behaviour::default() }).await.unwrap();
    let mut client = Client::ready(&server).await;
    assert!(client.ask("MAIL FROM:<> SIZE=101\r\n").await.starts_with("552 5.3.4"));
    assert!(
        client
            .mail("ann@x.test", &format!("A: b\r\n\r\n{}", "x\r\n".repeat(50)))
            .await
            .starts_with("552 5.3.4")
    );
    assert!(client.mail("ann@x.test", MESSAGE).await.starts_with("250"));
}

#[tokio::test]
async fn one_recipient_and_no_second() {
    let server = Server::start(Behaviour { single_recipient: true, ..Behaviour::default() }).await.unwrap();
    let mut client = Client::ready(&server).await;
    client.send("MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nRCPT TO:<b@x.test>\r\n").await;
    for code in ["250", "250", "554 5.5.3"] {
        assert!(client.reply().await.starts_with(code));
    }
}

#[tokio::test]
async fn one_connection_too_many_is_turned_away() {
    let server = Server::start(Behaviour { connections_max: 1, ..Behaviour::default() }).await.unwrap();
    let mut first = Client::ready(&server).await;
    assert_eq!(Client::connect(&server).await.rest().await.unwrap(), "421 4.7.0 Too many connections\r\n");
    assert!(first.mail("ann@x.test", MESSAGE).await.starts_with("250"));
}

#[tokio::test]
async fn a_server_that_comes_back_keeps_its_mailbox() {
    let server =
        Server::start_at(Loopback::v6(0), Behaviour::default(), server_mailbox().await).await.unwrap();
    assert!(server.url().starts_with("smtp://[::1]:"));
    let (at, mailbox) = (server.loopback(), server.mailbox());
    let mut client = Client::ready(&server).await;
    assert!(client.mail("ann@x.test", MESSAGE).await.starts_with("250"));
    server.stop().await;
    assert_eq!(client.rest().await.unwrap_or_default(), "", "cut off");
    let server = Server::start_at(at, Behaviour::default(), mailbox).await.unwrap();
    assert!(
        Client::ready(&server).await.mail("bob@x.test", MESSAGE).await.starts_with("250 2.0.0 Ok: message 2")
    );
}

async fn server_mailbox() -> std::sync::Arc<lab::Mailbox> {
    Server::start(Behaviour::default()).await.expect("a server").mailbox()
}
