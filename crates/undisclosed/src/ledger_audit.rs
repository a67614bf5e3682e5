//! The whole ledger, gone through from its first entry.

use std::collections::{HashMap, HashSet};

use ledger::{Audit, Checkpoint, DELIVERY_TREE, Frontier, LogError, NodeId, TreeHead, compare};
use serde_json::Value;
use store::{Campaign, ENTRY_PAGE_MAX, Store};

use crate::account::{self, Broken};
use crate::book::{Book, OpenEntry};
use crate::failure::Failure;
use crate::installation::Installation;

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Finding {
    /// Within the log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A row is not there.
    #[error("entry {0} is missing: it was removed")]
    Removed(u64),
    /// The account of a campaign.
    #[error("entry {entry}, the account of a campaign: delivery {number} is not the one that was recorded")]
    Delivery {
        /// The entry with the account.
        entry: u64,
        /// The delivery's number in the campaign.
        number: u64,
    },
    /// A delivery is gone, or there are more, or the campaign is gone.
    #[error(
        "entry {0}, the account of a campaign: deliveries were removed, added or moved, or another account was made"
    )]
    Account(u64),
    /// The size or root that the log says it has.
    #[error(
        "the ledger's head does not belong to its entries: it was altered, or entries were removed or added"
    )]
    Head,
}

/// Goes through all entries; each that fits is handed to `each`. Ends at the first that does not.
pub(crate) async fn audit(
    store: &Store,
    book: &Book,
    mut each: impl FnMut(OpenEntry),
) -> Result<Result<TreeHead, Finding>, Failure> {
    let head = store.ledger_head().await?;
    let mut audit = Audit::default();
    // What is recorded meanwhile is another day's.
    while audit.head().size < head.size {
        let from = audit.head().size;
        let entries = store.ledger_entries(from).await?;
        let nodes = store.ledger_nodes_of(from, from + u64::from(ENTRY_PAGE_MAX)).await?;
        if entries.is_empty() {
            return Ok(Err(Finding::Removed(from)));
        }
        for (index, entry) in (from..head.size).zip(&entries) {
            if entry.number != index {
                return Ok(Err(Finding::Removed(index)));
            }
            let Some(leaf) = nodes.get(&NodeId { level: 0, index }) else {
                return Ok(Err(LogError::Missing { level: 0, index }.into()));
            };
            let Some(open) = book.read(entry, leaf) else {
                return Ok(Err(LogError::Entry { index }.into()));
            };
            if let Err(error) = audit.entry(&open.commitment, |id| nodes.get(&id).copied()) {
                return Ok(Err(error.into()));
            }
            each(open);
        }
    }
    // Entries behind the head are new ones, or the head was set back.
    let more = !store.ledger_entries(head.size).await?.is_empty() && store.ledger_head().await? == head;
    Ok(if audit.head() == head && !more { Ok(head) } else { Err(Finding::Head) })
}

/// The last account of each campaign, by the campaign's random name.
#[derive(Default)]
pub(crate) struct Accounts {
    accounts: HashMap<String, (u64, TreeHead)>,
    /// Campaigns whose deliveries somebody changed by an act since.
    reopened: HashSet<String>,
    /// Made again without such an act.
    unexplained: Option<u64>,
}

impl Accounts {
    /// Takes note of an entry.
    pub(crate) fn note(&mut self, entry: &OpenEntry) {
        let Ok(detail) = serde_json::from_str::<Value>(&entry.content.detail) else { return };
        let Some(campaign) = detail[account::CAMPAIGN].as_str() else { return };
        if entry.content.act != account::ACT {
            self.reopened.insert(campaign.to_owned());
            return;
        }
        let Ok(tree) = serde_json::from_value::<TreeHead>(detail[DELIVERY_TREE].clone()) else { return };
        let before = self.accounts.insert(campaign.to_owned(), (entry.number, tree));
        if !self.reopened.remove(campaign) && before.is_some() {
            self.unexplained.get_or_insert(entry.number);
        }
    }

    /// The entry and the tree of a campaign's account.
    pub(crate) fn of(&self, campaign: &Campaign) -> Option<(u64, TreeHead)> {
        self.accounts.get(&campaign.uid).copied()
    }

    /// Holds every account against the deliveries.
    pub(crate) async fn check(&self, installation: &Installation) -> Result<Result<usize, Finding>, Failure> {
        if let Some(entry) = self.unexplained {
            return Ok(Err(Finding::Account(entry)));
        }
        let store = &installation.store;
        let campaigns = store.campaigns().await?;
        for (uid, (entry, tree)) in &self.accounts {
            if self.reopened.contains(uid) {
                continue;
            }
            let Some(campaign) = campaigns.iter().find(|campaign| campaign.uid == *uid) else {
                return Ok(Err(Finding::Account(*entry)));
            };
            let audience = store.audience_of(campaign).await?;
            let salts = account::salts(&installation.audience_key(&audience)?, campaign);
            match account::check(store, campaign, &salts, tree).await? {
                Some(Broken::Delivery(number)) => {
                    return Ok(Err(Finding::Delivery { entry: *entry, number }));
                }
                Some(Broken::Root) => return Ok(Err(Finding::Account(*entry))),
                None => {}
            }
        }
        Ok(Ok(self.accounts.len()))
    }
}

/// Holds the ledger against a checkpoint that was kept elsewhere.
pub(crate) async fn against(
    store: &Store,
    book: &Book,
    note: &[u8],
    size: u64,
) -> Result<Result<TreeHead, Finding>, Failure> {
    let checkpoint = Checkpoint::open(note, book.signer()?.verifier()).map_err(|error| {
        Failure::usage("checkpoint", format!("{error}. Is it a checkpoint of this installation?"))
    })?;
    let ids: Vec<NodeId> = Frontier::nodes(checkpoint.head.size.min(size)).collect();
    let nodes = store.ledger_nodes(&ids).await?;
    let held = compare(&checkpoint.head, size, |id| nodes.get(&id).copied());
    Ok(held.map(|()| checkpoint.head).map_err(Finding::from))
}
