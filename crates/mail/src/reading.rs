//! What a reading of a message gives.

use std::fmt;

use crate::{PartPath, Place, Sighting};

/// A message, read.
///
/// Its parts and headers hold personal data, so their `Debug` prints none of it.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Every header field of every entity, in order.
    pub headers: Vec<Header>,
    /// Every entity, multiparts too, in order; the first is the message itself.
    pub parts: Vec<Part>,
    /// Every address that can be seen or taken out, once for each place.
    pub sightings: Vec<Sighting>,
    /// What could not be looked into. To be treated as if it held anything at all.
    pub uninspected: Vec<Uninspected>,
    /// What is not as it should be. Adds suspicion, and never makes a sighting go away.
    pub defects: Vec<Defect>,
}

/// One header field.
#[derive(Clone)]
pub struct Header {
    /// Of which entity.
    pub part: PartPath,
    /// The name, as written.
    pub name: String,
    /// The octets behind the colon, folds and all, without the last line end.
    pub raw: Vec<u8>,
    /// On one line (RFC 5322 §2.2.3) and nothing else undone, without white space at the ends.
    pub unfolded: String,
    /// With encoded words decoded (RFC 2047), if there are any.
    pub decoded: Option<String>,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[header]")
    }
}

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartKind {
    /// Holds other entities.
    Multipart,
    /// Plain text, and anything else that is read as text.
    Text,
    /// HTML.
    Html,
    /// A message within the message.
    Message,
    /// A ZIP archive, Office documents among them.
    Archive,
    /// Something else, not looked into.
    Other,
    /// Left out on the caller's word: inspected before.
    Known,
}

/// One entity.
#[derive(Clone)]
pub struct Part {
    /// Which one.
    pub path: PartPath,
    /// `type/subtype` in lower case as declared, `text/plain` if it is not (RFC 2045 §5.2).
    pub content_type: String,
    /// Declared as an attachment (RFC 2183 §2.2).
    pub attachment: bool,
    /// What it is.
    pub kind: PartKind,
    /// Its octets, the transfer encoding undone. Empty for a multipart.
    pub content: Vec<u8>,
    pub(crate) text: Option<String>,
}

impl Part {
    /// The part without what is in it, to keep its place in a list.
    pub(crate) fn clone_head(&self) -> Self {
        Self {
            path: self.path.clone(),
            content_type: self.content_type.clone(),
            attachment: self.attachment,
            kind: self.kind,
            content: Vec::new(),
            text: None,
        }
    }

    /// The content as text, for kinds that are text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match (&self.text, self.kind) {
            (Some(text), _) => Some(text),
            (None, PartKind::Text | PartKind::Html) => std::str::from_utf8(&self.content).ok(),
            _ => None,
        }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}: {:?}, {} octets]", self.path, self.kind, self.content.len())
    }
}

/// Something that could not be looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uninspected {
    /// Where.
    pub place: Place,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Uninspected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// Why something could not be looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Needs a password.
    #[error("it is encrypted")]
    Encrypted,
    /// PDF.
    #[error("it is a PDF document")]
    Pdf,
    /// A picture, a sound, a film.
    #[error("it is a picture, sound or film")]
    Media,
    /// The compound files of old Office programs, and .msg.
    #[error("it is a document in an old Office format")]
    LegacyOffice,
    /// Rich Text Format.
    #[error("it is a document in Rich Text Format")]
    RichText,
    /// gzip, bzip2, xz, 7z, RAR.
    #[error("it is compressed in a way that is not read")]
    Compressed,
    /// Anything else that is not text.
    #[error("its format is not known")]
    UnknownFormat,
    /// See RFC 2978.
    #[error("its charset cannot be read")]
    Charset,
    /// Not of RFC 2045 §6.1.
    #[error("its transfer encoding is not known")]
    TransferEncoding,
    /// An archive that does not open, or a member that does not unpack.
    #[error("it is a damaged archive")]
    BrokenArchive,
    /// message/external-body or message/partial (RFC 2046 §5.2).
    #[error("its content lies elsewhere")]
    Elsewhere,
    /// The second parser panicked.
    #[error("the second parser failed on it")]
    ParserFailed,
    /// The second parser gave nothing.
    #[error("the second parser cannot read it")]
    ParserRefused,
    /// [`crate::Limits::message_octets`]
    #[error("the message is too long")]
    MessageTooLong,
    /// [`crate::Limits::parts`]
    #[error("there are too many parts")]
    TooManyParts,
    /// [`crate::Limits::depth`]
    #[error("it is nested too deeply")]
    TooDeep,
    /// [`crate::Limits::fields`]
    #[error("there are too many header fields")]
    TooManyFields,
    /// [`crate::Limits::field_octets`]
    #[error("the header field is too long")]
    FieldTooLong,
    /// [`crate::Limits::archive_members`]
    #[error("the archive has too many members")]
    TooManyMembers,
    /// [`crate::Limits::archive_depth`]
    #[error("archives are nested too deeply")]
    ArchiveTooDeep,
    /// [`crate::Limits::archive_octets`]
    #[error("the archive unpacks to too much")]
    ArchiveTooLarge,
    /// [`crate::Limits::codings_depth`]
    #[error("too many codings lie one inside another")]
    CodingsTooDeep,
    /// [`crate::Limits::scanned_octets`] or [`crate::Limits::sightings`]
    #[error("there is too much to scan")]
    TooMuchText,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: DefectKind,
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)
    }
}

/// What is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum DefectKind {
    /// RFC 5322 §2.2
    #[error("a line in the header block is no header field")]
    NotAField,
    /// RFC 5322 §2.2 allows printable ASCII without space or colon.
    #[error("the name of a header field has characters that are not allowed")]
    FieldName,
    /// RFC 2045 has one of each.
    #[error("a header field that tells how to read the part is there twice, or tells two things")]
    Ambiguous,
    /// RFC 2046 §5.1.1
    #[error("a multipart without a boundary")]
    NoBoundary,
    /// RFC 2046 §5.1.1
    #[error("a multipart that does not end")]
    Unclosed,
    /// RFC 2045 §6.4
    #[error("a multipart or message with a transfer encoding")]
    EncodedMultipart,
    /// RFC 2045 §6.7, §6.8
    #[error("the transfer encoding is not kept to")]
    TransferEncoding,
    /// The octets are not what the charset allows.
    #[error("the text is not in the charset that it names")]
    Charset,
    /// RFC 2047
    #[error("an encoded word cannot be read")]
    EncodedWord,
    /// HTML or XML that breaks off in a tag or comment.
    #[error("a tag or comment is not closed")]
    Markup,
}
