//! Connections, by real sockets under a clock that runs ahead whenever nothing else is to be done.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::routing::get;
use futures_util::stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use web::{CONNECTIONS_MAX, HEAD_MAX, Proxies, STALL_MAX};

use crate::site::fine;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// A server, and what stops it.
async fn serving() -> (SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<std::io::Result<()>>) {
    let listener = fine(TcpListener::bind("127.0.0.1:0").await);
    let address = fine(listener.local_addr());
    let endless = || async {
        Body::from_stream(stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024])))
    };
    let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { format!("from {}", peer.ip()) };
    let silent = || async { Body::from_stream(stream::pending::<std::io::Result<Vec<u8>>>()) };
    let router =
        Router::new().route("/", get(who)).route("/endless", get(endless)).route("/silent", get(silent));
    let trusted = fine(Proxies::parse(["127.0.0.1"]));
    let (stop, stopped) = oneshot::channel();
    let server = tokio::spawn(web::serve(listener, router, trusted, async {
        let _ = stopped.await;
    }));
    (address, stop, server)
}

async fn ask(stream: &mut TcpStream) -> String {
    fine(stream.write_all(REQUEST).await);
    let mut octets = vec![0; 1024];
    let count = fine(stream.read(&mut octets).await);
    String::from_utf8_lossy(octets.get(..count).unwrap_or_default()).into_owned()
}

/// Whether the other end closes, and after how long.
async fn closed_after(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    let _ = timeout(Duration::from_secs(3600), stream.read_to_end(&mut rest)).await.expect("it is closed");
    began.elapsed()
}

/// Everybody who comes through it would be one network otherwise.
#[tokio::test]
async fn a_trusted_proxy_says_for_whom_it_asks() {
    let (address, _stop, _server) = serving().await;
    let mut stream = fine(TcpStream::connect(address).await);
    let request = "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1, 203.0.113.5\r\n\r\n";
    fine(stream.write_all(request.as_bytes()).await);
    let mut octets = vec![0; 1024];
    let count = fine(stream.read(&mut octets).await);
    assert!(String::from_utf8_lossy(&octets[..count]).ends_with("from 203.0.113.5"));
}

#[tokio::test]
async fn one_connection_past_the_most_waits_until_another_ends() {
    let (address, _stop, _server) = serving().await;
    let mut open = Vec::new();
    for _ in 0..CONNECTIONS_MAX {
        let mut stream = fine(TcpStream::connect(address).await);
        assert!(ask(&mut stream).await.ends_with("from 127.0.0.1"));
        open.push(stream);
    }
    let mut one_more = fine(TcpStream::connect(address).await);
    fine(one_more.write_all(REQUEST).await);
    let mut octet = [0];
    // All others are answered before: this one would have been too.
    for stream in &mut open {
        ask(stream).await;
    }
    assert!(one_more.try_read(&mut octet).is_err(), "it waits");
    open.pop();
    assert_eq!(fine(one_more.read(&mut octet).await), 1);
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_keeps_no_connection() {
    let (address, _stop, _server) = serving().await;
    let mut silent = fine(TcpStream::connect(address).await);
    let waited = closed_after(&mut silent).await;
    assert!(waited >= HEAD_MAX && waited < HEAD_MAX + Duration::from_secs(2), "{waited:?}");
    // A letter now and then does not help.
    let mut slow = fine(TcpStream::connect(address).await);
    let began = Instant::now();
    for letter in REQUEST.iter().cycle().filter(|letter| !b"\r\n".contains(letter)) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if slow.write_all(&[*letter]).await.is_err() {
            break;
        }
        assert!(began.elapsed() < 3 * HEAD_MAX, "still open");
    }
    // Between two requests it is the same.
    let mut kept = fine(TcpStream::connect(address).await);
    assert!(ask(&mut kept).await.contains("200 OK"));
    assert!(closed_after(&mut kept).await >= HEAD_MAX);
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_keeps_no_connection() {
    let (address, stop, server) = serving().await;
    let mut greedy = fine(TcpStream::connect(address).await);
    fine(greedy.write_all(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").await);
    tokio::time::sleep(STALL_MAX * 2).await;
    // What lay in the buffers is still there, and then it ends.
    closed_after(&mut greedy).await;
    drop(stop);
    fine(fine(server.await));
}

#[tokio::test(start_paused = true)]
async fn whoever_watches_for_long_stays_and_the_end_waits_for_nobody_forever() {
    let (address, stop, server) = serving().await;
    let mut watching = fine(TcpStream::connect(address).await);
    fine(watching.write_all(b"GET /silent HTTP/1.1\r\nHost: x\r\n\r\n").await);
    let mut octets = [0; 4096];
    assert!(fine(watching.read(&mut octets).await) > 0, "the head");
    let quiet = timeout(10 * STALL_MAX, watching.read(&mut octets)).await;
    assert!(quiet.is_err(), "an answer that goes on is not cut off");
    let began = Instant::now();
    fine(stop.send(()));
    fine(fine(server.await));
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let (address, _stop, _server) = serving().await;
    let mut stream = fine(TcpStream::connect(address).await);
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {}\r\n\r\n", "x".repeat(128 * 1024));
    let _ = stream.write_all(long.as_bytes()).await;
    let mut octets = vec![0; 1024];
    let count = stream.read(&mut octets).await.unwrap_or_default();
    let answer = String::from_utf8_lossy(octets.get(..count).unwrap_or_default());
    assert!(!answer.contains("200 OK"), "{answer}");
}
