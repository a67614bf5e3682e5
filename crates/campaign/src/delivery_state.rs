//! The life of one delivery: one message to one person.

/// Where a delivery stands. The numbers are what the database holds: never reused, never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum DeliveryState {
    /// Waits for its first attempt.
    Queued = 0,
    /// A sender has taken it and has promised nothing yet.
    Claimed = 1,
    /// The intent is durable: from here on the final dot may have gone out.
    Intended = 2,
    /// The relay took responsibility for it (RFC 5321 §4.2.5).
    Accepted = 3,
    /// The relay refused it for good, or gave no other answer until `delivery.give_up_after`.
    Failed = 4,
    /// The relay said "later", or could not be reached; waits for its next attempt.
    Deferred = 5,
    /// The final dot may have been read, and nobody knows. Never resent by itself (promise 3); settled by a late outcome
    /// of the same attempt alone.
    InDoubt = 6,
    /// The person is not written to: own wish, a mailbox known to be bad, or e-mail not safe for them.
    Suppressed = 7,
    /// Whether e-mail is safe for the person is not known: waits for a human.
    Held = 8,
}

impl DeliveryState {
    /// Every state, in the order of its number.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Claimed,
        Self::Intended,
        Self::Accepted,
        Self::Failed,
        Self::Deferred,
        Self::InDoubt,
        Self::Suppressed,
        Self::Held,
    ];

    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The state of a number from the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// The word in tables and JSON. A claimed delivery counts as queued: nothing was promised for it yet.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued | Self::Claimed => "queued",
            Self::Intended => "in flight",
            Self::Accepted => "accepted",
            Self::Failed => "failed",
            Self::Deferred => "deferred",
            Self::InDoubt => "in doubt",
            Self::Suppressed => "suppressed",
            Self::Held => "held",
        }
    }

    /// Whether a sender may still have work with it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Claimed | Self::Intended | Self::Deferred)
    }
}

/// What can happen to a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryEvent {
    /// A sender takes it.
    Claim,
    /// A sender gives it back unattempted (stopping, pace, quiet hours), or died before an intent.
    Release,
    /// The intent to hand over the final dot becomes durable.
    Intend,
    /// 2xx to the final dot.
    Accept,
    /// 5xx to RCPT or to the final dot, or too old.
    Refuse,
    /// 4xx, or a connection that failed before the final dot was handed to the kernel.
    Defer,
    /// After the final dot no complete reply came, or the sender died with a durable intent.
    Lose,
    /// A log or a person says of a delivery in doubt that the relay took it.
    FoundSent,
    /// A log or a person says of a delivery in doubt that the relay did not take it.
    FoundUnsent,
    /// The person does not want to be written to any more, or must not be.
    Suppress,
}

impl DeliveryEvent {
    /// Every event.
    pub const ALL: [Self; 10] = [
        Self::Claim,
        Self::Release,
        Self::Intend,
        Self::Accept,
        Self::Refuse,
        Self::Defer,
        Self::Lose,
        Self::FoundSent,
        Self::FoundUnsent,
        Self::Suppress,
    ];
}

/// A transition that the table does not have: a mistake in the program, never carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a delivery that is {from:?} cannot {event:?}")]
pub struct DeliveryTransitionError {
    /// Where it stands.
    pub from: DeliveryState,
    /// What was asked.
    pub event: DeliveryEvent,
}

/// The table: every other pair is an error.
const TRANSITIONS: &[(DeliveryState, DeliveryEvent, DeliveryState)] = {
    use DeliveryEvent as E;
    use DeliveryState as S;
    &[
        (S::Queued, E::Claim, S::Claimed),
        (S::Deferred, E::Claim, S::Claimed),
        (S::Claimed, E::Release, S::Queued),
        (S::Claimed, E::Intend, S::Intended),
        // The relay was out of reach until `delivery.give_up_after`, or a refusal of policy that was first kept open
        // turned out to be about this person and not about us.
        (S::Queued, E::Refuse, S::Failed),
        (S::Deferred, E::Refuse, S::Failed),
        // Before an intent: the relay refused the person, or was not to be reached.
        (S::Claimed, E::Refuse, S::Failed),
        (S::Claimed, E::Defer, S::Deferred),
        // After it: the reply to the dot, or a connection that broke before the dot was handed over.
        (S::Intended, E::Accept, S::Accepted),
        (S::Intended, E::Refuse, S::Failed),
        (S::Intended, E::Defer, S::Deferred),
        (S::Intended, E::Lose, S::InDoubt),
        // Its sender was taken for dead and was not: the outcome of that same attempt, late, is what it would have been.
        // The store sees to it that it is the same attempt.
        (S::InDoubt, E::Accept, S::Accepted),
        (S::InDoubt, E::Refuse, S::Failed),
        (S::InDoubt, E::Defer, S::Deferred),
        (S::InDoubt, E::Lose, S::InDoubt),
        (S::InDoubt, E::FoundSent, S::Accepted),
        (S::InDoubt, E::FoundUnsent, S::Queued),
        // The person's wish counts until an intent is durable. Behind it, the relay said "later": there is none for them.
        (S::Queued, E::Suppress, S::Suppressed),
        (S::Deferred, E::Suppress, S::Suppressed),
        (S::Claimed, E::Suppress, S::Suppressed),
        (S::Intended, E::Suppress, S::Suppressed),
        (S::InDoubt, E::Suppress, S::Suppressed),
    ]
};

impl DeliveryState {
    /// Where `event` leads from here.
    ///
    /// # Errors
    /// [`DeliveryTransitionError`] for every pair that the table does not have.
    pub fn after(self, event: DeliveryEvent) -> Result<Self, DeliveryTransitionError> {
        TRANSITIONS
            .iter()
            .find(|(from, on, _)| *from == self && *on == event)
            .map(|(_, _, to)| *to)
            .ok_or(DeliveryTransitionError { from: self, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeliveryEvent as E;
    use DeliveryState as S;

    #[test]
    fn numbers_are_those_of_the_database() {
        for (number, state) in (0..).zip(S::ALL) {
            assert_eq!(state.number(), number);
            assert_eq!(S::from_number(number), Some(state));
        }
        assert_eq!(S::from_number(9), None);
    }

    #[test]
    fn every_pair_outside_the_table_is_an_error() {
        for from in S::ALL {
            for event in E::ALL {
                let listed = TRANSITIONS.iter().any(|(f, e, _)| (*f, *e) == (from, event));
                assert_eq!(from.after(event).is_ok(), listed, "{from:?} {event:?}");
            }
        }
        assert_eq!(TRANSITIONS.len(), 23);
    }

    #[test]
    fn what_is_final_is_final() {
        for state in [S::Accepted, S::Failed, S::Suppressed, S::Held] {
            assert!(E::ALL.into_iter().all(|event| state.after(event).is_err()), "{state:?}");
            assert!(!state.is_open());
        }
    }

    #[test]
    fn what_is_in_doubt_is_never_sent_again_and_settles_as_its_own_attempt_would_have() {
        for event in [E::Claim, E::Release, E::Intend] {
            assert!(S::InDoubt.after(event).is_err(), "{event:?}");
        }
        for event in [E::Accept, E::Refuse, E::Defer, E::Lose] {
            assert_eq!(S::InDoubt.after(event), S::Intended.after(event));
        }
        assert!(!S::InDoubt.is_open());
    }

    #[test]
    fn nothing_is_accepted_without_an_intent() {
        for from in S::ALL {
            let was_intended = [S::Intended, S::InDoubt].contains(&from);
            assert_eq!(from.after(E::Accept).is_ok(), was_intended);
            assert_eq!(from.after(E::Lose).is_ok(), was_intended);
        }
    }
}
