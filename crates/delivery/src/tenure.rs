//! This sender among the living: its lease is renewed, and when others took it for dead it enlists anew.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use store::{CampaignId, Presence, Store, StoreError, WorkerId};

use crate::Clock;
use crate::lock::lock;
use crate::patience::Patience;

/// Renewals in the time of a lease: two may fail.
const RENEWALS: u32 = 3;

/// The number under which this sender claims, for as long as nobody takes it for dead.
pub(crate) struct Tenure {
    store: Store,
    campaign: CampaignId,
    patience: Patience,
    chance: Mutex<StdRng>,
    present: Mutex<Arc<Presence>>,
    /// One looks at a time; who waited for it finds it done.
    turn: tokio::sync::Mutex<()>,
}

impl Tenure {
    pub(crate) fn new(
        store: Store,
        campaign: CampaignId,
        presence: Presence,
        patience: Patience,
        chance: StdRng,
    ) -> Self {
        let present = Mutex::new(Arc::new(presence));
        Self {
            store,
            campaign,
            patience,
            chance: Mutex::new(chance),
            present,
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// As whom this sender claims now.
    pub(crate) fn present(&self) -> Arc<Presence> {
        lock(&self.present).clone()
    }

    fn renewal(&self) -> Duration {
        self.present().lease() / RENEWALS
    }

    /// Renews the lease. When it is gone, for this process slept or was cut off, this sender enlists under a new number:
    /// what it had claimed under the old one was given to others, and the intent keeps it from sending it.
    pub(crate) async fn confirm(&self) -> Result<(), StoreError> {
        if !self.store.has_leases() {
            return Ok(());
        }
        let _turn = self.turn.lock().await;
        let me = self.present();
        let within = self.renewal();
        // A server that does not answer is asked again over another connection.
        let renewed = self.patience.keep(|| async {
            let answer = tokio::time::timeout(within, self.store.renew(&me)).await;
            answer.unwrap_or_else(|_| Err(StoreError::Unreachable("no answer".to_owned())))
        });
        if renewed.await? {
            return Ok(());
        }
        let anew = self.patience.keep(|| {
            let worker = WorkerId::from_random(lock(&self.chance).random());
            self.store.enlist(self.campaign, worker, me.lease())
        });
        *lock(&self.present) = Arc::new(anew.await?);
        Ok(())
    }

    /// Renews the lease until it is dropped, and takes over from senders that have died.
    pub(crate) async fn keep(&self, clock: &dyn Clock) {
        if !self.store.has_leases() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(self.renewal()).await;
            // What cannot be done now is tried at the next renewal, and whoever claims is told.
            if self.confirm().await.is_ok() {
                let _ = self.store.take_over(self.campaign, &self.present(), clock.now()).await;
            }
        }
    }
}
