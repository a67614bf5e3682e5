//! The mailbox that is read, over and over.

use std::sync::Arc;

use delivery::smtp::{Secret, client_config};
use delivery::{Stop, StopSignal, TokenSource, asked};
use mail::report::REPORT_OCTETS_MAX;
use returns::{Login, Mailbox, MailboxError};

use super::Incoming;
use crate::failure::Failure;
use crate::log::LastSaid;
use crate::relay::{secret_file, token_source};
use crate::settings::{MailboxSettings, RelayKind, Span};

/// A mailbox and who reads it.
pub(crate) struct ReadyMailbox {
    mailbox: Mailbox,
    user: String,
    secret: MailboxSecret,
    every: Span,
    said: LastSaid,
}

enum MailboxSecret {
    Password(Secret),
    Tokens(TokenSource),
}

impl ReadyMailbox {
    /// The mailbox of the settings, if there is one.
    pub(crate) fn find(settings: &MailboxSettings) -> Result<Option<Self>, Failure> {
        let (Some(host), Some(user)) = (settings.host(), &settings.username) else { return Ok(None) };
        let scope = match settings.kind {
            RelayKind::Microsoft365 => {
                Some("https://outlook.office.com/IMAP.AccessAsUser.All offline_access")
            }
            RelayKind::Google | RelayKind::Generic => None,
        };
        let defaults = (settings.kind.token_endpoint(), scope);
        let named = (user.as_str(), settings.token_file.as_deref());
        let secret = match token_source("bounce.mailbox", named, &settings.token, defaults)? {
            Some(tokens) => MailboxSecret::Tokens(tokens),
            None => MailboxSecret::Password(password(settings)?),
        };
        let tls = client_config(settings.ca_file.as_deref())
            .map_err(|error| Failure::usage("tls", error.to_string()))?;
        let mailbox = Mailbox {
            host: host.to_owned(),
            port: settings.port,
            tls,
            folder: settings.folder.clone(),
            octets_max: REPORT_OCTETS_MAX,
        };
        Ok(Some(Self {
            mailbox,
            user: user.clone(),
            secret,
            every: settings.every,
            said: LastSaid::default(),
        }))
    }

    /// Reads it until it is told to stop. What goes wrong is said, and tried again.
    pub(crate) async fn keep_read(&self, incoming: &Arc<Incoming>, mut stop: StopSignal) {
        while *stop.borrow() == Stop::No {
            let looked = tokio::select! {
                // What is dealt with and not yet marked comes again: nothing happens twice.
                () = asked(&mut stop, Stop::Soon) => return,
                looked = self.look(incoming) => looked,
            };
            match looked {
                Ok(true) => continue,
                Ok(false) => {}
                Err(failure) => self.said.say(&incoming.installation, &failure),
            }
            tokio::select! {
                () = asked(&mut stop, Stop::Soon) => {}
                () = tokio::time::sleep(self.every.0) => {}
            }
        }
    }

    /// Whether there is more.
    async fn look(&self, incoming: &Arc<Incoming>) -> Result<bool, Failure> {
        let looked = match &self.secret {
            MailboxSecret::Password(password) => {
                self.mailbox.look(Login::Password(&self.user, password.expose()), &**incoming).await
            }
            MailboxSecret::Tokens(tokens) => {
                let token = tokens.token(incoming.installation.now()).await;
                let token = token.map_err(|error| not_read(&error.to_string()))?;
                self.mailbox.look(Login::Token(&self.user, token.expose()), &**incoming).await
            }
        };
        looked.map(|looked| looked.more).map_err(|error: MailboxError| not_read(&error.to_string()))
    }
}

fn not_read(why: &str) -> Failure {
    Failure::somebody(
        "mailbox",
        format!(
            "bounce.mailbox could not be read: {why}. Who asked for no more by mail is written to until it can be; it is tried \
             again"
        ),
    )
}

fn password(settings: &MailboxSettings) -> Result<Secret, Failure> {
    match (&settings.password, &settings.password_file) {
        (Some(password), _) => Ok(Secret::new(password.clone())),
        (None, Some(path)) => secret_file(path),
        (None, None) => Err(Failure::usage(
            "mailbox",
            "bounce.mailbox has a user and no password: set bounce.mailbox.password_file, or \
             UNDISCLOSED_BOUNCE__MAILBOX__PASSWORD",
        )),
    }
}
