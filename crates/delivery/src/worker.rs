//! One connection's work: a delivery at a time, from claim to settlement.

mod connecting;

use std::sync::Arc;
use std::time::Duration;

use campaign::{Consequence, Pace, PauseCause, Stage, consequence};
use jiff::Timestamp;
use ledger::Digest;
use proof::Proved;
use store::{Claimed, Intent, Settlement};
use tokio::sync::watch;

use crate::LetterError;
use crate::journal::Committed;
use crate::lock::lock;
use crate::paces::{Common, Turn};
use crate::sender::{SendError, Shared};
use crate::settle::{Outcome, Settle, Settled};
use crate::smtp::{Envelope, EnvelopeOptions, HandOver, Reply, Session};
use crate::stop::Stop;
use crate::supply::{Next, until};
use crate::worker::connecting::Connected;

pub(crate) struct Worker {
    shared: Arc<Shared>,
    stop: watch::Receiver<Stop>,
    session: Option<Session>,
    /// The outcome of the message before: durable with the next intent, in one commit.
    pending: Option<Settlement>,
    /// The message after the one that was in flight; its envelope may be on its way.
    ahead: Option<Letter>,
    pace: Option<Pace>,
    /// Messages that the relay took on this connection.
    taken: u64,
}

/// A delivery, and what is to be sent for it.
struct Letter {
    claimed: Claimed,
    date: Timestamp,
    proved: Result<Proved, LetterError>,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let stop = shared.local_stop.subscribe();
        let pace = shared.limits.pace_per_connection.map(Pace::new);
        Self { shared, stop, session: None, pending: None, ahead: None, pace, taken: 0 }
    }

    pub(crate) async fn run(mut self) -> Result<(), SendError> {
        let worked = self.work().await;
        // The last outcome is durable before anything else, also when something failed.
        let flushed = self.flush().await;
        let released = self.release_ahead(None).await;
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
        worked.and(flushed).and(released)
    }

    async fn work(&mut self) -> Result<(), SendError> {
        while !self.stopping() {
            if let Some(end) = self.quiet() {
                self.release_ahead(Some(end)).await?;
                self.leave().await?;
                self.sleep(until(end, self.shared.clock.now())).await;
                continue;
            }
            if let Some(letter) = self.ahead.take() {
                self.deliver(letter).await?;
                self.shared.supply.refill(&*self.shared.clock).await?;
                continue;
            }
            match self.shared.supply.next(&*self.shared.clock).await? {
                Next::Delivery(claimed) => self.deliver(self.letter(*claimed)).await?,
                Next::Wait { .. } if self.pending.is_some() => self.flush().await?,
                Next::Wait { wait, idle } => {
                    if idle {
                        self.shared.settle_policy_row().await?;
                    }
                    self.sleep(wait).await;
                }
                Next::Drained => {
                    self.shared.settle_policy_row().await?;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// When the quiet hours end, if they hold now.
    fn quiet(&self) -> Option<Timestamp> {
        let now = self.shared.clock.now();
        // Where one ends within another, the worker asks again then.
        self.shared.limits.quiet_hours.iter().filter_map(|quiet| quiet.ends(now)).max()
    }

    fn stopping(&self) -> bool {
        *self.stop.borrow() > Stop::No
    }

    /// Waits, or is woken by a stop or by somebody else's settlement.
    async fn sleep(&mut self, wait: Duration) {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = self.stop.changed() => {}
            () = self.shared.supply.something_settled() => {}
        }
    }

    /// Before a long wait: the outcome is durable, and the relay's connection is not held open.
    async fn leave(&mut self) -> Result<(), SendError> {
        self.flush().await?;
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), SendError> {
        match self.pending.take() {
            Some(settlement) => self.commit(Some(settlement), None).await.map(drop),
            None => Ok(()),
        }
    }

    async fn commit(
        &self,
        settlement: Option<Settlement>,
        intent: Option<Intent>,
    ) -> Result<Committed, SendError> {
        let settles = settlement.is_some();
        let committed = self.shared.journal.commit(settlement, intent).await?;
        if settles {
            self.shared.supply.settled();
        }
        if !committed.settled {
            self.shared.progress.drop_outcome();
        }
        Ok(committed)
    }

    async fn release(&mut self, claimed: &Claimed, next: Option<Timestamp>) -> Result<(), SendError> {
        let release = Settle::release(claimed, self.shared.clock.now(), next);
        self.commit(Some(release), None).await.map(drop)
    }

    async fn release_ahead(&mut self, next: Option<Timestamp>) -> Result<(), SendError> {
        match self.ahead.take() {
            Some(letter) => self.release(&letter.claimed, next).await,
            None => Ok(()),
        }
    }

    fn letter(&self, mut claimed: Claimed) -> Letter {
        let date = claimed.date.unwrap_or_else(|| self.shared.clock.now());
        let letters = &self.shared.letters;
        let proved = letters.prepare(claimed.number, claimed.row, &claimed.sealed, date);
        claimed.person = proved.as_ref().ok().map(|p| letters.suppression_fingerprint(p.recipient()));
        Letter { claimed, date, proved }
    }

    /// The next message, made while an intent is on its way to the disk: only where no pace could hold it up, and nobody
    /// has to be asked for it.
    fn look_ahead(&self) -> Option<Letter> {
        if self.stopping() || self.shared.limits.is_paced() {
            return None;
        }
        self.shared.supply.at_hand().map(|claimed| self.letter(claimed))
    }

    async fn deliver(&mut self, letter: Letter) -> Result<(), SendError> {
        let Letter { claimed, date, proved } = letter;
        let (claimed, proved) = match proved {
            Ok(proved) => (&claimed, proved),
            Err(refusal) => {
                self.release(&claimed, None).await?;
                return Ok(self.shared.halt(&refusal).await?);
            }
        };
        if !self.paced(claimed, proved.recipient().domain()).await? {
            return Ok(());
        }
        match self.connect(claimed).await? {
            Connected::Yes => match self.quiet() {
                // The wait for the pace or the relay led into the quiet hours.
                Some(end) => self.release(claimed, Some(end)).await,
                None => self.send(claimed, &proved, date).await,
            },
            Connected::No => Ok(()),
        }
    }

    /// Waits for the pace; `false`: the delivery was given back, for later or because of a stop.
    async fn paced(&mut self, claimed: &Claimed, domain: &str) -> Result<bool, SendError> {
        let shared = self.shared.clone();
        let lane = || shared.letters.lane(&shared.campaign.relay, domain);
        if let Err(later) = shared.paces.domain(domain, lane, &*shared.clock).await? {
            self.release(claimed, Some(later)).await?;
            return Ok(false);
        }
        while let Some(free) = self.pace.as_mut().and_then(|pace| pace.take(shared.clock.now()).err()) {
            if !self.waits_until(claimed, free).await? {
                return Ok(false);
            }
        }
        // The campaign's own first: it is the slower one, and a place at the relay is not kept while it is waited for.
        Ok(self.turn(claimed, Common::Campaign).await? && self.turn(claimed, Common::Relay).await?)
    }

    /// Waits for a place in a pace that is kept with others.
    async fn turn(&mut self, claimed: &Claimed, common: Common) -> Result<bool, SendError> {
        let shared = self.shared.clone();
        loop {
            match shared.paces.turn(common, &*shared.clock).await? {
                Turn::Now => return Ok(true),
                Turn::Then(at) if at <= shared.clock.now() => return Ok(true),
                Turn::Then(at) => {
                    if !self.waits_until(claimed, at).await? {
                        return Ok(false);
                    }
                    if Turn::holds(at, shared.clock.now()) {
                        return Ok(true);
                    }
                }
                Turn::AskAgain(at) => {
                    if !self.waits_until(claimed, at).await? {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Waits, with the outcome before made durable; `false`: a stop came, and the delivery was given back.
    async fn waits_until(&mut self, claimed: &Claimed, then: Timestamp) -> Result<bool, SendError> {
        self.flush().await?;
        self.sleep_until(then).await;
        if self.stopping() {
            self.release(claimed, None).await?;
            return Ok(false);
        }
        Ok(true)
    }

    /// Sleeps to a time, woken by a stop alone.
    async fn sleep_until(&mut self, then: Timestamp) {
        let wait = until(then, self.shared.clock.now()).max(Duration::from_millis(1));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = self.stop.changed() => {}
        }
    }

    fn settle<'a>(&self, claimed: &'a Claimed, intended_at: Option<Timestamp>) -> Settle<'a> {
        let (now, chance) = (self.shared.clock.now(), self.shared.random());
        Settle { claimed, intended_at, retry: self.shared.limits.retry, now, chance }
    }

    async fn send(&mut self, claimed: &Claimed, proved: &Proved, date: Timestamp) -> Result<(), SendError> {
        let Some(mut session) = self.session.take() else { return Ok(()) };
        if !takes_addresses_of(&session, proved) {
            self.session = Some(session);
            self.flush().await?;
            return self.apply(self.settle(claimed, None).impossible(550, "5.6.7")).await;
        }
        if let Some(max) = too_large(&session, proved) {
            self.release(claimed, None).await?;
            let detail = format!("the message is larger than the {max} octets that the relay takes");
            return Ok(self.shared.pause(PauseCause::RelayRefusesUs(Stage::Mail), &detail).await?);
        }
        let envelope_id = self.shared.letters.envelope_id(claimed.number);
        match session.envelope(proved, EnvelopeOptions { envelope_id: &envelope_id }).await {
            Ok(Envelope::Ready) => self.intend_and_hand_over(session, claimed, proved, date).await,
            Ok(Envelope::Refused(stage, reply)) => {
                self.session = Some(session);
                self.refused(claimed, stage, &reply).await
            }
            Ok(Envelope::RefusedAndClosed(stage, reply)) => self.refused(claimed, stage, &reply).await,
            Err(_) => {
                self.connection_lost();
                self.flush().await?;
                self.apply(self.settle(claimed, None).not_sent()).await
            }
        }
    }

    async fn refused(&mut self, claimed: &Claimed, stage: Stage, reply: &Reply) -> Result<(), SendError> {
        self.flush().await?;
        match consequence(stage, reply.code, reply.enhanced) {
            Consequence::Pause(cause) => {
                self.release(claimed, None).await?;
                let detail = format!("its reply to {} was {reply}", stage.word());
                Ok(self.shared.pause(cause, &detail).await?)
            }
            follows => {
                if matches!(follows, Consequence::DeferAndClose | Consequence::Protocol) {
                    self.slow_down();
                }
                let settled = self.reply(claimed, None, stage, reply);
                self.apply(settled).await
            }
        }
    }

    fn reply(
        &self,
        claimed: &Claimed,
        intended_at: Option<Timestamp>,
        stage: Stage,
        reply: &Reply,
    ) -> Settled {
        let sealed = self.shared.letters.seal_reply(claimed.number, reply);
        self.settle(claimed, intended_at).reply(stage, reply, sealed)
    }

    async fn intend_and_hand_over(
        &mut self,
        mut session: Session,
        claimed: &Claimed,
        proved: &Proved,
        date: Timestamp,
    ) -> Result<(), SendError> {
        let (at, message) = (self.shared.clock.now(), Digest::of(proved.bytes()));
        let Claimed { number, worker, person, .. } = *claimed;
        let intent = Intent { number, worker, date, at, message, person };
        let pending = self.pending.take();
        // Promise 3: the outcome of the message before and this intent, in one durable commit. If it fails, the
        // connection is dropped behind 354 and no dot goes out.
        let asked = self.shared.progress.intents.time(self.commit(pending, Some(intent)));
        let (committed, ahead) = tokio::join!(asked, async { self.look_ahead() });
        self.ahead = ahead;
        let committed = committed?;
        if !committed.holds {
            drop(session);
            return self.withheld(claimed, at, committed).await;
        }
        let intended = Some(at);
        let envelope_id =
            self.ahead.as_ref().map(|next| self.shared.letters.envelope_id(next.claimed.number));
        let next = self.ahead.as_ref().filter(|_| !self.stopping()).and_then(|next| {
            let (proved, envelope_id) = (next.proved.as_ref().ok()?, envelope_id.as_deref()?);
            let fits = takes_addresses_of(&session, proved) && too_large(&session, proved).is_none();
            fits.then_some((proved, EnvelopeOptions { envelope_id }))
        });
        match self.shared.progress.replies.time(session.hand_over(proved, next)).await {
            HandOver::Replied(reply) => {
                let settled = self.reply(claimed, intended, Stage::Dot, &reply);
                if reply.code.0 == 421 {
                    self.slow_down();
                } else {
                    self.session = Some(session);
                }
                self.taken += 1;
                self.apply(settled).await
            }
            HandOver::NotSent(_) => {
                self.connection_lost();
                self.apply(self.settle(claimed, intended).not_sent()).await
            }
            HandOver::InDoubt => self.apply(self.settle(claimed, intended).in_doubt()).await,
        }
    }

    /// The intent did not hold, and no dot went out: somebody stopped the campaign, took this sender for dead, or does not
    /// want to be written to any more, and then what is given back is suppressed.
    async fn withheld(
        &mut self,
        claimed: &Claimed,
        at: Timestamp,
        committed: Committed,
    ) -> Result<(), SendError> {
        self.release(claimed, None).await?;
        if committed.again {
            // The answer to an intent was lost: it may stand there, or the doubt that it became. This sender knows better.
            let not_sent = self.settle(claimed, Some(at)).not_sent().settlement;
            self.shared.journal.commit(Some(not_sent), None).await?;
        }
        self.shared.tenure.confirm().await?;
        Ok(self.shared.look_at_state().await?)
    }

    /// Keeps a settlement for the next commit, and draws what follows for the campaign.
    async fn apply(&mut self, settled: Settled) -> Result<(), SendError> {
        let Settled { settlement, outcome, consequence } = settled;
        let number = settlement.number;
        self.pending = Some(settlement);
        match outcome {
            Outcome::Accepted => {
                self.shared.progress.accept();
                lock(&self.shared.gate).succeed();
            }
            Outcome::Failed => self.shared.progress.fail(),
            Outcome::Deferred => self.shared.progress.defer(),
            Outcome::Policy => {
                self.shared.progress.defer();
                self.flush().await?;
            }
            Outcome::InDoubt => {
                self.flush().await?;
                if self.shared.progress.doubt() >= self.shared.limits.doubt_max {
                    self.shared.pause(PauseCause::Doubts, "").await?;
                }
            }
        }
        self.shared.note_policy(number, outcome, consequence).await
    }
}

/// RFC 6531 §3.5: an address beyond ASCII cannot go through a relay without SMTPUTF8.
fn takes_addresses_of(session: &Session, proved: &Proved) -> bool {
    session.offers().smtputf8 || !proved.needs_smtputf8()
}

/// The octets that the relay takes, if the message has more (RFC 1870).
fn too_large(session: &Session, proved: &Proved) -> Option<u64> {
    session.offers().size_max.filter(|max| proved.bytes().len() as u64 > *max)
}
