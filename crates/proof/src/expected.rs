//! What may be seen in a message to one person.

use std::collections::HashSet;

use mail::{Address, Limits, Reason, Uninspected, read_file};
use ring::digest::{SHA256, digest};

use crate::Refusal;

/// Addresses approved to be shown to everybody: sender, reply-to, contacts.
#[derive(Debug, Clone, Default)]
pub struct PublicList(HashSet<Address>);

impl PublicList {
    /// A list with nobody on it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `address` may be shown to everybody.
    #[must_use]
    pub fn contains(&self, address: &Address) -> bool {
        self.0.contains(address)
    }

    /// Whether an address on it has a local part that needs SMTPUTF8 (RFC 6531).
    pub(crate) fn needs_smtputf8(&self) -> bool {
        self.0.iter().any(Address::needs_smtputf8)
    }
}

impl FromIterator<Address> for PublicList {
    fn from_iter<I: IntoIterator<Item = Address>>(addresses: I) -> Self {
        Self(addresses.into_iter().collect())
    }
}

impl Extend<Address> for PublicList {
    fn extend<I: IntoIterator<Item = Address>>(&mut self, addresses: I) {
        self.0.extend(addresses);
    }
}

/// An attachment, read once for the whole campaign. A message may carry it, and nothing that differs by one octet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedAttachment {
    octets: usize,
    sha256: [u8; 32],
    could_not_inspect: Vec<Uninspected>,
}

impl InspectedAttachment {
    /// SHA-256 of the content, decoded.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// What in it could not be read, for the approver to look at: nobody else will.
    #[must_use]
    pub fn could_not_inspect(&self) -> &[Uninspected] {
        &self.could_not_inspect
    }

    pub(crate) fn is(&self, content: &[u8]) -> bool {
        // The length first: most parts are told apart without hashing them.
        self.octets == content.len() && self.sha256 == sha256(content)
    }
}

fn sha256(content: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, content).as_ref());
    hash
}

/// Inspects an attachment, once a campaign.
///
/// What cannot be read in it (a PDF, a picture) is no refusal: it is listed in
/// [`InspectedAttachment::could_not_inspect`], for the approver to decide on.
///
/// # Errors
/// [`Refusal::AttachmentStranger`] if an address can be found in it, or in its name, that is not public;
/// [`Refusal::AttachmentTooLarge`] if it is too large to tell.
pub fn inspect_attachment(
    file_name: &str,
    content_type: &str,
    bytes: &[u8],
    public: &PublicList,
) -> Result<InspectedAttachment, Refusal> {
    let limits = Limits::default();
    let name = read_file("text/plain", file_name.as_bytes(), &limits);
    let content = read_file(content_type, bytes, &limits);
    for sighting in name.sightings.iter().chain(&content.sightings) {
        if !sighting.readings().any(|a| public.contains(a)) {
            return Err(Refusal::AttachmentStranger(sighting.place.clone()));
        }
    }
    let too_large = |u: &Uninspected| matches!(u.reason, Reason::MessageTooLong | Reason::TooMuchText);
    if content.uninspected.iter().any(too_large) {
        return Err(Refusal::AttachmentTooLarge);
    }
    Ok(InspectedAttachment {
        octets: bytes.len(),
        sha256: sha256(bytes),
        could_not_inspect: content.uninspected,
    })
}

/// What may be seen in a message to this one person.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    pub(crate) recipient: &'a Address,
    pub(crate) public: &'a PublicList,
    pub(crate) message_id: &'a str,
    pub(crate) content_ids: &'a [String],
    pub(crate) list_headers: &'a [(String, String)],
    pub(crate) signatures: &'a [String],
    pub(crate) attachments: &'a [InspectedAttachment],
    pub(crate) reverse_path: Option<&'a Address>,
}

impl<'a> Expected<'a> {
    /// A message to `recipient` with this Message-ID (`<` and `>` included), without attachments, List-* fields or
    /// pictures, and with the null reverse-path (RFC 5321 §4.5.5) until another is given.
    #[must_use]
    pub fn new(recipient: &'a Address, public: &'a PublicList, message_id: &'a str) -> Self {
        Self {
            recipient,
            public,
            message_id,
            content_ids: &[],
            list_headers: &[],
            signatures: &[],
            attachments: &[],
            reverse_path: None,
        }
    }

    /// The Content-IDs that were sealed, without `<` and `>`.
    #[must_use]
    pub fn content_ids(mut self, content_ids: &'a [String]) -> Self {
        self.content_ids = content_ids;
        self
    }

    /// The List-* fields that were sealed: name and value, unfolded. All of them must be there, and no other. Their
    /// values may hold addresses that are derived for each delivery, so they are compared and not scanned.
    #[must_use]
    pub fn list_headers(mut self, list_headers: &'a [(String, String)]) -> Self {
        self.list_headers = list_headers;
        self
    }

    /// The DKIM-Signature fields that were made for this message: their values, unfolded. A hash and a signature are
    /// noise, and in one of some million signatures what Base64 leaves of it looks like an address. That is nobody's
    /// where the whole field is, octet by octet, the one that the signer made.
    #[must_use]
    pub fn signatures(mut self, signatures: &'a [String]) -> Self {
        self.signatures = signatures;
        self
    }

    /// The attachments that the message may carry.
    #[must_use]
    pub fn attachments(mut self, attachments: &'a [InspectedAttachment]) -> Self {
        self.attachments = attachments;
        self
    }

    /// The envelope sender.
    #[must_use]
    pub fn reverse_path(mut self, reverse_path: &'a Address) -> Self {
        self.reverse_path = Some(reverse_path);
        self
    }

    pub(crate) fn needs_smtputf8(&self) -> bool {
        self.recipient.needs_smtputf8() || self.reverse_path.is_some_and(Address::needs_smtputf8)
    }
}
