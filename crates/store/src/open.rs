//! Opening the database: settings that durability rests on are set and read back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Connection, SqlSafeStr};

use crate::StoreError;
use crate::dialect::Dialect;
use crate::in_use::{InUse, folder_of};

/// Connections for reading: the console, the claimer, the progress.
const READERS_MAX: u32 = 4;
/// Writers on PostgreSQL; SQLite has one.
const POSTGRES_WRITERS_MAX: u32 = 4;
/// How long a statement waits for a lock that another process holds.
const LOCK_WAIT: Duration = Duration::from_secs(20);
/// How long a transaction may stand idle on PostgreSQL: a process that is stopped in the middle of one must not keep
/// others from pausing the campaign.
const IDLE_IN_TRANSACTION_MAX: Duration = Duration::from_secs(5);
/// Page cache of the writing SQLite connection, in KiB: bounds memory whatever the audience. Small, for the system
/// caches too.
const SQLITE_WRITE_CACHE_KIB: u32 = 1024;
/// Page cache of each reading SQLite connection, in KiB.
const SQLITE_READ_CACHE_KIB: u32 = 256;

/// Migrations, numbered together for both databases. An applied one is never edited.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "send",
        include_str!("../migrations/sqlite/0001_send.sql"),
        include_str!("../migrations/postgres/0001_send.sql"),
    ),
    (
        2,
        "approval",
        include_str!("../migrations/sqlite/0002_approval.sql"),
        include_str!("../migrations/postgres/0002_approval.sql"),
    ),
    (
        3,
        "ledger",
        include_str!("../migrations/sqlite/0003_ledger.sql"),
        include_str!("../migrations/postgres/0003_ledger.sql"),
    ),
    (
        4,
        "leases",
        include_str!("../migrations/sqlite/0004_leases.sql"),
        include_str!("../migrations/postgres/0004_leases.sql"),
    ),
    (
        5,
        "account",
        include_str!("../migrations/sqlite/0005_account.sql"),
        include_str!("../migrations/postgres/0005_account.sql"),
    ),
    (
        6,
        "forgetting",
        include_str!("../migrations/sqlite/0006_forgetting.sql"),
        include_str!("../migrations/postgres/0006_forgetting.sql"),
    ),
    (
        7,
        "doubt",
        include_str!("../migrations/sqlite/0007_doubt.sql"),
        include_str!("../migrations/postgres/0007_doubt.sql"),
    ),
    (
        8,
        "accounts",
        include_str!("../migrations/sqlite/0008_accounts.sql"),
        include_str!("../migrations/postgres/0008_accounts.sql"),
    ),
    (
        9,
        "look",
        include_str!("../migrations/sqlite/0009_look.sql"),
        include_str!("../migrations/postgres/0009_look.sql"),
    ),
    (
        10,
        "public",
        include_str!("../migrations/sqlite/0010_public.sql"),
        include_str!("../migrations/postgres/0010_public.sql"),
    ),
    (
        11,
        "draft",
        include_str!("../migrations/sqlite/0011_draft.sql"),
        include_str!("../migrations/postgres/0011_draft.sql"),
    ),
    (
        13,
        "officer",
        include_str!("../migrations/sqlite/0013_officer.sql"),
        include_str!("../migrations/postgres/0013_officer.sql"),
    ),
    (
        14,
        "returns",
        include_str!("../migrations/sqlite/0014_returns.sql"),
        include_str!("../migrations/postgres/0014_returns.sql"),
    ),
    (
        15,
        "api",
        include_str!("../migrations/sqlite/0015_api.sql"),
        include_str!("../migrations/postgres/0015_api.sql"),
    ),
    (
        16,
        "staff_told",
        include_str!("../migrations/sqlite/0016_staff_told.sql"),
        include_str!("../migrations/postgres/0016_staff_told.sql"),
    ),
    (
        17,
        "campaign_limits",
        include_str!("../migrations/sqlite/0017_campaign_limits.sql"),
        include_str!("../migrations/postgres/0017_campaign_limits.sql"),
    ),
    (
        18,
        "sign_on",
        include_str!("../migrations/sqlite/0018_sign_on.sql"),
        include_str!("../migrations/postgres/0018_sign_on.sql"),
    ),
    (
        19,
        "command_line",
        include_str!("../migrations/sqlite/0019_command_line.sql"),
        include_str!("../migrations/postgres/0019_command_line.sql"),
    ),
];

/// Where the database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// A PostgreSQL server.
    Postgres(String),
}

/// Why a text names no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseUrlError {
    /// Neither `sqlite:` nor `postgres://`.
    #[error("a database is named sqlite:PATH or postgres://USER@HOST/NAME")]
    Form,
    /// A password in a URL is seen in process lists and logs.
    #[error(
        "a password in the database's URL can be seen by others; put it into PGPASSWORD or a ~/.pgpass file"
    )]
    Password,
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH` or `postgres://USER@HOST[:PORT]/NAME[?…]`.
    ///
    /// # Errors
    /// [`DatabaseUrlError`]; also for a URL with a password in it.
    pub fn parse(text: &str) -> Result<Self, DatabaseUrlError> {
        if let Some(path) = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")) {
            let path = path.split('?').next().unwrap_or("");
            return if path.is_empty() { Err(DatabaseUrlError::Form) } else { Ok(Self::Sqlite(path.into())) };
        }
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"))
            .ok_or(DatabaseUrlError::Form)?;
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = authority.split('/').next().unwrap_or("");
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        if user.contains(':') || query.split('&').any(|pair| pair.starts_with("password=")) {
            return Err(DatabaseUrlError::Password);
        }
        Ok(Self::Postgres(text.to_owned()))
    }
}

/// The database.
#[derive(Clone)]
pub struct Store {
    /// One connection on SQLite, so that writers queue here and not at the file's lock.
    pub(crate) write: AnyPool,
    pub(crate) read: AnyPool,
    pub(crate) dialect: Dialect,
    /// Where the locks of live senders lie (SQLite).
    pub(crate) locks: Arc<Path>,
    /// Held as long as this database is open (SQLite): a restore takes nobody's database from under their hands.
    _in_use: Option<Arc<InUse>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[store on {:?}]", self.dialect)
    }
}

impl Store {
    /// Opens the database, brings it to this release's form, and reads back the settings that durability rests on.
    ///
    /// # Errors
    /// [`StoreError`]: not to be reached, of a later release, or a setting that it does not take.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let in_use = match url {
            DatabaseUrl::Sqlite(path) => Some(InUse::shared(path).await?),
            DatabaseUrl::Postgres(_) => None,
        };
        Self::open_held(url, in_use).await
    }

    /// Opens a database whose lock this process has already: shared, or for itself alone.
    pub(crate) async fn open_held(url: &DatabaseUrl, in_use: Option<InUse>) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let mut store = match url {
            DatabaseUrl::Sqlite(path) => Self::open_sqlite(path).await?,
            DatabaseUrl::Postgres(url) => Self::open_postgres(url).await?,
        };
        store._in_use = in_use.map(Arc::new);
        {
            // Two programs that open a new database at once would both make its tables: one after the other here, under
            // the server's own lock on PostgreSQL.
            let _turn = store.migration_turn().await?;
            store.migrate().await?;
        }
        store.check_durability().await?;
        Ok(store)
    }

    async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        let folder = folder_of(path);
        // The file is made here, with its mode, before SQLite would make it with the umask's.
        fs::OpenOptions::new().create(true).append(true).open(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let path = path.to_str().ok_or(StoreError::Foreign("a path that is not UTF-8"))?;
        let options: AnyConnectOptions =
            format!("sqlite://{}?mode=rw", percent_encode(path)).parse().map_err(StoreError::from)?;
        let pool = |size, cache_kib: u32| {
            // Asking whether a connection to a file still stands says nothing, and costs a way to its thread and back.
            AnyPoolOptions::new().max_connections(size).acquire_timeout(2 * LOCK_WAIT).test_before_acquire(false).after_connect(move |connection, _| {
                Box::pin(async move {
                    let settings = format!(
                        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; PRAGMA cache_size = -{cache_kib}; PRAGMA temp_store = FILE; \
                         PRAGMA secure_delete = ON;",
                        LOCK_WAIT.as_millis()
                    );
                    sqlx::raw_sql(AssertSqlSafe(settings)).execute(connection).await?;
                    Ok(())
                })
            })
        };
        let write = pool(1, SQLITE_WRITE_CACHE_KIB).connect_with(options.clone()).await?;
        let read = pool(READERS_MAX, SQLITE_READ_CACHE_KIB).connect_with(options).await?;
        Ok(Self { write, read, dialect: Dialect::Sqlite, locks: folder.into(), _in_use: None })
    }

    async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options: AnyConnectOptions = url.parse().map_err(StoreError::from)?;
        let pool = |size| {
            AnyPoolOptions::new().max_connections(size).acquire_timeout(LOCK_WAIT).after_connect(|connection, _| {
                Box::pin(async move {
                    let settings = format!(
                        "SET synchronous_commit = on; SET lock_timeout = {}; SET client_min_messages = warning; \
                         SET idle_in_transaction_session_timeout = {};",
                        LOCK_WAIT.as_millis(),
                        IDLE_IN_TRANSACTION_MAX.as_millis()
                    );
                    sqlx::raw_sql(AssertSqlSafe(settings)).execute(connection).await?;
                    Ok(())
                })
            })
        };
        // A pool tries again and again until its time is out; one connection says what is wrong.
        AnyConnection::connect_with(&options).await?.close().await?;
        let write = pool(POSTGRES_WRITERS_MAX).connect_with(options.clone()).await?;
        let read = pool(READERS_MAX).connect_with(options).await?;
        let locks = Path::new("").into();
        Ok(Self { write, read, dialect: Dialect::Postgres, locks, _in_use: None })
    }

    async fn migration_turn(&self) -> Result<Option<fs::File>, StoreError> {
        if self.dialect == Dialect::Postgres {
            return Ok(None);
        }
        let path = self.locks.join("migration.lock");
        // On a thread of its own: waiting for the lock must not stop the task that holds it.
        let waiting = tokio::task::spawn_blocking(move || {
            let file = fs::File::options().create(true).truncate(false).write(true).open(path)?;
            flock(&file, FlockOperation::LockExclusive)?;
            Ok::<_, std::io::Error>(file)
        });
        let locked = waiting.await.map_err(|_| StoreError::Foreign("a thread that ended early"))?;
        Ok(Some(locked?))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let migrations = MIGRATIONS
            .iter()
            .map(|(number, name, sqlite, postgres)| {
                let sql = match self.dialect {
                    Dialect::Sqlite => sqlite,
                    Dialect::Postgres => postgres,
                };
                Migration::new(*number, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
            })
            .collect();
        Ok(Migrator::with_migrations(migrations).run(&self.write).await?)
    }

    async fn check_durability(&self) -> Result<(), StoreError> {
        match self.dialect {
            Dialect::Sqlite => {
                let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&self.write).await?;
                if !mode.eq_ignore_ascii_case("wal") {
                    return Err(StoreError::Setting("journal_mode=WAL"));
                }
                let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&self.write).await?;
                if level < 2 {
                    return Err(StoreError::Setting("synchronous=FULL"));
                }
            }
            Dialect::Postgres => {
                let show = |sql: &'static str| sqlx::query_scalar::<_, String>(sql).fetch_one(&self.write);
                if show("SHOW fsync").await? != "on" {
                    return Err(StoreError::FsyncOff);
                }
                if show("SHOW synchronous_commit").await? != "on" {
                    return Err(StoreError::Setting("synchronous_commit=on"));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn sql(&self, text: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(self.dialect.sql(text))
    }

    /// Closes the connections; what was committed is durable already.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// A path inside a URL (RFC 3986 §2.1).
pub(crate) fn percent_encode(path: &str) -> String {
    path.bytes().fold(String::with_capacity(path.len()), |mut out, octet| {
        if octet.is_ascii_alphanumeric() || b"/-_.~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        assert_eq!(DatabaseUrl::parse("sqlite:a/b.db"), Ok(DatabaseUrl::Sqlite("a/b.db".into())));
        assert_eq!(DatabaseUrl::parse("sqlite:///a/b.db"), Ok(DatabaseUrl::Sqlite("/a/b.db".into())));
        let url = "postgres://me@localhost:5432/undisclosed?sslmode=require";
        assert_eq!(DatabaseUrl::parse(url), Ok(DatabaseUrl::Postgres(url.to_owned())));
        for text in ["postgres://me:secret@localhost/x", "postgresql://localhost/x?password=secret"] {
            assert_eq!(DatabaseUrl::parse(text), Err(DatabaseUrlError::Password));
        }
        for text in ["", "mysql://x", "sqlite:", "a.db"] {
            assert_eq!(DatabaseUrl::parse(text), Err(DatabaseUrlError::Form), "{text}");
        }
    }
}
