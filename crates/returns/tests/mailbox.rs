//! A mailbox over IMAP: a real Dovecot, and a server that has no keywords and wants a token, as Exchange does.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::{Arc, Mutex};

use data_encoding::BASE64;
use returns::{
    Arrival, Desk, Login, Looked, MESSAGES_OF_A_LOOK_MAX, Mailbox, MailboxError, Recipient, Settled, Way,
};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use testkit::{Authority, Dovecot};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Takes what is a bounce, leaves what is not, and is away where told.
#[derive(Default)]
struct Sorter {
    away: bool,
    seen: Mutex<Vec<String>>,
}

impl Desk for Sorter {
    fn accepts(&self, _: &Recipient) -> bool {
        unreachable!("nobody is asked whom a mailbox is for")
    }

    async fn settle(&self, arrival: Arrival<'_>) -> Settled {
        assert!(arrival.recipient.is_none() && arrival.null_sender.is_none() && arrival.by == Way::Mailbox);
        let text = String::from_utf8_lossy(arrival.octets).into_owned();
        self.seen.lock().unwrap().push(text.clone());
        match text.contains("Subject: bounce") {
            _ if self.away => Settled::Later,
            true => Settled::Taken,
            false => Settled::Refused,
        }
    }
}

impl Sorter {
    fn seen(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn trusting(authority: &Authority) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn mailbox(port: u16, tls: Arc<ClientConfig>) -> Mailbox {
    Mailbox { host: "localhost".to_owned(), port, tls, folder: "INBOX".to_owned(), octets_max: 1_000 }
}

fn message(subject: &str, text: &str) -> String {
    format!("From: a@x.test\r\nSubject: {subject}\r\n\r\n{text}\r\n")
}

#[tokio::test]
async fn what_is_taken_goes_and_what_is_left_is_looked_at_once() {
    let authority = Authority::default();
    let dovecot = Dovecot::start(&authority.good("localhost"));
    let (user, password) = dovecot.login();
    let login = Login::Password(&user, &password);
    let mailbox = mailbox(dovecot.port(), trusting(&authority));
    for subject in ["bounce 1", "hello", "bounce 2"] {
        dovecot.deliver(&message(subject, "x"));
    }
    // The database is away: nothing is changed.
    let away = Sorter { away: true, ..Sorter::default() };
    assert_eq!(mailbox.look(login, &away).await, Ok(Looked::default()));
    assert_eq!((away.seen(), dovecot.flags().len()), (1, 3));
    let sorter = Sorter::default();
    let looked = Looked { taken: 2, left: 1, more: false };
    assert_eq!(mailbox.look(login, &sorter).await, Ok(looked));
    // It is not read for people: no S among its flags.
    let flags = dovecot.flags();
    assert!(flags.len() == 1 && !flags[0].is_empty() && !flags[0].contains('S'), "{flags:?}");
    dovecot.deliver(&message("bounce 3", &"x".repeat(5_000)));
    assert_eq!(mailbox.look(login, &sorter).await, Ok(Looked { taken: 1, ..Looked::default() }));
    assert_eq!(sorter.seen(), 4, "what was left is not looked at again");
    let seen = sorter.seen.lock().unwrap().last().unwrap().len();
    assert_eq!(seen, 1_000, "of a long one the beginning");
    assert_eq!(mailbox.look(login, &sorter).await, Ok(Looked::default()));
}

#[tokio::test]
async fn messages_of_a_look_and_one_past() {
    let authority = Authority::default();
    let dovecot = Dovecot::start(&authority.good("localhost"));
    let (user, password) = dovecot.login();
    let login = Login::Password(&user, &password);
    let mailbox = mailbox(dovecot.port(), trusting(&authority));
    for _ in 0..=MESSAGES_OF_A_LOOK_MAX {
        dovecot.deliver(&message("bounce", "x"));
    }
    let sorter = Sorter::default();
    let looked = Looked { taken: MESSAGES_OF_A_LOOK_MAX, left: 0, more: true };
    assert_eq!(mailbox.look(login, &sorter).await, Ok(looked));
    assert_eq!(mailbox.look(login, &sorter).await, Ok(Looked { taken: 1, ..Looked::default() }));
}

#[tokio::test]
async fn what_cannot_be_read_says_why_and_nothing_of_whose() {
    let (authority, other) = (Authority::default(), Authority::default());
    let dovecot = Dovecot::start(&authority.good("localhost"));
    let (user, password) = dovecot.login();
    let (right, wrong) = (Login::Password(&user, &password), Login::Password(&user, "wrong"));
    let good = mailbox(dovecot.port(), trusting(&authority));
    let sorter = Sorter::default();
    assert_eq!(good.look(wrong, &sorter).await, Err(MailboxError::Login));
    let elsewhere = Mailbox { folder: "Elsewhere".to_owned(), ..good.clone() };
    assert_eq!(elsewhere.look(right, &sorter).await, Err(MailboxError::Folder));
    let stranger = Mailbox { tls: trusting(&other), ..good.clone() };
    assert_eq!(stranger.look(right, &sorter).await, Err(MailboxError::Tls));
    let other_name = Mailbox { host: "127.0.0.1".to_owned(), ..good.clone() };
    assert_eq!(other_name.look(right, &sorter).await, Err(MailboxError::Tls));
    drop(dovecot);
    assert_eq!(good.look(right, &sorter).await, Err(MailboxError::Unreachable));
}

/// Answers commands in this order: what a command must hold, and what is said before its OK.
async fn scripted(stream: TlsStream<TcpStream>, script: Vec<(&'static str, String)>) {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"* OK ready\r\n").await.unwrap();
    for (wanted, answer) in script {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let tag = line.split(' ').next().unwrap().to_owned();
        assert!(line.contains(wanted), "{line:?} instead of {wanted:?}");
        if wanted.starts_with("AUTHENTICATE") {
            stream.write_all(b"+ \r\n").await.unwrap();
            let mut token = String::new();
            stream.read_line(&mut token).await.unwrap();
            let said = String::from_utf8(BASE64.decode(token.trim().as_bytes()).unwrap()).unwrap();
            assert_eq!(said, "user=box@x.test\x01auth=Bearer a-token\x01\x01");
        }
        if stream.write_all(format!("{answer}{tag} OK done\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Where a server listens that speaks as the script has it, under TLS.
async fn server(script: Vec<(&'static str, String)>) -> Mailbox {
    let authority = Authority::default();
    let certificate = authority.good("localhost");
    let chain = vec![CertificateDer::from_pem_slice(certificate.chain.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.unwrap();
        scripted(stream, script).await;
    });
    mailbox(port, trusting(&authority))
}

fn until_search() -> Vec<(&'static str, String)> {
    vec![
        ("AUTHENTICATE XOAUTH2", String::new()),
        ("CAPABILITY", "* CAPABILITY IMAP4rev1 UIDPLUS\r\n".to_owned()),
        ("SELECT", "* 2 EXISTS\r\n* OK [PERMANENTFLAGS (\\Seen \\Flagged \\Deleted)] ok\r\n".to_owned()),
    ]
}

#[tokio::test]
async fn without_keywords_what_is_left_is_flagged_and_a_token_logs_in() {
    let fetched =
        |uid: u32, text: &str| format!("* 1 FETCH (UID {uid} BODY[]<0> {{{}}}\r\n{text})\r\n", text.len());
    let mut script = until_search();
    script.extend([
        ("UID SEARCH UNDELETED UNFLAGGED", "* SEARCH 9 7\r\n".to_owned()),
        ("UID FETCH 7 (UID BODY.PEEK[]<0.1000>)", fetched(7, &message("bounce", "x"))),
        ("UID STORE 7 +FLAGS.SILENT (\\Deleted)", String::new()),
        ("UID EXPUNGE 7", "* 1 EXPUNGE\r\n".to_owned()),
        ("UID FETCH 9 (UID BODY.PEEK[]<0.1000>)", fetched(9, &message("hello", "x"))),
        ("UID STORE 9 +FLAGS.SILENT (\\Flagged)", String::new()),
        ("LOGOUT", "* BYE\r\n".to_owned()),
    ]);
    let mailbox = server(script).await;
    let looked = mailbox.look(Login::Token("box@x.test", "a-token"), &Sorter::default()).await;
    assert_eq!(looked, Ok(Looked { taken: 1, left: 1, more: false }));
}

#[tokio::test]
async fn a_server_that_says_too_much_is_left() {
    let mut script = until_search();
    let flood = "* 1 FETCH (FLAGS ())\r\n".repeat(200_000);
    script.push(("UID SEARCH", format!("{flood}* SEARCH 7\r\n")));
    let mailbox = server(script).await;
    let looked = mailbox.look(Login::Token("box@x.test", "a-token"), &Sorter::default()).await;
    assert_eq!(looked, Err(MailboxError::Lost));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let login = Login::Token("box@x.test", "a-token");
    let mailbox = mailbox(port, trusting(&Authority::default()));
    assert_eq!(mailbox.look(login, &Sorter::default()).await, Err(MailboxError::Slow));
}
