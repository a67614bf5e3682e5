//! A whole log, altered in every way that somebody with the database can alter it.

use std::collections::BTreeMap;

use ledger::{Audit, Commitment, EntryContent, Hash, LogError, NodeId, Salt, TreeHead, compare};
use proptest::prelude::*;

use crate::content::entry;
use crate::trees::Stored;

fn commitments(number: i64) -> Vec<Commitment> {
    let content = |at| EntryContent { at, ..entry() };
    (0..number).map(|at| content(at).commit(&Salt([at.to_be_bytes()[7]; 32])).unwrap()).collect()
}

fn stored(commitments: &[Commitment]) -> Stored {
    Stored::of(&commitments.iter().map(Commitment::leaf).collect::<Vec<_>>())
}

fn audit(commitments: &[Commitment], nodes: &BTreeMap<NodeId, Hash>) -> Result<TreeHead, LogError> {
    let mut audit = Audit::default();
    for commitment in commitments {
        audit.entry(commitment, |id| nodes.get(&id).copied())?;
    }
    Ok(audit.head())
}

#[test]
fn a_log_that_nobody_touched() {
    let log = commitments(100);
    let stored = stored(&log);
    assert_eq!(audit(&log, &stored.nodes), Ok(stored.frontier.head()));
    for size in 0..=100 {
        assert_eq!(compare(&stored.head(size), 100, |id| stored.nodes.get(&id).copied()), Ok(()));
    }
}

#[test]
fn each_altered_entry_is_named() {
    let (log, other) = (commitments(70), entry().commit(&Salt([200; 32])).unwrap());
    let stored = stored(&log);
    for index in 0..70_usize {
        let mut altered = log.clone();
        altered[index] = other;
        assert_eq!(audit(&altered, &stored.nodes), Err(LogError::Entry { index: index as u64 }));
    }
}

#[test]
fn entries_removed_and_moved_are_named() {
    let log = commitments(70);
    let stored = stored(&log);
    let mut removed = log.clone();
    removed.remove(31);
    assert_eq!(audit(&removed, &stored.nodes), Err(LogError::Entry { index: 31 }));
    let mut moved = log;
    moved.swap(12, 40);
    assert_eq!(audit(&moved, &stored.nodes), Err(LogError::Entry { index: 12 }));
    moved.swap(12, 40);
    moved.push(moved[0]);
    assert_eq!(audit(&moved, &stored.nodes), Err(LogError::Missing { level: 0, index: 70 }));
}

#[test]
fn each_altered_or_missing_node_is_named() {
    let log = commitments(33);
    let stored = stored(&log);
    for &id in stored.nodes.keys() {
        let NodeId { level, index } = id;
        let mut nodes = stored.nodes.clone();
        nodes.insert(id, Hash([0; 32]));
        let expected = if level == 0 { LogError::Entry { index } } else { LogError::Node { level, index } };
        assert_eq!(audit(&log, &nodes), Err(expected));
        nodes.remove(&id);
        assert_eq!(audit(&log, &nodes), Err(LogError::Missing { level, index }));
    }
}

#[test]
fn a_log_shorter_than_its_checkpoint() {
    let stored = stored(&commitments(9));
    let now = stored.head(8);
    let compared = compare(&stored.head(9), now.size, |id| stored.nodes.get(&id).copied());
    assert_eq!(compared, Err(LogError::Shorter { size: 8, before: 9 }));
}

#[test]
fn a_node_that_the_checkpoint_needs_is_missing() {
    let mut stored = stored(&commitments(9));
    let head = stored.head(9);
    stored.nodes.remove(&NodeId { level: 3, index: 0 });
    let compared = compare(&head, 9, |id| stored.nodes.get(&id).copied());
    assert_eq!(compared, Err(LogError::Missing { level: 3, index: 0 }));
}

#[test]
fn an_empty_checkpoint_with_a_root_is_none() {
    let head = TreeHead { size: 0, root: Hash([1; 32]) };
    assert_eq!(compare(&head, 5, |_| None), Err(LogError::Rewritten { before: 0 }));
}

proptest! {
    /// Whoever can write everything makes entries and tree fit again; the older checkpoint still tells.
    #[test]
    fn a_log_rewritten_whole_is_told_by_an_older_checkpoint(
        size in 1_usize..120, at: prop::sample::Index, kind in 0..4_u8, before in 1_u64..120,
    ) {
        let mut log = commitments(120);
        let old = stored(&log[..size]);
        prop_assume!(before <= size as u64);
        let (at, checkpoint) = (at.index(size), old.head(before));
        match kind {
            0 => log[at] = entry().commit(&Salt([200; 32])).unwrap(),
            1 => drop(log.remove(at)),
            2 => log.insert(at, entry().commit(&Salt([201; 32])).unwrap()),
            _ => log.swap(at, 119),
        }
        let new = stored(&log);
        prop_assert!(audit(&log, &new.nodes).is_ok());
        let touched = (at as u64) < before && (kind != 3 || at != 119);
        let expected = if touched { Err(LogError::Rewritten { before }) } else { Ok(()) };
        prop_assert_eq!(compare(&checkpoint, log.len() as u64, |id| new.nodes.get(&id).copied()), expected);
    }
}
