//! When the relay may be connected to again, for all connections together.

use campaign::Retry;
use jiff::Timestamp;

/// Failures of connecting, and the wait that follows from them.
#[derive(Debug)]
pub(crate) struct Gate {
    retry: Retry,
    failures: u32,
    down_since: Option<Timestamp>,
    not_before: Option<Timestamp>,
}

impl Gate {
    pub(crate) fn new(retry: Retry) -> Self {
        Self { retry, failures: 0, down_since: None, not_before: None }
    }

    /// When to try next, if not now.
    pub(crate) fn opens(&self, now: Timestamp) -> Option<Timestamp> {
        // Never longer than the longest wait: a clock set back must not lock the gate.
        self.not_before.filter(|at| now < *at && at.duration_since(now) <= self.retry.max)
    }

    /// A connection could not be opened, or the relay said 421. Failures of the same moment count once.
    pub(crate) fn fail(&mut self, now: Timestamp, chance: f64) {
        self.down_since.get_or_insert(now);
        if self.opens(now).is_none() {
            self.failures += 1;
            self.not_before = Some(now + self.retry.wait(self.failures, chance));
        }
    }

    /// The relay took a message.
    pub(crate) fn succeed(&mut self) {
        (self.failures, self.down_since, self.not_before) = (0, None, None);
    }

    /// Whether the relay was out of reach for so long that everything that waits fails.
    pub(crate) fn gives_up(&self, now: Timestamp) -> bool {
        self.down_since.is_some_and(|since| self.retry.gives_up(since, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn failures_of_one_moment_count_once_and_success_opens() {
        let seconds = SignedDuration::from_secs;
        let retry = Retry { first: seconds(10), max: seconds(60), give_up_after: seconds(100) };
        let (mut gate, start) = (Gate::new(retry), Timestamp::UNIX_EPOCH);
        for _ in 0..20 {
            gate.fail(start, 1.0);
        }
        assert_eq!(gate.opens(start), Some(start + seconds(10)));
        assert_eq!(gate.opens(start + seconds(10)), None);
        gate.fail(start + seconds(10), 1.0);
        assert_eq!(gate.opens(start + seconds(11)), Some(start + seconds(30)));
        assert!(!gate.gives_up(start + seconds(99)));
        assert!(gate.gives_up(start + seconds(100)));
        assert_eq!(gate.opens(start - seconds(3600)), None, "the clock was set back");
        gate.succeed();
        assert!(gate.opens(start + seconds(11)).is_none() && !gate.gives_up(start + seconds(1000)));
    }
}
