//! The listener on the network: handshakes, silence, many connections, and an orderly end.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use returns::{
    Arrival, COMMAND_WAIT, CONNECTIONS_MAX, CONNECTIONS_OF_ONE_MAX, Certificate, CertificateError, Desk,
    Door, MEMORY_OCTETS_MAX, Memory, Protocol, Recipient, SETTLE_WAIT, Settled, Terms, serve,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// Says when it has a message, and keeps it until it may go on.
#[derive(Default)]
struct Slow {
    has_one: Notify,
    go_on: Notify,
    settled: AtomicUsize,
    waits: bool,
    forever: bool,
}

impl Desk for Slow {
    fn accepts(&self, _: &Recipient) -> bool {
        true
    }

    async fn settle(&self, _: Arrival<'_>) -> Settled {
        self.has_one.notify_one();
        if self.forever {
            std::future::pending::<()>().await;
        }
        if self.waits {
            self.go_on.notified().await;
        }
        self.settled.fetch_add(1, Ordering::SeqCst);
        Settled::Taken
    }
}

struct Running {
    address: std::net::SocketAddr,
    desk: Arc<Slow>,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn running(desk: Slow, certificate: Option<Certificate>) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let desk = Arc::new(desk);
    let terms = Terms {
        protocol: Protocol::Smtp,
        name: "mx.test".to_owned(),
        tls: certificate.is_some(),
        bounce_octets: 1 << 20,
        memory: Memory::new(MEMORY_OCTETS_MAX),
        accepts: Box::new(|_| true),
    };
    let door = Arc::new(Door { desk: desk.clone(), terms: Arc::new(terms), certificate });
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(serve(listener, door, async {
        let _ = stopped.await;
    }));
    Running { address, desk, stop: Some(stop), ended }
}

/// One reply of one line.
async fn reply(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        match stream.read_u8().await {
            Ok(octet) => line.push(octet),
            Err(_) => break,
        }
    }
    String::from_utf8(line).unwrap()
}

async fn send_one(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    stream.write_all(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n").await.unwrap();
    for code in ["250 ", "250 ", "250 ", "354 "] {
        assert!(reply(stream).await.starts_with(code));
    }
    stream.write_all(b"x\r\n.\r\n").await.unwrap();
}

#[tokio::test]
async fn a_message_that_is_being_settled_is_settled_before_the_end() {
    let mut running = running(Slow { waits: true, ..Slow::default() }, None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let mut idle = TcpStream::connect(running.address).await.unwrap();
    assert!(reply(&mut stream).await.starts_with("220 ") && reply(&mut idle).await.starts_with("220 "));
    send_one(&mut stream).await;
    running.desk.has_one.notified().await;
    running.stop.take().unwrap().send(()).unwrap();
    // Whoever has nothing under way is sent home at once, and told to come again.
    assert!(reply(&mut idle).await.starts_with("421 4.3.2 "));
    assert!(!running.ended.is_finished());
    running.desk.go_on.notify_one();
    assert!(reply(&mut stream).await.starts_with("250 2.0.0 "));
    assert!(reply(&mut stream).await.starts_with("421 4.3.2 "));
    running.ended.await.unwrap().unwrap();
    assert_eq!(running.desk.settled.load(Ordering::SeqCst), 1);
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn connections_of_one_host_and_one_past() {
    const { assert!(CONNECTIONS_OF_ONE_MAX < CONNECTIONS_MAX) }
    let running = running(Slow::default(), None).await;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_OF_ONE_MAX {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        assert!(reply(&mut stream).await.starts_with("220 "));
        open.push(stream);
    }
    let mut one_past = TcpStream::connect(running.address).await.unwrap();
    assert!(reply(&mut one_past).await.starts_with("421 4.7.0 "));
    assert_eq!(reply(&mut one_past).await, "");
    // Where one goes there is room for another.
    let mut gone = open.pop().unwrap();
    gone.write_all(b"QUIT\r\n").await.unwrap();
    assert!(reply(&mut gone).await.starts_with("221 "));
    assert_eq!(reply(&mut gone).await, "");
    let mut next = TcpStream::connect(running.address).await.unwrap();
    while !reply(&mut next).await.starts_with("220 ") {
        next = TcpStream::connect(running.address).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_silent_is_sent_home() {
    let running = running(Slow::default(), None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    assert!(reply(&mut stream).await.starts_with("220 "));
    let before = tokio::time::Instant::now();
    assert!(reply(&mut stream).await.starts_with("421 4.4.2 "));
    assert!(before.elapsed() >= COMMAND_WAIT && before.elapsed() < COMMAND_WAIT + Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_to_settle_is_to_come_again() {
    let running = running(Slow { forever: true, ..Slow::default() }, None).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    assert!(reply(&mut stream).await.starts_with("220 "));
    send_one(&mut stream).await;
    let before = tokio::time::Instant::now();
    assert!(reply(&mut stream).await.starts_with("451 4.3.0 "));
    assert!(before.elapsed() >= SETTLE_WAIT);
}

#[tokio::test]
async fn under_tls_and_with_a_certificate_that_was_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let (first, second) = (testkit::Authority::default(), testkit::Authority::default());
    let write = |authority: &testkit::Authority| {
        let certificate = authority.good("mx.test");
        std::fs::write(&chain, certificate.chain).unwrap();
        std::fs::write(&key, certificate.key).unwrap();
    };
    write(&first);
    let certificate = Certificate::load(chain.clone(), key.clone()).unwrap();
    let running = running(Slow::default(), Some(certificate)).await;
    assert!(handshake(&running, &first).await && !handshake(&running, &second).await);
    write(&second);
    let later = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(10);
    std::fs::File::open(&key).unwrap().set_modified(later).unwrap();
    assert!(handshake(&running, &second).await && !handshake(&running, &first).await);
    // Half written, or gone: the one before stays.
    std::fs::write(&chain, "half").unwrap();
    std::fs::remove_file(&key).unwrap();
    assert!(handshake(&running, &second).await);
}

async fn handshake(running: &Running, authority: &testkit::Authority) -> bool {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    assert!(reply(&mut stream).await.starts_with("220 "));
    stream.write_all(b"STARTTLS\r\n").await.unwrap();
    assert!(reply(&mut stream).await.starts_with("220 2.0.0 "));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let Ok(mut stream) = connector.connect(ServerName::try_from("mx.test").unwrap(), stream).await else {
        return false;
    };
    let before = running.desk.settled.load(Ordering::SeqCst);
    send_one(&mut stream).await;
    assert!(reply(&mut stream).await.starts_with("250 2.0.0 "));
    assert_eq!(running.desk.settled.load(Ordering::SeqCst), before + 1);
    true
}

#[test]
fn a_certificate_that_cannot_be_used_says_which_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let authority = testkit::Authority::default();
    let (one, other) = (authority.good("mx.test"), authority.good("mx.test"));
    let (chain, key) = (file("chain", &one.chain), file("key", &one.key));
    let (empty, wrong) = (file("empty", ""), file("wrong", &other.key));
    let failure = |chain: &std::path::Path, key: &std::path::Path| {
        Certificate::load(chain.to_owned(), key.to_owned()).err()
    };
    assert_eq!(failure(&chain, &key), None);
    assert_eq!(failure(&empty, &key), Some(CertificateError::Chain));
    assert_eq!(failure(&folder.path().join("none"), &key), Some(CertificateError::Chain));
    assert_eq!(failure(&chain, &empty), Some(CertificateError::Key));
    assert_eq!(failure(&chain, &wrong), Some(CertificateError::Pair));
}
