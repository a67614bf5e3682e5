//! How mail comes in: by SMTP (RFC 5321) or LMTP (RFC 2033) at a listener, or out of a mailbox.
//!
//! Anybody can connect. So everything is bounded, nothing that arrives is believed here, and what is to become of a message
//! is said by a [`Desk`] before anybody is told that it was taken: whoever hears 250 need not keep it.

mod body;
mod certificate;
mod command;
mod connection;
mod desk;
mod listener;
mod mailbox;
mod memory;
mod session;
mod wire;

pub use certificate::{Certificate, CertificateError};
pub use command::COMMAND_OCTETS_MAX;
pub use connection::{CONNECTION_MAX, Door, HANDSHAKE_WAIT, SETTLE_WAIT};
pub use desk::{Arrival, Desk, Recipient, Settled, Way};
pub use listener::{CONNECTIONS_MAX, CONNECTIONS_OF_ONE_MAX, serve};
pub use mailbox::{CONNECT_WAIT, LOOK_WAIT, Login, Looked, MESSAGES_OF_A_LOOK_MAX, Mailbox, MailboxError};
pub use memory::{MEMORY_OCTETS_MAX, Memory};
pub use session::{
    ERRORS_MAX, IDLE_COMMANDS_MAX, Leave, MESSAGE_OCTETS_MAX, Message, Protocol, RECIPIENTS_MAX, Session,
    TRANSACTIONS_MAX, Terms, Turn,
};
pub use wire::{COMMAND_WAIT, WRITE_WAIT};
