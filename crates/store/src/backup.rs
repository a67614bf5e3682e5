//! A backup: one file of SQLite, whichever database it comes from, consistent, written while others work. It holds
//! sealed fields alone; the keys are kept apart (promise 11).

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, Connection};

use crate::copy::{copy, tables};
use crate::dialect::Dialect;
use crate::in_use::folder_of;
use crate::open::percent_encode;
use crate::{DatabaseUrl, Store, StoreError};

/// A folder for work in progress, gone when it is dropped.
pub(crate) struct WorkFolder(PathBuf);

impl WorkFolder {
    /// Beside `file`, so that what is ready is moved into its place in one step.
    pub(crate) fn beside(file: &Path) -> Result<Self, StoreError> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = folder_of(file).join(format!(".{name}.{}", std::process::id()));
        // Of a process of that number that was killed.
        let _ = fs::remove_dir_all(&path);
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("backup.db")
    }
}

impl Drop for WorkFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Store {
    /// Writes a backup to `file` with mode 0600. `at` is the time it stands for: now, or a moment before.
    ///
    /// # Errors
    /// [`StoreError::Exists`]: nothing is overwritten. On any other error there is no file either.
    pub async fn back_up(&self, file: &Path, at: Timestamp) -> Result<(), StoreError> {
        if file.try_exists()? {
            return Err(StoreError::Exists);
        }
        let work = WorkFolder::beside(file)?;
        let copied = work.file();
        match self.dialect {
            Dialect::Sqlite => self.vacuum_into(&copied).await?,
            Dialect::Postgres => self.copy_out(&copied).await?,
        }
        let mut connection = connect(&copied).await?;
        sqlx::query("INSERT INTO backup_mark (id, at) VALUES (1, $1)")
            .bind(at.as_microsecond())
            .execute(&mut connection)
            .await?;
        // Whoever is logged in now, or was sent a link, is not let in by a copy of this.
        sqlx::raw_sql(
            "PRAGMA secure_delete = ON; DELETE FROM staff_session; DELETE FROM staff_link; DELETE FROM staff_sign_on_begun; \
             DELETE FROM api_request;",
        )
        .execute(&mut connection)
        .await?;
        // One file: no log beside it.
        sqlx::query("PRAGMA journal_mode = DELETE").fetch_all(&mut connection).await?;
        connection.close().await?;
        put(&copied, file)
    }

    /// SQLite: a consistent copy of what is committed at this moment; writers go on.
    async fn vacuum_into(&self, file: &Path) -> Result<(), StoreError> {
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        let path = file.to_str().ok_or(StoreError::Foreign("a path that is not UTF-8"))?;
        sqlx::query("VACUUM INTO $1").bind(path).execute(&self.read).await?;
        Ok(())
    }

    /// PostgreSQL: everything that one snapshot sees.
    async fn copy_out(&self, file: &Path) -> Result<(), StoreError> {
        let copied = Self::open(&DatabaseUrl::Sqlite(file.to_owned())).await?;
        let mut snapshot = self.read.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let tables = tables(&mut snapshot, self.dialect).await?;
        let mut target = copied.write.begin().await?;
        copy(&tables, &mut snapshot, (&mut target, Dialect::Sqlite)).await?;
        target.commit().await?;
        snapshot.rollback().await?;
        copied.close().await;
        Ok(())
    }
}

/// One connection to a file of SQLite, as it is.
pub(crate) async fn connect(file: &Path) -> Result<AnyConnection, StoreError> {
    sqlx::any::install_default_drivers();
    let path = file.to_str().ok_or(StoreError::Foreign("a path that is not UTF-8"))?;
    let options: AnyConnectOptions =
        format!("sqlite://{}?mode=rw", percent_encode(path)).parse().map_err(StoreError::from)?;
    Ok(AnyConnection::connect_with(&options).await?)
}

/// Moves a durable file into a place that is free.
pub(crate) fn put(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::File::open(from)?.sync_all()?;
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(StoreError::Exists),
        // A file system without links (FAT, some network shares).
        Err(_) if !to.try_exists()? => fs::rename(from, to)?,
        Err(_) => return Err(StoreError::Exists),
    }
    fs::File::open(folder_of(to))?.sync_all()?;
    Ok(())
}
