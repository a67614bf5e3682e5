//! Who is alive: a sender holds a lock that the operating system or the server lets go when it dies.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use sqlx::{AnyConnection, Connection};
use tokio::sync::Mutex;

use crate::dialect::Dialect;
use crate::{CampaignId, Store, StoreError};

/// How often a taken lock is tried again, in case that only somebody looked.
const ENLIST_TRIES_MAX: u32 = 10;
const ENLIST_WAIT: Duration = Duration::from_millis(20);

/// A running sender. Never 0, which stands for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WorkerId(pub(crate) i64);

impl WorkerId {
    /// A number for a sender, from 64 random bits.
    #[must_use]
    pub fn from_random(bits: u64) -> Self {
        Self(i64::try_from(bits >> 1).unwrap_or(i64::MAX).max(1))
    }
}

/// The lock of a live sender; dropping it, or dying, lets it go.
pub struct Presence {
    /// Whose it is.
    pub worker: WorkerId,
    lock: Lock,
}

enum Lock {
    File { _held: File },
    Session { held: Mutex<Box<AnyConnection>> },
}

impl Presence {
    /// Whether the lock is still held: a session of PostgreSQL can end without the process noticing.
    pub async fn is_held(&self) -> bool {
        match &self.lock {
            Lock::File { .. } => true,
            Lock::Session { held } => held.lock().await.ping().await.is_ok(),
        }
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

    /// Becomes a sender of the campaign: on SQLite the only one (flock), on PostgreSQL one of any number (a session
    /// lock of the server).
    ///
    /// # Errors
    /// [`StoreError::SenderPresent`] on SQLite when another process sends it.
    pub async fn enlist(&self, campaign: CampaignId, worker: WorkerId) -> Result<Presence, StoreError> {
        let lock = match self.dialect {
            Dialect::Sqlite => {
                let file = File::options()
                    .create(true)
                    .truncate(false)
                    .write(true)
                    .open(self.lock_file(campaign))?;
                // Who looks whether a sender lives holds the lock for a moment too.
                let mut looks = 0;
                while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
                    looks += 1;
                    if looks == ENLIST_TRIES_MAX {
                        return Err(StoreError::SenderPresent);
                    }
                    tokio::time::sleep(ENLIST_WAIT).await;
                }
                Lock::File { _held: file }
            }
            Dialect::Postgres => {
                // Out of the pool, so that the lock ends with the connection and with nothing else.
                let mut connection = self.write.acquire().await?.detach();
                sqlx::query("SELECT pg_advisory_lock($1)").bind(worker.0).execute(&mut connection).await?;
                Lock::Session { held: Mutex::new(Box::new(connection)) }
            }
        };
        Ok(Presence { worker, lock })
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
                // A shared lock, so that two who ask at once do not take each other for the sender.
                let mut connection = self.read.acquire().await?;
                let free: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock_shared($1)")
                    .bind(worker.0)
                    .fetch_one(&mut *connection)
                    .await?;
                if free {
                    sqlx::query("SELECT pg_advisory_unlock_shared($1)")
                        .bind(worker.0)
                        .execute(&mut *connection)
                        .await?;
                }
                Ok(!free)
            }
        }
    }
}
