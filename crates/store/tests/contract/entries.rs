//! The ledger's rows: one after another, and in one commit with the act.

use campaign::CampaignEvent;
use jiff::SignedDuration;
use ledger::{Frontier, Hash, NodeId};
use store::{Confidence, SealedEntry, Store, StoreError};

use crate::two_people::{submission, submitted_campaign};
use crate::{Bench, NOW, act, contract, fine};

contract! {
    entries_make_a_tree_that_outlives_the_program,
    acts_at_once_are_entered_one_after_another,
    an_act_and_its_entry_are_one_commit,
}

async fn entries_make_a_tree_that_outlives_the_program(bench: Bench) {
    let mut expected = Frontier::default();
    for n in 0..7u8 {
        let entry = SealedEntry {
            leaf: Hash::leaf(&[n]),
            sealed: vec![n],
            confidence: (n == 3).then(|| Confidence {
                key_name: "k".to_owned(),
                row: Some(2),
                sealed: vec![9],
            }),
        };
        fine(expected.append(entry.leaf, |_, _| ()));
        assert_eq!(fine(bench.store.record(&entry).await), u64::from(n));
    }
    bench.store.close().await;
    let again = fine(Store::open(&bench.url).await);
    assert_eq!(fine(again.ledger_head().await), expected.head());
    let entries = fine(again.ledger_entries(2).await);
    assert_eq!(entries.iter().map(|e| e.number).collect::<Vec<_>>(), [2, 3, 4, 5, 6]);
    assert_eq!(entries[1].confidence.as_ref().map(|c| c.sealed.as_slice()), Some(&[9][..]));
    // Seven leaves make eleven complete subtrees, and those of a range are the ones it completed.
    assert_eq!(fine(again.ledger_nodes_of(0, 7).await).len(), 11);
    let of_third = fine(again.ledger_nodes_of(3, 4).await);
    assert_eq!(of_third.keys().map(|id| id.level).max(), Some(2));
    let ids: Vec<NodeId> = Frontier::nodes(6).collect();
    let nodes = fine(again.ledger_nodes(&ids).await);
    let six = fine(Frontier::new(6, ids.iter().map(|id| nodes[id]).collect())).head();
    assert_eq!(six.size, 6);
}

async fn acts_at_once_are_entered_one_after_another(bench: Bench) {
    let entries: Vec<SealedEntry> = (0..20u8)
        .map(|n| SealedEntry { leaf: Hash::leaf(&[n]), sealed: vec![n], confidence: None })
        .collect();
    let tasks: Vec<_> = entries
        .into_iter()
        .map(|entry| {
            let store = bench.store.clone();
            tokio::spawn(async move { store.record(&entry).await })
        })
        .collect();
    let mut places = Vec::new();
    for task in tasks {
        places.push(fine(fine(task.await)));
    }
    places.sort_unstable();
    assert_eq!(places, (0..20).collect::<Vec<_>>());
    assert_eq!(fine(bench.store.ledger_head().await).size, 20);
}

/// What is refused is not recorded, and what is done is: act and entry are one commit.
async fn an_act_and_its_entry_are_one_commit(bench: Bench) {
    let store = &bench.store;
    let id = submitted_campaign(store).await;
    assert_eq!(fine(store.ledger_head().await).size, 1);
    let by_author = store.approve(id, submission("m"), "uid 1", NOW, SignedDuration::ZERO, &act()).await;
    assert!(matches!(by_author, Err(StoreError::SamePerson)));
    let resumed = store.act_on_campaign(id, CampaignEvent::Resume, "", NOW, &act()).await;
    assert!(matches!(resumed, Err(StoreError::Transition(_))));
    assert_eq!(fine(store.ledger_head().await).size, 1);
    fine(store.approve(id, submission("m"), "uid 2", NOW, SignedDuration::ZERO, &act()).await);
    assert_eq!(fine(store.ledger_head().await).size, 2);
}
