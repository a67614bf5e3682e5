//! Who is alive. On SQLite a sender holds a lock on a file, which the operating system lets go when it dies. On PostgreSQL
//! it holds a lease, by the server's clock, for one that is stopped or cut off, and a lock of its session beside it: the
//! quick sign of death of one that was killed.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::{AnyConnection, AssertSqlSafe};
use tokio::sync::Mutex;

use crate::dialect::Dialect;
use crate::{CampaignId, Store, StoreError};

/// How often a taken lock is tried again, in case that only somebody looked.
const ENLIST_TRIES_MAX: u32 = 10;
const ENLIST_WAIT: Duration = Duration::from_millis(20);

/// PostgreSQL's clock, in microseconds since 1970.
const SERVER_NOW: &str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)";

/// Whether the sender `w` is dead: its lease has run out, or its session's lock is free. A lock says nothing until the
/// lease was renewed under the server as it runs now: when the server starts, all sessions have ended with it.
pub(crate) fn dead() -> String {
    format!(
        "(w.expires_at < {SERVER_NOW} OR \
         (w.renewed_at > CAST(EXTRACT(EPOCH FROM pg_postmaster_start_time()) * 1000000 AS BIGINT) AND NOT EXISTS \
          (SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
           AND ((CAST(l.classid AS BIGINT) << 32) | CAST(l.objid AS BIGINT)) = w.id)))"
    )
}

/// A running sender, and the fencing token of its claims. Never 0, which stands for nobody; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(pub(crate) i64);

impl WorkerId {
    /// A number for a sender, from 64 random bits.
    #[must_use]
    pub fn from_random(bits: u64) -> Self {
        Self(i64::try_from(bits >> 1).unwrap_or(i64::MAX).max(1))
    }
}

/// A live sender: its lock, and on PostgreSQL its lease. Dropping it, or dying, lets the lock go.
pub struct Presence {
    /// Whose it is.
    pub worker: WorkerId,
    pub(crate) campaign: CampaignId,
    lease: Duration,
    lock: Lock,
}

enum Lock {
    File {
        _held: File,
    },
    /// Nothing while the session is lost and not opened again.
    Session {
        held: Mutex<Option<Box<AnyConnection>>>,
    },
}

impl Presence {
    /// How long it counts as alive without a sign of life.
    #[must_use]
    pub const fn lease(&self) -> Duration {
        self.lease
    }
}

impl std::fmt::Debug for Presence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Presence({:?})", self.worker)
    }
}

impl Store {
    fn lock_file(&self, campaign: CampaignId) -> PathBuf {
        self.locks.join(format!("campaign-{}.lock", campaign.0))
    }

    /// Whether others can take over from this sender while it lives: it has a lease (PostgreSQL).
    #[must_use]
    pub fn has_leases(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Becomes a sender of the campaign: on SQLite the only one (flock), on PostgreSQL one of any number, for `lease` and
    /// as long as it is renewed.
    ///
    /// # Errors
    /// [`StoreError::SenderPresent`] on SQLite when another process sends it.
    pub async fn enlist(
        &self,
        campaign: CampaignId,
        worker: WorkerId,
        lease: Duration,
    ) -> Result<Presence, StoreError> {
        let lock = match self.dialect {
            Dialect::Sqlite => Lock::File { _held: self.lock_of(campaign).await? },
            Dialect::Postgres => {
                let mut session = self.session_of(worker).await?;
                let sql = format!(
                    "INSERT INTO worker (id, campaign_id, renewed_at, expires_at) \
                     VALUES ($1, $2, {SERVER_NOW}, {SERVER_NOW} + $3)"
                );
                sqlx::query(AssertSqlSafe(sql))
                    .bind(worker.0)
                    .bind(campaign.0)
                    .bind(microseconds(lease))
                    .execute(&mut *session)
                    .await?;
                Lock::Session { held: Mutex::new(Some(session)) }
            }
        };
        Ok(Presence { worker, campaign, lease, lock })
    }

    async fn lock_of(&self, campaign: CampaignId) -> Result<File, StoreError> {
        let file = File::options().create(true).truncate(false).write(true).open(self.lock_file(campaign))?;
        // Who looks whether a sender lives holds the lock for a moment too.
        let mut looks = 0;
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            looks += 1;
            if looks == ENLIST_TRIES_MAX {
                return Err(StoreError::SenderPresent);
            }
            tokio::time::sleep(ENLIST_WAIT).await;
        }
        Ok(file)
    }

    /// A session with the worker's lock: shared, so that the worker can hold it again while the server still believes in
    /// a session that was cut off.
    async fn session_of(&self, worker: WorkerId) -> Result<Box<AnyConnection>, StoreError> {
        // Out of the pool, so that the lock ends with the connection and with nothing else.
        let mut session = Box::new(self.write.acquire().await?.detach());
        sqlx::query("SELECT pg_advisory_lock_shared($1)").bind(worker.0).execute(&mut *session).await?;
        Ok(session)
    }

    /// Renews the lease. `false`: others took this sender for dead and took over; what it had claimed is not its own any
    /// more, and it enlists anew under another number. Always `true` on SQLite.
    ///
    /// # Errors
    /// [`StoreError`]; the lease runs on, and may be renewed later as long as nobody took over.
    pub async fn renew(&self, me: &Presence) -> Result<bool, StoreError> {
        let Lock::Session { held } = &me.lock else { return Ok(true) };
        let mut held = held.lock().await;
        // Taken out: a session that fails, or whose answer nobody waits for any more, is not used again.
        let mut session = match held.take() {
            Some(session) => session,
            None => self.session_of(me.worker).await?,
        };
        let sql = format!(
            "UPDATE worker SET renewed_at = {SERVER_NOW}, expires_at = {SERVER_NOW} + $2 WHERE id = $1"
        );
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(me.worker.0)
            .bind(microseconds(me.lease))
            .execute(&mut *session)
            .await?;
        *held = Some(session);
        Ok(done.rows_affected() == 1)
    }

    /// Whether a sender of the campaign lives.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_alive(&self, campaign: CampaignId, worker: WorkerId) -> Result<bool, StoreError> {
        match self.dialect {
            Dialect::Sqlite => {
                let file = match File::open(self.lock_file(campaign)) {
                    Ok(file) => file,
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
                    Err(error) => return Err(error.into()),
                };
                Ok(flock(&file, FlockOperation::NonBlockingLockShared).is_err())
            }
            Dialect::Postgres => {
                let sql =
                    format!("SELECT EXISTS (SELECT 1 FROM worker w WHERE w.id = $1 AND NOT {})", dead());
                Ok(sqlx::query_scalar(AssertSqlSafe(sql)).bind(worker.0).fetch_one(&self.read).await?)
            }
        }
    }

    /// Whether others took this sender for dead (PostgreSQL).
    pub(crate) async fn is_buried(&self, worker: WorkerId) -> Result<bool, StoreError> {
        if !self.has_leases() {
            return Ok(false);
        }
        let enlisted: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM worker WHERE id = $1)")
            .bind(worker.0)
            .fetch_one(&self.write)
            .await?;
        Ok(!enlisted)
    }
}

fn microseconds(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4)
}
