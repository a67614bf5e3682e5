//! The hashes of the tree (RFC 6962 §2.1, RFC 9162 §2.1.1), with SHA-256.

use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::encoding::{base64, from_base64};

/// Length of a hash, in octets.
pub const HASH_OCTETS: usize = 32;

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 §2.1).
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of a leaf, of a node or of a whole tree. Debug shows hex, JSON and checkpoints hold base64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(#[serde(with = "base64")] pub [u8; HASH_OCTETS]);

impl Hash {
    /// The hash of a leaf: SHA-256(0x00 ‖ leaf). The prefix keeps a leaf from passing for a node.
    #[must_use]
    pub fn leaf(leaf: &[u8]) -> Self {
        let mut octets = Vec::with_capacity(1 + leaf.len());
        octets.push(0);
        octets.extend_from_slice(leaf);
        Self(sha256(&octets))
    }

    /// The hash of a node with two children: SHA-256(0x01 ‖ left ‖ right).
    #[must_use]
    pub fn node(left: &Self, right: &Self) -> Self {
        let mut octets = [1; 1 + 2 * HASH_OCTETS];
        octets[1..=HASH_OCTETS].copy_from_slice(&left.0);
        octets[1 + HASH_OCTETS..].copy_from_slice(&right.0);
        Self(sha256(&octets))
    }

    /// As a checkpoint writes it (RFC 4648 §4).
    #[must_use]
    pub fn to_base64(&self) -> String {
        BASE64.encode(&self.0)
    }

    /// Out of a checkpoint: canonical base64 of 32 octets, and nothing else.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        from_base64(text)?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

pub(crate) fn sha256(octets: &[u8]) -> [u8; HASH_OCTETS] {
    let mut out = [0; HASH_OCTETS];
    out.copy_from_slice(digest(&SHA256, octets).as_ref());
    out
}
