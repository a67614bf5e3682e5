//! What the leaves of a tree commit to, octet for octet.

use std::fmt;

use ring::hmac;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::encoding::{base64, hex};
use crate::hash::{HASH_OCTETS, Hash, sha256};

/// Longest actor, in octets.
pub const ACTOR_OCTETS_MAX: usize = 1024;
/// Longest act, in octets.
pub const ACT_OCTETS_MAX: usize = 64;
/// Longest subject, in octets.
pub const SUBJECT_OCTETS_MAX: usize = 1024;
/// Longest detail, in octets: particulars, not documents.
pub const DETAIL_OCTETS_MAX: usize = 64 * 1024;
/// Longest word for a delivery's state, in octets.
pub const STATE_OCTETS_MAX: usize = 32;
/// Longest enhanced status code, in octets: `5.123.123` (RFC 3463 §2).
pub const ENHANCED_OCTETS_MAX: usize = 9;
/// Shortest fingerprint of a person, in octets.
pub const FINGERPRINT_OCTETS_MIN: usize = 16;
/// Longest fingerprint of a person, in octets.
pub const FINGERPRINT_OCTETS_MAX: usize = 32;

const VERSION: u8 = 1;
const ENTRY_LABEL: &str = "undisclosed entry";
const DELIVERY_LABEL: &str = "undisclosed delivery";
const TEXT_LABEL: &str = "undisclosed text";

/// A field of a content is too long, or too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the field `{field}` of an entry takes {min} to {max} octets")]
pub struct ContentError {
    /// Which one.
    pub field: &'static str,
    /// Fewest octets.
    pub min: usize,
    /// Most octets.
    pub max: usize,
}

/// 32 unpredictable octets, one lot for each leaf: without them nobody can try out what a leaf commits to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Salt(#[serde(with = "base64")] pub [u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[salt]")
    }
}

/// 32 unpredictable octets from which the salts of one campaign's deliveries come, so that a million salts need
/// not be stored. A salt that is disclosed tells nothing about the others.
pub struct SaltKey(Zeroizing<[u8; 32]>);

impl SaltKey {
    /// A key out of its octets.
    #[must_use]
    pub fn new(octets: [u8; 32]) -> Self {
        Self(Zeroizing::new(octets))
    }

    /// The salt of a delivery: HMAC-SHA-256 under this key over its number, eight octets big-endian (RFC 2104).
    #[must_use]
    pub fn salt(&self, number: u64) -> Salt {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*self.0);
        let mut salt = [0; 32];
        salt.copy_from_slice(hmac::sign(&key, &number.to_be_bytes()).as_ref());
        Salt(salt)
    }
}

impl fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[salt key]")
    }
}

/// What goes into the tree for a content. It tells nothing about it without the salt, and fits no other.
///
/// A field is text or octets with their number before them, four octets big-endian; so no two contents have the
/// same octets, and ten lines of any language rebuild them (`tests/python/verify.py`).
///
/// - The commitment is the SHA-256 of three fields: a label in ASCII, the salt, the content.
/// - The content of an entry, label `undisclosed entry`: the octet 0x01, `at` as eight octets big-endian (two's
///   complement), and the fields actor, act, subject, detail in UTF-8.
/// - The content of a delivery, label `undisclosed delivery`: the octet 0x01, `number` and `at` as eight octets
///   big-endian each, `status` as two, and the fields person, message (empty or 32 octets), state, enhanced.
/// - A text that somebody typed, label `undisclosed text`: itself, in UTF-8.
///
/// The octet 0x01 is the version of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitment(Hash);

impl Commitment {
    fn new(label: &str, salt: &Salt, content: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(3 * 4 + label.len() + salt.0.len() + content.len());
        for part in [label.as_bytes(), &salt.0, content] {
            push(&mut octets, part);
        }
        Self(Hash(sha256(&octets)))
    }

    /// The commitment to a text that can hold an address: it stands in an entry's detail, and the text lies elsewhere
    /// with a salt of its own, under a key that can be destroyed. At most [`DETAIL_OCTETS_MAX`].
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn of_text(text: &str, salt: &Salt) -> Result<Self, ContentError> {
        if text.len() > DETAIL_OCTETS_MAX {
            return Err(ContentError { field: "text", min: 0, max: DETAIL_OCTETS_MAX });
        }
        Ok(Self::new(TEXT_LABEL, salt, text.as_bytes()))
    }

    /// The commitment itself in base64.
    #[must_use]
    pub fn to_base64(&self) -> String {
        self.0.to_base64()
    }

    /// The hash of the leaf that holds this commitment.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        Hash::leaf(&self.0.0)
    }
}

/// One act that somebody will have to answer for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryContent {
    /// When, in microseconds since 1970, UTC.
    pub at: i64,
    /// Who. At most [`ACTOR_OCTETS_MAX`].
    pub actor: String,
    /// What, one word. At most [`ACT_OCTETS_MAX`].
    pub act: String,
    /// On what, by its name. At most [`SUBJECT_OCTETS_MAX`].
    pub subject: String,
    /// Particulars: JSON as it was written, to the octet. At most [`DETAIL_OCTETS_MAX`].
    pub detail: String,
}

impl EntryContent {
    /// The commitment to this content.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn commit(&self, salt: &Salt) -> Result<Commitment, ContentError> {
        let mut octets = vec![VERSION];
        octets.extend_from_slice(&self.at.to_be_bytes());
        field(&mut octets, "actor", self.actor.as_bytes(), 0, ACTOR_OCTETS_MAX)?;
        field(&mut octets, "act", self.act.as_bytes(), 0, ACT_OCTETS_MAX)?;
        field(&mut octets, "subject", self.subject.as_bytes(), 0, SUBJECT_OCTETS_MAX)?;
        field(&mut octets, "detail", self.detail.as_bytes(), 0, DETAIL_OCTETS_MAX)?;
        Ok(Commitment::new(ENTRY_LABEL, salt, &octets))
    }
}

impl fmt::Debug for EntryContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[entry]")
    }
}

/// The SHA-256 of a message. JSON holds it in hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(#[serde(with = "hex")] pub [u8; HASH_OCTETS]);

impl Digest {
    /// Of these octets.
    #[must_use]
    pub fn of(octets: &[u8]) -> Self {
        Self(sha256(octets))
    }

    /// In hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Out of hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let octets = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        octets.try_into().ok().map(Self)
    }
}

/// What became of one delivery of a campaign.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryContent {
    /// Its number, the one its salt comes from.
    pub number: u64,
    /// When it became so, in microseconds since 1970, UTC.
    pub at: i64,
    /// The person, as a fingerprint under the audience's key: nothing once that is destroyed. JSON holds it in
    /// hex. [`FINGERPRINT_OCTETS_MIN`] to [`FINGERPRINT_OCTETS_MAX`].
    #[serde(with = "hex")]
    pub person: Vec<u8>,
    /// The message's octets as they went out; none where none did.
    pub message: Option<Digest>,
    /// Its state, one word. At most [`STATE_OCTETS_MAX`].
    pub state: String,
    /// The relay's reply code (RFC 5321 §4.2); 0 where there was no reply.
    pub status: u16,
    /// The relay's enhanced status code (RFC 3463); empty where there was none. At most [`ENHANCED_OCTETS_MAX`].
    pub enhanced: String,
}

impl DeliveryContent {
    /// The commitment to this content.
    ///
    /// # Errors
    /// [`ContentError`].
    pub fn commit(&self, salt: &Salt) -> Result<Commitment, ContentError> {
        let message = self.message.as_ref().map_or(&[][..], |digest| &digest.0);
        let mut octets = vec![VERSION];
        octets.extend_from_slice(&self.number.to_be_bytes());
        octets.extend_from_slice(&self.at.to_be_bytes());
        octets.extend_from_slice(&self.status.to_be_bytes());
        field(&mut octets, "person", &self.person, FINGERPRINT_OCTETS_MIN, FINGERPRINT_OCTETS_MAX)?;
        field(&mut octets, "message", message, 0, HASH_OCTETS)?;
        field(&mut octets, "state", self.state.as_bytes(), 0, STATE_OCTETS_MAX)?;
        field(&mut octets, "enhanced", self.enhanced.as_bytes(), 0, ENHANCED_OCTETS_MAX)?;
        Ok(Commitment::new(DELIVERY_LABEL, salt, &octets))
    }
}

impl fmt::Debug for DeliveryContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[delivery]")
    }
}

fn field(
    out: &mut Vec<u8>,
    field: &'static str,
    octets: &[u8],
    min: usize,
    max: usize,
) -> Result<(), ContentError> {
    if !(min..=max).contains(&octets.len()) {
        return Err(ContentError { field, min, max });
    }
    push(out, octets);
    Ok(())
}

/// One field: four octets of length, and itself. What comes here is far below 2³² octets.
fn push(out: &mut Vec<u8>, octets: &[u8]) {
    let length = octets.len() as u32;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(octets);
}
