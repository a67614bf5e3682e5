//! The account of a campaign that has ended: a leaf for each delivery, and their root in the ledger (promise 10).

use std::collections::{HashMap, HashSet};

use keys::DataKey;
use ledger::{DELIVERY_TREE, DeliveryContent, Frontier, Hash, NodeId, PathPlan, SaltKey, TreeHead};
use serde_json::json;
use store::{AccountRow, Campaign, Store};

use crate::book::Act;
use crate::failure::Failure;
use crate::installation::Installation;

/// The word of an account's entry.
pub(crate) const ACT: &str = "account";
/// In its detail: how many deliveries stood where.
pub(crate) const COUNTS: &str = "counts";
/// In its detail: the campaign's random name.
pub(crate) const CAMPAIGN: &str = "campaign";

/// The salts of a campaign's deliveries: from the audience's key, and gone with it.
pub(crate) fn salts(key: &DataKey, campaign: &Campaign) -> SaltKey {
    SaltKey::new(*key.derive(format!("undisclosed account v1 {}", campaign.uid).as_bytes()))
}

/// What the account says of a delivery.
pub(crate) fn content(row: &AccountRow) -> DeliveryContent {
    DeliveryContent {
        number: row.number,
        at: row.settled_at.as_microsecond(),
        person: row.person.clone(),
        message: row.message,
        state: row.state.word().to_owned(),
        status: row.code,
        enhanced: row.enhanced.clone(),
    }
}

/// The leaf of a delivery as it stands. `None`: it cannot be made, for the person is not there any more.
pub(crate) fn leaf(row: &AccountRow, salts: &SaltKey) -> Option<Hash> {
    content(row).commit(&salts.salt(row.number)).ok().map(|commitment| commitment.leaf())
}

impl Installation {
    /// Closes the accounts of campaigns that have ended: of this process, or of one that was killed before it could.
    pub(crate) async fn close_accounts(&self) -> Result<(), Failure> {
        for name in self.store.unaccounted().await? {
            let campaign = self.store.campaign(&name).await?;
            let audience = self.store.audience_of(&campaign).await?;
            match self.audience_key(&audience) {
                Ok(key) => close(self, &campaign, &salts(&key, &campaign)).await?,
                // Another machine has the key, and closes it.
                Err(failure) if failure.code == "keys" => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }
}

async fn close(installation: &Installation, campaign: &Campaign, salts: &SaltKey) -> Result<(), Failure> {
    let store = &installation.store;
    let (mut tree, mut after) = (Frontier::default(), 0);
    let erased = store.erased_deliveries(campaign.id).await?;
    loop {
        let rows = store.account_rows(campaign, after).await?;
        let Some(last) = rows.last() else { break };
        after = last.number;
        let mut leaves = Vec::with_capacity(rows.len());
        for row in &rows {
            let leaf = leaf(row, salts).ok_or_else(|| {
                Failure::unexpected("account", "a delivery has no person; its account is left open")
            })?;
            append(&mut tree, leaf)?;
            leaves.push((row.number, leaf));
        }
        store.set_leaves(campaign.id, &leaves).await?;
    }
    let counts = store.counts(campaign.id).await?;
    let detail = json!({
        CAMPAIGN: campaign.uid, "state": campaign.state.word(), COUNTS: counts, DELIVERY_TREE: tree.head(),
    });
    // An outcome that came after the account was made is said first: without such a reason no account is made again.
    let late = match store.came_late(campaign.id).await? {
        true => {
            let act = Act::new("late outcome", &campaign.name, json!({CAMPAIGN: campaign.uid}));
            Some(installation.entry(&act).await?)
        }
        false => None,
    };
    let entry = installation.entry(&Act::new(ACT, &campaign.name, detail)).await?;
    store.close_account(campaign.id, erased, late.as_ref(), &entry).await?;
    Ok(())
}

fn append(tree: &mut Frontier, leaf: Hash) -> Result<(), Failure> {
    tree.append(leaf, |_, _| ()).map_err(|error| Failure::unexpected("account", error.to_string()))
}

/// Why an account does not hold.
pub(crate) enum Broken {
    /// This delivery is not the one that was recorded.
    Delivery(u64),
    /// A delivery was dropped, added or moved: the leaves make another root.
    Root,
}

/// Holds the deliveries of a campaign against the root in its account. Without salts, for an audience that was
/// forgotten, the leaves alone: nobody can tell any more what they stand for.
pub(crate) async fn check(
    store: &Store,
    campaign: &Campaign,
    salts: Option<&SaltKey>,
    recorded: &TreeHead,
) -> Result<Option<Broken>, Failure> {
    let (mut tree, mut after) = (Frontier::default(), 0);
    loop {
        let rows = store.account_rows(campaign, after).await?;
        let Some(last) = rows.last() else { break };
        after = last.number;
        for row in &rows {
            let stored = row.leaf.unwrap_or(Hash::leaf(&[]));
            if salts.is_some_and(|salts| leaf(row, salts) != Some(stored)) {
                return Ok(Some(Broken::Delivery(row.number)));
            }
            append(&mut tree, stored)?;
        }
    }
    Ok((tree.head() != *recorded).then_some(Broken::Root))
}

/// A delivery of a row, and the path from its leaf to the root of the account.
pub(crate) async fn path(
    store: &Store,
    campaign: &Campaign,
    row: u64,
    size: u64,
) -> Result<Option<(AccountRow, Vec<Hash>)>, Failure> {
    let mut after = 0;
    let found = loop {
        let rows = store.account_rows(campaign, after).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        after = last.number;
        if let Some(found) = rows.into_iter().find(|delivery| delivery.row == row) {
            break found;
        }
    };
    let damaged = || {
        Failure::somebody("ledger", "the account of the campaign does not hold: `undisclosed ledger verify`")
    };
    let plan = PathPlan::inclusion(found.number - 1, size).map_err(|_| damaged())?;
    let wanted: HashSet<NodeId> = plan.nodes().collect();
    let (mut nodes, mut tree, mut after) = (HashMap::new(), Frontier::default(), 0);
    // The tree is not stored: it is made once more, and the few nodes on the way are kept.
    loop {
        let rows = store.account_rows(campaign, after).await?;
        let Some(last) = rows.last() else { break };
        after = last.number;
        for delivery in &rows {
            tree.append(delivery.leaf.ok_or_else(damaged)?, |id, hash| {
                if wanted.contains(&id) {
                    nodes.insert(id, hash);
                }
            })
            .map_err(|_| damaged())?;
        }
    }
    let path = plan.hashes(|id| nodes.get(&id).copied().ok_or(())).map_err(|()| damaged())?;
    Ok(Some((found, path)))
}
