//! `undisclosed restore` and `restored`: a database put back, by us or by another tool. What happened since the backup is
//! not in it, so whatever was not final then is in doubt (promise 3), and the ledger says so.

use jiff::Timestamp;
use ledger::TreeHead;
use serde_json::json;
use store::{Gap, Restore};

use crate::answer::{answer, note};
use crate::book::Act;
use crate::cli::{General, RestoreArgs, RestoredArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;

/// The word of its entry.
pub(crate) const ACT: &str = "restore";
/// In its detail: the time of the backup.
pub(crate) const BACKUP_AT: &str = "backup_at";

/// Puts a backup in the place of the database.
pub(crate) async fn restore(general: &General, args: RestoreArgs) -> Result<Exit, Failure> {
    let parts = Installation::parts(general.config.as_deref(), general.database.as_deref())?;
    parts.caller.person()?;
    let restore = Restore::begin(&args.file, &parts.database, &parts.place.folder().join("data")).await?;
    // All of it happens in the copy; the database is as it was until the copy takes its place.
    let copy = parts.with(restore.copy.clone())?;
    let at = copy.store.backup_mark().await?.ok_or(store::StoreError::NotABackup)?;
    let gap = Gap { from: at, to: copy.now() };
    let unread = restore.replaced.is_none();
    let doubts = enter(&copy, gap, restore.replaced).await?;
    copy.finish_forgetting().await?;
    let kept = format!("undisclosed.db.before-{}", gap.to.strftime("%Y%m%dT%H%M%S%fZ"));
    restore.finish(&kept).await?;
    told(general, gap, doubts);
    if unread {
        note(
            general.json,
            "The database before could not be read, so suppressions made since the backup are lost: enter them again first.",
        );
    }
    note(general.json, "On SQLite the database before is kept beside it; delete it when you are sure.");
    Ok(Exit::Done)
}

/// After another tool put the database back: a snapshot of the machine, `pg_restore`, `cp`.
pub(crate) async fn restored(general: &General, args: RestoredArgs) -> Result<Exit, Failure> {
    let parts = Installation::parts(general.config.as_deref(), general.database.as_deref())?;
    parts.caller.person()?;
    let installation = parts.open().await?;
    let store = &installation.store;
    let mark = store.backup_mark().await?;
    if mark.is_none() && !args.yes {
        return Err(Failure::usage(
            "not_confirmed",
            "this database is not one that `undisclosed backup` wrote. If a snapshot or another tool put it back, `--yes`: then \
             everything that is not final is in doubt, and no campaign goes on by itself. Nothing was changed",
        ));
    }
    let from = match mark {
        Some(at) => at,
        None => store.last_activity().await?,
    };
    let gap = Gap { from, to: installation.now() };
    let doubts = enter(&installation, gap, None).await?;
    installation.finish_forgetting().await?;
    told(general, gap, doubts);
    Ok(Exit::Done)
}

async fn enter(installation: &Installation, gap: Gap, replaced: Option<TreeHead>) -> Result<u64, Failure> {
    let backup = installation.store.ledger_head().await?;
    let detail =
        json!({BACKUP_AT: gap.from.to_string(), "ledger_of_backup": backup, "ledger_replaced": replaced});
    let entry = installation.entry(&Act::new(ACT, "", detail)).await?;
    Ok(installation.store.mark_gap(gap, &entry).await?)
}

fn told(general: &General, gap: Gap, doubts: u64) {
    let when = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    answer(
        general.json,
        &json!({"backup_at": gap.from.to_string(), "restored_at": gap.to.to_string(), "in_doubt": doubts}),
        &format!(
            "Restored as of {}. {doubts} deliveries are in doubt: they may have been made before {}. No campaign goes on by \
             itself.",
            when(gap.from),
            when(gap.to)
        ),
    );
    note(
        general.json,
        "Next: `undisclosed reconcile` with the relay's log of that time settles who was written to. Imports and campaigns \
         made since the backup are not in it.",
    );
}
