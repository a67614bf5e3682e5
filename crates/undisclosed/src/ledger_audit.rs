//! The whole ledger, gone through from its first entry.

use std::collections::{BTreeSet, HashMap, HashSet};

use ledger::{Audit, Checkpoint, DELIVERY_TREE, Frontier, LogError, NodeId, Note, TreeHead, compare};
use serde_json::{Value, json};
use store::{Audience, Campaign, ENTRY_PAGE_MAX, Store};

use crate::account::{self, Broken};
use crate::book::{Book, OpenEntry, Reason};
use crate::commands::restore;
use crate::erasing;
use crate::failure::Failure;
use crate::forgetting;
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
    /// Its numbers are others than those that were recorded.
    #[error("entry {0}, the account of a campaign: the counts are not those that were recorded")]
    Counts(u64),
    /// Gone, and nobody entered that it was forgotten.
    #[error(
        "the key of the audience \"{0}\" is not among the keys, and no entry says that it was forgotten: it was removed, \
         or this is another folder of keys"
    )]
    Key(String),
    /// The row says something else than the ledger.
    #[error("the ledger and the database do not agree whether the audience \"{0}\" was forgotten")]
    Forgotten(String),
    /// The ledger says it of an audience that is not there.
    #[error("an audience that the ledger says was forgotten is not in the database: its row was removed")]
    ForgottenRemoved,
    /// What lies apart from the tree.
    #[error("entry {0}: the reason that somebody typed is not the one that was recorded")]
    Reason(u64),
    /// The campaign's row says something else than the ledger.
    #[error(
        "the ledger has no approval of the campaign \"{0}\" by the one that the database names, as it stands there"
    )]
    Approval(String),
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

/// What an entry says of a campaign that ended.
struct Account {
    entry: u64,
    tree: TreeHead,
    counts: Value,
}

/// What the entries say that the database can be held against: the last account of each campaign, by the campaign's random
/// name; who agreed to what; what was forgotten.
pub(crate) struct Recorded<'a> {
    installation: &'a Installation,
    accounts: HashMap<String, Account>,
    /// Audiences that were forgotten, by their random names.
    forgotten: HashSet<String>,
    /// Entries whose reason is emptied, and those that the entry of an erasure says so of.
    emptied: BTreeSet<u64>,
    erased_reasons: HashSet<u64>,
    /// The last restore: its entry, and the time of the backup.
    restored: Option<(u64, String)>,
    /// Campaigns whose deliveries somebody changed by an act since.
    reopened: HashSet<String>,
    /// The last submission of each campaign and who made it, and the last approval and who gave it; by name.
    submitted: HashMap<String, (String, String)>,
    approved: HashMap<String, (String, String)>,
    /// The first thing that does not fit.
    found: Option<Finding>,
}

impl<'a> Recorded<'a> {
    pub(crate) fn new(installation: &'a Installation) -> Self {
        Self {
            installation,
            accounts: HashMap::new(),
            forgotten: HashSet::new(),
            emptied: BTreeSet::new(),
            erased_reasons: HashSet::new(),
            restored: None,
            reopened: HashSet::new(),
            submitted: HashMap::new(),
            approved: HashMap::new(),
            found: None,
        }
    }

    /// Takes note of an entry.
    pub(crate) fn note(&mut self, entry: &OpenEntry) {
        match self.installation.reason_of(entry) {
            Reason::Altered => _ = self.found.get_or_insert(Finding::Reason(entry.number)),
            Reason::Emptied => _ = self.emptied.insert(entry.number),
            _ => {}
        }
        let Ok(mut detail) = serde_json::from_str::<Value>(&entry.content.detail) else { return };
        match entry.content.act.as_str() {
            forgetting::ACT => {
                self.forgotten.extend(detail[forgetting::AUDIENCE].as_str().map(ToOwned::to_owned));
            }
            erasing::ACT => {
                let strings = |field: &str| detail[field].as_array().cloned().unwrap_or_default();
                let campaigns = strings(erasing::CAMPAIGNS);
                self.reopened.extend(campaigns.iter().filter_map(Value::as_str).map(ToOwned::to_owned));
                self.erased_reasons.extend(strings(erasing::REASONS).iter().filter_map(Value::as_u64));
            }
            restore::ACT => {
                let at = detail[restore::BACKUP_AT].as_str().unwrap_or("an unknown time");
                self.restored = Some((entry.number, at.to_owned()));
            }
            act => {
                if let Some(submission) = detail["submission"].as_str() {
                    let by = (submission.to_owned(), entry.content.actor.clone());
                    let steps = if act == "approve" { &mut self.approved } else { &mut self.submitted };
                    steps.insert(entry.content.subject.clone(), by);
                }
            }
        }
        let Some(campaign) = detail[account::CAMPAIGN].as_str() else { return };
        if entry.content.act != account::ACT {
            self.reopened.insert(campaign.to_owned());
            return;
        }
        let Ok(tree) = serde_json::from_value::<TreeHead>(detail[DELIVERY_TREE].clone()) else { return };
        let campaign = campaign.to_owned();
        let reopened = self.reopened.remove(&campaign);
        let account = Account { entry: entry.number, tree, counts: detail[account::COUNTS].take() };
        let before = self.accounts.insert(campaign, account);
        if !reopened && before.is_some() {
            self.found.get_or_insert(Finding::Account(entry.number));
        }
    }

    /// The entry and the tree of a campaign's account.
    pub(crate) fn of(&self, campaign: &Campaign) -> Option<(u64, TreeHead)> {
        self.accounts.get(&campaign.uid).map(|account| (account.entry, account.tree))
    }

    /// For whoever holds a checkpoint that does not fit: that a restore is recorded, if one is.
    pub(crate) fn restored(&self) -> Option<String> {
        self.restored.as_ref().map(|(entry, at)| {
            format!("Entry {entry} records a restore from a backup of {at}: what was entered after that time was lost by it")
        })
    }

    /// Holds the keys and the database against what was forgotten.
    async fn check_forgotten(&self) -> Result<Option<Finding>, Failure> {
        let installation = self.installation;
        for audience in installation.store.audiences().await? {
            if self.forgotten.contains(&audience.uid.0) {
                return Ok(Some(Finding::Forgotten(audience.name)));
            }
            let there = forgetting::key_name(&audience)
                .is_ok_and(|name| installation.keys.has(&name).unwrap_or(false));
            if !there {
                return Ok(Some(Finding::Key(audience.name)));
            }
        }
        let mut known = HashSet::new();
        for Audience { uid, name, .. } in
            installation.store.forgotten_audiences().await?.into_iter().map(|forgotten| forgotten.audience)
        {
            if !self.forgotten.contains(&uid.0) {
                return Ok(Some(Finding::Forgotten(name)));
            }
            known.insert(uid.0);
        }
        Ok((!self.forgotten.is_subset(&known)).then_some(Finding::ForgottenRemoved))
    }

    /// Whether the ledger has who submitted and who agreed to a campaign as its row has it.
    fn approval_holds(&self, campaign: &Campaign) -> bool {
        let approval = &campaign.approval;
        let Some(approver) = &approval.approver else { return true };
        let is = |steps: &HashMap<String, (String, String)>, who: &str| {
            steps.get(&campaign.name).is_some_and(|(what, by)| *what == approval.submission && by == who)
        };
        is(&self.submitted, &approval.author) && is(&self.approved, approver)
    }

    /// Holds every account against the deliveries, and every approval against the campaigns.
    pub(crate) async fn check(&self) -> Result<Result<usize, Finding>, Failure> {
        let installation = self.installation;
        if let Some(finding) = &self.found {
            return Ok(Err(finding.clone()));
        }
        if let Some(number) = self.emptied.iter().find(|number| !self.erased_reasons.contains(number)) {
            return Ok(Err(Finding::Reason(*number)));
        }
        if let Some(finding) = self.check_forgotten().await? {
            return Ok(Err(finding));
        }
        let store = &installation.store;
        let campaigns = store.campaigns().await?;
        if let Some(campaign) = campaigns.iter().find(|campaign| !self.approval_holds(campaign)) {
            return Ok(Err(Finding::Approval(campaign.name.clone())));
        }
        for (uid, Account { entry, tree, counts }) in &self.accounts {
            if self.reopened.contains(uid) {
                continue;
            }
            let Some(campaign) = campaigns.iter().find(|campaign| campaign.uid == *uid) else {
                return Ok(Err(Finding::Account(*entry)));
            };
            let audience = store.audience_of(campaign).await?;
            let salts = match audience.forgotten_at {
                Some(_) => None,
                None => Some(account::salts(&installation.audience_key(&audience)?, campaign)),
            };
            match account::check(store, campaign, salts.as_ref(), tree).await? {
                Some(Broken::Delivery(number)) => {
                    return Ok(Err(Finding::Delivery { entry: *entry, number }));
                }
                Some(Broken::Root) => return Ok(Err(Finding::Account(*entry))),
                None => {}
            }
            // All that can be held against a forgotten audience's deliveries, beside their leaves.
            if json!(store.counts(campaign.id).await?) != *counts {
                return Ok(Err(Finding::Counts(*entry)));
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

/// What was found ends the command with exit code 3.
pub(crate) fn found<T>(result: Result<T, Finding>) -> Result<T, Failure> {
    result.map_err(|finding| {
        Failure::somebody(
            "ledger",
            format!(
                "the ledger does not verify: {finding}. Keep the database as it is, and compare it with a backup and with \
                 checkpoints that were kept elsewhere"
            ),
        )
    })
}

/// Verifies everything: its head, the number of campaigns with accounts, and when it was restored, if it was.
pub(crate) async fn verified(
    installation: &Installation,
    book: &Book,
) -> Result<(TreeHead, usize, Option<String>), Failure> {
    let mut recorded = Recorded::new(installation);
    let head = found(audit(&installation.store, book, |entry| recorded.note(&entry)).await?)?;
    let accounts = found(recorded.check().await?)?;
    Ok((head, accounts, recorded.restored()))
}

/// A signed head: nothing is signed that does not verify.
pub(crate) async fn signed(installation: &Installation, book: &Book) -> Result<(Note, u64), Failure> {
    let (head, ..) = verified(installation, book).await?;
    Ok((sign(book, head)?, head.size))
}

/// Signs a head that was verified.
pub(crate) fn sign(book: &Book, head: TreeHead) -> Result<Note, Failure> {
    Checkpoint::sign(head, &book.signer()?)
        .map_err(|error| Failure::unexpected("checkpoint", error.to_string()))
}
