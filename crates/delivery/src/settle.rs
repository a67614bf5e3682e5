//! From a reply, or the lack of one, to a settlement: the rules of retrying and giving up in one place.

use campaign::{Consequence, DeliveryEvent, DeliveryState, Retry, Stage, consequence};
use jiff::Timestamp;
use store::{Claimed, Settlement};

use crate::smtp::Reply;

/// What an attempt led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Accepted,
    Failed,
    Deferred,
    /// Deferred for now, counted towards the row of policy refusals that pauses the campaign.
    Policy,
    InDoubt,
}

/// A settlement, and what it means for the campaign.
pub(crate) struct Settled {
    pub(crate) settlement: Settlement,
    pub(crate) outcome: Outcome,
    /// How the reply counts in a row of refusals; nothing without a reply about this delivery.
    pub(crate) consequence: Consequence,
}

/// Settles one attempt.
pub(crate) struct Settle<'a> {
    pub(crate) claimed: &'a Claimed,
    /// When its intent was asked for; without one, nothing was promised.
    pub(crate) intended_at: Option<Timestamp>,
    pub(crate) retry: Retry,
    pub(crate) now: Timestamp,
    pub(crate) chance: f64,
}

impl Settle<'_> {
    /// A complete reply to RCPT, DATA or the final dot. `sealed` is its text, sealed.
    pub(crate) fn reply(&self, stage: Stage, reply: &Reply, sealed: String) -> Settled {
        let follows = consequence(stage, reply.code, reply.enhanced);
        let mut settled = match follows {
            Consequence::Proceed => self.outcome(Outcome::Accepted, follows),
            Consequence::Fail { policy: true, .. } => self.later(Outcome::Policy, follows),
            Consequence::Fail { .. } => self.outcome(Outcome::Failed, follows),
            _ => self.later(Outcome::Deferred, follows),
        };
        if settled.outcome == Outcome::Failed && matches!(follows, Consequence::Fail { suppress: true, .. }) {
            settled.settlement.suppress = self.claimed.person;
        }
        settled.settlement.code = reply.code.0;
        settled.settlement.enhanced = reply.enhanced.map(|e| e.to_string()).unwrap_or_default();
        settled.settlement.reply = sealed;
        settled
    }

    /// The connection failed before the final dot was handed over.
    pub(crate) fn not_sent(&self) -> Settled {
        self.later(Outcome::Deferred, Consequence::Defer)
    }

    /// The final dot was handed over and nobody knows.
    pub(crate) fn in_doubt(&self) -> Settled {
        self.outcome(Outcome::InDoubt, Consequence::Protocol)
    }

    /// Refused here, before the relay was asked: it cannot take this address (RFC 6531 §3.5).
    pub(crate) fn impossible(&self, code: u16, enhanced: &str) -> Settled {
        let mut settled = self.outcome(Outcome::Failed, Consequence::Fail { suppress: false, policy: false });
        settled.settlement.code = code;
        enhanced.clone_into(&mut settled.settlement.enhanced);
        settled
    }

    /// Gives the delivery back, untried; not before `next`.
    pub(crate) fn release(claimed: &Claimed, now: Timestamp, next: Option<Timestamp>) -> Settlement {
        Settlement { next_attempt: next, ..bare(claimed, None, DeliveryEvent::Release, now) }
    }

    fn later(&self, outcome: Outcome, consequence: Consequence) -> Settled {
        // RFC 5321 §4.5.4.1: in the end it fails; asked only now, after an attempt, so that no pause fails anybody.
        let too_old = self.claimed.first_attempt.is_some_and(|first| self.retry.gives_up(first, self.now));
        if too_old {
            return self.outcome(Outcome::Failed, consequence);
        }
        let wait = self.retry.wait(self.claimed.attempts + 1, self.chance);
        let mut settled = self.outcome(outcome, consequence);
        settled.settlement.next_attempt = Some(self.now + wait);
        settled
    }

    fn outcome(&self, outcome: Outcome, consequence: Consequence) -> Settled {
        let event = match outcome {
            Outcome::Accepted => DeliveryEvent::Accept,
            Outcome::Failed => DeliveryEvent::Refuse,
            Outcome::Deferred | Outcome::Policy => DeliveryEvent::Defer,
            Outcome::InDoubt => DeliveryEvent::Lose,
        };
        Settled { settlement: bare(self.claimed, self.intended_at, event, self.now), outcome, consequence }
    }
}

fn bare(
    claimed: &Claimed,
    intended_at: Option<Timestamp>,
    event: DeliveryEvent,
    at: Timestamp,
) -> Settlement {
    let from = if intended_at.is_some() { DeliveryState::Intended } else { DeliveryState::Claimed };
    Settlement {
        number: claimed.number,
        worker: claimed.worker,
        intended_at,
        from,
        event,
        at,
        code: 0,
        enhanced: String::new(),
        reply: String::new(),
        next_attempt: None,
        suppress: None,
        person: claimed.person,
    }
}
