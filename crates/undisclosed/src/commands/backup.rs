//! `undisclosed backup`: the database alone, or the wrapped keys alone, never both in one place by one command's doing.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use keys::{KeySetName, remove_key_sets};
use serde_json::{Value, json};

use crate::answer::answer;
use crate::book::Act;
use crate::cli::{BackupArgs, General};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;

pub(crate) async fn run(general: &General, args: BackupArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    // The keys last: a key is durable before anything is sealed under it, so the set opens all of the backup.
    let mut object = json!({});
    let mut words = Vec::new();
    if let Some(file) = &args.file {
        let at = database(&installation, file).await?;
        object["at"] = at.to_string().into();
        words.push(format!("The database of {}, without its keys.", at.strftime("%Y-%m-%d %H:%M:%S UTC")));
    }
    if let Some(folder) = &args.keys {
        let set = keys(&installation, folder).await?;
        words.push(format!(
            "{} keys in {}; {} old sets removed.",
            set["keys"],
            set["set"].as_str().unwrap_or_default(),
            set["removed"]
        ));
        object["keys"] = set;
    }
    answer(general.json, &object, &words.join("\n"));
    Ok(Exit::Done)
}

async fn database(installation: &Installation, file: &Path) -> Result<Timestamp, Failure> {
    // Before the copy begins: what happens from here on may not be in it.
    let at = installation.now();
    installation.store.back_up(file, at).await?;
    let head = installation.store.ledger_head().await?;
    installation.record(&Act::new("backup", "", json!({"at": at.to_string(), "ledger": head}))).await?;
    Ok(at)
}

async fn keys(installation: &Installation, folder: &Path) -> Result<Value, Failure> {
    let failed = |error: std::io::Error| {
        Failure::usage("keys_backup", format!("the keys could not be backed up there: {error}"))
    };
    let now = installation.now();
    let days = installation.settings.keys.backup_days;
    let set = set_of(now)?;
    let keys = installation.keys.back_up(folder, &set).map_err(failed)?;
    let before = set_of(now - SignedDuration::from_hours(24 * i64::from(days)))?;
    let removed = remove_key_sets(folder, &before).map_err(failed)?;
    let detail = json!({"keys": keys, "removed_sets": removed, "backup_days": days});
    installation.record(&Act::new("backup-keys", "", detail)).await?;
    Ok(json!({"keys": keys, "set": set.as_str(), "removed": removed}))
}

fn set_of(time: Timestamp) -> Result<KeySetName, Failure> {
    KeySetName::of_time(&time.strftime("%Y%m%dT%H%M%SZ").to_string())
        .ok_or_else(|| Failure::unexpected("clock", "the clock of this machine is wrong"))
}
