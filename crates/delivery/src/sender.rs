//! A sender: connections, journal and supply of one campaign, from start to finish.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use campaign::{CampaignEvent, CampaignState, PauseCause, PolicyRefusals, QuietHours, Rate, Retry};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustls::ClientConfig;
use store::{Campaign, Presence, Store, StoreError, Version};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::gate::Gate;
use crate::journal::{Journal, JournalError};
use crate::letters::Prepare;
use crate::lock::lock;
use crate::paces::Paces;
use crate::patience::Patience;
use crate::progress::Progress;
use crate::scribe::Scribe;
use crate::settle::Settle;
use crate::smtp::Relay;
use crate::stop::{Stop, StopSignal, asked};
use crate::supply::{LOOK_AGAIN, Supply};
use crate::tenure::Tenure;
use crate::token::TokenSource;
use crate::worker::Worker;
use crate::{Clock, LetterError};

/// How often a sender looks whether somebody paused or cancelled the campaign. The intent looks too, in its own
/// commit: after `pause` has returned, at most those already in flight leave.
const STATE_LOOK: Duration = Duration::from_millis(250);

/// What a sender keeps to.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once.
    pub connections: u32,
    /// When to try again and when to give up.
    pub retry: Retry,
    /// Doubts since the start that pause the campaign.
    pub doubt_max: u64,
    /// Messages of all connections together.
    pub pace: Option<Rate>,
    /// Messages of each connection.
    pub pace_per_connection: Option<Rate>,
    /// Messages to each domain.
    pub pace_per_domain: Option<Rate>,
    /// Messages of this campaign, all its senders together.
    pub pace_of_campaign: Option<Rate>,
    /// Hours without mail: each of them holds.
    pub quiet_hours: Vec<QuietHours>,
}

impl Limits {
    /// Whether a message may have to wait for its turn.
    pub(crate) const fn is_paced(&self) -> bool {
        self.pace.is_some()
            || self.pace_per_connection.is_some()
            || self.pace_per_domain.is_some()
            || self.pace_of_campaign.is_some()
    }
}

/// How a sender ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// Everything is settled.
    Done,
    /// Somebody paused it, or a rule did: why.
    Paused(String),
    /// The proof refused a message: why.
    Halted(String),
    /// Somebody cancelled it.
    Cancelled,
    /// Somebody took it back, or changed it.
    TakenBack,
    /// The process was asked to stop.
    Stopped,
}

/// Why a sender could not go on. Nothing was lost: what is durable stands in the database.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database, in the middle of a commit.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What the connections of one sender share.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) campaign: Campaign,
    pub(crate) letters: Arc<dyn Prepare>,
    pub(crate) scribe: Arc<dyn Scribe>,
    pub(crate) relay: Relay,
    pub(crate) tokens: Option<TokenSource>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) progress: Arc<Progress>,
    pub(crate) journal: Journal,
    pub(crate) supply: Supply,
    pub(crate) gate: Mutex<Gate>,
    pub(crate) paces: Paces,
    pub(crate) patience: Patience,
    pub(crate) tenure: Arc<Tenure>,
    pub(crate) chance: Mutex<StdRng>,
    /// Deliveries refused for policy in an unbroken row, deferred until it is known whether the refusal is about us.
    pub(crate) policy_row: Mutex<(PolicyRefusals, Vec<u64>)>,
    /// The relay was out of reach for so long that a delivery was given up.
    pub(crate) gave_up: AtomicBool,
    pub(crate) local_stop: watch::Sender<Stop>,
    pub(crate) finish: Mutex<Option<Finish>>,
}

/// Sends one campaign until it is settled or stopped.
pub struct Sender {
    /// The database.
    pub store: Store,
    /// The campaign.
    pub campaign: Campaign,
    /// This sender's lock, and its lease.
    pub presence: Presence,
    /// Makes the messages.
    pub letters: Arc<dyn Prepare>,
    /// Writes the ledger's entries.
    pub scribe: Arc<dyn Scribe>,
    /// Where to.
    pub relay: Relay,
    /// Bearer tokens that are renewed, for relays that want them.
    pub tokens: Option<TokenSource>,
    /// TLS.
    pub tls: Arc<ClientConfig>,
    /// What to keep to.
    pub limits: Limits,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// For the jitter of retries.
    pub chance: StdRng,
    /// How far it came.
    pub progress: Arc<Progress>,
    /// The process's wish to stop.
    pub stop: StopSignal,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sender]")
    }
}

impl Sender {
    /// Sends until nothing is open, or somebody stops it.
    ///
    /// # Errors
    /// [`SendError`] when the database fails: for longer than the journal's patience on SQLite, or until the process was
    /// asked to stop.
    pub async fn run(self) -> Result<Finish, SendError> {
        let (mut stop, watched) = (self.stop.clone(), self.stop.clone());
        let shared = Arc::new(self.shared());
        let watcher = tokio::spawn(watch_state(shared.clone(), watched));
        let keeper = tokio::spawn({
            let shared = shared.clone();
            async move { shared.tenure.keep(&*shared.clock).await }
        });
        let result = tokio::select! {
            result = shared.clone().send_in_order() => result,
            // The second signal: nothing more is waited for. What is in flight is in doubt, and the next start says so.
            () = asked(&mut stop, Stop::Now) => Ok(Finish::Stopped),
        };
        watcher.abort();
        keeper.abort();
        result
    }

    fn shared(mut self) -> Shared {
        let (store, id, limits) = (self.store, self.campaign.id, self.limits);
        let patience = Patience::new(&store, self.stop);
        let chance = StdRng::from_rng(&mut self.chance);
        let tenure = Tenure::new(store.clone(), id, self.presence, patience.clone(), chance);
        let tenure = Arc::new(tenure);
        let lane = self.letters.lane(&self.campaign.relay, "");
        // No relay's URL begins so.
        let own_lane = self.letters.lane(&format!("campaign {}", self.campaign.uid), "");
        Shared {
            journal: Journal::start(
                &store,
                id,
                Version::of(&self.campaign),
                patience.clone(),
                self.progress.clone(),
            ),
            supply: Supply::new(store.clone(), id, tenure.clone(), patience.clone(), limits.connections),
            gate: Mutex::new(Gate::new(limits.retry)),
            paces: Paces::new(
                &store,
                &patience,
                (own_lane, limits.pace_of_campaign),
                (lane, limits.pace),
                limits.pace_per_domain,
            ),
            patience,
            tenure,
            chance: Mutex::new(self.chance),
            policy_row: Mutex::default(),
            gave_up: AtomicBool::new(false),
            local_stop: watch::channel(Stop::No).0,
            finish: Mutex::new(None),
            store,
            campaign: self.campaign,
            letters: self.letters,
            scribe: self.scribe,
            relay: self.relay,
            tokens: self.tokens,
            tls: self.tls,
            limits,
            clock: self.clock,
            progress: self.progress,
        }
    }
}

impl Shared {
    async fn send_in_order(self: Arc<Self>) -> Result<Finish, SendError> {
        let finish = self.clone().send_all().await?;
        self.discharge().await;
        Ok(finish)
    }

    async fn send_all(self: Arc<Self>) -> Result<Finish, SendError> {
        loop {
            let me = self.tenure.present();
            let id = self.campaign.id;
            self.patience.keep(|| self.store.take_over(id, &me, self.clock.now())).await?;
            // Before the first word to the relay: somebody may have paused or cancelled it while this one waited.
            self.patience.keep(|| self.look_at_state()).await?;
            let mut workers = JoinSet::new();
            for _ in 0..self.limits.connections {
                workers.spawn(Worker::new(self.clone()).run());
            }
            let mut failed: Option<SendError> = None;
            // Whichever ends first is heard first: one that fails stops the others.
            while let Some(ended) = workers.join_next().await {
                let error = match ended {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => error,
                    Err(_) => StoreError::Foreign("a connection's task ended early").into(),
                };
                self.stop(None);
                failed.get_or_insert(error);
            }
            if let Some(error) = failed {
                return Err(error);
            }
            self.give_back().await?;
            if let Some(finish) = self.finished().await? {
                return Ok(finish);
            }
            // Another sender (PostgreSQL) has the rest; if it dies, this one takes over.
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// In order, so that nobody has to find out. If it cannot be done now, they will.
    async fn discharge(&self) {
        let me = self.tenure.present();
        let _ = self.patience.keep(|| self.store.discharge(&me, self.clock.now())).await;
    }

    /// Claims that were not attempted go back, so that nobody has to wait for them.
    async fn give_back(&self) -> Result<(), SendError> {
        let now = self.clock.now();
        for claimed in self.supply.take_rest() {
            self.journal.commit(Some(Settle::release(&claimed, now, None)), None).await?;
        }
        Ok(())
    }

    async fn finished(&self) -> Result<Option<Finish>, SendError> {
        let (id, now) = (self.campaign.id, self.clock.now());
        let stopped = lock(&self.finish).clone();
        if let Some(finish) = stopped {
            return Ok(Some(finish));
        }
        if self.gave_up.load(Ordering::SeqCst) {
            let worker = self.tenure.present().worker;
            self.patience.keep(|| self.store.fail_waiting(id, worker, now)).await?;
        }
        if self.patience.keep(|| self.store.finish_campaign(id, now)).await? {
            return Ok(Some(Finish::Done));
        }
        let (state, reason) = self.patience.keep(|| self.store.campaign_state(id)).await?;
        if state == CampaignState::Sending {
            // Something is open.
            return Ok((*self.local_stop.borrow() > Stop::No).then_some(Finish::Stopped));
        }
        // Another sender (PostgreSQL) came first, or somebody paused the campaign as its last message left.
        Ok(Some(by_state((state, reason))))
    }

    /// Stops all connections after the message that each has in flight.
    pub(crate) fn stop(&self, finish: Option<Finish>) {
        if let Some(finish) = finish {
            lock(&self.finish).get_or_insert(finish);
        }
        self.local_stop.send_replace(Stop::Soon);
    }

    /// Pauses the campaign by itself.
    pub(crate) async fn pause(&self, cause: PauseCause, detail: &str) -> Result<(), StoreError> {
        let reason = pause_reason(cause, detail);
        let moved = self.moved(CampaignEvent::Pause, "pause", &reason).await;
        self.stop(Some(Finish::Paused(reason)));
        tolerate_transition(moved)
    }

    async fn moved(
        &self,
        event: CampaignEvent,
        act: &str,
        reason: &str,
    ) -> Result<CampaignState, StoreError> {
        let (id, now) = (self.campaign.id, self.clock.now());
        match self.scribe.entry(act, reason) {
            Some(entry) => {
                self.patience.keep(|| self.store.act_on_campaign(id, event, reason, now, &entry)).await
            }
            None => self.patience.keep(|| self.store.move_campaign(id, event, reason, now)).await,
        }
    }

    /// Halts the campaign: a message was refused by the proof as it was about to leave.
    pub(crate) async fn halt(&self, error: &LetterError) -> Result<(), StoreError> {
        let reason = error.to_string();
        let moved = self.moved(CampaignEvent::Halt, "halt", &reason).await;
        self.stop(Some(Finish::Halted(reason)));
        tolerate_transition(moved)
    }

    /// Stops if somebody paused, cancelled or halted the campaign.
    pub(crate) async fn look_at_state(&self) -> Result<(), StoreError> {
        let now = self.store.campaign(&self.campaign.name).await?;
        if Version::of(&now) != Version::of(&self.campaign) {
            self.stop(Some(Finish::Paused(
                "it was changed meanwhile; `undisclosed resume` sends it as it is now".to_owned(),
            )));
        }
        let state = (now.state, now.reason);
        if !matches!(state.0, CampaignState::Sending | CampaignState::Done) {
            self.stop(Some(by_state(state)));
        }
        Ok(())
    }

    pub(crate) fn random(&self) -> f64 {
        use rand::RngExt;
        lock(&self.chance).random()
    }
}

/// Somebody cancelled or halted it in between: that stands.
fn tolerate_transition(moved: Result<CampaignState, StoreError>) -> Result<(), StoreError> {
    match moved {
        Ok(_) | Err(StoreError::Transition(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

fn pause_reason(cause: PauseCause, detail: &str) -> String {
    let what = match cause {
        PauseCause::RelayRefusesUs(_) => {
            "nobody failed: the relay refuses the sender, not a person".to_owned()
        }
        PauseCause::PolicyRefusals => {
            format!(
                "nobody failed: the relay refused {} messages in a row for its policy",
                campaign::POLICY_REFUSALS_MAX
            )
        }
        PauseCause::Doubts => {
            "too many connections were lost behind the final dot (delivery.doubt_max)".to_owned()
        }
    };
    if detail.is_empty() { what } else { format!("{what}: {detail}") }
}

fn by_state((state, reason): (CampaignState, String)) -> Finish {
    match state {
        CampaignState::Done => Finish::Done,
        CampaignState::Halted => Finish::Halted(reason),
        CampaignState::Cancelled => Finish::Cancelled,
        CampaignState::Draft | CampaignState::Submitted => Finish::TakenBack,
        _ => Finish::Paused(reason),
    }
}

/// Passes on what others decide: the signal of the process, and the state in the database.
async fn watch_state(shared: Arc<Shared>, mut stop: StopSignal) {
    loop {
        tokio::select! {
            () = asked(&mut stop, Stop::Soon) => {
                shared.stop(None);
                return;
            }
            () = tokio::time::sleep(STATE_LOOK) => {}
        }
        // A database that does not answer is the journal's to wait for.
        let _ = shared.look_at_state().await;
    }
}
