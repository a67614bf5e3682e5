//! Backups: of the database alone, or of the wrapped keys alone (promise 11).

use std::fmt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use keys::{KeySetName, remove_key_sets};
use serde_json::json;

use crate::book::Act;
use crate::failure::Failure;
use crate::installation::Installation;

/// Copies the database; returns the time that it is of. `by`: who, where it is not the caller.
pub(crate) async fn database(
    installation: &Installation,
    file: &Path,
    by: Option<&str>,
) -> Result<Timestamp, Failure> {
    // Before the copy begins: what happens from here on may not be in it.
    let at = installation.now();
    installation.store.back_up(file, at).await?;
    let head = installation.store.ledger_head().await?;
    let act = Act::new("backup", "", json!({"at": at.to_string(), "ledger": head}));
    installation.record(&Act { by, ..act }).await?;
    Ok(at)
}

/// A set of keys that was written.
#[derive(Clone)]
pub(crate) struct KeySet {
    pub(crate) name: String,
    pub(crate) keys: u64,
    /// Sets that were older than they may become.
    pub(crate) removed: u64,
}

impl fmt::Display for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys in {}; {} old sets removed.", self.keys, self.name, self.removed)
    }
}

/// Copies the wrapped keys into a set of their own, and removes sets that are older than `keys.backup_days`.
pub(crate) async fn keys(
    installation: &Installation,
    folder: &Path,
    by: Option<&str>,
) -> Result<KeySet, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage("keys_backup", format!("the keys could not be backed up there: {error}"))
    };
    let now = installation.now();
    let days = installation.settings.keys.backup_days;
    let set = set_of(now)?;
    let keys = installation.keys.back_up(folder, &set).map_err(failed)?;
    let before = set_of(now - SignedDuration::from_hours(24 * i64::from(days)))?;
    let removed = remove_key_sets(folder, &before).map_err(failed)?;
    let act =
        Act::new("backup-keys", "", json!({"keys": keys, "removed_sets": removed, "backup_days": days}));
    installation.record(&Act { by, ..act }).await?;
    Ok(KeySet { name: set.as_str().to_owned(), keys, removed })
}

fn set_of(time: Timestamp) -> Result<KeySetName, Failure> {
    KeySetName::of_time(&time_in_name(time))
        .ok_or_else(|| Failure::unexpected("clock", "the clock of this machine is wrong"))
}

/// `20261123T233421Z`.
pub(crate) fn time_in_name(time: Timestamp) -> String {
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}
