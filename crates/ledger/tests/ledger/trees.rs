//! A tree with its stored nodes, and the naive tree of RFC 6962 §2.1 to hold it against.

use std::collections::BTreeMap;

use ledger::{EMPTY_ROOT, Frontier, Hash, NodeId, PathPlan, TreeHead};

/// Nodes as a store has them.
#[derive(Default, Clone)]
pub(crate) struct Stored {
    pub(crate) frontier: Frontier,
    pub(crate) nodes: BTreeMap<NodeId, Hash>,
}

impl Stored {
    pub(crate) fn of(leaves: &[Hash]) -> Self {
        let mut stored = Self::default();
        leaves.iter().for_each(|leaf| stored.append(*leaf));
        stored
    }

    pub(crate) fn append(&mut self, leaf: Hash) {
        let nodes = &mut self.nodes;
        self.frontier
            .append(leaf, |id, hash| {
                assert!(nodes.insert(id, hash).is_none(), "{id:?} comes into being twice");
            })
            .unwrap();
    }

    pub(crate) fn path(&self, plan: &PathPlan) -> Vec<Hash> {
        plan.hashes(|id| self.nodes.get(&id).copied().ok_or(id)).unwrap()
    }

    pub(crate) fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        self.path(&PathPlan::inclusion(index, size).unwrap())
    }

    pub(crate) fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        self.path(&PathPlan::consistency(old, new).unwrap())
    }

    pub(crate) fn head(&self, size: u64) -> TreeHead {
        let subtrees = Frontier::nodes(size).map(|id| self.nodes[&id]).collect();
        Frontier::new(size, subtrees).unwrap().head()
    }
}

/// Leaf hashes that differ.
pub(crate) fn leaves(number: u64) -> Vec<Hash> {
    (0..number).map(|index| Hash::leaf(&index.to_be_bytes())).collect()
}

/// MTH(D[n]), as it is written in the RFC.
pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            Hash::node(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH(m, D[n]), as it is written in the RFC.
pub(crate) fn naive_inclusion(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, other) = if index < k {
        (naive_inclusion(index, left), right)
    } else {
        (naive_inclusion(index - k, right), left)
    };
    path.push(naive_root(other));
    path
}

/// SUBPROOF(m, D[n], b), as it is written in the RFC.
pub(crate) fn naive_consistency(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if known { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, other) = if old <= k {
        (naive_consistency(old, left, known), right)
    } else {
        (naive_consistency(old - k, right, false), left)
    };
    path.push(naive_root(other));
    path
}

fn split(number: usize) -> usize {
    let mut k = 1;
    while k * 2 < number {
        k *= 2;
    }
    k
}
