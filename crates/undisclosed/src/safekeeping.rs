//! What the console shows of backups and of the ledger.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use ledger::{EntryContent, NodeId};
use serde_json::Value;
use store::ENTRY_PAGE_MAX;
use web::{Answer, BackupFolder, BackupOf, Backups, Copied, LedgerEntry, LedgerPage, Verified};

use crate::backing_up::{database, keys, time_in_name};
use crate::book::Book;
use crate::desk::said;
use crate::errand::Errand;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::ledger_audit::{against, sign, verified};

/// Copies that a page names, the latest first.
const COPIES_SHOWN_MAX: usize = 50;

/// The program behind the console, for backups and the ledger.
pub(crate) struct Safekeeping {
    installation: Arc<Installation>,
    backing_up: Errand<String>,
    verifying: Errand<Verified>,
}

impl Safekeeping {
    pub(crate) fn new(installation: &Arc<Installation>) -> Self {
        Self {
            installation: installation.clone(),
            backing_up: Errand::default(),
            verifying: Errand::default(),
        }
    }
}

impl web::Safekeeping for Safekeeping {
    fn backups(&self) -> Answer<'_, Backups> {
        Box::pin(async move {
            let settings = &self.installation.settings;
            let under_way = self.backing_up.look().await;
            Ok(Backups {
                database: settings.backup.folder.as_deref().map(|folder| copies(folder, "undisclosed-")),
                keys: settings.backup.keys_folder.as_deref().map(|folder| copies(folder, "keys-")),
                keys_days: settings.keys.backup_days,
                under_way,
            })
        })
    }

    fn back_up<'a>(&'a self, what: BackupOf, by: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            let (settings, by) = (&self.installation.settings.backup, by.to_owned());
            let folder = match what {
                BackupOf::Database => &settings.folder,
                BackupOf::Keys => &settings.keys_folder,
            };
            let folder = folder.clone().ok_or_else(|| said(no_folder(what)))?;
            let installation = self.installation.clone();
            self.backing_up.begin(&self.installation, async move {
                match what {
                    BackupOf::Database => copy_database(&installation, folder, &by).await,
                    BackupOf::Keys => {
                        keys(&installation, &folder, Some(&by)).await.map(|set| set.to_string())
                    }
                }
            });
            Ok(())
        })
    }

    fn verification(&self) -> Answer<'_, web::Errand<Verified>> {
        Box::pin(async move { Ok(self.verifying.look().await) })
    }

    fn verify(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let installation = self.installation.clone();
            self.verifying.begin(&self.installation, async move { verify(&installation).await });
            Ok(())
        })
    }

    fn entries(&self, before: Option<u64>, limit: u32) -> Answer<'_, LedgerPage> {
        Box::pin(async move { page(&self.installation, before, limit).await.map_err(said) })
    }

    fn compare<'a>(&'a self, checkpoint: &'a str) -> Answer<'a, Result<u64, String>> {
        Box::pin(async move { compare(&self.installation, checkpoint).await.map_err(said) })
    }
}

fn no_folder(what: BackupOf) -> Failure {
    let setting = match what {
        BackupOf::Database => "backup.folder",
        BackupOf::Keys => "backup.keys_folder",
    };
    Failure::usage("backup", format!("it is not set where backups go ({setting}); nothing was written"))
}

async fn copy_database(installation: &Installation, folder: PathBuf, by: &str) -> Result<String, Failure> {
    let cannot = |error: std::io::Error| {
        Failure::usage("backup", format!("the folder of backups cannot be made: {}", error.kind()))
    };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(cannot)?;
    let file = folder.join(format!("undisclosed-{}.db", time_in_name(installation.now())));
    let at = database(installation, &file, Some(by)).await?;
    Ok(format!("The database of {}, without its keys.", at.strftime("%Y-%m-%d %H:%M:%S UTC")))
}

/// What lies in a folder of backups. One that cannot be read says so, and the page is shown all the same.
fn copies(folder: &Path, prefix: &str) -> BackupFolder {
    let path = folder.display().to_string();
    let Ok(found) = fs::read_dir(folder) else { return BackupFolder { path, copies: None } };
    let mut copies: Vec<Copied> = found
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok().filter(|name| name.starts_with(prefix))?;
            let facts = entry.metadata().ok()?;
            let at = facts.modified().ok().and_then(|time| Timestamp::try_from(time).ok())?;
            Some(Copied { name, at, octets: facts.is_file().then_some(facts.len()) })
        })
        .collect();
    copies.sort_by_key(|copied| std::cmp::Reverse(copied.at));
    copies.truncate(COPIES_SHOWN_MAX);
    BackupFolder { path, copies: Some(copies) }
}

async fn verify(installation: &Installation) -> Result<Verified, Failure> {
    let book = Book::open(installation).await?;
    let (head, accounts, restored) = verified(installation, &book).await?;
    let (entries, accounts) = (head.size, accounts as u64);
    let (checkpoint, verifier) = (sign(&book, head)?.to_string(), book.signer()?.verifier().to_string());
    Ok(Verified { entries, accounts, restored, checkpoint, verifier })
}

async fn compare(installation: &Installation, checkpoint: &str) -> Result<Result<u64, String>, Failure> {
    let book = Book::open(installation).await?;
    // What a browser sends has other line ends than what was signed.
    let note = format!("{}\n", checkpoint.replace("\r\n", "\n").trim_end());
    let size = installation.store.ledger_head().await?.size;
    let held = against(&installation.store, &book, note.as_bytes(), size).await?;
    Ok(held.map(|head| head.size).map_err(|finding| finding.to_string()))
}

/// Entries before this number, the latest first; each is held against its leaf, not against the whole tree.
async fn page(installation: &Installation, before: Option<u64>, limit: u32) -> Result<LedgerPage, Failure> {
    let (store, book) = (&installation.store, Book::open(installation).await?);
    let size = store.ledger_head().await?.size;
    let end = before.unwrap_or(size).min(size);
    let from = end.saturating_sub(u64::from(limit.min(ENTRY_PAGE_MAX)));
    let leaves: Vec<NodeId> = (from..end).map(|index| NodeId { level: 0, index }).collect();
    let nodes = store.ledger_nodes(&leaves).await?;
    let stored = store.ledger_entries(from).await?;
    let mut entries: Vec<LedgerEntry> = leaves
        .iter()
        .map(|leaf| {
            let entry = stored.iter().find(|entry| entry.number == leaf.index);
            let open = entry.zip(nodes.get(leaf)).and_then(|(entry, leaf)| book.read(entry, leaf));
            open.map_or_else(|| LedgerEntry::altered(leaf.index), |open| told(open.number, &open.content))
        })
        .collect();
    entries.reverse();
    Ok(LedgerPage { size, from, entries })
}

/// Particulars that somebody typed. They can name a person whether or not they lie under an audience's key, and every
/// role reads the ledger.
const TYPED: [&str; 2] = ["reason", "overridden"];

fn told(number: u64, content: &EntryContent) -> LedgerEntry {
    let detail: Value = serde_json::from_str(&content.detail).unwrap_or_default();
    let fields = detail.as_object().into_iter().flatten();
    let text = |name: &str, value: &Value| match value {
        Value::Null => "none".to_owned(),
        _ if TYPED.contains(&name) => "given; it is not shown here".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    LedgerEntry {
        number,
        at: Timestamp::from_microsecond(content.at).ok(),
        actor: content.actor.clone(),
        act: content.act.clone(),
        subject: content.subject.clone(),
        detail: fields.map(|(name, value)| (name.clone(), text(name, value))).collect(),
        is_altered: false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_somebody_typed_is_not_told_sealed_or_not() {
        let sealed = json!({"commitment": "ab", "text": "Ann Berg"});
        for detail in [
            json!({"scope": "all", "reason": "Ann Berg rang", "overridden": "Ann Berg insists"}),
            json!({"scope": "all", "reason": sealed, "overridden": null}),
        ] {
            let content = EntryContent {
                at: 0,
                actor: "officer".to_owned(),
                act: "suppress".to_owned(),
                subject: String::new(),
                detail: detail.to_string(),
            };
            let told = told(7, &content).detail;
            assert!(told.iter().all(|(_, value)| !value.contains("Berg")), "{told:?}");
            assert!(told.contains(&("scope".to_owned(), "all".to_owned())));
            assert!(told.iter().any(|(name, value)| name == "reason" && value.starts_with("given")));
        }
    }
}
