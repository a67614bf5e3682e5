//! The log's name and Ed25519 key (C2SP signed-note, signature type 0x01).

use std::fmt;
use std::str::FromStr;

use data_encoding::{BASE64, HEXLOWER};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::encoding::from_base64;
use crate::hash::sha256;

/// Longest name of a key, in octets.
pub const KEY_NAME_OCTETS_MAX: usize = 256;
/// Ed25519, as the formats number it.
const ED25519_TYPE: u8 = 1;
const PUBLIC_OCTETS: usize = 32;

/// Why there is no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The name cannot be one of a key.
    #[error(
        "the name of a log's key has 1 to {KEY_NAME_OCTETS_MAX} octets and no space, control character or `+`"
    )]
    Name,
    /// Not `name+hash+base64`, another kind of key, or the hash does not fit.
    #[error("this is no verifier key of the form name+hash+key with an Ed25519 key")]
    Malformed,
    /// The private key cannot be read.
    #[error("the log's private key cannot be read")]
    Private,
}

/// What verifies a log's checkpoints: its name and public key, written `name+hash+base64(0x01 ‖ key)`.
#[derive(Clone, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    public: [u8; PUBLIC_OCTETS],
    id: [u8; 4],
}

impl Verifier {
    fn new(name: &str, public: [u8; PUBLIC_OCTETS]) -> Result<Self, KeyError> {
        if !is_key_name(name) {
            return Err(KeyError::Name);
        }
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519_TYPE], &public].concat());
        Ok(Self { name: name.to_owned(), public, id: [a, b, c, d] })
    }

    /// The name, which is the origin of the log's checkpoints.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four octets of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
    pub(crate) const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// RFC 8032 §5.1.7.
    pub(crate) fn is_signed(&self, text: &str, signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text.as_bytes(), signature).is_ok()
    }
}

impl FromStr for Verifier {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The name has no plus, the key may have some.
        let (name, rest) = text.split_once('+').ok_or(KeyError::Malformed)?;
        let (id, key) = rest.split_once('+').ok_or(KeyError::Malformed)?;
        if key.len() > BASE64.encode_len(1 + PUBLIC_OCTETS) {
            return Err(KeyError::Malformed);
        }
        let key = from_base64(key).ok_or(KeyError::Malformed)?;
        let public = match key.split_first() {
            Some((&ED25519_TYPE, public)) => public.try_into().map_err(|_| KeyError::Malformed)?,
            _ => return Err(KeyError::Malformed),
        };
        let verifier = Self::new(name, public)?;
        if id == HEXLOWER.encode(&verifier.id) { Ok(verifier) } else { Err(KeyError::Malformed) }
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64.encode(&[&[ED25519_TYPE][..], &self.public].concat());
        write!(f, "{}+{}+{key}", self.name, HEXLOWER.encode(&self.id))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What signs a log's checkpoints.
pub struct Signer {
    pair: Ed25519KeyPair,
    verifier: Verifier,
}

impl Signer {
    /// From the 32 octets of the private key (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::new(name, Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Private)?)
    }

    /// From PKCS#8, version 1 or 2 (RFC 8410 §7, RFC 5958).
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_pkcs8(name: &str, der: &[u8]) -> Result<Self, KeyError> {
        Self::new(name, Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| KeyError::Private)?)
    }

    fn new(name: &str, pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Private)?;
        Ok(Self { pair, verifier: Verifier::new(name, public)? })
    }

    /// What others verify with.
    #[must_use]
    pub const fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// RFC 8032 §5.1.6.
    pub(crate) fn signature(&self, text: &str) -> Vec<u8> {
        self.pair.sign(text.as_bytes()).as_ref().to_vec()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[signer of {}]", self.verifier)
    }
}

/// Signed-note, "Format": not empty, no Unicode space, no plus; and, as in all of a note, no control character.
pub(crate) fn is_key_name(name: &str) -> bool {
    (1..=KEY_NAME_OCTETS_MAX).contains(&name.len())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}
