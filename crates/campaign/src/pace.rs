//! How fast messages may leave: a token bucket over time that is handed in.

use jiff::{SignedDuration, Timestamp};

/// Messages in a span of time. At most one span's worth leaves at once, and no more than one second's worth of a
/// rate given by the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Messages.
    pub messages: u32,
    /// The span they may leave in.
    pub per: SignedDuration,
}

impl Rate {
    /// So many a second.
    #[must_use]
    pub const fn per_second(messages: u32) -> Self {
        Self { messages, per: SignedDuration::from_secs(1) }
    }

    /// So many a minute.
    #[must_use]
    pub const fn per_minute(messages: u32) -> Self {
        Self { messages, per: SignedDuration::from_mins(1) }
    }

    /// The time from one message to the next at an even pace.
    #[must_use]
    pub fn interval(&self) -> SignedDuration {
        self.per / i32::try_from(self.messages.max(1)).unwrap_or(i32::MAX)
    }
}

/// Spaces messages evenly: the next may leave one interval after the one before, whatever was left unused.
///
/// A relay that allows 30 a minute counts over its own minutes, so a burst saved up from quiet seconds could
/// exceed its limit; even spacing never does.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    interval: SignedDuration,
    /// Who comes late by up to this does not move the places after.
    tolerance: SignedDuration,
    next: Option<Timestamp>,
}

impl Pace {
    /// A pace with nothing sent yet.
    #[must_use]
    pub fn new(rate: Rate) -> Self {
        Self { interval: rate.interval(), tolerance: SignedDuration::ZERO, next: None }
    }

    /// A pace for those who come back at the time they were told, a little late: it keeps to its places, so that the
    /// rate is reached. Two messages can be nearer than an interval by `tolerance`.
    #[must_use]
    pub fn with_tolerance(rate: Rate, tolerance: SignedDuration) -> Self {
        Self { tolerance, ..Self::new(rate) }
    }

    /// Takes a place: `Ok` means now; `Err` says when to ask again.
    ///
    /// # Errors
    /// The time at which the next place is free.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        // A clock set back must not stop the campaign until it has caught up.
        let place = self.next.filter(|next| next.duration_since(now) <= self.interval).unwrap_or(now);
        if now < place {
            return Err(place);
        }
        self.next = Some(place.max(now - self.tolerance) + self.interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clock_set_back_does_not_stop_it() {
        let mut pace = Pace::new(Rate::per_second(1));
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(2);
        assert_eq!(pace.take(now), Ok(()));
        assert_eq!(pace.take(now - SignedDuration::from_hours(1)), Ok(()));
    }

    #[test]
    fn a_fast_pace_is_reached_by_timers_that_wake_to_the_millisecond() {
        let rate = Rate::per_second(2_000);
        let in_a_second = |mut pace: Pace| {
            let mut sent = 0;
            for millisecond in 0..1_000 {
                let now = Timestamp::UNIX_EPOCH + SignedDuration::from_millis(millisecond);
                while pace.take(now).is_ok() {
                    sent += 1;
                }
            }
            sent
        };
        let sent = in_a_second(Pace::with_tolerance(rate, SignedDuration::from_millis(50)));
        assert!((1_990..=2_000).contains(&sent), "{sent}");
        assert!(in_a_second(Pace::new(rate)) <= 1_000, "without a tolerance every other place is lost");
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate(messages in 1..500u32, steps in proptest::collection::vec(0..50i64, 1..400)) {
            let rate = Rate::per_second(messages);
            let (mut pace, mut now) = (Pace::new(rate), Timestamp::UNIX_EPOCH);
            let mut sent = Vec::new();
            for step in steps {
                now += SignedDuration::from_millis(step);
                if pace.take(now).is_ok() { sent.push(now); }
            }
            for window in sent.windows(2) {
                prop_assert!(window[1].duration_since(window[0]) >= rate.interval());
            }
        }
    }
}
