//! One connection's octets: commands read within limits, replies collected and written in one go.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::mailbox::Received;
use crate::smtp::body::{Body, Progress};

/// The longest command with its CRLF: RFC 4954 §4 asks for 12,288 octets in AUTH, the others need less.
pub const COMMAND_OCTETS_MAX: usize = 12_288;
/// Octets asked for at once: a large message in few reads.
const READ_OCTETS: usize = 64 * 1024;
/// How long a client may be silent (RFC 5321 §4.5.3.2.7).
const IDLE_WAIT: Duration = Duration::from_secs(300);
/// How long a handshake may take: both ends are on one machine.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(30);

/// Why a connection ends.
#[derive(Debug)]
pub(crate) enum End {
    /// After what was collected is written.
    Leave,
    /// At once, without a word.
    Close,
    /// Cut off (RST).
    Reset,
}

/// A failed read or write: the client has gone, and there is nobody to tell.
impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Close
    }
}

/// Why a line is no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadLine {
    TooLong,
    LineEnd,
}

enum Io {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Only while a handshake goes on.
    Gone,
}

pub(crate) struct Wire {
    io: Io,
    input: Vec<u8>,
    /// How much of `input` was taken.
    taken: usize,
    output: Vec<u8>,
    /// Messages whose 250 is in `output`.
    acknowledged: Vec<Arc<Received>>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            io: Io::Plain(stream),
            input: Vec::new(),
            taken: 0,
            output: Vec::new(),
            acknowledged: Vec::new(),
        }
    }

    pub(crate) const fn is_tls(&self) -> bool {
        matches!(self.io, Io::Tls(_))
    }

    /// Whether the client has sent more than was taken.
    pub(crate) fn has_more(&self) -> bool {
        self.taken < self.input.len()
    }

    /// Collects octets of a reply.
    pub(crate) fn say(&mut self, octets: &[u8]) {
        self.output.extend_from_slice(octets);
    }

    /// Whether the line of a reply that was collected last begins so.
    pub(crate) fn last_line_starts_with(&self, start: &[u8]) -> bool {
        let lines = self.output.strip_suffix(b"\r\n").unwrap_or(&self.output);
        let line = lines.iter().rposition(|b| *b == b'\n').map_or(lines, |end| &lines[end + 1..]);
        line.starts_with(start)
    }

    /// Notes that the reply collected last acknowledges a message.
    pub(crate) fn acknowledge(&mut self, message: Arc<Received>) {
        self.acknowledged.push(message);
    }

    /// Writes what was collected.
    pub(crate) async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        // Noted before the write: whoever has read the 250 must not find it missing here.
        self.mark(true);
        let written = timeout(IDLE_WAIT, async {
            AsyncWriteExt::write_all(&mut self.io, &output).await?;
            AsyncWriteExt::flush(&mut self.io).await
        })
        .await;
        let Ok(Ok(())) = written else {
            self.mark(false);
            return Err(End::Close);
        };
        self.acknowledged.clear();
        self.output = output;
        self.output.clear();
        Ok(())
    }

    fn mark(&self, acknowledged: bool) {
        for message in &self.acknowledged {
            message.acknowledged.store(acknowledged, Ordering::SeqCst);
        }
    }

    /// Reads more, after everything that was collected is written.
    async fn read(&mut self) -> Result<(), End> {
        self.flush().await?;
        self.input.drain(..self.taken);
        self.taken = 0;
        self.input.reserve(READ_OCTETS);
        let read = timeout(IDLE_WAIT, self.io.read_buf(&mut self.input)).await.map_err(|_| End::Close)??;
        if read == 0 { Err(End::Close) } else { Ok(()) }
    }

    /// The next command without its CRLF.
    pub(crate) async fn line(&mut self) -> Result<Result<Vec<u8>, BadLine>, End> {
        loop {
            let rest = &self.input[self.taken..];
            if let Some(end) = rest.iter().take(COMMAND_OCTETS_MAX).position(|b| *b == b'\n') {
                let line = &rest[..end];
                // RFC 5321 §2.3.8: CR and LF stand together, and nowhere else.
                let line = match line.strip_suffix(b"\r") {
                    Some(line) if !line.contains(&b'\r') && !line.contains(&0) => Ok(line.to_vec()),
                    _ => Err(BadLine::LineEnd),
                };
                self.taken += end + 1;
                return Ok(line);
            }
            if rest.len() >= COMMAND_OCTETS_MAX {
                return Ok(Err(BadLine::TooLong));
            }
            self.read().await?;
        }
    }

    /// Reads a message to its final dot.
    pub(crate) async fn body(&mut self, body: &mut Body) -> Result<(), End> {
        loop {
            let (taken, progress) = body.take(&self.input[self.taken..]);
            self.taken += taken;
            match progress {
                Progress::Complete => return Ok(()),
                Progress::More => self.read().await?,
                Progress::Endless => return Err(End::Close),
            }
        }
    }

    /// Goes on under TLS.
    pub(crate) async fn start_tls(&mut self, acceptor: &TlsAcceptor) -> Result<(), End> {
        let Io::Plain(stream) = std::mem::replace(&mut self.io, Io::Gone) else { return Err(End::Close) };
        let stream = timeout(HANDSHAKE_WAIT, acceptor.accept(stream)).await.map_err(|_| End::Close)??;
        self.io = Io::Tls(Box::new(stream));
        Ok(())
    }

    /// Reads and forgets until the client goes away.
    pub(crate) async fn ignore(&mut self) -> End {
        loop {
            self.taken = self.input.len();
            if let Err(end) = self.read().await {
                return end;
            }
        }
    }

    pub(crate) async fn end(mut self, end: End) {
        match end {
            End::Leave => {
                if self.flush().await.is_ok() {
                    let _ = timeout(HANDSHAKE_WAIT, self.io.shutdown()).await;
                }
            }
            End::Close => {}
            End::Reset => {
                let stream = match &self.io {
                    Io::Plain(stream) => stream,
                    Io::Tls(stream) => stream.get_ref().0,
                    Io::Gone => return,
                };
                // Without it the client sees an orderly close.
                let _ = stream.set_zero_linger();
            }
        }
    }
}

fn gone<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}

impl AsyncRead for Io {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Gone => gone(),
        }
    }
}

impl AsyncWrite for Io {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, octets),
            Self::Gone => gone(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
            Self::Gone => gone(),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Gone => gone(),
        }
    }
}
