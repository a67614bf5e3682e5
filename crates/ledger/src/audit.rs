//! A whole log, gone through entry by entry, and a log against what it once said.

use crate::content::Commitment;
use crate::frontier::{Frontier, FrontierError, NodeId, TreeHead};
use crate::hash::Hash;

/// What does not fit in a log. Entries are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The content or the salt of an entry is not what its leaf says.
    #[error("entry {index} is not the one that was recorded: it was altered, or stands in another's place")]
    Entry {
        /// Which one.
        index: u64,
    },
    /// A node of the tree is not what the entries below it make.
    #[error("the tree's node {index} at level {level} is not what its entries make: the tree was altered")]
    Node {
        /// Height above the leaves.
        level: u8,
        /// Place in its level.
        index: u64,
    },
    /// A node that should be stored is not there.
    #[error("the tree's node {index} at level {level} is missing: entries or their tree were removed")]
    Missing {
        /// Height above the leaves.
        level: u8,
        /// Place in its level.
        index: u64,
    },
    /// Entries were removed from the end.
    #[error(
        "the log has {size} entries, and had {before} when the checkpoint was signed: entries were removed"
    )]
    Shorter {
        /// Entries now.
        size: u64,
        /// Entries then.
        before: u64,
    },
    /// The first entries are not those of the checkpoint.
    #[error(
        "the log was rewritten before entry {before} of the checkpoint: an entry was altered, removed or moved"
    )]
    Rewritten {
        /// Entries then.
        before: u64,
    },
    /// More entries than a tree takes.
    #[error(transparent)]
    Frontier(#[from] FrontierError),
}

/// Goes through a log from its first entry and holds each entry against its stored leaf, and each node against the
/// entries below it.
///
/// It finds what does not fit within the log. Who can write everything can make everything fit again, and only a
/// checkpoint that lies elsewhere finds that out: see [`compare`].
#[derive(Debug, Clone, Default)]
pub struct Audit(Frontier);

impl Audit {
    /// The next entry, as its content and salt make it. `stored` gives the hash of a stored node, for the nodes that
    /// this entry completes.
    ///
    /// # Errors
    /// [`LogError`]: the first thing that does not fit. The audit cannot go on after it.
    pub fn entry(
        &mut self,
        commitment: &Commitment,
        mut stored: impl FnMut(NodeId) -> Option<Hash>,
    ) -> Result<(), LogError> {
        let mut found = Ok(());
        self.0.append(commitment.leaf(), |NodeId { level, index }, hash| {
            if found.is_ok() {
                found = match stored(NodeId { level, index }) {
                    Some(same) if same == hash => Ok(()),
                    Some(_) if level == 0 => Err(LogError::Entry { index }),
                    Some(_) => Err(LogError::Node { level, index }),
                    None => Err(LogError::Missing { level, index }),
                };
            }
        })?;
        found
    }

    /// Size and root of the entries so far. Where an older checkpoint has this size, it must have this root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.0.head()
    }
}

/// Holds a log of `size` entries against the head in an older checkpoint: its first entries must still make that
/// root. `stored` gives the hashes of the nodes [`Frontier::nodes`]`(checkpoint.size)`.
///
/// # Errors
/// [`LogError::Shorter`], [`LogError::Rewritten`], [`LogError::Missing`].
pub fn compare(
    checkpoint: &TreeHead,
    size: u64,
    mut stored: impl FnMut(NodeId) -> Option<Hash>,
) -> Result<(), LogError> {
    let before = checkpoint.size;
    if before > size {
        return Err(LogError::Shorter { size, before });
    }
    let subtrees = Frontier::nodes(before)
        .map(|node| stored(node).ok_or(LogError::Missing { level: node.level, index: node.index }))
        .collect::<Result<_, _>>()?;
    let head = Frontier::new(before, subtrees)?.head();
    if head == *checkpoint { Ok(()) } else { Err(LogError::Rewritten { before }) }
}
