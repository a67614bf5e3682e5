//! The proxy does what its name for the network says.

use std::time::Duration;

use testkit::{Network, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that says back what it is told.
async fn echo() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("its address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

async fn said_back(stream: &mut TcpStream) -> bool {
    let mut answer = [0; 4];
    stream.write_all(b"ping").await.is_ok()
        && stream.read_exact(&mut answer).await.is_ok()
        && answer == *b"ping"
}

async fn connected(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address()).await.expect("it listens")
}

#[tokio::test]
async fn passes_and_then_refuses_new_ones_alone() {
    let proxy = Proxy::before(echo().await).await;
    let mut stream = connected(&proxy).await;
    assert!(said_back(&mut stream).await);
    proxy.set(Network::RefusesNew);
    assert!(!said_back(&mut connected(&proxy).await).await);
    proxy.wait_for_refused(1).await;
    assert!(said_back(&mut stream).await);
}

#[tokio::test]
async fn cuts_all_and_is_well_again() {
    let proxy = Proxy::before(echo().await).await;
    let mut stream = connected(&proxy).await;
    assert!(said_back(&mut stream).await);
    proxy.set(Network::Cut);
    let mut octet = [0; 1];
    assert!(!matches!(stream.read(&mut octet).await, Ok(1..)), "the end, or an error");
    assert!(!said_back(&mut connected(&proxy).await).await);
    proxy.set(Network::Passes);
    assert!(said_back(&mut connected(&proxy).await).await);
}

#[tokio::test]
async fn stalls_without_a_word_and_loses_nothing() {
    let proxy = Proxy::before(echo().await).await;
    let mut stream = connected(&proxy).await;
    assert!(said_back(&mut stream).await);
    proxy.set(Network::Stalls);
    stream.write_all(b"wait").await.expect("taken");
    let mut answer = [0; 4];
    let quiet = tokio::time::timeout(Duration::from_millis(100), stream.read_exact(&mut answer)).await;
    assert!(quiet.is_err(), "nothing came and nothing ended");
    proxy.set(Network::Passes);
    stream.read_exact(&mut answer).await.expect("it comes");
    assert_eq!(&answer, b"wait");
}
