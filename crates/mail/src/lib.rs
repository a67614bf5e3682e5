//! What is in a message, and who can be seen in it.
//!
//! This crate is pure: it knows no clock, file, socket or runtime.

mod address;
mod mailbox;

pub use address::{ADDRESS_OCTETS_MAX, Address, AddressError, DOMAIN_OCTETS_MAX, LOCAL_OCTETS_MAX};
pub use mailbox::{DISPLAY_NAME_OCTETS_MAX, Mailbox, MailboxError};
