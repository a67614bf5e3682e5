//! Inclusion and consistency: every path of the RFC verifies, and nothing else does.

use ledger::{
    Hash, PATH_HASHES_MAX, PathError, PathPlan, SIZE_MAX, TreeHead, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

use crate::tree::ct_leaves;
use crate::trees::{Stored, leaves, naive_consistency, naive_inclusion};

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut octets = hash.0;
    octets[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash(octets)
}

#[test]
fn every_inclusion_path_verifies() {
    let all = leaves(300);
    let stored = Stored::of(&all);
    for size in (1_u64..=40).chain([63, 64, 65, 127, 128, 129, 255, 256, 257, 299, 300]) {
        let head = stored.head(size);
        for index in 0..size {
            let path = stored.inclusion(index, size);
            let at = usize::try_from(index).unwrap();
            assert_eq!(path, naive_inclusion(at, &all[..usize::try_from(size).unwrap()]));
            assert_eq!(verify_inclusion(&all[at], index, &path, &head), Ok(()), "{index} of {size}");
        }
    }
}

#[test]
fn consistent_for_all_pairs() {
    let all = leaves(130);
    let stored = Stored::of(&all);
    for new in 0..=130_u64 {
        for old in 0..=new {
            let path = stored.consistency(old, new);
            if old > 0 {
                let tree = &all[..usize::try_from(new).unwrap()];
                assert_eq!(path, naive_consistency(usize::try_from(old).unwrap(), tree, true));
            }
            let (old_head, new_head) = (stored.head(old), stored.head(new));
            assert_eq!(verify_consistency(&old_head, &new_head, &path), Ok(()), "{old} to {new}");

            let long = [path.as_slice(), &[Hash([9; 32])]].concat();
            assert_eq!(verify_consistency(&old_head, &new_head, &long), Err(PathError::Length));
            if let Some((_, short)) = path.split_last() {
                assert_eq!(verify_consistency(&old_head, &new_head, short), Err(PathError::Length));
            }
            let other = TreeHead { root: flip(old_head.root, 3), ..old_head };
            assert_eq!(verify_consistency(&other, &new_head, &path), Err(PathError::Root));
        }
    }
}

#[test]
fn a_path_speaks_of_one_older_size_alone() {
    let stored = Stored::of(&leaves(70));
    for new in 2..=70_u64 {
        for old in 1..=new {
            let (path, first, second) = (stored.consistency(old, new), stored.head(old), stored.head(new));
            for size in (0..=70).filter(|size| *size != old) {
                let other = TreeHead { size, ..first };
                assert!(verify_consistency(&other, &second, &path).is_err(), "{old} as {size} to {new}");
            }
        }
    }
}

#[test]
fn the_paths_printed_in_rfc_6962() {
    // §2.1.3: the tree of seven leaves. a to f are the first leaf hashes, g to l the nodes above, j is the seventh.
    let tree = ct_leaves();
    let stored = Stored::of(&tree[..7]);
    let (a, b, c, d, e, f, j) = (tree[0], tree[1], tree[2], tree[3], tree[4], tree[5], tree[6]);
    let (g, h, i) = (Hash::node(&a, &b), Hash::node(&c, &d), Hash::node(&e, &f));
    let (k, l) = (Hash::node(&g, &h), Hash::node(&i, &j));
    assert_eq!(stored.inclusion(0, 7), [b, h, l]);
    assert_eq!(stored.inclusion(3, 7), [c, g, l]);
    assert_eq!(stored.inclusion(4, 7), [f, j, k]);
    assert_eq!(stored.inclusion(6, 7), [i, k]);
    assert_eq!(stored.consistency(3, 7), [c, d, g, l]);
    assert_eq!(stored.consistency(4, 7), [l]);
    assert_eq!(stored.consistency(6, 7), [i, j, k]);
}

#[test]
fn no_path_beyond_the_tree() {
    for (index, size) in [(0, 0), (1, 1), (7, 7), (u64::MAX, 7), (0, SIZE_MAX + 1)] {
        assert_eq!(PathPlan::inclusion(index, size), Err(PathError::Range));
        let head = TreeHead { size, root: Hash([0; 32]) };
        assert_eq!(verify_inclusion(&Hash([0; 32]), index, &[], &head), Err(PathError::Range));
    }
    for (old, new) in [(1, 0), (8, 7), (1, SIZE_MAX + 1), (u64::MAX, u64::MAX)] {
        assert_eq!(PathPlan::consistency(old, new), Err(PathError::Range));
        let head = |size| TreeHead { size, root: Hash([0; 32]) };
        assert_eq!(verify_consistency(&head(old), &head(new), &[]), Err(PathError::Range));
    }
}

#[test]
fn the_longest_paths_stay_within_the_limit() {
    let longest = |plan: PathPlan| {
        let read = plan.nodes().count();
        (plan.hashes(|_| Ok::<_, ()>(Hash([0; 32]))).unwrap().len(), read)
    };
    for index in [0, 1, SIZE_MAX / 2, SIZE_MAX - 1] {
        let (hashes, reads) = longest(PathPlan::inclusion(index, SIZE_MAX).unwrap());
        assert!(hashes <= PATH_HASHES_MAX && reads <= 2 * PATH_HASHES_MAX, "{hashes} hashes, {reads} reads");
    }
    for old in [1, 3, SIZE_MAX / 2 + 2, SIZE_MAX - 1] {
        let (hashes, reads) = longest(PathPlan::consistency(old, SIZE_MAX).unwrap());
        assert!(hashes <= PATH_HASHES_MAX && reads <= 2 * PATH_HASHES_MAX, "{hashes} hashes, {reads} reads");
        // The verifier reaches the end of the largest tree.
        let head = |size| TreeHead { size, root: Hash([7; 32]) };
        let path = vec![Hash([0; 32]); hashes];
        assert_eq!(verify_consistency(&head(old), &head(SIZE_MAX), &path), Err(PathError::Root));
    }
}

#[derive(Debug, Clone, Copy)]
enum Alteration {
    Leaf(usize),
    Root(usize),
    Hash(usize, usize),
    Index(u64),
    Drop(usize),
    Double(usize),
    Swap(usize),
    Append,
}

fn alteration() -> impl Strategy<Value = Alteration> {
    prop_oneof![
        (0..256_usize).prop_map(Alteration::Leaf),
        (0..256_usize).prop_map(Alteration::Root),
        (any::<usize>(), 0..256_usize).prop_map(|(at, bit)| Alteration::Hash(at, bit)),
        (0..310_u64).prop_map(Alteration::Index),
        any::<usize>().prop_map(Alteration::Drop),
        any::<usize>().prop_map(Alteration::Double),
        any::<usize>().prop_map(Alteration::Swap),
        Just(Alteration::Append),
    ]
}

/// Alters a path; false where that leaves it as it was.
fn alter(path: &mut Vec<Hash>, alteration: Alteration) -> bool {
    let length = path.len();
    match alteration {
        Alteration::Append => path.push(Hash([5; 32])),
        _ if length == 0 => return false,
        Alteration::Hash(at, bit) => path[at % length] = flip(path[at % length], bit),
        Alteration::Drop(at) => drop(path.remove(at % length)),
        Alteration::Double(at) => path.insert(at % length, path[at % length]),
        Alteration::Swap(at) => {
            path.swap(at % length, (at % length + 1) % length);
            return length > 1;
        }
        _ => return false,
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_altered_inclusion_fails(size in 1_u64..=300, index: prop::sample::Index, how in alteration()) {
        let all = leaves(size);
        let stored = Stored::of(&all);
        let at = index.index(all.len());
        let (mut leaf, mut index, mut head) = (all[at], at as u64, stored.frontier.head());
        let mut path = stored.inclusion(index, size);
        prop_assert_eq!(verify_inclusion(&leaf, index, &path, &head), Ok(()));
        match how {
            Alteration::Leaf(bit) => leaf = flip(leaf, bit),
            Alteration::Root(bit) => head.root = flip(head.root, bit),
            Alteration::Index(other) => {
                prop_assume!(other != index);
                index = other;
            }
            how => prop_assume!(alter(&mut path, how)),
        }
        prop_assert!(verify_inclusion(&leaf, index, &path, &head).is_err());
    }

    #[test]
    fn an_altered_consistency_fails(new in 2_u64..=300, old: prop::sample::Index, how in alteration()) {
        let old = 1 + old.index(usize::try_from(new).unwrap() - 1) as u64;
        let stored = Stored::of(&leaves(new));
        let (mut first, mut second) = (stored.head(old), stored.head(new));
        let mut path = stored.consistency(old, new);
        prop_assert_eq!(verify_consistency(&first, &second, &path), Ok(()));
        match how {
            Alteration::Leaf(bit) => first.root = flip(first.root, bit),
            Alteration::Root(bit) => second.root = flip(second.root, bit),
            // Another size for the same root; size 0 and the same size are trees of their own.
            Alteration::Index(other) => {
                prop_assume!(other != old);
                first.size = other;
            }
            how => prop_assume!(alter(&mut path, how)),
        }
        prop_assert!(verify_consistency(&first, &second, &path).is_err());
    }

    #[test]
    fn a_path_does_not_lead_to_the_root_of_another_size(
        size in 1_u64..=300, other in 1_u64..=300, index: prop::sample::Index,
    ) {
        prop_assume!(size != other);
        let all = leaves(size.max(other));
        let stored = Stored::of(&all);
        let at = index.index(usize::try_from(size.min(other)).unwrap());
        let path = stored.inclusion(at as u64, size);
        // The root of another size never fits this path.
        prop_assert!(verify_inclusion(&all[at], at as u64, &path, &stored.head(other)).is_err());
    }
}
