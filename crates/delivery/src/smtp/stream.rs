//! A connection in the clear or under TLS, each step bounded in time.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Octets asked for at once from the socket.
const READ_OCTETS: usize = 4_096;

pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(crate) async fn connect(host: &str, port: u16, within: Duration) -> io::Result<Self> {
        let stream = bounded(within, TcpStream::connect((host, port))).await?;
        // Without this a body and its final dot in two writes wait 40 ms for each other's acknowledgement.
        stream.set_nodelay(true)?;
        Ok(Self::Plain(stream))
    }

    pub(crate) async fn start_tls(
        self,
        config: &Arc<ClientConfig>,
        host: &str,
        within: Duration,
    ) -> io::Result<Self> {
        let Self::Plain(stream) = self else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "TLS inside TLS"));
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "the relay's name cannot stand in a certificate")
        })?;
        let tls = bounded(within, TlsConnector::from(config.clone()).connect(name, stream)).await?;
        Ok(Self::Tls(Box::new(tls)))
    }

    pub(crate) async fn read(&mut self, within: Duration) -> io::Result<Vec<u8>> {
        let mut buffer = [0; READ_OCTETS];
        let read = bounded(within, AsyncReadExt::read(self, &mut buffer)).await?;
        if read == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(buffer[..read].to_vec()) }
    }

    /// Whether nothing has come that was not read: neither octets nor the end of the connection.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        let mut octet = [0; 1];
        let mut buffer = ReadBuf::new(&mut octet);
        std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *self).poll_read(cx, &mut buffer).is_pending()))
            .await
    }

    pub(crate) async fn write_all(&mut self, octets: &[u8], within: Duration) -> io::Result<()> {
        bounded(within, async {
            AsyncWriteExt::write_all(self, octets).await?;
            self.flush().await
        })
        .await
    }

    /// Writes one block and says how many of its octets the kernel (or the TLS layer before it) took.
    pub(crate) async fn write_some(&mut self, octets: &[u8], within: Duration) -> io::Result<usize> {
        bounded(within, AsyncWriteExt::write(self, octets)).await
    }

    pub(crate) async fn flush_all(&mut self, within: Duration) -> io::Result<()> {
        bounded(within, self.flush()).await
    }
}

async fn bounded<T>(within: Duration, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(within, step).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, octets),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, octets),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
