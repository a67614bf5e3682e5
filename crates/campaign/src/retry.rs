//! When to try again (RFC 5321 §4.5.4.1).

use jiff::{SignedDuration, Timestamp};

/// Exponential back-off with jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Wait after the first failure (`delivery.retry_first`).
    pub first: SignedDuration,
    /// Longest wait (`delivery.retry_max`).
    pub max: SignedDuration,
    /// From the first attempt on; after that a failed attempt is the last (`delivery.give_up_after`).
    pub give_up_after: SignedDuration,
}

impl Retry {
    /// How long to wait after `failures` attempts failed (from 1). `chance` in 0..1 spreads the wait over its upper
    /// half, so that what failed together is not tried together.
    #[must_use]
    pub fn wait(&self, failures: u32, chance: f64) -> SignedDuration {
        let doublings = i32::try_from(failures.saturating_sub(1).min(30)).unwrap_or(30);
        let full = (self.first.as_secs_f64() * 2f64.powi(doublings)).min(self.max.as_secs_f64()).max(0.0);
        SignedDuration::try_from_secs_f64(full * (0.5 + chance.clamp(0.0, 1.0) / 2.0)).unwrap_or(self.max)
    }

    /// Whether an attempt that fails now was the last, given when the first was made. A long pause alone fails
    /// nobody: this is asked only after an attempt.
    #[must_use]
    pub fn gives_up(&self, first_attempt: Timestamp, now: Timestamp) -> bool {
        now.duration_since(first_attempt) >= self.give_up_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RETRY: Retry = Retry {
        first: SignedDuration::from_secs(300),
        max: SignedDuration::from_hours(4),
        give_up_after: SignedDuration::from_hours(120),
    };

    #[test]
    fn doubles_up_to_the_maximum() {
        let waits: Vec<i64> = (1..9).map(|n| RETRY.wait(n, 1.0).as_secs()).collect();
        assert_eq!(waits, [300, 600, 1200, 2400, 4800, 9600, 14400, 14400]);
        assert_eq!(RETRY.wait(1, 0.0).as_secs(), 150);
    }

    #[test]
    fn gives_up_at_its_age_and_not_before() {
        let start = Timestamp::UNIX_EPOCH;
        assert!(!RETRY.gives_up(start, start + SignedDuration::from_secs(120 * 3600 - 1)));
        assert!(RETRY.gives_up(start, start + RETRY.give_up_after));
        // The clock was set back: nobody fails for it.
        assert!(!RETRY.gives_up(start, start - SignedDuration::from_hours(1)));
    }

    proptest! {
        #[test]
        fn wait_is_never_longer_than_the_maximum(failures in any::<u32>(), chance in any::<f64>()) {
            let wait = RETRY.wait(failures, chance);
            prop_assert!(wait <= RETRY.max && wait.is_positive());
        }
    }
}
