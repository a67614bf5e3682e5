//! Waiting for a database that is away: it is restarted, it cannot be reached, or somebody holds it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use store::{Store, StoreError};

use crate::stop::{Stop, StopSignal, asked};

/// How long it waits.
#[derive(Debug, Clone, Copy)]
struct Waits {
    /// After a first failure, doubled each time.
    first: Duration,
    /// The longest wait between two tries.
    max: Duration,
    /// So long a process that was asked to stop still waits for an answer.
    stop: Duration,
}

const WAITS: Waits =
    Waits { first: Duration::from_millis(200), max: Duration::from_secs(5), stop: Duration::from_secs(5) };
/// Tries on SQLite: a file that is locked or full for longer is somebody's to see to.
const TRIES_MAX: u32 = 5;
/// Tries again what may pass by itself: on PostgreSQL until the process is told to stop, on SQLite a few times. The one
/// place that does, so that nobody else has to know whether the database is there.
#[derive(Debug, Clone)]
pub struct Patience {
    endless: bool,
    stop: StopSignal,
    waits: Waits,
    /// It waited for an answer to the end once: what comes then waits no longer.
    gave_up: Arc<AtomicBool>,
}

impl Patience {
    /// For a store, by a process that is told to stop by `stop`.
    #[must_use]
    pub fn new(store: &Store, stop: StopSignal) -> Self {
        Self { endless: store.has_leases(), stop, waits: WAITS, gave_up: Arc::default() }
    }

    /// Does a step until it is done, or fails in a way that does not pass. The step may be done more than once, for its
    /// answer can be lost: it says what it wants to be true, not what is to change.
    ///
    /// # Errors
    /// The last [`StoreError`].
    pub async fn keep<T, F>(&self, step: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        if !self.endless {
            return tries(step, TRIES_MAX, self.waits).await;
        }
        tokio::select! {
            biased;
            done = tries(step, u32::MAX, self.waits) => done,
            () = self.given_up() => {
                Err(StoreError::Unreachable("no answer until the process was to stop".to_owned()))
            }
        }
    }

    /// Returns some time after the process was asked to stop.
    async fn given_up(&self) {
        asked(&mut self.stop.clone(), Stop::Soon).await;
        let wait = if self.gave_up.load(Ordering::SeqCst) { self.waits.first } else { self.waits.stop };
        tokio::time::sleep(wait).await;
        self.gave_up.store(true, Ordering::SeqCst);
    }
}

async fn tries<T, F>(mut step: impl FnMut() -> F, tries_max: u32, waits: Waits) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let (mut tried, mut wait) = (0, waits.first);
    loop {
        tried += 1;
        match step().await {
            Err(error) if error.may_pass() && tried < tries_max => {
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(waits.max);
            }
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;
    use tokio::sync::watch;

    fn patience(endless: bool, stop: StopSignal) -> Patience {
        let short = Duration::from_millis(1);
        Patience {
            endless,
            stop,
            waits: Waits { first: short, max: short * 2, stop: short },
            gave_up: Arc::default(),
        }
    }

    fn away() -> StoreError {
        StoreError::Unreachable("test".to_owned())
    }

    #[tokio::test]
    async fn what_may_pass_is_tried_again_and_what_does_not_is_told() {
        let (_asked, stop) = watch::channel(Stop::No);
        for endless in [true, false] {
            let patience = patience(endless, stop.clone());
            let tried = AtomicU32::new(0);
            let step =
                || async { if tried.fetch_add(1, Ordering::SeqCst) < 4 { Err(away()) } else { Ok(7) } };
            assert_eq!(patience.keep(step).await.unwrap(), 7);
            let told: Result<(), _> = patience.keep(|| async { Err(StoreError::NotFound) }).await;
            assert!(matches!(told, Err(StoreError::NotFound)));
        }
    }

    #[tokio::test]
    async fn on_sqlite_it_ends() {
        let (_asked, stop) = watch::channel(Stop::No);
        let tried = AtomicU32::new(0);
        let step = || async {
            tried.fetch_add(1, Ordering::SeqCst);
            Err::<(), _>(away())
        };
        assert!(patience(false, stop).keep(step).await.is_err());
        assert_eq!(tried.load(Ordering::SeqCst), TRIES_MAX);
    }

    #[tokio::test]
    async fn on_postgres_it_ends_when_the_process_is_to_stop_also_without_an_answer() {
        let (asked, stop) = watch::channel(Stop::No);
        let patience = patience(true, stop);
        let tried = AtomicU32::new(0);
        let step = || async {
            // More often than on SQLite; then somebody asks, and this try never ends.
            if tried.fetch_add(1, Ordering::SeqCst) < 2 * TRIES_MAX {
                return Err::<(), _>(away());
            }
            asked.send_replace(Stop::Soon);
            std::future::pending().await
        };
        assert!(matches!(patience.keep(step).await, Err(StoreError::Unreachable(_))));
    }
}
