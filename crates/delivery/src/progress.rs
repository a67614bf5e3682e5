//! How far a sender has come, for a progress bar.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How long something takes, on average.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    times: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Meter {
    /// Awaits it, and counts how long that took.
    pub(crate) async fn time<T>(&self, what: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let done = what.await;
        self.times.fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
        done
    }

    fn mean(&self) -> Option<Duration> {
        let times = self.times.load(Ordering::Relaxed);
        let mean = self.nanoseconds.load(Ordering::Relaxed).checked_div(times)?;
        Some(Duration::from_nanos(mean))
    }
}

/// Counts of this process since it began; each only grows.
#[derive(Debug, Default)]
pub struct Progress {
    pub(crate) commits: Meter,
    pub(crate) intents: Meter,
    pub(crate) replies: Meter,
    accepted: AtomicU64,
    failed: AtomicU64,
    deferrals: AtomicU64,
    doubts: AtomicU64,
    dropped: AtomicU64,
}

impl Progress {
    pub(crate) fn accept(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }
    pub(crate) fn fail(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }
    pub(crate) fn defer(&self) {
        self.deferrals.fetch_add(1, Ordering::Relaxed);
    }
    /// Counts a doubt and says how many there are.
    pub(crate) fn doubt(&self) -> u64 {
        self.doubts.fetch_add(1, Ordering::Relaxed) + 1
    }
    pub(crate) fn drop_outcome(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    /// How long a durable commit takes, whatever is in it. None was made: `None`.
    #[must_use]
    pub fn mean_commit(&self) -> Option<Duration> {
        self.commits.mean()
    }

    /// How long a connection waits until its intent is durable: for the commit before, and for its own. None was asked for:
    /// `None`.
    #[must_use]
    pub fn mean_intent(&self) -> Option<Duration> {
        self.intents.mean()
    }

    /// How long it takes from the message's first octet to the reply to its final dot. There was none: `None`.
    ///
    /// Each connection has one intent at a time, so all together send no more than connections ÷ (intent + reply).
    #[must_use]
    pub fn mean_reply(&self) -> Option<Duration> {
        self.replies.mean()
    }

    /// Replies to a final dot, and how long all of them took together.
    #[must_use]
    pub fn replies(&self) -> (u64, Duration) {
        let nanoseconds = self.replies.nanoseconds.load(Ordering::Relaxed);
        (self.replies.times.load(Ordering::Relaxed), Duration::from_nanos(nanoseconds))
    }

    /// Messages that the relay accepted.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Deliveries that failed for good.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Attempts that were put off; one delivery can be put off more than once.
    #[must_use]
    pub fn deferrals(&self) -> u64 {
        self.deferrals.load(Ordering::Relaxed)
    }

    /// Deliveries that became in doubt.
    #[must_use]
    pub fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::Relaxed)
    }

    /// Outcomes that came too late to count: others had taken over, and there was no doubt of the same attempt to settle.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}
