//! One look at a campaign's numbers serves everybody who watches it: counting a long list takes a while, and many watch.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use campaign::{CampaignState, Counts};
use store::{CampaignId, Store, StoreError};
use tokio::time::Instant;

use crate::console::WATCHING_MAX;

/// How long a look is good enough for the next who asks: less than the time between two looks of one watcher.
const FRESH: Duration = Duration::from_millis(900);

/// Where a campaign stood, and from when to when somebody looked.
#[derive(Debug, Clone, Copy)]
struct Look {
    begun: Instant,
    done: Instant,
    state: CampaignState,
    counts: Counts,
}

/// The last look at each campaign that somebody watches.
#[derive(Debug, Default)]
pub(crate) struct SharedLooks(Mutex<HashMap<CampaignId, Arc<tokio::sync::Mutex<Option<Look>>>>>);

impl SharedLooks {
    /// State and counts, no older than [`FRESH`], and none from before `since`: a page that somebody has open is never told
    /// what was so before it was made. Whoever asks while somebody else looks waits for that look.
    pub(crate) async fn look(
        &self,
        store: &Store,
        id: CampaignId,
        since: Instant,
    ) -> Result<(CampaignState, Counts), StoreError> {
        let place = self.place(id);
        let mut last = place.lock().await;
        if let Some(look) = last.filter(|look| look.begun >= since && look.done.elapsed() < FRESH) {
            return Ok((look.state, look.counts));
        }
        let begun = Instant::now();
        let (state, _) = store.campaign_state(id).await?;
        let counts = store.counts(id).await?;
        *last = Some(Look { begun, done: Instant::now(), state, counts });
        Ok((state, counts))
    }

    fn place(&self, id: CampaignId) -> Arc<tokio::sync::Mutex<Option<Look>>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= WATCHING_MAX {
            // Those that nobody is looking through at this moment.
            places.retain(|_, place| Arc::strong_count(place) > 1);
        }
        places.entry(id).or_default().clone()
    }
}
