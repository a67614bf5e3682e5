//! The whole ledger, gone through from its first entry.

use ledger::{Audit, Checkpoint, Frontier, LogError, NodeId, TreeHead, compare};
use store::{ENTRY_PAGE_MAX, Store};

use crate::book::{Book, OpenEntry};
use crate::failure::Failure;

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Finding {
    /// Within the log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A row is not there.
    #[error("entry {0} is missing: it was removed")]
    Removed(u64),
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
