//! A message file and a person become a sealed message: merged, built and signed.
//!
//! ```text
//! Source ─┐                      Person ─┐
//!         ├─► Template (checked) ────────┴─► Sealed (one person, octets, cannot be changed)
//! files  ─┘
//! ```
//!
//! - **Merge.** A template prints values into *holes* ([`Template::seal`]); Markdown, HTML and MJML are parsed
//!   with the holes in, and values are put in after that. A value is literal text by construction.
//! - **Build.** One From, one To with one address, both alternatives, images, attachments; always 7-bit, but for
//!   an address that is beyond ASCII itself.
//! - **Sign.** DKIM by none, one or two keys.
//!
//! The crate is pure: it knows no clock, file, socket, runtime or randomness, and of `mail` the address and the
//! mailbox alone. What reads a message never built it.

mod attachment;
mod bundle;
mod composition;
mod discretion;
mod dkim;
mod encoding;
mod error;
mod footer;
mod header;
mod html;
mod layout;
pub mod limits;
mod link;
mod markdown;
mod markup;
mod merge;
mod mime;
mod mjml;
mod piece;
mod plain;
mod refusal;
mod seal;
mod source;
mod template;
mod variant;

pub use attachment::{Attachment, content_type_of};
pub use bundle::MessageBundle;
pub use composition::{ComposedField, ComposedText, Composition, CompositionError};
pub use discretion::{
    DEFAULT_DISCRETION_WORDS, DiscretionFinding, GLANCE_CHARS_MAX, Glance, default_discretion_words,
    discretion,
};
pub use dkim::{Signer, SignerError};
pub use error::{ContentError, MessageError, Place, SealError};
pub use limits::*;
pub use merge::PREFERENCES_FIELD;
pub use seal::{Identity, Sealed, Unsubscribe};
pub use source::{Source, SourceKind, is_language_tag};
pub use template::{DEFAULT_LANGUAGE, Person, Preview, Settings, Template};
