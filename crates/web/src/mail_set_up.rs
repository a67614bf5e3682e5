//! What the console asks of the program about the way out: senders' domains, and the mail server.

use alignment::Report;
use jiff::SignedDuration;

use crate::desk::{Answer, DeskError};

/// The mail server that everything is handed to, as the settings have it.
#[derive(Debug, Clone)]
pub struct MailServer {
    /// Its host and port.
    pub place: String,
    /// How the connection is protected.
    pub protection: &'static str,
    /// How the program signs in there.
    pub sign_in: &'static str,
    /// The name that the program gives itself (RFC 5321 §4.1.1.1).
    pub name: String,
    /// Connections at once.
    pub connections: u32,
    /// How fast messages are handed over.
    pub pace: String,
}

/// A mail server that was reached.
#[derive(Debug, Clone)]
pub struct Tried {
    /// From the first packet until it was ready for a message.
    pub took: SignedDuration,
    /// The version of TLS; nothing in the clear.
    pub tls: Option<&'static str>,
    /// The program signed in.
    pub signed_in: bool,
    /// The largest message it takes, in octets, where it names one (RFC 1870).
    pub size_max: Option<u64>,
    /// What it offers of what is made use of.
    pub offers: Vec<&'static str>,
}

/// The way out, for an administrator.
pub trait MailSetUp: Send + Sync {
    /// The domains that settings name as senders', the usual one first.
    fn senders(&self) -> Vec<String>;

    /// Looks up what is published for a sender: a domain, or an address of it. Bounded in time; changes nothing.
    ///
    /// # Errors
    /// It is no domain, or nobody could be asked.
    fn look_up<'a>(&'a self, sender: &'a str) -> Answer<'a, Report>;

    /// The mail server as it is set.
    ///
    /// # Errors
    /// None is set, or it is set wrongly.
    fn mail_server(&self) -> Result<MailServer, DeskError>;

    /// Connects to it, protects the connection, signs in, and leaves again. Bounded in time; sends nothing.
    ///
    /// # Errors
    /// What went wrong.
    fn try_mail_server(&self) -> Answer<'_, Tried>;
}
