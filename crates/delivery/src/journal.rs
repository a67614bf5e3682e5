//! Group commit: the outcomes and intents of all connections, as many as wait, in one durable transaction.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use store::{
    CampaignId, Intent, JOURNAL_BATCH_MAX, JournalWriter, Journaled, Settlement, Store, StoreError, Version,
};
use tokio::sync::{mpsc, oneshot};

use crate::patience::Patience;
use crate::progress::Progress;

/// Commits one behind the other before others of this process may write: a claim or a pause waits for these at most.
const COMMITS_IN_A_ROW_MAX: u32 = 16;

/// The journal is no more: nothing can be made durable, so nothing may be sent.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct JournalError(#[from] Arc<StoreError>);

/// What became of a settlement and an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Committed {
    /// The intent holds: its dot may go out. If not, the campaign was stopped or the claim taken over, and it may not.
    pub(crate) holds: bool,
    /// The settlement found its delivery. If not, others had taken over and there was no doubt of this attempt.
    pub(crate) settled: bool,
    /// It took more than one try: the first may have come through, its answer lost.
    pub(crate) again: bool,
}

struct Request {
    settlement: Option<Settlement>,
    intent: Option<Intent>,
    done: oneshot::Sender<Result<Committed, JournalError>>,
}

/// The way of all connections to the database.
#[derive(Clone)]
pub(crate) struct Journal {
    requests: mpsc::Sender<Request>,
    /// What ended it, told to everybody who comes later too.
    ended: Arc<OnceLock<JournalError>>,
}

impl Journal {
    /// Starts it for one sender of one campaign.
    pub(crate) fn start(
        store: &Store,
        campaign: CampaignId,
        version: Version,
        patience: Patience,
        progress: Arc<Progress>,
    ) -> Self {
        let (requests, queue) = mpsc::channel(JOURNAL_BATCH_MAX);
        let ended = Arc::new(OnceLock::new());
        let book = Book {
            writer: store.journal_writer(),
            campaign,
            version,
            patience,
            progress,
            ended: ended.clone(),
        };
        tokio::spawn(book.keep(queue));
        Self { requests, ended }
    }

    /// Makes an outcome durable, and with it the intent of the next message.
    ///
    /// # Errors
    /// [`JournalError`]: nothing is durable, nothing may go out.
    pub(crate) async fn commit(
        &self,
        settlement: Option<Settlement>,
        intent: Option<Intent>,
    ) -> Result<Committed, JournalError> {
        let gone = || {
            let ended =
                || JournalError(Arc::new(StoreError::Unreachable("the journal has ended".to_owned())));
            self.ended.get().cloned().unwrap_or_else(ended)
        };
        let (done, answer) = oneshot::channel();
        self.requests.send(Request { settlement, intent, done }).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// What the journal writes for.
struct Book {
    writer: JournalWriter,
    campaign: CampaignId,
    version: Version,
    patience: Patience,
    progress: Arc<Progress>,
    ended: Arc<OnceLock<JournalError>>,
}

impl Book {
    async fn keep(self, mut queue: mpsc::Receiver<Request>) {
        let mut batch = Vec::with_capacity(JOURNAL_BATCH_MAX);
        let mut in_a_row = 0;
        loop {
            if queue.is_empty() || in_a_row == COMMITS_IN_A_ROW_MAX {
                self.writer.give_way().await;
                in_a_row = 0;
            }
            if queue.recv_many(&mut batch, JOURNAL_BATCH_MAX).await == 0 {
                return;
            }
            in_a_row += 1;
            // Kept beside the batch: who asked is told what became of their own.
            let numbers: Vec<Option<u64>> =
                batch.iter().map(|r| r.settlement.as_ref().map(|s| s.number)).collect();
            let settlements: Vec<Settlement> = batch.iter_mut().filter_map(|r| r.settlement.take()).collect();
            let intents: Vec<Intent> = batch.iter().filter_map(|r| r.intent).collect();
            match self.commit(&settlements, &intents).await {
                Ok((mut journaled, again)) => {
                    journaled.intended.sort_unstable();
                    journaled.settled.sort_unstable();
                    for (request, number) in batch.drain(..).zip(numbers) {
                        let holds = request
                            .intent
                            .is_some_and(|i| journaled.intended.binary_search(&i.number).is_ok());
                        // A later try finds the first one's work done.
                        let settled =
                            again || number.is_none_or(|n| journaled.settled.binary_search(&n).is_ok());
                        let _ = request.done.send(Ok(Committed { holds, settled, again }));
                    }
                }
                Err(error) => {
                    let error = self.ended.get_or_init(|| JournalError(Arc::new(error)));
                    for request in batch.drain(..) {
                        let _ = request.done.send(Err(error.clone()));
                    }
                    // Ends here: what comes later gets an error too, and no dot goes out.
                    return;
                }
            }
        }
    }

    /// The outcomes in it are known nowhere else, so it is tried for as long as anybody may wait. A commit whose answer
    /// was lost is found done: the same intent again is the same intent, and what is settled does not settle again.
    async fn commit(
        &self,
        settlements: &[Settlement],
        intents: &[Intent],
    ) -> Result<(Journaled, bool), StoreError> {
        let tries = AtomicU32::new(0);
        let commit = || {
            tries.fetch_add(1, Ordering::Relaxed);
            self.writer.journal(self.campaign, &self.version, settlements, intents)
        };
        let journaled = self.progress.commits.time(self.patience.keep(commit)).await?;
        Ok((journaled, tries.load(Ordering::Relaxed) > 1))
    }
}
