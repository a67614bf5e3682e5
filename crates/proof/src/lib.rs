//! Sealed bytes, read again by a parser that did not build them.
//!
//! [`prove`] is the only way to a [`Proved`], and nothing but a `Proved` can be sent (promises 1 and 2). This crate
//! knows `mail` and never `message`: what builds a message and what reads it do not meet. It is pure: it knows no
//! clock, file, socket or runtime.

mod expected;
mod form;
mod prove;
mod refusal;

pub use expected::{Expected, InspectedAttachment, PublicList, inspect_attachment};
pub use form::LINE_OCTETS_MAX;
pub use prove::{Proved, prove};
pub use refusal::{FormFault, Refusal};
