//! Deliveries for the connections: claimed in batches, given back when the sender stops.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use store::{CampaignId, Claimed, Store, StoreError};
use tokio::sync::Notify;

use crate::Clock;
use crate::lock::lock;
use crate::patience::Patience;
use crate::tenure::Tenure;

/// Deliveries claimed for each connection at once: enough that a claim is rare beside the messages, few enough that
/// a sender that dies leaves little to take over.
const CLAIM_PER_CONNECTION: u32 = 20;
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
    /// One connection claims for all.
    claiming: tokio::sync::Mutex<()>,
    /// The last claim brought less than was asked for: what there is now, only one who has nothing left asks.
    dry: AtomicBool,
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
            claiming: tokio::sync::Mutex::default(),
            dry: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            settlements: Notify::new(),
            unsure: AtomicBool::new(false),
        }
    }

    /// A delivery that was claimed already, if one is left.
    pub(crate) fn at_hand(&self) -> Option<Claimed> {
        // What was claimed under a number that others took for dead was given to others.
        let worker = self.tenure.present().worker;
        let mut queue = lock(&self.queue);
        while let Some(claimed) = queue.pop_front() {
            if claimed.worker == worker {
                self.in_flight.fetch_add(1, Ordering::SeqCst);
                return Some(claimed);
            }
        }
        None
    }

    /// Claims more while the others still have enough to do.
    pub(crate) async fn refill(&self, clock: &dyn Clock) -> Result<(), StoreError> {
        let enough = lock(&self.queue).len() >= self.batch as usize / 2;
        if enough || self.dry.load(Ordering::SeqCst) {
            return Ok(());
        }
        match self.claiming.try_lock() {
            Ok(_turn) => self.claim(clock).await,
            Err(_) => Ok(()),
        }
    }

    /// The next delivery, claimed now if need be.
    pub(crate) async fn next(&self, clock: &dyn Clock) -> Result<Next, StoreError> {
        if let Some(claimed) = self.at_hand() {
            return Ok(Next::Delivery(Box::new(claimed)));
        }
        let _turn = self.claiming.lock().await;
        loop {
            if lock(&self.queue).is_empty() {
                self.claim(clock).await?;
            }
            if let Some(claimed) = self.at_hand() {
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

    async fn claim(&self, clock: &dyn Clock) -> Result<(), StoreError> {
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
                claimed => {
                    let claimed = claimed?;
                    self.dry.store(claimed.len() < self.batch as usize, Ordering::SeqCst);
                    lock(&self.queue).extend(claimed);
                    return Ok(());
                }
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
    pub(crate) fn take_rest(&self) -> Vec<Claimed> {
        lock(&self.queue).drain(..).collect()
    }
}

/// From now until then; nothing for what has passed.
pub(crate) fn until(then: Timestamp, now: Timestamp) -> Duration {
    then.duration_since(now).try_into().unwrap_or(Duration::ZERO)
}
