//! Deliveries for the connections: claimed in batches, given back when the sender stops.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use store::{CampaignId, Claimed, Presence, Store, StoreError};
use tokio::sync::{Mutex, Notify};

use crate::Clock;

/// Deliveries claimed for each connection at once: enough that a claim is rare beside the messages, few enough that
/// a sender that dies leaves little to take over.
const CLAIM_PER_CONNECTION: u32 = 10;
/// Looking again at the latest after this, for deliveries that another connection or sender gave back.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What there is to do.
pub(crate) enum Next {
    /// This one.
    Delivery(Box<Claimed>),
    /// Nothing now; look again after this. `idle`: nothing of this sender's is in flight.
    Wait {
        /// How long.
        wait: Duration,
        /// Nothing is in flight.
        idle: bool,
    },
    /// Nothing, and nothing of this sender's is in flight either.
    Drained,
}

/// The claimed deliveries of this sender.
pub(crate) struct Supply {
    store: Store,
    campaign: CampaignId,
    presence: Arc<Presence>,
    batch: u32,
    queue: Mutex<VecDeque<Claimed>>,
    /// Given out and not settled.
    in_flight: AtomicUsize,
    settlements: Notify,
}

impl Supply {
    pub(crate) fn new(store: Store, campaign: CampaignId, presence: Arc<Presence>, connections: u32) -> Self {
        Self {
            store,
            campaign,
            presence,
            batch: (connections * CLAIM_PER_CONNECTION).min(store::CLAIM_BATCH_MAX),
            queue: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            settlements: Notify::new(),
        }
    }

    pub(crate) async fn next(&self, clock: &dyn Clock) -> Result<Next, StoreError> {
        let mut queue = self.queue.lock().await;
        if queue.is_empty() {
            queue.extend(self.store.claim(self.campaign, &self.presence, clock.now(), self.batch).await?);
        }
        if let Some(claimed) = queue.pop_front() {
            self.in_flight.fetch_add(1, Ordering::SeqCst);
            return Ok(Next::Delivery(Box::new(claimed)));
        }
        // Asked before the database: what is settled in between shows there.
        let idle = self.in_flight.load(Ordering::SeqCst) == 0;
        Ok(match self.store.next_due(self.campaign).await? {
            Some(due) => Next::Wait { wait: until(due, clock.now()).min(LOOK_AGAIN), idle },
            None if idle => Next::Drained,
            None => Next::Wait { wait: LOOK_AGAIN, idle },
        })
    }

    /// A delivery that was given out is settled.
    pub(crate) fn settled(&self) {
        if self.in_flight.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.settlements.notify_waiters();
        }
    }

    /// Returns when the last delivery in flight was settled: time to look again.
    pub(crate) async fn something_settled(&self) {
        self.settlements.notified().await;
    }

    /// What was claimed and not given out.
    pub(crate) async fn take_rest(&self) -> Vec<Claimed> {
        self.queue.lock().await.drain(..).collect()
    }
}

/// From now until then; nothing for what has passed.
pub(crate) fn until(then: Timestamp, now: Timestamp) -> Duration {
    then.duration_since(now).try_into().unwrap_or(Duration::ZERO)
}
