//! How far a sender has come, for a progress bar.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of this process since it began; each only grows.
#[derive(Debug, Default)]
pub struct Progress {
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
