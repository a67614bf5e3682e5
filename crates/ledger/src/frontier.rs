//! The right edge of a growing tree: all that is needed to append, and to know size and root.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::hash::{EMPTY_ROOT, HASH_OCTETS, Hash};

/// Most leaves in a tree: what a signed 64-bit column counts to.
pub const SIZE_MAX: u64 = i64::MAX as u64;

/// Size and root: what a checkpoint says of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// The Merkle tree hash over them (RFC 6962 §2.1).
    pub root: Hash,
}

/// A complete subtree: the one over the 2^`level` leaves from `index` · 2^`level` on. A leaf is at level 0.
///
/// Its hash never changes once these leaves are there, so a store inserts it and never updates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// Height above the leaves, 0 to 62.
    pub level: u8,
    /// Place among the nodes of its level, from 0.
    pub index: u64,
}

/// Why there is no such frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    /// More leaves than [`SIZE_MAX`].
    #[error("a tree holds at most {SIZE_MAX} leaves")]
    Full,
    /// The number of hashes is not the number of complete subtrees of a tree of that size.
    #[error("this is not the frontier of a tree: the number of its hashes does not fit its size")]
    Damaged,
}

/// A tree as far as appending needs it: the hashes of the largest complete subtrees, from left to right, one for
/// each bit set in the size. Of a million leaves these are at most 20 hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The frontier of a tree with `size` leaves, from the hashes of [`Frontier::nodes`] in their order.
    ///
    /// # Errors
    /// [`FrontierError`].
    pub fn new(size: u64, subtrees: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > SIZE_MAX {
            return Err(FrontierError::Full);
        }
        if subtrees.len() != size.count_ones() as usize {
            return Err(FrontierError::Damaged);
        }
        Ok(Self { size, subtrees })
    }

    /// The nodes that make up the frontier, and so the root, of the first `size` leaves.
    pub fn nodes(size: u64) -> impl Iterator<Item = NodeId> {
        complete_nodes(&(0..size))
    }

    /// Appends the hash of a leaf and tells of each complete node that this brings into existence: the leaf first,
    /// then upwards. These are exactly the nodes that a store has to insert.
    ///
    /// # Errors
    /// [`FrontierError::Full`]; then nothing has changed.
    pub fn append(&mut self, leaf: Hash, mut created: impl FnMut(NodeId, Hash)) -> Result<(), FrontierError> {
        if self.size >= SIZE_MAX {
            return Err(FrontierError::Full);
        }
        created(NodeId { level: 0, index: self.size }, leaf);
        // Like a carry: each bit set at the low end of the size is a subtree as large as what is being added.
        let carries = self.size.trailing_ones() as usize;
        let kept = self.subtrees.len() - carries;
        let mut node = leaf;
        for (level, left) in (1_u8..).zip(self.subtrees.drain(kept..).rev()) {
            node = Hash::node(&left, &node);
            created(NodeId { level, index: self.size >> level }, node);
        }
        self.subtrees.push(node);
        self.size += 1;
        Ok(())
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.size, root: fold(&self.subtrees).unwrap_or(EMPTY_ROOT) }
    }

    /// Size as 8 octets, big-endian, and the hashes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let hashes = self.subtrees.iter().flat_map(|hash| hash.0);
        self.size.to_be_bytes().into_iter().chain(hashes).collect()
    }

    /// Reads what [`Frontier::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`FrontierError`].
    pub fn from_bytes(octets: &[u8]) -> Result<Self, FrontierError> {
        let (size, rest) = octets.split_first_chunk().ok_or(FrontierError::Damaged)?;
        let (hashes, rest) = rest.as_chunks::<HASH_OCTETS>();
        if !rest.is_empty() || hashes.len() > u64::BITS as usize {
            return Err(FrontierError::Damaged);
        }
        Self::new(u64::from_be_bytes(*size), hashes.iter().copied().map(Hash).collect())
    }
}

/// The complete subtrees that a range of leaves consists of, from left to right. The range begins where a subtree
/// of its size may begin, as all ranges of RFC 6962 §2.1 do.
pub(crate) fn complete_nodes(leaves: &Range<u64>) -> impl Iterator<Item = NodeId> + use<> {
    let (start, length) = (leaves.start, leaves.end - leaves.start);
    let levels = (0..64_u8).rev().filter(move |level| length >> level & 1 == 1);
    // What lies left of the subtree: the start, and the higher bits of the length.
    levels.map(move |level| NodeId { level, index: (start >> level) + (length >> level) - 1 })
}

/// The hash over complete subtrees that stand side by side; nothing for none.
pub(crate) fn fold(subtrees: &[Hash]) -> Option<Hash> {
    subtrees.iter().copied().rev().reduce(|right, left| Hash::node(&left, &right))
}
