//! The server's side of RFC 5321, strict about line ends (RFC 5321 §2.3.8) and bounded everywhere.

mod auth;
mod body;
mod command;
mod connection;
mod counters;
mod react;
mod transaction;
mod wire;

pub use body::{LINE_OCTETS_MAX, MESSAGE_OCTETS_MAX};
pub use transaction::RECIPIENTS_MAX;
pub use wire::COMMAND_OCTETS_MAX;

pub(crate) use connection::{serve, turn_away};
pub(crate) use counters::Counters;
