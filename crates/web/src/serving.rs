//! Connections from browsers, bounded: how many, how much each may hold, and how long it may keep everybody waiting.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tower::ServiceExt;

use crate::proxies::Proxies;

/// Connections of one listener at once. More wait to be taken.
pub const CONNECTIONS_MAX: usize = 1_000;
/// From a request's head to its response's head. A stream of events goes on behind its own; a form with a file has limits
/// of its own once its token was read.
pub const REQUEST_MAX: Duration = Duration::from_secs(30);
/// How long a connection may take for a request's head, and be open between two: who opens all connections there are and
/// says nothing keeps nobody out for longer.
pub const HEAD_MAX: Duration = Duration::from_secs(15);
/// How long the other end may take nothing of what is sent to it.
pub const STALL_MAX: Duration = Duration::from_secs(30);
/// Octets of a request's head, and of what is read ahead: this is what all connections take of memory.
const HEAD_OCTETS_MAX: usize = 32 * 1024;
/// How long those that are being answered are waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// After a failure to take a connection (no more files, say), before the next try.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Serves these pages until `stop` says so, and those being answered are done. Each request says who asks, as [`ConnectInfo`]
/// of a [`SocketAddr`]: whoever connects, or whom a trusted proxy asks for.
///
/// # Errors
/// What the socket says.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    proxies: Proxies,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.local_addr()?;
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (open, proxies) = (GracefulShutdown::new(), Arc::new(proxies));
    tokio::pin!(stop);
    loop {
        let taken = tokio::select! {
            () = &mut stop => break,
            taken = take(&listener, &places) => taken,
        };
        let Some((stream, address, place)) = taken else { continue };
        let (router, proxies) = (router.clone(), proxies.clone());
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let asker = proxies.asker(address, request.headers());
            request.extensions_mut().insert(ConnectInfo(asker));
            router.clone().oneshot(request)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).max_buf_size(HEAD_OCTETS_MAX);
        let connection = http.serve_connection(TokioIo::new(Connection::new(stream)), service);
        let connection = open.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            // What breaks a connection is its browser's affair.
            let _ = connection.await;
        });
    }
    drop(listener);
    // Whoever watches a campaign would keep it open.
    let _ = tokio::time::timeout(LAST_WORDS, open.shutdown()).await;
    Ok(())
}

type Taken = (TcpStream, SocketAddr, OwnedSemaphorePermit);

/// The next connection, when there is a place for it.
async fn take(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<Taken> {
    // The semaphore is never closed, so this only waits.
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, address, place)),
        Err(_) => {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            None
        }
    }
}

/// A connection whose other end has to take what is sent to it.
struct Connection {
    stream: TcpStream,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        // A response is written at once: nothing is won by waiting for more.
        let _ = stream.set_nodelay(true);
        Self { stream, stalled: None }
    }

    /// What came of a write; an error once nothing was taken for [`STALL_MAX`].
    fn attend<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALL_MAX)));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, octets);
        this.attend(cx, written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, slices);
        this.attend(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
