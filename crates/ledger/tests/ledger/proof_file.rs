//! The file that proves one entry, or one delivery.

use ledger::{
    Checkpoint, DELIVERY_TREE, DeliveryContent, Disclosed, EntryContent, Hash, Note, PATH_HASHES_MAX,
    PROOF_OCTETS_MAX, PathError, PathPlan, ProofError, ProofOfEntry, SaltKey, TreeHead, Verifier,
};
use proptest::prelude::*;

use crate::content::{delivery, entry};
use crate::note::{NAME, other_signer, signer};
use crate::trees::Stored;

/// A log of `size` entries, of which the third closes a campaign of `deliveries`.
pub(crate) struct Log {
    pub(crate) tree: Stored,
    contents: Vec<EntryContent>,
    campaign: Stored,
    deliveries: Vec<DeliveryContent>,
    salts: SaltKey,
}

pub(crate) const CAMPAIGN: u64 = 2;

impl Log {
    pub(crate) fn new(size: u64, deliveries: u64) -> Self {
        let salts = SaltKey::new([7; 32]);
        let deliveries: Vec<_> =
            (0..deliveries).map(|number| DeliveryContent { number, ..delivery() }).collect();
        let mut campaign = Stored::default();
        for content in &deliveries {
            campaign.append(content.commit(&salts.salt(content.number)).unwrap().leaf());
        }
        let detail =
            serde_json::json!({ "people": deliveries.len(), DELIVERY_TREE: campaign.frontier.head() });
        let contents: Vec<_> = (0..size)
            .map(|index| {
                let detail =
                    if index == CAMPAIGN { detail.to_string() } else { format!("\"{index} é\\n\"") };
                EntryContent { detail, at: i64::try_from(index).unwrap() - 1, ..entry() }
            })
            .collect();
        let mut tree = Stored::default();
        for (index, content) in (0..).zip(&contents) {
            tree.append(content.commit(&Self::salts_of_entries().salt(index)).unwrap().leaf());
        }
        Self { tree, contents, campaign, deliveries, salts }
    }

    fn salts_of_entries() -> SaltKey {
        SaltKey::new([8; 32])
    }

    pub(crate) fn head(&self) -> TreeHead {
        self.tree.frontier.head()
    }

    pub(crate) fn checkpoint(&self) -> Note {
        Checkpoint::sign(self.head(), &signer(NAME)).unwrap()
    }

    fn entry(&self, index: u64) -> Disclosed<EntryContent> {
        Disclosed {
            index,
            salt: Self::salts_of_entries().salt(index),
            content: self.contents[usize::try_from(index).unwrap()].clone(),
            path: self.tree.inclusion(index, self.head().size),
        }
    }

    fn delivery(&self, index: u64) -> Disclosed<DeliveryContent> {
        let content = self.deliveries[usize::try_from(index).unwrap()].clone();
        let path = self.campaign.inclusion(index, self.campaign.frontier.size());
        Disclosed { index, salt: self.salts.salt(content.number), content, path }
    }

    pub(crate) fn prove_entry(&self, index: u64) -> ProofOfEntry {
        ProofOfEntry::new(&self.checkpoint(), &key(), self.entry(index), None).unwrap()
    }

    pub(crate) fn prove_delivery(&self, index: u64) -> ProofOfEntry {
        let delivery = Some(self.delivery(index));
        ProofOfEntry::new(&self.checkpoint(), &key(), self.entry(CAMPAIGN), delivery).unwrap()
    }
}

pub(crate) fn key() -> Verifier {
    signer(NAME).verifier().clone()
}

#[test]
fn each_entry_and_each_delivery_is_proved() {
    let log = Log::new(13, 9);
    let proofs = (0..13).map(|i| log.prove_entry(i)).chain((0..9).map(|i| log.prove_delivery(i)));
    for proof in proofs {
        let read = ProofOfEntry::from_json(proof.to_json().unwrap().as_bytes()).unwrap();
        assert_eq!(read, proof);
        assert_eq!(read.verify(&key()).unwrap().head, log.head());
    }
}

#[test]
fn a_proof_tells_of_nobody_else() {
    let log = Log::new(13, 9);
    let json = log.prove_delivery(4).to_json().unwrap();
    assert_eq!((json.matches("\"content\"").count(), json.matches("\"salt\"").count()), (2, 2));
    for number in (0..9).filter(|n| *n != 4) {
        assert!(!json.contains(&data_encoding::BASE64.encode(&log.salts.salt(number).0)));
    }
    let proof = log.prove_delivery(4);
    assert_eq!(proof.entry().index, CAMPAIGN);
    assert_eq!(proof.delivery().unwrap().content.number, 4);
    let shown = format!("{proof:?}");
    assert!(!shown.contains("ann") && !shown.contains("accepted") && !shown.contains("survey"), "{shown}");
}

#[test]
fn a_wrong_proof_is_not_made() {
    let log = Log::new(13, 9);
    let make = |entry, delivery| ProofOfEntry::new(&log.checkpoint(), &key(), entry, delivery).unwrap_err();
    let moved = Disclosed { index: 5, ..log.entry(4) };
    assert_eq!(make(moved, None), ProofError::Entry(PathError::Root));
    assert_eq!(make(log.entry(3), Some(log.delivery(0))), ProofError::NoDeliveries);
    let moved = Disclosed { index: 1, ..log.delivery(0) };
    assert_eq!(make(log.entry(CAMPAIGN), Some(moved)), ProofError::Delivery(PathError::Root));
    let mut long = log.entry(4);
    long.path = vec![Hash([0; 32]); PATH_HASHES_MAX + 1];
    assert_eq!(make(long, None), ProofError::Entry(PathError::Length));
    let other = ProofOfEntry::new(&log.checkpoint(), other_signer(NAME).verifier(), log.entry(4), None);
    assert!(matches!(other, Err(ProofError::Checkpoint(_))));
}

#[test]
fn a_file_past_its_limit_is_refused() {
    let mut json = Log::new(3, 2).prove_entry(1).to_json().unwrap();
    json.push_str(&" ".repeat(PROOF_OCTETS_MAX - json.len()));
    assert!(ProofOfEntry::from_json(json.as_bytes()).is_ok());
    json.push(' ');
    assert_eq!(ProofOfEntry::from_json(json.as_bytes()), Err(ProofError::Malformed));
}

#[test]
fn the_largest_proof_stays_within_the_limit() {
    let detail = "\u{1}".repeat(ledger::DETAIL_OCTETS_MAX);
    let content = EntryContent { detail, ..entry() };
    let salt = SaltKey::new([1; 32]).salt(0);
    let mut tree = Stored::default();
    tree.append(content.commit(&salt).unwrap().leaf());
    let note = Checkpoint::sign(tree.frontier.head(), &signer(NAME)).unwrap();
    let (text, line) =
        note.to_string().split_once("\n\n").map(|(t, l)| (t.to_owned(), l.to_owned())).unwrap();
    // As many other signatures as a note takes, each octet of which JSON leaves as it is.
    let room = ledger::NOTE_OCTETS_MAX - text.len() - line.len() - 2;
    let filler = format!("— w {}\n", "AAAA".repeat((room - 7) / 4));
    let note = Note::parse(format!("{text}\n\n{line}{filler}").as_bytes()).unwrap();
    let entry = Disclosed { index: 0, salt, content, path: Vec::new() };
    let proof = ProofOfEntry::new(&note, &key(), entry, None).unwrap();
    assert!(ProofOfEntry::from_json(proof.to_json().unwrap().as_bytes()).is_ok());
}

#[test]
fn a_delivery_is_found_in_a_tree_that_is_not_stored() {
    // What a store does with a campaign: its deliveries once more, and of their tree only what one path needs.
    let log = Log::new(13, 100);
    let plan = PathPlan::inclusion(42, 100).unwrap();
    let wanted: Vec<_> = plan.nodes().collect();
    let (mut frontier, mut caught) = (ledger::Frontier::default(), std::collections::BTreeMap::new());
    for content in &log.deliveries {
        let leaf = content.commit(&log.salts.salt(content.number)).unwrap().leaf();
        let mut catch = |id, hash| wanted.contains(&id).then(|| caught.insert(id, hash)).map_or((), drop);
        frontier.append(leaf, &mut catch).unwrap();
    }
    assert_eq!(plan.hashes(|id| caught.get(&id).copied().ok_or(id)), Ok(log.delivery(42).path));
    assert!(wanted.len() < 20, "{}", wanted.len());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is altered in a file: it is no longer read or no longer verified, or it still says the same.
    #[test]
    fn an_altered_file_is_refused(at: prop::sample::Index, to in " -~", delivery: bool) {
        let log = Log::new(7, 5);
        let proof = if delivery { log.prove_delivery(3) } else { log.prove_entry(4) };
        let mut json = proof.to_json().unwrap().into_bytes();
        let at = at.index(json.len());
        json[at] = to.as_bytes()[0];
        if let Ok(read) = ProofOfEntry::from_json(&json) {
            prop_assert!(read == proof || read.verify(&key()).is_err());
        }
    }

    #[test]
    fn any_octets_are_a_proof_or_an_error(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(ProofOfEntry::from_json(&octets).is_err());
    }
}
