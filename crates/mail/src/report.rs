//! What comes back: bounces, complaints, automatic replies, and replies of people, told apart.
//!
//! One message at a time, and hostile: anybody can send to a return path. So a report is read up to limits, nothing in
//! it is believed by its words alone, and where the structure is missing the answer is "undecided" or "a person". Whom
//! a report is about is not decided here: it names what it found ([`Names`]), and who holds the keys opens that.

mod automatic;
mod complaint;
mod disposition;
mod entity;
mod fields;
mod limits;
mod names;
mod status;
mod text;
mod told;
mod unstructured;
mod verdict;

pub use automatic::AutoMark;
pub use complaint::{Complaint, FeedbackType};
pub use disposition::Disposition;
pub use limits::{
    EXPLANATION_OCTETS_MAX, NAME_OCTETS_MAX, NAMES_MAX, RECIPIENTS_MAX, REPORT_DEPTH_MAX, REPORT_OCTETS_MAX,
    REPORT_PARTS_MAX, TEXT_OCTETS_MAX, TOKEN_CHARS_MAX, TOKEN_CHARS_MIN,
};
pub use names::Names;
pub use status::{Action, DeliveryStatus, Recipient};
pub use text::Text;
pub use unstructured::{Bounce, BounceForm};
pub use verdict::{BounceClass, EnhancedCode, SmtpReply, bad_mailbox, classify};

use crate::Address;
use entity::Arrived;

/// A message that came back, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is.
    pub what: What,
    /// The identifiers found in it, each of which may lead to a delivery.
    pub names: Names,
    /// It is longer than [`REPORT_OCTETS_MAX`], and what lies beyond was not read.
    pub cut: bool,
}

/// What a message is that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A delivery status notification (RFC 3464): failed, delayed, or delivered.
    DeliveryStatus(DeliveryStatus),
    /// A bounce in another form, or a damaged one.
    Bounce(Bounce),
    /// A person pressed "spam", or took that back (RFC 5965).
    Complaint(Complaint),
    /// The message was displayed or deleted (RFC 8098). Nothing follows from it.
    Disposition(Disposition),
    /// Written by a program (RFC 3834). Nothing follows from it.
    AutoReply(AutoMark),
    /// What the `mailto:` of List-Unsubscribe makes a mail program send (RFC 2369 §3.2).
    Unsubscribe(Unsubscribe),
    /// A reply by a person.
    Person(Person),
}

/// A request for no more mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The token of the subject; without one only the sender's address says who asks.
    pub token: Option<Text>,
    /// The address in From, as anybody can write it.
    pub from: Option<Address>,
}

/// A message written by a person, as far as can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The address in From, as anybody can write it.
    pub from: Option<Address>,
}

/// Reads one message that arrived at a return path, or at the mailbox for complaints or unsubscribing.
///
/// Never panics and never fails: what cannot be understood is a [`Bounce`] without a verdict if a mail system sent it,
/// and otherwise a person's. The result is the same for LF and CRLF. A last line without its line end may have been
/// cut, and is not read.
#[must_use]
pub fn read(octets: &[u8]) -> Report {
    report(&Arrived::of(octets, None))
}

/// The same where the envelope is known: whether its sender was empty, as a bounce's must be (RFC 5321 §4.5.5).
/// [`read`] goes by Return-Path, which the last server writes, and is less sure without.
#[must_use]
pub fn read_enveloped(octets: &[u8], null_sender: bool) -> Report {
    report(&Arrived::of(octets, Some(null_sender)))
}

fn report(arrived: &Arrived) -> Report {
    let mut names = Names::default();
    let what = what(arrived, &mut names);
    names.of_arrived(arrived);
    Report { what, names, cut: arrived.cut }
}

impl Report {
    /// The identifiers found, surest first in each list.
    #[must_use]
    pub const fn names(&self) -> &Names {
        &self.names
    }
}

/// The order matters: a bounce carries `Auto-Submitted: auto-replied` as a holiday notice does (RFC 3464 §2), and a
/// program that unsubscribes for a person may mark its request so too.
fn what(arrived: &Arrived, names: &mut Names) -> What {
    if let Some(complaint) = complaint::read(arrived, names) {
        return What::Complaint(complaint);
    }
    if let Some(status) = status::read(arrived, names) {
        return What::DeliveryStatus(status);
    }
    if let Some(disposition) = disposition::read(arrived, names) {
        return What::Disposition(disposition);
    }
    if let Some(bounce) = unstructured::read(arrived, names) {
        return What::Bounce(bounce);
    }
    let from = arrived.sender();
    if let Some(token) = names::unsubscribe_subject(&arrived.subject()) {
        names.token(token.as_ref());
        return What::Unsubscribe(Unsubscribe { token, from });
    }
    match automatic::mark(arrived) {
        Some(mark) => What::AutoReply(mark),
        None => What::Person(Person { from }),
    }
}
