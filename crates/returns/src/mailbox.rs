//! Mail that arrives in a mailbox of somebody else's, read over IMAP (RFC 9051, RFC 3501).
//!
//! What is taken is deleted there; what is left is marked, so that it is looked at once, and people find it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_imap::types::Flag;
use async_imap::{Authenticator, Client, Session};
use futures_util::TryStreamExt;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::{Arrival, Desk, SETTLE_WAIT, Settled, Way};

/// How long reaching the server may take, with the handshake.
pub const CONNECT_WAIT: Duration = Duration::from_secs(30);
/// How long one look may take.
pub const LOOK_WAIT: Duration = Duration::from_secs(600);
/// Messages that are dealt with in one look.
pub const MESSAGES_OF_A_LOOK_MAX: usize = 200;
/// Octets of what the server says to one command, beside a message.
const ANSWER_OCTETS_MAX: usize = 2 * 1024 * 1024;
/// The keyword on what was left.
const LEFT: &str = "UndisclosedLeft";

/// Why a mailbox could not be read. None says anything of what is in it, or in the server's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The server.
    #[error("the mailbox's server cannot be reached")]
    Unreachable,
    /// The certificate, or the handshake.
    #[error(
        "TLS with the mailbox's server failed: its certificate is not one that is trusted here, or not for this name"
    )]
    Tls,
    /// Who we are.
    #[error("the mailbox's server refuses the user, or the password or token")]
    Login,
    /// The folder.
    #[error("the mailbox has no such folder, or it cannot be changed")]
    Folder,
    /// It broke off, or what came is not IMAP.
    #[error("the mailbox's server broke off, or said something that is not IMAP")]
    Lost,
    /// It took too long.
    #[error("the mailbox's server takes too long")]
    Slow,
}

/// Where the mailbox is.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// TLS from the first octet (RFC 8314 §3.2): there is no other way to it.
    pub tls: Arc<ClientConfig>,
    /// The folder: `INBOX`.
    pub folder: String,
    /// Octets of a message that are read.
    pub octets_max: usize,
}

/// Who reads it.
#[derive(Clone, Copy)]
pub enum Login<'a> {
    /// LOGIN.
    Password(&'a str, &'a str),
    /// AUTHENTICATE XOAUTH2, with a bearer token.
    Token(&'a str, &'a str),
}

impl std::fmt::Debug for Login<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[login]")
    }
}

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looked {
    /// Messages that were taken, and are gone there.
    pub taken: usize,
    /// Messages that stay for people.
    pub left: usize,
    /// There are more: it is to be looked at again at once.
    pub more: bool,
}

impl Mailbox {
    /// Looks once, and deals with what is new. It can be dropped at any moment: what was not marked comes again.
    ///
    /// # Errors
    /// [`MailboxError`]; what was dealt with before stays so.
    pub async fn look<D: Desk>(&self, login: Login<'_>, desk: &D) -> Result<Looked, MailboxError> {
        timeout(LOOK_WAIT, self.look_at_leisure(login, desk)).await.map_err(|_| MailboxError::Slow)?
    }

    async fn look_at_leisure<D: Desk>(&self, login: Login<'_>, desk: &D) -> Result<Looked, MailboxError> {
        let stream = timeout(CONNECT_WAIT, self.connect()).await.map_err(|_| MailboxError::Slow)??;
        let mut session = log_in(stream, login).await?;
        let capabilities = session.capabilities().await.map_err(lost)?;
        let folder = session.select(&self.folder).await.map_err(|error| match error {
            async_imap::error::Error::No(_) => MailboxError::Folder,
            _ => MailboxError::Lost,
        })?;
        if !folder.permanent_flags.contains(&Flag::Deleted) {
            return Err(MailboxError::Folder);
        }
        // Where there are no keywords of one's own (Exchange), what is left gets the flag that people see.
        let keywords = folder.permanent_flags.contains(&Flag::MayCreate);
        let mut reading = Reading {
            session,
            octets_max: self.octets_max,
            left: if keywords { LEFT } else { "\\Flagged" },
            expunges: capabilities.has_str("UIDPLUS"),
        };
        let unmarked =
            if keywords { format!("UNDELETED UNKEYWORD {LEFT}") } else { "UNDELETED UNFLAGGED".to_owned() };
        let looked = reading.deal_with_all(&unmarked, desk).await?;
        // It was dealt with, whatever the server says to this.
        let _ = reading.session.logout().await;
        Ok(looked)
    }

    async fn connect(&self) -> Result<Bounded, MailboxError> {
        let unreachable = |_: io::Error| MailboxError::Unreachable;
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(unreachable)?;
        let name = ServerName::try_from(self.host.clone()).map_err(|_| MailboxError::Tls)?;
        let connector = TlsConnector::from(self.tls.clone());
        let wire = connector.connect(name, stream).await.map_err(|_| MailboxError::Tls)?;
        Ok(Bounded { wire, left: ANSWER_OCTETS_MAX })
    }
}

fn lost(_: async_imap::error::Error) -> MailboxError {
    MailboxError::Lost
}

async fn log_in(stream: Bounded, login: Login<'_>) -> Result<Session<Bounded>, MailboxError> {
    let refused = |(error, _): (async_imap::error::Error, Client<Bounded>)| match error {
        async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => MailboxError::Login,
        _ => MailboxError::Lost,
    };
    let mut client = Client::new(stream);
    client.read_response().await.map_err(|_| MailboxError::Lost)?.ok_or(MailboxError::Lost)?;
    match login {
        Login::Password(user, password) => client.login(user, password).await.map_err(refused),
        Login::Token(user, token) => {
            let bearer = Bearer { said: Some(format!("user={user}\x01auth=Bearer {token}\x01\x01")) };
            client.authenticate("XOAUTH2", bearer).await.map_err(refused)
        }
    }
}

/// XOAUTH2: once the token; to an error, which comes as another challenge, nothing.
struct Bearer {
    said: Option<String>,
}

impl Authenticator for Bearer {
    type Response = String;

    fn process(&mut self, _: &[u8]) -> String {
        self.said.take().unwrap_or_default()
    }
}

/// A folder that is being read.
struct Reading {
    session: Session<Bounded>,
    octets_max: usize,
    /// The flag on what is left.
    left: &'static str,
    /// One message can be removed without others that somebody else marked (RFC 4315).
    expunges: bool,
}

impl Reading {
    async fn deal_with_all<D: Desk>(&mut self, unmarked: &str, desk: &D) -> Result<Looked, MailboxError> {
        self.allow(0);
        let found = self.session.uid_search(unmarked).await.map_err(lost)?;
        let mut uids: Vec<u32> = found.into_iter().collect();
        uids.sort_unstable();
        let mut looked = Looked { more: uids.len() > MESSAGES_OF_A_LOOK_MAX, ..Looked::default() };
        for uid in uids.into_iter().take(MESSAGES_OF_A_LOOK_MAX) {
            let Some(octets) = self.read(uid).await? else { continue };
            let arrival = Arrival { recipient: None, null_sender: None, octets: &octets, by: Way::Mailbox };
            match timeout(SETTLE_WAIT, desk.settle(arrival)).await.unwrap_or(Settled::Later) {
                Settled::Taken => {
                    self.remove(uid).await?;
                    looked.taken += 1;
                }
                Settled::Refused => {
                    self.mark(uid, self.left).await?;
                    looked.left += 1;
                }
                // As with the next ones, most likely: at the next look.
                Settled::Later => return Ok(Looked { more: false, ..looked }),
            }
        }
        Ok(looked)
    }

    /// Its beginning, as far as it is looked at; nothing of one that somebody removed in this moment.
    async fn read(&mut self, uid: u32) -> Result<Option<Vec<u8>>, MailboxError> {
        self.allow(self.octets_max);
        let query = format!("(UID BODY.PEEK[]<0.{}>)", self.octets_max);
        let fetched = self.session.uid_fetch(uid.to_string(), query).await.map_err(lost)?;
        let fetched: Vec<_> = fetched.try_collect().await.map_err(lost)?;
        let message = fetched.iter().find(|one| one.uid == Some(uid));
        Ok(message.and_then(async_imap::types::Fetch::body).map(<[u8]>::to_vec))
    }

    async fn remove(&mut self, uid: u32) -> Result<(), MailboxError> {
        self.mark(uid, "\\Deleted").await?;
        if self.expunges {
            self.allow(0);
            let gone = self.session.uid_expunge(uid.to_string()).await.map_err(lost)?;
            let _: Vec<u32> = gone.try_collect().await.map_err(lost)?;
        }
        Ok(())
    }

    async fn mark(&mut self, uid: u32, flag: &str) -> Result<(), MailboxError> {
        self.allow(0);
        let store = format!("+FLAGS.SILENT ({flag})");
        let stored = self.session.uid_store(uid.to_string(), store).await.map_err(lost)?;
        let _: Vec<_> = stored.try_collect().await.map_err(lost)?;
        Ok(())
    }

    /// Before a command: how much may come in answer to it. What came unasked is let go.
    fn allow(&mut self, octets: usize) {
        while self.session.unsolicited_responses.try_recv().is_ok() {}
        self.session.get_mut().left = ANSWER_OCTETS_MAX + octets;
    }
}

/// A connection on which only so much may come before it is allowed more: the parser above keeps a whole answer.
#[derive(Debug)]
struct Bounded {
    wire: TlsStream<TcpStream>,
    left: usize,
}

impl AsyncRead for Bounded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.wire).poll_read(cx, buffer);
        this.left = this.left.saturating_sub(buffer.filled().len() - before);
        read
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().wire).poll_write(cx, octets)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().wire).poll_shutdown(cx)
    }
}
