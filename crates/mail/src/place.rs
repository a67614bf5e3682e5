//! Where in a message something stands, told without a word of what the message says.

use std::fmt;

/// The way to one entity: part numbers from the outermost in, counted from 1. Empty: the message itself.
///
/// Numbers and not file names, because the name of a file is often the name of a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PartPath(pub(crate) Vec<Step>);

/// One step into a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// A body part of a multipart.
    Part(u32),
    /// The message within a `message/rfc822` part, or within text that holds one.
    Message,
    /// A member of an archive, in the order of its directory.
    Member(u32),
}

impl PartPath {
    /// Whether this is the message itself, not something inside it.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }
}

impl fmt::Display for PartPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("the message");
        }
        let mut before = None;
        for step in &self.0 {
            match (before, step) {
                (None, Step::Part(n)) => write!(f, "part {n}")?,
                (Some(Step::Part(_)), Step::Part(n)) => write!(f, ".{n}")?,
                (_, Step::Part(n)) => write!(f, ", part {n}")?,
                (None, Step::Message) => f.write_str("the message within")?,
                (_, Step::Message) => f.write_str(", the message within")?,
                (None, Step::Member(n)) => write!(f, "archive member {n}")?,
                (_, Step::Member(n)) => write!(f, ", archive member {n}")?,
            }
            before = Some(*step);
        }
        Ok(())
    }
}

/// Header fields that a place may call by name. Any other name could itself be personal data.
const KNOWN_FIELDS: [&str; 46] = [
    "From",
    "To",
    "Cc",
    "Bcc",
    "Reply-To",
    "Sender",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Comments",
    "Keywords",
    "Received",
    "Return-Path",
    "Resent-From",
    "Resent-To",
    "Resent-Cc",
    "Resent-Bcc",
    "Resent-Sender",
    "Resent-Date",
    "Resent-Message-ID",
    "Apparently-To",
    "Delivered-To",
    "X-Original-To",
    "X-Envelope-To",
    "Disposition-Notification-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Description",
    "Content-Language",
    "Content-Location",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Help",
    "List-Post",
    "Auto-Submitted",
    "Precedence",
    "DKIM-Signature",
    "Feedback-ID",
    "X-Mailer",
    "X-Undisclosed-Test",
];

/// The name of a header field, as far as it may be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FieldName(Option<&'static str>);

impl FieldName {
    /// The printable name of a field called `name`, in any case.
    #[must_use]
    pub fn of(name: &str) -> Self {
        Self(KNOWN_FIELDS.into_iter().find(|known| known.eq_ignore_ascii_case(name)))
    }

    /// The name, if it is one of those that may be printed.
    #[must_use]
    pub fn known(self) -> Option<&'static str> {
        self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "header field {name}"),
            None => f.write_str("a header field with an unusual name"),
        }
    }
}

/// What kind of place within an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Spot {
    /// A header field.
    Field(FieldName),
    /// Something in a header block that is not a header field.
    HeaderBlock,
    /// Plain text.
    Text,
    /// The text of an HTML part, hidden text too.
    Html,
    /// Within the tags of an HTML part: names and values of attributes.
    HtmlTag,
    /// A comment in an HTML part.
    HtmlComment,
    /// The text of an XML document (Office documents are made of them).
    Xml,
    /// Within the tags of an XML document.
    XmlTag,
    /// The name of a file in an archive, or a comment on it.
    FileName,
    /// Before the first or after the last part of a multipart (RFC 2046 §5.1.1: to be ignored, and readable).
    BetweenParts,
    /// The octets as they stand, not understood.
    Octets,
    /// Found by the second parser where the first saw nothing.
    SecondParser,
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field(name) => return name.fmt(f),
            Self::HeaderBlock => "the header block",
            Self::Text => "text",
            Self::Html => "HTML",
            Self::HtmlTag => "HTML, within a tag",
            Self::HtmlComment => "HTML, a comment",
            Self::Xml => "XML",
            Self::XmlTag => "XML, within a tag",
            Self::FileName => "a file name or comment",
            Self::BetweenParts => "text outside the parts",
            Self::Octets => "raw octets",
            Self::SecondParser => "as the second parser reads it",
        })
    }
}

/// What an address was hidden behind, over and above the transfer encoding and charset of its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coding {
    /// `=?utf-8?Q?…?=` (RFC 2047).
    EncodedWord,
    /// A parameter in pieces or with a charset (RFC 2231).
    Parameter,
    /// `%40` (RFC 3986 §2.1).
    Percent,
    /// `&#64;`, `&commat;` (HTML §13.5).
    Entity,
    /// `\u0040`, `\x40`, `\40` (JSON, JavaScript, CSS).
    Escape,
    /// `=40` outside a quoted-printable part.
    QuotedPrintable,
    /// A word that is Base64 or Base64url.
    Base64,
    /// A word that is hexadecimal.
    Hex,
    /// `(at)`, `[dot]`.
    Spelled,
    /// NUL octets between the characters.
    Nul,
    /// A line that format=flowed continues (RFC 3676).
    Flowed,
    /// Comments within an address (RFC 5322 §3.2.2).
    Comment,
    /// Backslashes within a header field (RFC 5322 §3.2.1).
    Backslash,
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EncodedWord => "an encoded word",
            Self::Parameter => "an encoded parameter",
            Self::Percent => "percent-encoding",
            Self::Entity => "character references",
            Self::Escape => "backslash escapes",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "Base64",
            Self::Hex => "hexadecimal",
            Self::Spelled => "a spelled-out @",
            Self::Nul => "NUL octets",
            Self::Flowed => "a flowed line",
            Self::Comment => "a comment",
            Self::Backslash => "backslashes",
        })
    }
}

/// Where something stands. Its `Display` holds no personal data: numbers, known field names, kinds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Which entity.
    pub part: PartPath,
    /// Where in it.
    pub spot: Spot,
    /// Behind what, from the outside in.
    pub behind: Vec<Coding>,
}

impl Place {
    pub(crate) fn new(part: &PartPath, spot: Spot) -> Self {
        Self { part: part.clone(), spot, behind: Vec::new() }
    }
}

impl Place {
    /// Whether it is in the header field of that name.
    #[must_use]
    pub fn is_field(&self, name: &str) -> bool {
        let wanted = FieldName::of(name);
        wanted.known().is_some() && self.spot == Spot::Field(wanted)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.part, self.spot)?;
        for (n, coding) in self.behind.iter().enumerate() {
            write!(f, "{}{coding}", if n == 0 { ", behind " } else { ", then " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_place_without_personal_data() {
        let part = PartPath(vec![Step::Part(1), Step::Part(2), Step::Member(3)]);
        let place = Place { part, spot: Spot::Xml, behind: vec![Coding::Percent, Coding::Base64] };
        assert_eq!(
            place.to_string(),
            "part 1.2, archive member 3 (XML), behind percent-encoding, then Base64"
        );
        let place = Place::new(&PartPath::default(), Spot::Field(FieldName::of("cC")));
        assert_eq!(place.to_string(), "the message (header field Cc)");
        let place = Place::new(&PartPath::default(), Spot::Field(FieldName::of("ann@x.test")));
        assert!(!place.to_string().contains("ann"));
    }
}
