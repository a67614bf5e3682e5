//! What can be wrong with a message file, and what can be wrong with it for one person.

use std::fmt;

use mail::MailboxError;

/// Where in a message something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The display name in From.
    SenderName,
    /// The subject.
    Subject,
    /// The first line that a phone shows under the subject.
    FirstLine,
    /// The body.
    Body,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SenderName => "sender name",
            Self::Subject => "subject",
            Self::FirstLine => "first line",
            Self::Body => "body",
        })
    }
}

/// What may not stand in a body, whoever it is for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// Raw HTML in Markdown.
    #[error("Markdown with HTML in it: write it in Markdown, or give the whole message as .html")]
    HtmlInMarkdown,
    /// An element that runs, embeds or asks: no reader's mail program is to be trusted with it.
    #[error("the element <{element}> may not stand in a message")]
    Element {
        /// Its name, from the template.
        element: String,
    },
    /// `onclick` and its like, `ping`, `srcset`.
    #[error("the attribute {attribute} may not stand in a message")]
    Attribute {
        /// Its name, from the template.
        attribute: String,
    },
    /// An image or style sheet from elsewhere tells its server who reads, and when.
    #[error("something is loaded from elsewhere, which would track the reader: attach it and use cid:NAME")]
    Remote,
    /// `cid:` names no attachment.
    #[error("an image names an attachment that there is not")]
    UnknownImage,
    /// A destination that is not http, https, mailto, tel or a place in the message itself.
    #[error("a link leads to something else than a web page, an e-mail address or a telephone number")]
    Link,
    /// A field in a comment, a style or a tag's name.
    #[error("a field stands where it cannot be text: in a style, a comment, a tag or an image's address")]
    FieldPlace,
    /// A tag, comment or quotation without its end.
    #[error("the HTML has a tag, a comment or a quotation that does not end")]
    Html,
    /// The MJML does not parse or render.
    #[error("the MJML cannot be rendered")]
    Mjml,
    /// Nested deeper than [`crate::NESTING_MAX`].
    #[error("quotes, lists or elements are nested more than 100 deep")]
    Nesting,
    /// Longer than [`crate::MJML_OCTETS_MAX`].
    #[error("the MJML is longer than 256 KiB")]
    MjmlTooLong,
}

/// Why a message file cannot be used. None of the texts holds an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// More than [`crate::SOURCE_OCTETS_MAX`].
    #[error("the message file is longer than 1 MiB")]
    SourceTooLong,
    /// Does not begin with front matter between two `---` lines.
    #[error("the message file does not begin with front matter between two --- lines")]
    NoFrontMatter,
    /// More than [`crate::FRONT_MATTER_OCTETS_MAX`].
    #[error("the front matter is longer than 16 KiB")]
    FrontMatterTooLong,
    /// Not YAML, a key that is not known, twice there or of the wrong kind.
    #[error(
        "line {line}: not a key of the front matter, or not its kind of value (there are subject, from, reply-to, language, attachments, contacts)"
    )]
    FrontMatter {
        /// Line of the file, from 1.
        line: u64,
    },
    /// No subject, or nothing in it.
    #[error("the front matter has no subject")]
    SubjectMissing,
    /// From, reply-to or a contact is not a mailbox.
    #[error("{key}: {reason}")]
    Mailbox {
        /// The key in the front matter.
        key: &'static str,
        /// What is wrong with it.
        reason: MailboxError,
    },
    /// Not a language tag.
    #[error("language: not a language tag such as cy or en-GB")]
    Language,
    /// The same language twice, the default's included.
    #[error("two texts are in the language {language}")]
    LanguageTwice {
        /// The tag.
        language: String,
    },
    /// A translation's front matter names another language than its file.
    #[error("the translation {language} says that it is in another language")]
    LanguageDiffers {
        /// The tag of the file.
        language: String,
    },
    /// More than one of the counts in [`crate::limits`].
    #[error("more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there may be.
        max: usize,
    },
    /// A character that marks merged values in the making (U+10FFFD, private use) or a control character.
    #[error("line {line}: a control character or a character of private use")]
    Character {
        /// Line of the file, from 1; 1 for the front matter.
        line: usize,
    },
    /// Not a template: an open brace, an unknown tag.
    #[error("{place}, line {line}: not a valid template")]
    Syntax {
        /// Subject or body.
        place: Place,
        /// Line of the file for the body, of the subject otherwise.
        line: usize,
    },
    /// A filter, test or function that there is not.
    #[error("{place}, line {line}: no such filter, test or function")]
    UnknownFilter {
        /// Subject or body.
        place: Place,
        /// Line of the file for the body, of the subject otherwise.
        line: usize,
    },
    /// Fields that the audience does not have.
    #[error("no such field: {}", fields.join(", "))]
    UnknownFields {
        /// Their names, from the template.
        fields: Vec<String>,
    },
    /// Nobody to send as: neither given, nor in the front matter, nor in the settings.
    #[error("there is no sender: give --from, from: in the message file, or sender.from")]
    NoSender,
    /// The front matter names a file that was not given.
    #[error("the attachment {name} was not found")]
    AttachmentMissing {
        /// Its name in the front matter.
        name: String,
    },
    /// A file was given that no front matter names: nobody would have seen it there.
    #[error("the attachment {name} is not named in any front matter")]
    AttachmentUnnamed {
        /// Its name.
        name: String,
    },
    /// Two attachments of one name.
    #[error("two attachments are called {name}")]
    AttachmentTwice {
        /// Its name.
        name: String,
    },
    /// Empty, with a path, a control character or too long.
    #[error("an attachment's name is empty, too long, or has a slash or a control character")]
    AttachmentName,
    /// Not `type/subtype`, or one that base64 may not wrap (RFC 2046 §5.2.1).
    #[error("an attachment's content type is not one that can be attached")]
    AttachmentType,
    /// More than [`crate::ATTACHMENTS_OCTETS_MAX`] together.
    #[error("the attachments are larger than 16 MiB together")]
    AttachmentsTooLarge,
    /// Something in the body.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The error is in a translation.
    #[error("translation {language}: {error}")]
    Translation {
        /// The translation's tag.
        language: String,
        /// What is wrong there.
        error: Box<MessageError>,
    },
    /// A stored message that this version does not know.
    #[error("the stored message is of another version or damaged")]
    Bundle,
}

/// Why a message cannot be sealed for one person. The texts name the row and the field, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The audience has no such column.
    #[error("row {row}: the {place} uses the field {field}, which there is not")]
    UnknownField {
        /// Row of the person in the list.
        row: u64,
        /// Subject or body.
        place: Place,
        /// The field's name.
        field: String,
    },
    /// The person's cell is empty, and the template prints it.
    #[error("row {row}: the {place} prints the field {field} in line {line}, and it is empty")]
    EmptyField {
        /// Row of the person in the list.
        row: u64,
        /// Subject or body.
        place: Place,
        /// The field's name.
        field: String,
        /// Line of the file for the body, of the subject otherwise.
        line: usize,
    },
    /// A line break or control character in a header, a control character in the body.
    #[error(
        "row {row}: the field {field} has a line break or a control character, in the {place}, line {line}"
    )]
    Control {
        /// Row of the person in the list.
        row: u64,
        /// Subject or body.
        place: Place,
        /// The field's name.
        field: String,
        /// Line of the file for the body, of the subject otherwise.
        line: usize,
    },
    /// A link is a field and nothing else before it, and the value is not a web or e-mail address.
    #[error("row {row}: the field {field} is a link in line {line}, and its value is not a web address")]
    NotALink {
        /// Row of the person in the list.
        row: u64,
        /// The field's name.
        field: String,
        /// Line of the file.
        line: usize,
    },
    /// The template fails on this person's values: arithmetic on text, a list printed.
    #[error("row {row}: the {place} cannot be merged, line {line}")]
    Merge {
        /// Row of the person in the list.
        row: u64,
        /// Subject or body.
        place: Place,
        /// Line of the file for the body, of the subject otherwise.
        line: usize,
    },
    /// More than [`crate::MERGE_FUEL_MAX`], [`crate::VALUES_MAX`], [`crate::BODY_OCTETS_MAX`],
    /// [`crate::PART_OCTETS_MAX`] or [`crate::SUBJECT_OCTETS_MAX`].
    #[error("row {row}: the {place} becomes too long or takes too much work")]
    TooMuch {
        /// Row of the person in the list.
        row: u64,
        /// Subject or body.
        place: Place,
    },
    /// The subject is empty once merged.
    #[error("row {row}: the subject is empty")]
    SubjectEmpty {
        /// Row of the person in the list.
        row: u64,
    },
    /// Something in the body that shows for this person alone.
    #[error("row {row}: {error}")]
    Content {
        /// Row of the person in the list.
        row: u64,
        /// What it is.
        error: ContentError,
    },
    /// Message-ID, unsubscribe address or number of signers.
    #[error("the {what} given for the message cannot stand in a header")]
    Identity {
        /// Which.
        what: &'static str,
    },
    /// The key cannot sign.
    #[error("the message cannot be signed")]
    Sign,
}
