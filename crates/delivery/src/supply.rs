//! Deliveries for the connections: claimed in batches, given back when the sender stops.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use store::{CampaignId, Claimed, Store, StoreError};
use tokio::sync::{Mutex, Notify};

use crate::Clock;
use crate::patience::Patience;
use crate::tenure::Tenure;

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
    tenure: Arc<Tenure>,
    patience: Patience,
    batch: u32,
    queue: Mutex<VecDeque<Claimed>>,
    /// Given out and not settled.
    in_flight: AtomicUsize,
    settlements: Notify,
    /// The answer to a claim was lost: there may be claims of this sender that nobody has in hand.
    unsure: AtomicBool,
}

impl Supply {
    pub(crate) fn new(
        store: Store,
        campaign: CampaignId,
        tenure: Arc<Tenure>,
        patience: Patience,
        connections: u32,
    ) -> Self {
        Self {
            store,
            campaign,
            tenure,
            patience,
            batch: (connections * CLAIM_PER_CONNECTION).min(store::CLAIM_BATCH_MAX),
            queue: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            settlements: Notify::new(),
            unsure: AtomicBool::new(false),
        }
    }

    pub(crate) async fn next(&self, clock: &dyn Clock) -> Result<Next, StoreError> {
        let mut queue = self.queue.lock().await;
        loop {
            // What was claimed under a number that others took for dead was given to others.
            let worker = self.tenure.present().worker;
            queue.retain(|claimed| claimed.worker == worker);
            if queue.is_empty() {
                queue.extend(self.claim(clock).await?);
            }
            if let Some(claimed) = queue.pop_front() {
                self.in_flight.fetch_add(1, Ordering::SeqCst);
                return Ok(Next::Delivery(Box::new(claimed)));
            }
            // Asked before the database: what is settled in between shows there.
            let idle = self.in_flight.load(Ordering::SeqCst) == 0;
            if idle && self.unsure.swap(false, Ordering::SeqCst) {
                let me = self.tenure.present();
                if self.patience.keep(|| self.store.release_claims(&me)).await? > 0 {
                    continue;
                }
            }
            let due = self.patience.keep(|| self.store.next_due(self.campaign)).await?;
            return Ok(match due {
                Some(due) => Next::Wait { wait: until(due, clock.now()).min(LOOK_AGAIN), idle },
                None if idle => Next::Drained,
                None => Next::Wait { wait: LOOK_AGAIN, idle },
            });
        }
    }

    async fn claim(&self, clock: &dyn Clock) -> Result<Vec<Claimed>, StoreError> {
        loop {
            let me = self.tenure.present();
            let claim = || async {
                let claimed = self.store.claim(self.campaign, &me, clock.now(), self.batch).await;
                if claimed.as_ref().is_err_and(StoreError::may_pass) {
                    self.unsure.store(true, Ordering::SeqCst);
                }
                claimed
            };
            match self.patience.keep(claim).await {
                Err(StoreError::TakenOver) => self.tenure.confirm().await?,
                claimed => return claimed,
            }
        }
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
