//! A backup put back in the place of the database. The gap is entered in a copy of the backup, and only then does the
//! copy take the database's place, in one step: no process ever sees a restored database that would go on sending.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ledger::TreeHead;
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::backup::{WorkFolder, connect};
use crate::copy::{copy, tables};
use crate::dialect::Dialect;
use crate::in_use::{InUse, folder_of};
use crate::{DatabaseUrl, Store, StoreError};

/// How often it is looked whether somebody is still connected, before that is so.
const OTHERS_LOOKS_MAX: u32 = 20;
/// Between two looks.
const OTHERS_LOOK: Duration = Duration::from_millis(50);

/// A restore under way.
pub struct Restore {
    /// The copy of the backup, in this release's form: what it is to become is written into it.
    pub copy: Store,
    /// The ledger of the database that is replaced, if that can be read; then its suppressions are in the copy, and
    /// whoever was disabled or revoked there is so here.
    pub replaced: Option<TreeHead>,
    file: PathBuf,
    work: WorkFolder,
    target: DatabaseUrl,
    in_use: Option<InUse>,
}

impl std::fmt::Debug for Restore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[restore]")
    }
}

impl Restore {
    /// Begins: nobody else may have the database open. `folder` is where the work is done (PostgreSQL).
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::NotABackup`].
    pub async fn begin(backup: &Path, target: &DatabaseUrl, folder: &Path) -> Result<Self, StoreError> {
        let (in_use, beside) = match target {
            DatabaseUrl::Sqlite(path) => (Some(InUse::alone(path)?), path.clone()),
            DatabaseUrl::Postgres(_) => (None, folder.join("undisclosed.db")),
        };
        let work = WorkFolder::beside(&beside)?;
        let file = work.file();
        let mut source = fs::File::open(backup)?;
        let mut copied = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
        std::io::copy(&mut source, &mut copied)?;
        drop(copied);
        check(&file).await?;
        let copy = Store::open(&DatabaseUrl::Sqlite(file.clone())).await?;
        let replaced = replaced(target, &copy).await;
        Ok(Self { copy, replaced, file, work, target: target.clone(), in_use })
    }

    /// Ends: the copy becomes the database. On SQLite the one before is kept under `kept`, beside it; on PostgreSQL its
    /// rows are replaced in one transaction.
    ///
    /// # Errors
    /// [`StoreError::InUse`] on PostgreSQL while others are connected. Then the database is as it was.
    pub async fn finish(self, kept: &str) -> Result<(), StoreError> {
        match &self.target {
            DatabaseUrl::Sqlite(path) => {
                self.copy.close().await;
                replace(&self.file, path, kept)?;
            }
            DatabaseUrl::Postgres(url) => {
                copy_in(&self.copy, url).await?;
                self.copy.close().await;
            }
        }
        drop((self.work, self.in_use));
        Ok(())
    }
}

/// Whether `backup` wrote it, to its end: then it has its mark.
async fn check(file: &Path) -> Result<(), StoreError> {
    let not = |_| StoreError::NotABackup;
    let mut connection = connect(file).await.map_err(not)?;
    let whole: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|_| StoreError::NotABackup)?;
    let mark: Option<i64> = sqlx::query_scalar("SELECT at FROM backup_mark WHERE id = 1")
        .fetch_optional(&mut connection)
        .await
        .map_err(|_| StoreError::NotABackup)?;
    connection.close().await?;
    if whole == "ok" && mark.is_some() { Ok(()) } else { Err(StoreError::NotABackup) }
}

/// Size and root of the ledger that goes; its suppressions stay, what people asked for, and who was shut out. Nothing where that database is damaged: it may be why
/// there is a restore.
async fn replaced(target: &DatabaseUrl, copy: &Store) -> Option<TreeHead> {
    if let DatabaseUrl::Sqlite(path) = target
        && !path.exists()
    {
        return None;
    }
    let store = Store::open_held(target, None).await.ok()?;
    let (head, taken) = (store.ledger_head().await, copy.take_suppressions(&store).await);
    let ended = copy.take_ended_access(&store).await;
    let asked = copy.take_requests(&store).await;
    store.close().await;
    head.ok().filter(|_| taken.is_ok() && ended.is_ok() && asked.is_ok())
}

/// Puts a file in the database's place; the one before stays beside it.
fn replace(new: &Path, path: &Path, kept: &str) -> Result<(), StoreError> {
    fs::set_permissions(new, fs::Permissions::from_mode(0o600))?;
    fs::File::open(new)?.sync_all()?;
    let beside = |suffix: &str, of: &Path| {
        let mut name = of.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        of.with_file_name(name)
    };
    let kept = path.with_file_name(kept);
    if path.try_exists()? {
        fs::hard_link(path, &kept)?;
    }
    // Only of a database that could not be opened: its log must not be taken for the new one's.
    for suffix in ["-wal", "-shm"] {
        let log = beside(suffix, path);
        if log.try_exists()? {
            fs::rename(log, beside(suffix, &kept))?;
        }
    }
    fs::rename(new, path)?;
    fs::File::open(folder_of(path))?.sync_all()?;
    Ok(())
}

/// Replaces every row on PostgreSQL, in one transaction.
async fn copy_in(copied: &Store, url: &str) -> Result<(), StoreError> {
    let options: AnyConnectOptions = url.parse().map_err(StoreError::from)?;
    let mut connection = AnyConnection::connect_with(&options).await?;
    sqlx::query("SET synchronous_commit = on").execute(&mut connection).await?;
    let mut transaction = connection.begin().await?;
    let target = tables(&mut transaction, Dialect::Postgres).await?;
    // Who connects from here on waits, and then sees what was restored; whoever is connected has another picture.
    let lock = format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE NOWAIT", target.join(", "));
    sqlx::query(AssertSqlSafe(lock)).execute(&mut *transaction).await.map_err(|_| StoreError::InUse)?;
    others_gone(&mut transaction).await?;
    for table in target.iter().rev() {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *transaction).await?;
    }
    let mut source = copied.read.acquire().await?;
    let tables = tables(&mut source, Dialect::Sqlite).await?;
    copy(&tables, &mut source, (&mut transaction, Dialect::Postgres)).await?;
    // New rows get numbers behind those that came with their own.
    let identities: Vec<String> = sqlx::query_scalar(
        "SELECT CAST(table_name AS TEXT) FROM information_schema.columns \
         WHERE table_schema = current_schema() AND is_identity = 'YES' AND column_name = 'id'",
    )
    .fetch_all(&mut *transaction)
    .await?;
    for table in identities {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE((SELECT MAX(id) FROM {table}), 0) + 1, false)"
        );
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Returns when nobody else is connected. A process that just ended leaves its server processes behind for a moment.
async fn others_gone(connection: &mut AnyConnection) -> Result<(), StoreError> {
    for look in 0..OTHERS_LOOKS_MAX {
        if look > 0 {
            tokio::time::sleep(OTHERS_LOOK).await;
            // Within a transaction the server would show what it showed before.
            sqlx::query("SELECT pg_stat_clear_snapshot()").execute(&mut *connection).await?;
        }
        let others: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
             AND backend_type = 'client backend'",
        )
        .fetch_one(&mut *connection)
        .await?;
        if others == 0 {
            return Ok(());
        }
    }
    Err(StoreError::InUse)
}
