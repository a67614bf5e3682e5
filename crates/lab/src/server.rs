//! Listens, and gives each connection a task of its own.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::behaviour::{Behaviour, CONNECTIONS_MAX, Certificate, Tls};
use crate::loopback::Loopback;
use crate::mailbox::{Mailbox, Received};
use crate::smtp::{Counters, serve, turn_away};

/// After a failed accept (too many open files) nothing is better than to wait for connections to end.
const ACCEPT_WAIT: Duration = Duration::from_millis(50);

/// What the connections of one server share.
pub(crate) struct Lab {
    pub(crate) behaviour: Behaviour,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) counters: Counters,
    connections: AtomicU64,
    log: Option<Mutex<File>>,
}

impl Lab {
    /// A number of its own for each connection.
    pub(crate) fn connection_number(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Notes a message that was recorded. A log that cannot be written ends the connection: a test must not compare
    /// with half of it.
    pub(crate) fn log(&self, message: &Received) -> io::Result<()> {
        let Some(log) = &self.log else { return Ok(()) };
        let id = message.message_id();
        let lines: String =
            message.recipients.iter().map(|recipient| format!("{recipient}\t{id}\n")).collect();
        // One write(2) to a file opened for appending: lines of two connections do not mix.
        log.lock().unwrap_or_else(PoisonError::into_inner).write_all(lines.as_bytes())
    }
}

/// A mail server on this machine; it ends when it is dropped.
pub struct Server {
    address: Loopback,
    implicit_tls: bool,
    mailbox: Arc<Mailbox>,
    listening: JoinHandle<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[mail server at {}]", self.address.address())
    }
}

impl Server {
    /// Starts on 127.0.0.1 and a free port, in the current tokio runtime.
    ///
    /// # Errors
    /// No socket; a log that cannot be opened; a certificate or key that is none.
    pub async fn start(behaviour: Behaviour) -> io::Result<Self> {
        let mailbox = Mailbox::new(behaviour.mailbox_messages_max, behaviour.mailbox_octets_max);
        Self::start_at(Loopback::v4(0), behaviour, Arc::new(mailbox)).await
    }

    /// Starts at a place and with a mailbox of the caller's: a server that comes back after an outage.
    ///
    /// # Errors
    /// As for [`Server::start`].
    pub async fn start_at(at: Loopback, behaviour: Behaviour, mailbox: Arc<Mailbox>) -> io::Result<Self> {
        let tls = match &behaviour.tls {
            Tls::None => None,
            Tls::Offered(certificate) | Tls::Required(certificate) | Tls::Implicit(certificate) => {
                Some(acceptor(certificate)?)
            }
        };
        let log = match &behaviour.log {
            Some(path) => Some(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?)),
            None => None,
        };
        let implicit_tls = matches!(behaviour.tls, Tls::Implicit(_));
        let (listener, address) = at.listen().await?;
        let lab = Lab {
            counters: Counters::new(behaviour.rules.len()),
            behaviour,
            mailbox: mailbox.clone(),
            tls,
            connections: AtomicU64::new(0),
            log,
        };
        let listening = tokio::spawn(listen(listener, Arc::new(lab)));
        Ok(Self { address, implicit_tls, mailbox, listening })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address.address()
    }

    /// Where it listens, to start another one there.
    #[must_use]
    pub const fn loopback(&self) -> Loopback {
        self.address
    }

    /// `smtp://127.0.0.1:PORT`, or `smtps://…` with implicit TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.implicit_tls { "smtps" } else { "smtp" };
        format!("{scheme}://{}", self.address.address())
    }

    /// What it has received.
    #[must_use]
    pub fn mailbox(&self) -> Arc<Mailbox> {
        self.mailbox.clone()
    }

    /// Ends it, cuts all its connections, and returns when they are gone.
    pub async fn stop(mut self) {
        self.listening.abort();
        let _ = (&mut self.listening).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, lab: Arc<Lab>) {
    let most = lab.behaviour.connections_max.min(CONNECTIONS_MAX);
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, _)) if connections.len() < most => {
                connections.spawn(serve(stream, lab.clone()));
            }
            Ok((stream, _)) => refuse(&stream, &lab),
            Err(_) => tokio::time::sleep(ACCEPT_WAIT).await,
        }
    }
}

/// One connection too many: told so without a task, for that would be one too many as well.
fn refuse(stream: &TcpStream, lab: &Lab) {
    let _ = stream.try_write(turn_away(&lab.behaviour).as_bytes());
}

fn acceptor(certificate: &Certificate) -> io::Result<TlsAcceptor> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
    let chain = CertificateDer::pem_slice_iter(certificate.chain.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| wrong("the certificate chain is not PEM"))?;
    let key =
        PrivateKeyDer::from_pem_slice(certificate.key.as_bytes()).map_err(|_| wrong("the key is not PEM"))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|_| wrong("the key does not fit the certificate"))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
