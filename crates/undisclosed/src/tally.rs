//! What this process has sent since it began, over all its campaigns: for whatever watches it.

use std::sync::{Arc, Mutex, PoisonError};

use delivery::Progress;
use web::SendingTotals;

/// The senders of this process. One that has ended is added up and let go.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    ended: SendingTotals,
    running: Vec<Arc<Progress>>,
}

fn totals(progress: &Progress) -> SendingTotals {
    let (replies, reply_time) = progress.replies();
    SendingTotals {
        accepted: progress.accepted(),
        failed: progress.failed(),
        deferred: progress.deferrals(),
        in_doubt: progress.doubts(),
        replies,
        reply_time,
    }
}

impl Tally {
    /// A sender begins.
    pub(crate) fn begin(&self, progress: &Arc<Progress>) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.fold();
        counted.running.push(progress.clone());
    }

    /// All together.
    pub(crate) fn totals(&self) -> SendingTotals {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counted.running.iter().fold(counted.ended, |sum, progress| sum + totals(progress))
    }
}

impl Counted {
    /// Nobody else has the progress of a sender that has ended: it changes no more.
    fn fold(&mut self) {
        let running = std::mem::take(&mut self.running);
        for progress in running {
            if Arc::strong_count(&progress) == 1 {
                self.ended = self.ended + totals(&progress);
            } else {
                self.running.push(progress);
            }
        }
    }
}
