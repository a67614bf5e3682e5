//! Octets in JSON: base64 as the C2SP formats have it, lower-case hex as `sha256sum` prints it.

use data_encoding::{BASE64, HEXLOWER};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

/// Canonical base64 (RFC 4648 §4) and nothing else. The library also takes several padded texts in a row, so that two
/// texts would stand for the same octets.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|octets| BASE64.encode(octets) == text)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(text.as_bytes()).ok()
}

fn decode<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
    decoder: fn(&str) -> Option<Vec<u8>>,
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    // The error names no content: what does not decode may be anything.
    let octets = decoder(&text).ok_or_else(|| D::Error::custom("octets are not encoded"))?;
    T::try_from(octets).map_err(|_| D::Error::custom("a wrong number of octets"))
}

/// RFC 4648 §4, padded, canonical.
pub(crate) mod base64 {
    use super::{BASE64, Deserializer, Serializer, decode, from_base64};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(octets))
    }

    pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
        decode(from_base64, d)
    }
}

/// RFC 4648 §8 in lower case.
pub(crate) mod hex {
    use super::{Deserializer, HEXLOWER, Serializer, decode, from_hex};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(octets))
    }

    pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(d: D) -> Result<T, D::Error> {
        decode(from_hex, d)
    }
}
