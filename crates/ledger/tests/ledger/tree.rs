//! Roots, frontiers and the nodes that come into being.

use data_encoding::HEXLOWER;
use ledger::{Frontier, FrontierError, Hash, NodeId, SIZE_MAX};
use proptest::prelude::*;

use crate::trees::{Stored, leaves, naive_root};

/// The leaves of the test vectors of Certificate Transparency, and the roots of the first 0 to 8 of them.
pub(crate) const CT_LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const CT_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

pub(crate) fn ct_leaves() -> Vec<Hash> {
    CT_LEAVES.iter().map(|leaf| Hash::leaf(&HEXLOWER.decode(leaf.as_bytes()).unwrap())).collect()
}

#[test]
fn roots_of_certificate_transparency() {
    let mut stored = Stored::default();
    assert_eq!(format!("{:?}", stored.frontier.head().root), CT_ROOTS[0]);
    for (leaf, root) in ct_leaves().into_iter().zip(&CT_ROOTS[1..]) {
        stored.append(leaf);
        assert_eq!(format!("{:?}", stored.frontier.head().root), *root);
    }
}

#[test]
fn a_frontier_has_the_root_of_the_whole_tree() {
    let (all, mut stored) = (leaves(300), Stored::default());
    for (size, leaf) in (1..).zip(&all) {
        stored.append(*leaf);
        let head = stored.frontier.head();
        assert_eq!(head.root, naive_root(&all[..size]));
        assert_eq!(head, stored.head(size as u64), "read back from the stored nodes");
        assert_eq!(Frontier::from_bytes(&stored.frontier.to_bytes()), Ok(stored.frontier.clone()));
    }
    for size in 0..=300 {
        assert_eq!(stored.head(size).root, naive_root(&all[..usize::try_from(size).unwrap()]));
    }
}

#[test]
fn each_complete_node_comes_into_being_once_with_its_last_leaf() {
    let all = leaves(130);
    let (mut frontier, mut seen) = (Frontier::default(), 0);
    for (index, leaf) in (0_u64..).zip(&all) {
        frontier
            .append(*leaf, |node, hash| {
                let first = usize::try_from(node.index << node.level).unwrap();
                let end = first + (1 << node.level);
                assert_eq!(end as u64, index + 1, "{node:?} is complete with this leaf");
                assert_eq!(hash, naive_root(&all[first..end]));
                seen += 1;
            })
            .unwrap();
    }
    let complete: u64 = (0..8).map(|level| 130 >> level).sum();
    assert_eq!(seen, complete);
}

#[test]
fn a_frontier_of_a_wrong_length_is_refused() {
    let octets = Stored::of(&leaves(6)).frontier.to_bytes();
    assert_eq!(octets.len(), 8 + 2 * 32);
    for length in (0..octets.len()).filter(|length| *length != 8 + 2 * 32) {
        assert_eq!(Frontier::from_bytes(&octets[..length]), Err(FrontierError::Damaged), "{length}");
    }
    let mut other_size = octets.clone();
    other_size[7] = 7;
    assert_eq!(Frontier::from_bytes(&other_size), Err(FrontierError::Damaged));
    let long = [octets.as_slice(), &[0; 32]].concat();
    assert_eq!(Frontier::from_bytes(&long), Err(FrontierError::Damaged));
}

#[test]
fn a_tree_is_full_at_its_limit() {
    let hashes = vec![Hash([1; 32]); 63];
    let mut full = Frontier::new(SIZE_MAX, hashes).unwrap();
    let before = full.clone();
    let appended = full.append(Hash([2; 32]), |node, _| panic!("{node:?} in a full tree"));
    assert_eq!((appended, &full), (Err(FrontierError::Full), &before));
    assert_eq!(Frontier::new(SIZE_MAX + 1, vec![Hash([1; 32])]), Err(FrontierError::Full));
    let octets = [&(SIZE_MAX + 1).to_be_bytes()[..], &[0; 32]].concat();
    assert_eq!(Frontier::from_bytes(&octets), Err(FrontierError::Full));
}

#[test]
fn the_last_leaf_that_fits_completes_nothing_above_it() {
    // SIZE_MAX is odd: the last leaf stands alone, 62 subtrees left of it.
    let mut nearly = Frontier::new(SIZE_MAX - 1, vec![Hash([1; 32]); 62]).unwrap();
    let mut created = Vec::new();
    nearly.append(Hash([2; 32]), |node, _| created.push(node)).unwrap();
    assert_eq!(created, [NodeId { level: 0, index: SIZE_MAX - 1 }]);
    assert_eq!(Frontier::nodes(SIZE_MAX).count(), 63);
}

proptest! {
    #[test]
    fn any_octets_are_a_frontier_or_an_error(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(frontier) = Frontier::from_bytes(&octets) {
            prop_assert_eq!(frontier.to_bytes(), octets);
        }
    }
}
