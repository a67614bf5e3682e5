//! Opening a connection: greeting, EHLO, TLS, login.

use std::io;
use std::sync::Arc;

use campaign::{Consequence, PauseCause, Stage, consequence};
use jiff::Timestamp;
use rustls::ClientConfig;

use crate::smtp::auth::{AuthError, Exchange};
use crate::smtp::session::{Session, SessionError};
use crate::smtp::stream::Stream;
use crate::smtp::{Capabilities, Credentials, Relay, Reply, TlsPolicy};
use crate::{TokenError, TokenSource};

/// Why there is no connection. `pauses` says whether trying again is of no use before somebody changes something.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not to be reached.
    #[error("the relay cannot be reached: {}", .0.kind())]
    Unreachable(#[source] io::Error),
    /// Reached, and then lost.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// It said "later" (4xx).
    #[error("the relay says to come back later, at {}: {reply}", .stage.word())]
    Later {
        /// At which command.
        stage: Stage,
        /// Its words.
        reply: Reply,
    },
    /// It refuses us (5xx).
    #[error("the relay refuses this sender at {}: {reply}", .stage.word())]
    Refused {
        /// At which command.
        stage: Stage,
        /// Its words.
        reply: Reply,
    },
    /// TLS is required and not offered.
    #[error("the relay offers no STARTTLS, and nothing is sent to another machine in the clear")]
    NoStartTls,
    /// The certificate, or the handshake.
    #[error(
        "TLS with the relay failed: {}; nothing is sent without it", tls_words(.0)
    )]
    Tls(#[source] io::Error),
    /// Something came in the clear behind the reply to STARTTLS.
    #[error(
        "something was put into the connection to the relay before TLS began: somebody may be tampering with it"
    )]
    Injected,
    /// No bearer token.
    #[error(transparent)]
    Token(TokenError),
    /// No way to log in.
    #[error(transparent)]
    Auth(#[from] AuthError),
}

impl OpenError {
    /// The cause of a pause, where trying again would be the same again.
    #[must_use]
    pub fn pauses(&self) -> Option<PauseCause> {
        match self {
            Self::Refused { stage, .. } => Some(PauseCause::RelayRefusesUs(*stage)),
            Self::NoStartTls | Self::Tls(_) | Self::Injected => {
                Some(PauseCause::RelayRefusesUs(Stage::StartTls))
            }
            Self::Token(error) if !error.is_lasting() => None,
            Self::Token(_) | Self::Auth(_) => Some(PauseCause::RelayRefusesUs(Stage::Auth)),
            Self::Unreachable(_) | Self::Session(_) | Self::Later { .. } => None,
        }
    }
}

/// rustls says what is wrong with a certificate; nothing of that is about a person.
fn tls_words(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::Expired))
        | Some(rustls::Error::InvalidCertificate(rustls::CertificateError::ExpiredContext { .. })) => {
            "its certificate has expired".to_owned()
        }
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::NotValidForName))
        | Some(rustls::Error::InvalidCertificate(rustls::CertificateError::NotValidForNameContext {
            ..
        })) => "its certificate is for another name".to_owned(),
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
            "its certificate is from nobody that this machine trusts (relay.ca_file can name an authority)"
                .to_owned()
        }
        Some(rustls::Error::InvalidCertificate(_)) => "its certificate is not valid".to_owned(),
        _ => error.kind().to_string(),
    }
}

/// Opens a connection to the relay, protected and logged in as its settings say; `tokens` come before its own credentials.
///
/// # Errors
/// [`OpenError`].
pub async fn open(
    relay: &Relay,
    tokens: Option<&TokenSource>,
    tls: &Arc<ClientConfig>,
    now: Timestamp,
) -> Result<Session, OpenError> {
    let (url, waits) = (&relay.url, relay.timeouts);
    let credentials = match tokens {
        Some(tokens) => {
            let token = tokens.token(now).await.map_err(OpenError::Token)?;
            Some(Credentials::Token { user: tokens.user().to_owned(), token })
        }
        None => relay.credentials.clone(),
    };
    let mut stream =
        Stream::connect(url.host(), url.port(), waits.connect).await.map_err(OpenError::Unreachable)?;
    if url.tls() == TlsPolicy::Implicit {
        stream = stream.start_tls(tls, url.host(), waits.connect).await.map_err(tls_or_lost)?;
    }
    let mut session = Session::new(stream, waits);
    let greeting = session.reply(Stage::Greeting).await?;
    accepted(Stage::Greeting, greeting)?;
    ehlo(&mut session, relay).await?;
    if url.tls() == TlsPolicy::StartTls {
        if !session.offers().starttls {
            return Err(OpenError::NoStartTls);
        }
        let reply = session.command(Stage::StartTls, "STARTTLS").await?;
        accepted(Stage::StartTls, reply)?;
        let stream = session.into_stream().ok_or(OpenError::Injected)?;
        let stream = stream.start_tls(tls, url.host(), waits.connect).await.map_err(tls_or_lost)?;
        session = Session::new(stream, waits);
        // RFC 3207 §4.2: what was offered before TLS is forgotten.
        ehlo(&mut session, relay).await?;
    }
    if let Some(credentials) = &credentials {
        authenticate(&mut session, credentials).await?;
    }
    Ok(session)
}

/// A handshake that TLS itself refused will be refused again; a connection lost in it may not be.
fn tls_or_lost(error: io::Error) -> OpenError {
    let refused = error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>);
    if refused || error.kind() == io::ErrorKind::InvalidInput {
        OpenError::Tls(error)
    } else {
        OpenError::Unreachable(error)
    }
}

async fn ehlo(session: &mut Session, relay: &Relay) -> Result<(), OpenError> {
    let reply = session.command(Stage::Ehlo, &format!("EHLO {}", relay.ehlo_name)).await?;
    let reply = accepted(Stage::Ehlo, reply)?;
    session.set_offers(Capabilities::read(&reply));
    Ok(())
}

async fn authenticate(session: &mut Session, credentials: &Credentials) -> Result<(), OpenError> {
    let (name, mut exchange) = Exchange::begin(credentials, &session.offers().auth)?;
    let mut line = format!("AUTH {name}");
    if exchange.speaks_first() {
        let response = exchange.answer(None)?;
        // RFC 4954 §4: an empty initial response is written "=".
        line.push(' ');
        line.push_str(if response.is_empty() { "=" } else { &response });
    }
    let mut reply = session.command(Stage::Auth, &line).await?;
    loop {
        reply = accepted(Stage::Auth, reply)?;
        if reply.code.0 != 334 {
            return if exchange.is_complete() { Ok(()) } else { Err(AuthError::Unproved.into()) };
        }
        let challenge = reply.lines.first().map_or("", String::as_str).trim().to_owned();
        let response = exchange.answer(Some(&challenge))?;
        reply = session.command(Stage::Auth, &response).await?;
    }
}

fn accepted(stage: Stage, reply: Reply) -> Result<Reply, OpenError> {
    match consequence(stage, reply.code, reply.enhanced) {
        Consequence::Proceed => Ok(reply),
        Consequence::Defer | Consequence::DeferAndClose => Err(OpenError::Later { stage, reply }),
        _ => Err(OpenError::Refused { stage, reply }),
    }
}
