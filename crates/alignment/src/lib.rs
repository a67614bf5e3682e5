//! What a sender's domain publishes, and whether the mail that leaves in its name is aligned with it.
//!
//! Receivers ask three things of a message: whether the address that it comes from may send for the domain of its envelope
//! (SPF, RFC 7208), whether it is signed by a domain that has published the key (DKIM, RFC 6376), and whether one of the two
//! is the domain that the reader sees (DMARC, RFC 7489 §3.1). Large mailbox providers refuse bulk mail that does not pass.
//!
//! [`look`] asks all of it before anybody is written to, and says of each record what is there, what should be, and the
//! value to publish.
//!
//! This crate is pure: it knows no clock, socket or runtime. Names are looked up by a [`Lookup`], which bounds the time.
//! What a domain publishes is hostile input: it is bounded, kept as text, and never followed beyond SPF's own ten lookups.

mod dkim;
mod dmarc;
mod domain;
mod mail_exchange;
mod record;
mod sending;
mod spf;
mod tags;

pub use dmarc::Policy;
pub use domain::{are_aligned, organizational};
pub use record::{
    Alignment, FOUND_MAX, FOUND_OCTETS_MAX, Published, Record, Report, Standing, What, published,
};
pub use sending::{Route, Sending, Signing, look};
pub use viaspf::lookup::{Lookup, LookupError, LookupResult, Name};
