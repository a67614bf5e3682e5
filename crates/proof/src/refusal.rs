//! Why a message may not leave.

use mail::{Defect, Place, Uninspected};

/// Why a message may not leave. None of the texts holds an address, a name or a word of the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// A leak: somebody else would be shown.
    #[error("an address that is neither the person's own nor on the public list stands in {0}")]
    Stranger(Place),
    /// The octets are not what may go over the wire.
    #[error("the message is malformed: {0}")]
    Form(FormFault),
    /// A header field that is not on the list of those allowed. Its name is not told unless it is well known.
    #[error("{0} is not allowed")]
    FieldNotAllowed(Place),
    /// RFC 5322 §3.6: at most one of each.
    #[error("header field {0} is there more than once")]
    FieldRepeated(&'static str),
    /// RFC 5322 §3.6, RFC 2045 §4.
    #[error("header field {0} is missing")]
    FieldMissing(&'static str),
    /// The value is not what was sealed, or what it must be.
    #[error("header field {0} is not what was sealed")]
    FieldDiffers(&'static str),
    /// To is not exactly one mailbox.
    #[error("header field To is not exactly one mailbox")]
    ToNotOne,
    /// To is somebody else.
    #[error("header field To is not the recipient")]
    ToNotRecipient,
    /// From or Reply-To is not exactly one mailbox.
    #[error("header field {0} is not exactly one mailbox")]
    SenderNotOne(&'static str),
    /// A cid: reference or Content-ID that was not sealed.
    #[error("a content identifier that was not sealed stands in {0}")]
    ContentId(Place),
    /// An attachment that nobody inspected.
    #[error("an attachment that was not inspected: {0}")]
    AttachmentUnknown(Place),
    /// The attachment shows an address that is not public.
    #[error("the attachment shows an address that is not on the public list, in {0}")]
    AttachmentStranger(Place),
    /// The attachment is too large to be read whole.
    #[error("the attachment cannot be inspected within its limits")]
    AttachmentTooLarge,
    /// Something that should be readable and is not.
    #[error("not readable: {0}")]
    Uninspected(Uninspected),
    /// Something that is not as it should be.
    #[error("not as it should be: {0}")]
    Defect(Defect),
}

/// What is wrong with the octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormFault {
    /// RFC 5321 §4.1.1.4
    #[error("it does not end with CRLF")]
    NoFinalLineEnd,
    /// RFC 5321 §2.3.8
    #[error("a line feed without a carriage return")]
    BareLineFeed,
    /// RFC 5321 §2.3.8
    #[error("a carriage return without a line feed")]
    BareCarriageReturn,
    /// RFC 5322 §2.1.1
    #[error("a line is longer than 998 octets")]
    LineTooLong,
    /// RFC 5322 §4
    #[error("a NUL octet")]
    Nul,
    /// RFC 5322 §2.1
    #[error("no blank line ends the header block")]
    NoBody,
    /// The builder encodes everything: what is not ASCII was not built here.
    #[error("the body has octets beyond ASCII")]
    EightBitBody,
    /// RFC 6532 needs SMTPUTF8, and no address of this message does.
    #[error("the header block has octets beyond ASCII")]
    EightBitHeader,
    /// RFC 6532 §3.1
    #[error("the header block is not UTF-8")]
    NotUtf8,
    /// RFC 5322 §3.2.2
    #[error("a header field is folded in a way that is not allowed")]
    Fold,
    /// RFC 5322 §2.2
    #[error("a line in the header block is no header field")]
    NotAField,
    /// RFC 5322 §2.2
    #[error("a control character in the header block")]
    Control,
}
