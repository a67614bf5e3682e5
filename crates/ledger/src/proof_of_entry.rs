//! The file that proves one entry, or one delivery, and discloses nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::content::{Commitment, ContentError, DeliveryContent, EntryContent, Salt};
use crate::frontier::TreeHead;
use crate::hash::Hash;
use crate::key::Verifier;
use crate::note::{NOTE_OCTETS_MAX, Note};
use crate::path::{PathError, verify_inclusion};
use crate::{DETAIL_OCTETS_MAX, PATH_HASHES_MAX};

/// Largest file of a proof, in octets: a note and a detail, with each octet of them written as `\u0000`, and room
/// for the rest.
pub const PROOF_OCTETS_MAX: usize = 6 * (NOTE_OCTETS_MAX + DETAIL_OCTETS_MAX) + 64 * 1024;
/// The member of a campaign's entry's detail that holds the [`TreeHead`] of its deliveries.
pub const DELIVERY_TREE: &str = "delivery_tree";

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Not a file of this form, or above a limit.
    #[error(
        "this is no proof of an entry of at most {PROOF_OCTETS_MAX} octets, or it was damaged on its way"
    )]
    Malformed,
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A field above its limit.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The entry is not in the tree of the checkpoint.
    #[error("the entry is not the one that was recorded: {0}")]
    Entry(PathError),
    /// The entry says nothing of a tree of deliveries.
    #[error("the entry is not one that closes a campaign's deliveries")]
    NoDeliveries,
    /// The delivery is not in the tree of the campaign's entry.
    #[error("the delivery is not the one that was recorded: {0}")]
    Delivery(PathError),
}

/// One leaf of a tree, disclosed: where it is, what it commits to, and the way to the root.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosed<Content> {
    /// Which leaf, from 0.
    pub index: u64,
    /// The salt of the commitment.
    pub salt: Salt,
    /// What the leaf commits to.
    pub content: Content,
    /// The inclusion path, from the leaf upwards; at most [`PATH_HASHES_MAX`].
    pub path: Vec<Hash>,
}

impl<Content> fmt::Debug for Disclosed<Content> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[leaf {}]", self.index)
    }
}

/// A JSON file that proves one entry to whoever has the log's verifier key; where it has a delivery too, that the
/// delivery is in the tree of which the entry, its campaign's, holds the head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofOfEntry {
    format: Format,
    checkpoint: String,
    entry: Disclosed<EntryContent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delivery: Option<Disclosed<DeliveryContent>>,
}

/// Says what the file is, and the version of its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Format {
    #[serde(rename = "undisclosed proof of entry v1")]
    V1,
}

impl ProofOfEntry {
    /// Puts a proof together, and verifies it before anybody gets it.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn new(
        checkpoint: &Note,
        key: &Verifier,
        entry: Disclosed<EntryContent>,
        delivery: Option<Disclosed<DeliveryContent>>,
    ) -> Result<Self, ProofError> {
        let proof = Self { format: Format::V1, checkpoint: checkpoint.to_string(), entry, delivery };
        proof.verify(key)?;
        Ok(proof)
    }

    /// Verifies signature, paths and commitments, and gives the checkpoint under which they hold.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(&self, key: &Verifier) -> Result<Checkpoint, ProofError> {
        let checkpoint = Checkpoint::open(self.checkpoint.as_bytes(), key)?;
        let entry = &self.entry;
        included(entry, &entry.content.commit(&entry.salt)?, &checkpoint.head).map_err(ProofError::Entry)?;
        if let Some(delivery) = &self.delivery {
            let tree = delivery_tree(&entry.content.detail).ok_or(ProofError::NoDeliveries)?;
            included(delivery, &delivery.content.commit(&delivery.salt)?, &tree)
                .map_err(ProofError::Delivery)?;
        }
        Ok(checkpoint)
    }

    /// The entry. Believe it after [`ProofOfEntry::verify`].
    #[must_use]
    pub const fn entry(&self) -> &Disclosed<EntryContent> {
        &self.entry
    }

    /// The delivery. Believe it after [`ProofOfEntry::verify`].
    #[must_use]
    pub const fn delivery(&self) -> Option<&Disclosed<DeliveryContent>> {
        self.delivery.as_ref()
    }

    /// The file.
    ///
    /// # Errors
    /// [`ProofError::Malformed`]: never for a proof that was made or read here.
    pub fn to_json(&self) -> Result<String, ProofError> {
        serde_json::to_string_pretty(self).map_err(|_| ProofError::Malformed)
    }

    /// Reads a file; nothing is verified yet.
    ///
    /// # Errors
    /// [`ProofError::Malformed`].
    pub fn from_json(octets: &[u8]) -> Result<Self, ProofError> {
        if octets.len() > PROOF_OCTETS_MAX {
            return Err(ProofError::Malformed);
        }
        serde_json::from_slice(octets).map_err(|_| ProofError::Malformed)
    }
}

fn included<C>(leaf: &Disclosed<C>, commitment: &Commitment, tree: &TreeHead) -> Result<(), PathError> {
    if leaf.path.len() > PATH_HASHES_MAX {
        return Err(PathError::Length);
    }
    verify_inclusion(&commitment.leaf(), leaf.index, &leaf.path, tree)
}

fn delivery_tree(detail: &str) -> Option<TreeHead> {
    #[derive(Deserialize)]
    struct Detail {
        delivery_tree: TreeHead,
    }
    serde_json::from_str(detail).ok().map(|detail: Detail| detail.delivery_tree)
}
