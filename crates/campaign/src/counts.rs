//! The accounting of a campaign: disjoint counts that sum to the total.

use serde::Serialize;

use crate::DeliveryState;

/// How many deliveries stand where. The counts are disjoint and sum to `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// People of the audience.
    pub total: u64,
    /// The relay took responsibility.
    pub accepted: u64,
    /// Refused for good.
    pub failed: u64,
    /// Will be tried again.
    pub deferred: u64,
    /// Nobody knows; never resent by itself.
    pub in_doubt: u64,
    /// Not written to: own wish, bad mailbox, or e-mail not safe.
    pub suppressed: u64,
    /// Waits for a human: it is not known whether e-mail is safe.
    pub held: u64,
    /// Not yet attempted, claimed by a live sender, or in flight with one.
    pub queued: u64,
}

impl Counts {
    /// Adds deliveries in a state. `Intended` with no live sender is in doubt; the caller says which it is.
    pub fn add(&mut self, state: DeliveryState, sender_alive: bool, number: u64) {
        self.total += number;
        *match state {
            DeliveryState::Queued | DeliveryState::Claimed => &mut self.queued,
            DeliveryState::Intended if sender_alive => &mut self.queued,
            DeliveryState::Intended | DeliveryState::InDoubt => &mut self.in_doubt,
            DeliveryState::Accepted => &mut self.accepted,
            DeliveryState::Failed => &mut self.failed,
            DeliveryState::Deferred => &mut self.deferred,
            DeliveryState::Suppressed => &mut self.suppressed,
            DeliveryState::Held => &mut self.held,
        } += number;
    }

    /// Both together.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            total: self.total + other.total,
            accepted: self.accepted + other.accepted,
            failed: self.failed + other.failed,
            deferred: self.deferred + other.deferred,
            in_doubt: self.in_doubt + other.in_doubt,
            suppressed: self.suppressed + other.suppressed,
            held: self.held + other.held,
            queued: self.queued + other.queued,
        }
    }

    /// Whether everybody on the list was accepted by the relay.
    #[must_use]
    pub fn everybody_accepted(&self) -> bool {
        self.accepted == self.total
    }

    /// Deliveries with which a sender still has work.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.queued + self.deferred
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_sum_to_the_total() {
        for alive in [true, false] {
            let mut counts = Counts::default();
            for (number, state) in (1..).zip(DeliveryState::ALL) {
                counts.add(state, alive, number);
            }
            let sum = counts.accepted
                + counts.failed
                + counts.deferred
                + counts.in_doubt
                + counts.suppressed
                + counts.held
                + counts.queued;
            assert_eq!((counts.total, sum), (45, 45));
            assert_eq!(counts.in_doubt, if alive { 7 } else { 10 });
        }
    }
}
