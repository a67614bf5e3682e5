//! One message file: front matter, then a body in Markdown, HTML or MJML.

use std::fmt;

use mail::Mailbox;
use serde::{Deserialize, Serialize};

use crate::error::MessageError;
use crate::limits::{CONTACTS_MAX, FRONT_MATTER_OCTETS_MAX, LANGUAGE_OCTETS_MAX, SOURCE_OCTETS_MAX};
use crate::piece::MARK;

/// What the body is written in. The file's extension says so: `.md`, `.html`, `.mjml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// CommonMark with tables and strike-through; no raw HTML.
    Markdown,
    /// HTML, a whole document or what would stand in its body.
    Html,
    /// MJML, rendered to HTML here.
    Mjml,
}

/// A message file that has been read: its front matter is checked, its body not yet.
///
/// `Debug` prints nothing of it.
#[derive(Clone)]
pub struct Source {
    pub(crate) kind: SourceKind,
    pub(crate) text: String,
    pub(crate) subject: String,
    pub(crate) from: Option<Mailbox>,
    pub(crate) reply_to: Option<Mailbox>,
    pub(crate) language: Option<String>,
    pub(crate) attachments: Vec<String>,
    pub(crate) contacts: Vec<Mailbox>,
    pub(crate) body: String,
    /// Line of the file in which the body begins, from 1.
    pub(crate) body_line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FrontMatter {
    subject: Option<String>,
    from: Option<String>,
    reply_to: Option<String>,
    language: Option<String>,
    #[serde(default)]
    attachments: Vec<String>,
    #[serde(default)]
    contacts: Vec<String>,
}

impl Source {
    /// Reads a message file. A byte order mark and CRLF are accepted.
    ///
    /// # Errors
    /// [`MessageError`] for front matter that is missing, unknown or wrong, and for control characters.
    pub fn parse(kind: SourceKind, text: &str) -> Result<Self, MessageError> {
        if text.len() > SOURCE_OCTETS_MAX {
            return Err(MessageError::SourceTooLong);
        }
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).replace("\r\n", "\n");
        for (n, line) in text.split('\n').enumerate() {
            if line.chars().any(|c| c == MARK || (c.is_control() && c != '\t')) {
                return Err(MessageError::Character { line: n + 1 });
            }
        }
        let (front, body, body_line) = cut(&text).ok_or(MessageError::NoFrontMatter)?;
        if front.len() > FRONT_MATTER_OCTETS_MAX {
            return Err(MessageError::FrontMatterTooLong);
        }
        let front: FrontMatter =
            serde_saphyr::from_str(front).map_err(|error| MessageError::FrontMatter {
                // The reader counts from the line behind the first `---`.
                line: error.location().map_or(1, |at| at.line() + 1),
            })?;
        let subject = front.subject.unwrap_or_default();
        if subject.trim().is_empty() {
            return Err(MessageError::SubjectMissing);
        }
        // YAML knows more ways to a control character than typing it: "\n" in quotes, a folded block.
        if subject.chars().any(|c| c == MARK || c.is_control()) {
            return Err(MessageError::Character { line: 1 });
        }
        if front.contacts.len() > CONTACTS_MAX {
            return Err(MessageError::TooMany { what: "contacts", max: CONTACTS_MAX });
        }
        if front.language.as_deref().is_some_and(|tag| !is_language_tag(tag)) {
            return Err(MessageError::Language);
        }
        let (body, body_line) = (body.to_owned(), body_line);
        Ok(Self {
            kind,
            subject,
            from: front.from.map(|text| mailbox("from", &text)).transpose()?,
            reply_to: front.reply_to.map(|text| mailbox("reply-to", &text)).transpose()?,
            language: front.language,
            attachments: front.attachments,
            contacts: front
                .contacts
                .iter()
                .map(|text| mailbox("contacts", text))
                .collect::<Result<_, _>>()?,
            body,
            body_line,
            text,
        })
    }

    /// The names of the files to attach, as the front matter has them: the caller finds and reads them.
    #[must_use]
    pub fn attachments(&self) -> &[String] {
        &self.attachments
    }

    /// What the body is written in.
    #[must_use]
    pub fn kind(&self) -> SourceKind {
        self.kind
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[message file]")
    }
}

fn mailbox(key: &'static str, text: &str) -> Result<Mailbox, MessageError> {
    Mailbox::parse(text).map_err(|reason| MessageError::Mailbox { key, reason })
}

/// Front matter, body, and the body's first line.
fn cut(text: &str) -> Option<(&str, &str, usize)> {
    let rest = text.strip_prefix("---")?;
    let (spaces, front) = rest.split_once('\n')?;
    if !spaces.trim().is_empty() {
        return None;
    }
    let mut at = 0;
    for (n, line) in front.split_inclusive('\n').enumerate() {
        if line.trim_end() == "---" {
            // Line 1 is the first `---`, line n + 2 the second.
            return Some((&front[..at], &front[at + line.len()..], n + 3));
        }
        at += line.len();
    }
    None
}

/// Whether a text is a language tag (RFC 5646 §2.1), as far as its form goes: subtags of one to eight letters and digits, a
/// letter in front, at most [`LANGUAGE_OCTETS_MAX`].
#[must_use]
pub fn is_language_tag(tag: &str) -> bool {
    tag.len() <= LANGUAGE_OCTETS_MAX
        && tag.starts_with(|c: char| c.is_ascii_alphabetic())
        && tag
            .split('-')
            .all(|sub| (1..=8).contains(&sub.len()) && sub.bytes().all(|b| b.is_ascii_alphanumeric()))
}
