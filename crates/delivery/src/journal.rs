//! Group commit: the outcomes and intents of all connections, as many as wait, in one durable transaction.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use store::{CampaignId, Intent, JOURNAL_BATCH_MAX, Presence, Settlement, Store, StoreError};
use tokio::sync::{mpsc, oneshot};

/// A commit that cannot be made now is tried so often, for the outcomes in it are known nowhere else.
const TRIES_MAX: u32 = 5;
/// And with this wait in between, doubled each time.
const TRY_WAIT: Duration = Duration::from_millis(200);

/// The journal is no more: nothing can be made durable, so nothing may be sent.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
pub struct JournalError(#[from] Arc<StoreError>);

struct Request {
    settlement: Option<Settlement>,
    intent: Option<Intent>,
    done: oneshot::Sender<Result<bool, JournalError>>,
}

/// The way of all connections to the database.
#[derive(Clone)]
pub struct Journal {
    requests: mpsc::Sender<Request>,
    /// What ended it, told to everybody who comes later too.
    ended: Arc<OnceLock<JournalError>>,
}

impl Journal {
    /// Starts it for one sender of one campaign.
    #[must_use]
    pub fn start(
        store: Store,
        campaign: CampaignId,
        presence: Arc<Presence>,
        message_digest: String,
    ) -> Self {
        let (requests, queue) = mpsc::channel(JOURNAL_BATCH_MAX);
        let ended = Arc::new(OnceLock::new());
        let book = Book { store, campaign, presence, message_digest, ended: ended.clone() };
        tokio::spawn(book.keep(queue));
        Self { requests, ended }
    }

    /// Makes an outcome durable, and with it the intent of the next message. `true`: the intent holds, its dot may go
    /// out. `false`: the campaign was stopped or the claim taken over, and it may not.
    ///
    /// # Errors
    /// [`JournalError`]: nothing is durable, nothing may go out.
    pub async fn commit(
        &self,
        settlement: Option<Settlement>,
        intent: Option<Intent>,
    ) -> Result<bool, JournalError> {
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
    store: Store,
    campaign: CampaignId,
    presence: Arc<Presence>,
    /// Of the message that this sender has: once it is mended, the intents of the old one do not hold.
    message_digest: String,
    ended: Arc<OnceLock<JournalError>>,
}

impl Book {
    async fn keep(self, mut queue: mpsc::Receiver<Request>) {
        let mut batch = Vec::with_capacity(JOURNAL_BATCH_MAX);
        while queue.recv_many(&mut batch, JOURNAL_BATCH_MAX).await > 0 {
            let settlements: Vec<Settlement> = batch.iter_mut().filter_map(|r| r.settlement.take()).collect();
            let intents: Vec<Intent> = batch.iter().filter_map(|r| r.intent).collect();
            match self.commit(&settlements, &intents).await {
                Ok(intended) => {
                    for request in batch.drain(..) {
                        let holds = request.intent.is_some_and(|i| intended.binary_search(&i.number).is_ok());
                        let _ = request.done.send(Ok(holds));
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

    async fn commit(&self, settlements: &[Settlement], intents: &[Intent]) -> Result<Vec<u64>, StoreError> {
        let mut wait = TRY_WAIT;
        let mut tries = 1;
        loop {
            let (store, digest) = (&self.store, &self.message_digest);
            match store.journal(self.campaign, &self.presence, digest, settlements, intents).await {
                // A first try that settles less than it was given: the deliveries were taken over. A later one may
                // find its own commit, whose answer was lost.
                Ok(journaled) if tries == 1 && journaled.settled < settlements.len() as u64 => {
                    return Err(StoreError::TakenOver);
                }
                Ok(mut journaled) => {
                    journaled.intended.sort_unstable();
                    return Ok(journaled.intended);
                }
                Err(error) if error.may_pass() && tries < TRIES_MAX => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                    tries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
