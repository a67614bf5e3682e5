//! A pace for each recipient domain, for a bounded number of domains.

use std::collections::HashMap;

use campaign::{Pace, Rate};
use jiff::{SignedDuration, Timestamp};

/// Domains whose pace is remembered; beyond it all are forgotten, which lets one message too many through to each.
const DOMAINS_MAX: usize = 10_000;
/// How late somebody may come back to a place and keep it: some claims' worth.
pub(crate) const LATE_MAX: SignedDuration = SignedDuration::from_millis(50);

/// Paces by recipient domain.
pub(crate) struct DomainPaces {
    rate: Rate,
    domains: HashMap<Box<str>, (Pace, Timestamp)>,
}

impl DomainPaces {
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, domains: HashMap::new() }
    }

    /// Takes a place, or says when to come back: each who has to wait gets a time of their own.
    pub(crate) fn take(&mut self, domain: &str, now: Timestamp) -> Result<(), Timestamp> {
        if self.domains.len() >= DOMAINS_MAX && !self.domains.contains_key(domain) {
            self.domains.clear();
        }
        let (pace, slot) = self
            .domains
            .entry(domain.into())
            .or_insert_with(|| (Pace::with_tolerance(self.rate, LATE_MAX), now));
        pace.take(now).map_err(|free| {
            let mine = free.max(*slot);
            *slot = mine + self.rate.interval();
            mine
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_who_waits_for_a_domain_gets_a_time_of_their_own() {
        let mut paces = DomainPaces::new(Rate::per_second(1));
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(paces.take("a.test", start), Ok(()));
        assert_eq!(paces.take("b.test", start), Ok(()));
        let seconds = |n| start + SignedDuration::from_secs(n);
        assert_eq!(paces.take("a.test", start), Err(seconds(1)));
        assert_eq!(paces.take("a.test", start), Err(seconds(2)));
        assert_eq!(paces.take("a.test", seconds(1)), Ok(()));
        assert_eq!(paces.take("a.test", seconds(2)), Ok(()));
    }

    proptest! {
        #[test]
        fn the_rate_is_reached_and_kept(messages in 1..200u32, late in proptest::collection::vec(0..40i64, 300)) {
            let rate = Rate::per_second(messages);
            let mut paces = DomainPaces::new(rate);
            // Everybody comes at once, and comes back a little after the time that each was told.
            let mut waiting: Vec<(Timestamp, usize)> = (0..late.len()).map(|n| (Timestamp::UNIX_EPOCH, n)).collect();
            let mut left = Vec::new();
            while let Some(first) = (0..waiting.len()).min_by_key(|n| waiting[*n]) {
                let (now, person) = waiting.swap_remove(first);
                match paces.take("a.test", now) {
                    Ok(()) => left.push(now),
                    Err(place) => waiting.push((place + SignedDuration::from_millis(late[person]), person)),
                }
            }
            let whole = rate.interval() * i32::try_from(late.len()).unwrap();
            let took = left[left.len() - 1].duration_since(Timestamp::UNIX_EPOCH);
            prop_assert!(took <= whole + whole / 10 + LATE_MAX * 2, "{took:?} for {whole:?}");
            prop_assert!(took >= whole - rate.interval() - LATE_MAX);
        }
    }

    #[test]
    fn domains_are_bounded() {
        let mut paces = DomainPaces::new(Rate::per_second(1));
        for n in 0..=DOMAINS_MAX {
            let _ = paces.take(&format!("{n}.test"), Timestamp::UNIX_EPOCH);
        }
        assert!(paces.domains.len() <= DOMAINS_MAX);
    }
}
