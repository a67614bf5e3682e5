//! Proofs that a leaf is in a tree, and that a tree grew out of another: how to read them from stored nodes, and
//! how to verify them.

use std::ops::Range;

use crate::TreeHead;
use crate::frontier::{NodeId, SIZE_MAX, complete_nodes, fold};
use crate::hash::{EMPTY_ROOT, Hash};

/// Most hashes in a path: one for each level of a tree of [`SIZE_MAX`] leaves, and one more where it is a
/// consistency path (RFC 6962 §2.1.2).
pub const PATH_HASHES_MAX: usize = 64;

/// Why there is no such path, or why it proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// No such leaf, no such size, or a tree larger than the later one.
    #[error("the tree has no such leaf or size")]
    Range,
    /// Too many hashes or too few.
    #[error("the path has a wrong number of hashes")]
    Length,
    /// It leads to another root.
    #[error("the path leads to another root")]
    Root,
}

/// Which stored nodes make up a path, and how. First [`PathPlan::nodes`], to read them in one go; then
/// [`PathPlan::hashes`]. In a tree that is not stored, the nodes can be caught while [`crate::Frontier::append`]
/// runs over its leaves once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPlan(Vec<Range<u64>>);

impl PathPlan {
    /// The inclusion path of the leaf at `index` in the tree of the first `size` leaves: PATH of RFC 6962 §2.1.1.
    ///
    /// # Errors
    /// [`PathError::Range`].
    pub fn inclusion(index: u64, size: u64) -> Result<Self, PathError> {
        if index >= size || size > SIZE_MAX {
            return Err(PathError::Range);
        }
        let (mut ranges, mut rest) = (Vec::new(), 0..size);
        while rest.end - rest.start > 1 {
            let middle = middle(&rest);
            let other = if index < middle {
                middle..std::mem::replace(&mut rest.end, middle)
            } else {
                std::mem::replace(&mut rest.start, middle)..middle
            };
            ranges.push(other);
        }
        ranges.reverse();
        Ok(Self(ranges))
    }

    /// The consistency path from the first `old` leaves to the first `new`: PROOF of RFC 6962 §2.1.2. It is empty
    /// from nothing, and from a tree to itself.
    ///
    /// # Errors
    /// [`PathError::Range`].
    pub fn consistency(old: u64, new: u64) -> Result<Self, PathError> {
        if old > new || new > SIZE_MAX {
            return Err(PathError::Range);
        }
        let (mut ranges, mut rest) = (Vec::new(), 0..new);
        if old == 0 || old == new {
            return Ok(Self(ranges));
        }
        // SUBPROOF(m, D[n], b): down to the subtree that ends where the old tree ends.
        while rest.end > old {
            let middle = middle(&rest);
            let other = if old <= middle {
                middle..std::mem::replace(&mut rest.end, middle)
            } else {
                std::mem::replace(&mut rest.start, middle)..middle
            };
            ranges.push(other);
        }
        // b is true as long as nothing lies left of it: then it is the old tree, whose root the verifier has.
        if rest.start > 0 {
            ranges.push(rest);
        }
        ranges.reverse();
        Ok(Self(ranges))
    }

    /// The stored nodes that the path is made of, at most a few for each level.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.0.iter().flat_map(complete_nodes)
    }

    /// The path, from its stored nodes.
    ///
    /// # Errors
    /// Whatever `node` answers.
    pub fn hashes<E>(&self, mut node: impl FnMut(NodeId) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
        let mut path = Vec::with_capacity(self.0.len());
        for leaves in &self.0 {
            let subtrees = complete_nodes(leaves).map(&mut node).collect::<Result<Vec<_>, E>>()?;
            path.extend(fold(&subtrees));
        }
        Ok(path)
    }
}

/// Where RFC 6962 §2.1 splits two or more leaves: after the largest power of two smaller than their number.
fn middle(leaves: &Range<u64>) -> u64 {
    leaves.start + (leaves.end - leaves.start).next_power_of_two() / 2
}

/// Verifies that `leaf` is the hash of the leaf at `index` (RFC 9162 §2.1.3.2).
///
/// Size and root have to come from one checkpoint: a root alone does not tell its size, and some paths verify under
/// a neighbouring size too.
///
/// # Errors
/// [`PathError`].
pub fn verify_inclusion(leaf: &Hash, index: u64, path: &[Hash], tree: &TreeHead) -> Result<(), PathError> {
    if index >= tree.size || tree.size > SIZE_MAX {
        return Err(PathError::Range);
    }
    let mut climb = Climb { node: index, last: tree.size - 1 };
    let mut root = *leaf;
    for hash in path {
        root = match climb.step()? {
            Side::Left => Hash::node(hash, &root),
            Side::Right => Hash::node(&root, hash),
        };
    }
    climb.arrived()?;
    if root == tree.root { Ok(()) } else { Err(PathError::Root) }
}

/// Verifies that the leaves of `old` are the first leaves of `new`, unchanged and in their order (RFC 9162
/// §2.1.4.2). Every tree grew out of the empty one, and out of itself, by an empty path.
///
/// # Errors
/// [`PathError`].
pub fn verify_consistency(old: &TreeHead, new: &TreeHead, path: &[Hash]) -> Result<(), PathError> {
    if old.size > new.size || new.size > SIZE_MAX {
        return Err(PathError::Range);
    }
    if old.size == 0 || old.size == new.size {
        let root = if old.size == 0 { EMPTY_ROOT } else { new.root };
        return match path {
            [] if old.root == root => Ok(()),
            [] => Err(PathError::Root),
            _ => Err(PathError::Length),
        };
    }
    // Where the old tree is a complete subtree of the new one, its root is not repeated in the path.
    let (first, path) = if old.size.is_power_of_two() {
        (old.root, path)
    } else {
        path.split_first().map(|(first, rest)| (*first, rest)).ok_or(PathError::Length)?
    };
    let mut climb = Climb { node: old.size - 1, last: new.size - 1 };
    climb.skip(climb.node.trailing_ones());
    let (mut old_root, mut new_root) = (first, first);
    for hash in path {
        match climb.step()? {
            Side::Left => {
                old_root = Hash::node(hash, &old_root);
                new_root = Hash::node(hash, &new_root);
            }
            Side::Right => new_root = Hash::node(&new_root, hash),
        }
    }
    climb.arrived()?;
    if old_root == old.root && new_root == new.root { Ok(()) } else { Err(PathError::Root) }
}

/// The way up a tree, level by level: `fn` and `sn` of RFC 9162.
struct Climb {
    node: u64,
    last: u64,
}

/// On which side the next hash of the path stands.
enum Side {
    Left,
    Right,
}

impl Climb {
    fn step(&mut self) -> Result<Side, PathError> {
        if self.last == 0 {
            return Err(PathError::Length);
        }
        let right_edge = self.node == self.last;
        if right_edge && self.node & 1 == 0 {
            // Nothing stands right of the last node: it goes up alone until something stands left of it.
            self.skip(self.node.trailing_zeros());
        }
        let side = if right_edge || self.node & 1 == 1 { Side::Left } else { Side::Right };
        self.skip(1);
        Ok(side)
    }

    const fn skip(&mut self, levels: u32) {
        self.node >>= levels;
        self.last >>= levels;
    }

    const fn arrived(&self) -> Result<(), PathError> {
        if self.last == 0 { Ok(()) } else { Err(PathError::Length) }
    }
}
