//! How the server behaves. The default is a correct, modern server; everything else is asked for.
//!
//! There are no closures and no chance here: the same dialogue gets the same answers.

use std::path::PathBuf;
use std::time::Duration;

use crate::mailbox::{MAILBOX_MESSAGES_MAX, MAILBOX_OCTETS_MAX};

/// Connections at once, at most: each holds a buffer, and no sender here is allowed more than a hundred.
pub const CONNECTIONS_MAX: usize = 1_000;

/// What a server does, and does wrong.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Its name in the greeting and in the reply to EHLO.
    pub host_name: String,
    /// What it announces.
    pub offers: Offers,
    /// Whether it speaks TLS, and from when on.
    pub tls: Tls,
    /// Octets in the clear behind the 220 to STARTTLS, in the same write: what somebody on the way would put there.
    pub injected_after_starttls: Vec<u8>,
    /// Who may log in, and how. Without it AUTH is not offered.
    pub accounts: Option<Accounts>,
    /// Refuses a second RCPT of a transaction with 554: promise 1, seen from the other side.
    pub single_recipient: bool,
    /// What goes wrong, in order: the first rule that applies decides, but for [`Reaction::Delay`].
    pub rules: Vec<Rule>,
    /// After so many messages on one connection the next MAIL gets 421, and the connection is closed.
    pub messages_per_connection_max: Option<u64>,
    /// Further connections get 421; at most [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// A slow server: waits so long before it answers each final dot.
    pub delay_per_message: Duration,
    /// A line `recipient TAB message-id LF` for each recipient of each message recorded, appended with one write(2)
    /// before the reply: what a test compares after it has killed the sender.
    pub log: Option<PathBuf>,
    /// Messages that the mailbox takes; over it 452.
    pub mailbox_messages_max: usize,
    /// Octets of messages that the mailbox takes; over it 452.
    pub mailbox_octets_max: u64,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            host_name: "lab.test".to_owned(),
            offers: Offers::default(),
            tls: Tls::None,
            injected_after_starttls: Vec::new(),
            accounts: None,
            single_recipient: false,
            rules: Vec::new(),
            messages_per_connection_max: None,
            connections_max: CONNECTIONS_MAX,
            delay_per_message: Duration::ZERO,
            log: None,
            mailbox_messages_max: MAILBOX_MESSAGES_MAX,
            mailbox_octets_max: MAILBOX_OCTETS_MAX,
        }
    }
}

impl Behaviour {
    /// The default with rules.
    #[must_use]
    pub fn with_rules(rules: Vec<Rule>) -> Self {
        Self { rules, ..Self::default() }
    }

    /// The default with one rule.
    #[must_use]
    pub fn with_rule(stage: Stage, when: When, reaction: Reaction) -> Self {
        Self::with_rules(vec![Rule::new(stage, when, reaction)])
    }
}

/// What the reply to EHLO announces. What is not announced is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offers {
    /// RFC 2920. Without it a client that sends two commands at once gets 503 and is cut off.
    pub pipelining: bool,
    /// RFC 6152.
    pub eight_bit_mime: EightBit,
    /// RFC 1870: whether SIZE is announced.
    pub size: bool,
    /// The largest message in octets; at most [`crate::MESSAGE_OCTETS_MAX`].
    pub size_max: usize,
    /// RFC 6531.
    pub smtputf8: bool,
    /// RFC 3461.
    pub dsn: bool,
    /// RFC 2034. Without it replies have no enhanced status codes.
    pub enhanced_codes: bool,
}

impl Default for Offers {
    fn default() -> Self {
        Self {
            pipelining: true,
            eight_bit_mime: EightBit::Yes,
            size: true,
            size_max: crate::MESSAGE_OCTETS_MAX,
            smtputf8: true,
            dsn: true,
            enhanced_codes: true,
        }
    }
}

/// 8BITMIME (RFC 6152).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EightBit {
    /// Announced and taken.
    Yes,
    /// Not announced, and 8-bit octets are refused.
    No,
    /// Announced, and the message is refused with 554 5.6.3 all the same: a relay whose next hop cannot.
    Falsely,
}

/// A certificate chain and its key, as PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, the server's own certificate first.
    pub chain: String,
    /// Its private key.
    pub key: String,
}

/// TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Not offered.
    None,
    /// STARTTLS is offered (RFC 3207).
    Offered(Certificate),
    /// STARTTLS is offered, and nothing goes without it (530).
    Required(Certificate),
    /// From the first octet (RFC 8314 §3.3).
    Implicit(Certificate),
}

/// The one account of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accounts {
    /// What AUTH announces.
    pub mechanisms: Vec<Mechanism>,
    /// The user.
    pub user: String,
    /// The password, for all mechanisms but XOAUTH2.
    pub password: String,
    /// The bearer token, for XOAUTH2.
    pub token: String,
    /// MAIL without AUTH gets 530.
    pub required: bool,
    /// Whether the server proves in SCRAM that it knows the password (RFC 5802 §3); if not it says 235 without.
    pub proves_itself: bool,
}

/// How to log in (RFC 4954).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// RFC 4616.
    Plain,
    /// Of old, without an RFC.
    Login,
    /// OAuth bearer tokens, as the large mailbox providers take them.
    XOauth2,
    /// RFC 7677.
    ScramSha256,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::ScramSha256, Self::Plain, Self::Login, Self::XOauth2];

    /// As in the reply to EHLO.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::XOauth2 => "XOAUTH2",
            Self::ScramSha256 => "SCRAM-SHA-256",
        }
    }
}

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where.
    pub stage: Stage,
    /// To whom, or how often.
    pub when: When,
    /// What.
    pub reaction: Reaction,
}

impl Rule {
    /// A rule.
    #[must_use]
    pub const fn new(stage: Stage, when: When, reaction: Reaction) -> Self {
        Self { stage, when, reaction }
    }
}

/// Where in a dialogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Instead of the banner.
    Greeting,
    /// Instead of the reply to EHLO.
    Ehlo,
    /// Instead of the reply to STARTTLS.
    StartTls,
    /// Instead of the first reply to AUTH.
    Auth,
    /// Instead of the reply to MAIL.
    Mail,
    /// Instead of the reply to RCPT.
    Rcpt,
    /// Instead of the reply to DATA; behind a 354 the server reads a message, whatever came before.
    Data,
    /// Instead of the reply to the final dot; the message is not recorded.
    DotBeforeRecording,
    /// Instead of the reply to the final dot; the message was recorded, so its recipient has it.
    DotAfterRecording,
    /// Instead of the reply to RSET.
    Rset,
}

/// For which of the events at a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Each.
    All,
    /// Each nth, over all connections: with 3 the third, the sixth and so on.
    EveryNth(u64),
    /// The first n of each recipient (greylisting). At stages that know no recipient: the first n of all.
    FirstAttempts(u64),
    /// One recipient's, compared without regard to case.
    Recipient(String),
    /// Once the mailbox holds n messages.
    AfterMessages(usize),
}

/// What the server does instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reaction {
    /// Answers with these lines, complete with codes. After 421 it closes (RFC 5321 §3.8).
    Reply(Vec<String>),
    /// Answers with these lines and closes.
    ReplyAndClose(Vec<String>),
    /// Closes without a word.
    Close,
    /// Cuts the connection off (RST).
    Reset,
    /// Never answers.
    Stall,
    /// Waits, and then goes on to the next rule.
    Delay(Duration),
    /// So many octets of `250-` lines, and then an end.
    FloodReply(usize),
    /// These octets, whatever they are.
    Garbage(Vec<u8>),
}

impl Reaction {
    /// [`Reaction::Reply`] with one line.
    #[must_use]
    pub fn reply(line: &str) -> Self {
        Self::Reply(vec![line.to_owned()])
    }

    /// [`Reaction::ReplyAndClose`] with one line.
    #[must_use]
    pub fn reply_and_close(line: &str) -> Self {
        Self::ReplyAndClose(vec![line.to_owned()])
    }
}
