//! A file that goes with every message of a template.

use std::fmt;

use crate::error::MessageError;
use crate::limits::{CONTENT_TYPE_OCTETS_MAX, FILE_NAME_OCTETS_MAX};

/// A file to attach: its name, content type and octets. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Attachment {
    name: String,
    content_type: String,
    bytes: Vec<u8>,
}

impl Attachment {
    /// A file to attach. Its size is bounded with that of the others, by [`crate::Template::new`].
    ///
    /// # Errors
    /// [`MessageError::AttachmentName`] or [`MessageError::AttachmentType`].
    pub fn new(name: &str, content_type: &str, bytes: Vec<u8>) -> Result<Self, MessageError> {
        let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | crate::piece::MARK);
        if name.trim().is_empty() || name.len() > FILE_NAME_OCTETS_MAX || name.contains(bad) {
            return Err(MessageError::AttachmentName);
        }
        if !is_content_type(content_type) {
            return Err(MessageError::AttachmentType);
        }
        let content_type = content_type.to_ascii_lowercase();
        Ok(Self { name: name.to_owned(), content_type, bytes })
    }

    /// The file name, as the front matter has it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `type/subtype`, in lower case.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[attachment]")
    }
}

/// The media type by the ending of a file's name, for the kinds that people send. What a file holds does not follow from it:
/// the proof looks at its octets.
#[must_use]
pub fn content_type_of(name: &str) -> &'static str {
    match name.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
        Some("pdf") => "application/pdf",
        Some("txt") => "text/plain",
        Some("csv") => "text/csv",
        Some("html" | "htm") => "text/html",
        Some("ics") => "text/calendar",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("pptx") => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Some("odt") => "application/vnd.oasis.opendocument.text",
        Some("zip") => "application/zip",
        _ => "application/octet-stream",
    }
}

/// RFC 6838 §4.2, without parameters. RFC 2045 §6.4: a composite type may not be in base64, and a message within
/// the message would show addresses that are not the person's.
fn is_content_type(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let Some((kind, subtype)) = text.split_once('/') else { return false };
    text.len() <= CONTENT_TYPE_OCTETS_MAX
        && is_name(kind)
        && is_name(subtype)
        && !kind.eq_ignore_ascii_case("multipart")
        && !kind.eq_ignore_ascii_case("message")
}
