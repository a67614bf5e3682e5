//! A connection's octets, in the clear or under TLS, with a time for everything.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long the other side may be silent (RFC 5321 §4.5.3.2.7).
pub const COMMAND_WAIT: Duration = Duration::from_secs(300);
/// How long it may take nothing of a reply.
pub const WRITE_WAIT: Duration = Duration::from_secs(60);
/// Octets that are read at once.
const READ_OCTETS: usize = 16 * 1024;

pub(crate) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// What came; nothing at the end.
    pub(crate) async fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut octets = Vec::with_capacity(READ_OCTETS);
        match self {
            Self::Plain(stream) => stream.read_buf(&mut octets).await?,
            Self::Tls(stream) => stream.read_buf(&mut octets).await?,
        };
        Ok(octets)
    }

    pub(crate) async fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        if octets.is_empty() {
            return Ok(());
        }
        let written = async {
            match self {
                Self::Plain(stream) => stream.write_all(octets).await,
                Self::Tls(stream) => {
                    stream.write_all(octets).await?;
                    stream.flush().await
                }
            }
        };
        timeout(WRITE_WAIT, written).await?
    }

    /// Goes on under TLS.
    pub(crate) async fn secure(self, acceptor: &TlsAcceptor, within: Duration) -> io::Result<Self> {
        let Self::Plain(stream) = self else { return Err(io::ErrorKind::InvalidInput.into()) };
        let stream = timeout(within, acceptor.accept(stream)).await??;
        Ok(Self::Tls(Box::new(stream)))
    }

    /// Says that nothing comes any more. What the other side still sends is not waited for.
    pub(crate) async fn close(mut self) {
        let closed = async {
            match &mut self {
                Self::Plain(stream) => stream.shutdown().await,
                Self::Tls(stream) => stream.shutdown().await,
            }
        };
        let _ = timeout(WRITE_WAIT, closed).await;
    }
}
