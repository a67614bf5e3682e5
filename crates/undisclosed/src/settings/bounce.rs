//! Settings of what comes back: bounces, complaints, requests by mail, replies.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mail::{Address, Mailbox};
use serde::Deserialize;

use super::{RelayKind, SenderSettings, Span, TokenSettings, seconds};
use crate::failure::Failure;

/// More often nothing is won, and some servers shut out who comes so often.
const LOOK_MIN: Duration = Duration::from_secs(10);
/// More seldom, people who asked for no more would be written to for longer.
const LOOK_MAX: Duration = Duration::from_hours(24);

/// What the listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ListenProtocol {
    #[default]
    Smtp,
    Lmtp,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bounce {
    /// The domain of return paths.
    pub(crate) domain: Option<String>,
    /// Where `serve` takes mail for that domain; without it nothing is taken.
    pub(crate) listen: Option<String>,
    pub(crate) protocol: ListenProtocol,
    /// Who reads what people write there; by default where answers to messages go.
    pub(crate) replies_to: Option<String>,
    /// For STARTTLS, in PEM, with its key.
    pub(crate) certificate_file: Option<PathBuf>,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) mailbox: MailboxSettings,
}

/// A mailbox that `serve` reads over IMAP, always under TLS.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MailboxSettings {
    pub(crate) kind: RelayKind,
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
    pub(crate) folder: String,
    pub(crate) username: Option<String>,
    /// From the environment alone; in the file it would lie beside everything else.
    pub(crate) password: Option<String>,
    pub(crate) password_file: Option<PathBuf>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) token: TokenSettings,
    pub(crate) ca_file: Option<PathBuf>,
    /// Between two looks.
    pub(crate) every: Span,
}

impl Default for MailboxSettings {
    fn default() -> Self {
        Self {
            kind: RelayKind::Generic,
            host: None,
            port: 993,
            folder: "INBOX".to_owned(),
            username: None,
            password: None,
            password_file: None,
            token_file: None,
            token: TokenSettings::default(),
            ca_file: None,
            every: seconds(60),
        }
    }
}

impl fmt::Debug for MailboxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailboxSettings").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl MailboxSettings {
    /// Its server; nothing where there is no mailbox.
    pub(crate) fn host(&self) -> Option<&str> {
        let by_kind = match self.kind {
            RelayKind::Generic => None,
            RelayKind::Microsoft365 => Some("outlook.office365.com"),
            RelayKind::Google => Some("imap.gmail.com"),
        };
        self.host.as_deref().or(by_kind)
    }
}

impl Bounce {
    /// Whether something here takes mail for the domain of return paths.
    pub(crate) fn is_received(&self) -> bool {
        self.domain.is_some() && (self.listen.is_some() || self.mailbox.host().is_some())
    }

    pub(super) fn check(&self, sender: &SenderSettings) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::usage("settings", text));
        if self.certificate_file.is_some() != self.key_file.is_some() {
            return wrong(
                "bounce.certificate_file and bounce.key_file belong together: set both, or neither",
            );
        }
        if self.mailbox.host().is_some() && self.mailbox.username.is_none() {
            return wrong("bounce.mailbox needs bounce.mailbox.username: whose mailbox it is");
        }
        if !(LOOK_MIN..=LOOK_MAX).contains(&self.mailbox.every.0) {
            return wrong("bounce.mailbox.every is from 10s to 1d");
        }
        if self.listen.is_none() {
            return Ok(());
        }
        if self.domain.is_none() {
            return wrong("bounce.listen needs bounce.domain: the domain that return paths end in");
        }
        self.reader(sender).map(|_| ())
    }

    /// The one who reads what people write to the domain.
    pub(crate) fn reader(&self, sender: &SenderSettings) -> Result<Address, Failure> {
        let wrong = |text: &str| Failure::usage("settings", text);
        let text = self.replies_to.as_ref().or(sender.reply_to.as_ref()).or(sender.from.as_ref());
        let text = text.ok_or_else(|| {
            wrong("bounce.listen needs bounce.replies_to, or sender.from: somebody who reads what people write back")
        })?;
        let reader = Mailbox::parse(text)
            .map_err(|_| wrong("bounce.replies_to is no e-mail address"))?
            .address()
            .clone();
        let domain = self.domain.as_deref().unwrap_or_default();
        if Address::parse(&format!("x@{domain}")).is_ok_and(|bounce| bounce.domain() == reader.domain()) {
            return Err(wrong(
                "bounce.replies_to must not be at bounce.domain: what people write there would go round for ever",
            ));
        }
        Ok(reader)
    }
}
