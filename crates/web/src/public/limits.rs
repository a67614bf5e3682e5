//! How much of this machine a stranger may have: wrong links slow down the network they come from, and no link can be asked
//! for without end. Nobody's right link is refused for what somebody else does.

use std::collections::HashMap;
use std::hash::Hash;

use accounts::Network;
use jiff::{SignedDuration, Timestamp};

use crate::public::Link;

/// Wrong links that one network may ask for at once.
pub const NETWORK_BURST: u32 = 30;
/// One more after this.
pub const NETWORK_REFILL: SignedDuration = SignedDuration::from_secs(2);
/// Requests with one link at once: a person needs some five, and a mail provider's scanners a few each.
pub const LINK_BURST: u32 = 60;
/// One more after this.
pub const LINK_REFILL: SignedDuration = SignedDuration::from_secs(1);
/// Networks, and links, that are remembered: who comes beyond takes the place of those that have been quiet for longest.
pub const TABLE_MAX: usize = 10_000;
/// Requests that are at work with the database at once, on all links together. More wait for their turn.
pub const WORK_MAX: usize = 64;
/// Octets of a form: three short fields.
pub const PUBLIC_FORM_OCTETS_MAX: usize = 8 * 1024;

/// What was used of each.
#[derive(Default)]
pub(crate) struct Buckets {
    networks: Table<Network>,
    links: Table<Link>,
}

impl Buckets {
    /// Whether a network may ask for one more wrong link.
    pub(crate) fn wrong(&mut self, network: Network, now: Timestamp) -> bool {
        self.networks.take(network, NETWORK_BURST, NETWORK_REFILL, now)
    }

    /// Whether a link may be asked for once more.
    pub(crate) fn right(&mut self, link: Link, now: Timestamp) -> bool {
        self.links.take(link, LINK_BURST, LINK_REFILL, now)
    }
}

/// For each key the moment at which its bucket will be full again: who is not in it has a full one.
struct Table<K>(HashMap<K, Timestamp>);

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Copy + Eq + Hash> Table<K> {
    fn take(&mut self, key: K, burst: u32, refill: SignedDuration, now: Timestamp) -> bool {
        if self.0.len() >= TABLE_MAX && !self.0.contains_key(&key) {
            self.make_room(now);
        }
        let full = self.0.entry(key).or_insert(now);
        let next = (*full).max(now) + refill;
        let fits = next.duration_since(now) <= refill * i32::try_from(burst).unwrap_or(i32::MAX);
        if fits {
            *full = next;
        }
        fits
    }

    /// Forgets those that are full again, and if there are none, the half that will be soonest: so it costs little for each.
    fn make_room(&mut self, now: Timestamp) {
        self.0.retain(|_, full| *full > now);
        if self.0.len() >= TABLE_MAX {
            let mut moments: Vec<Timestamp> = self.0.values().copied().collect();
            let (_, median, _) = moments.select_nth_unstable(TABLE_MAX / 2);
            let median = *median;
            self.0.retain(|_, full| *full > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[test]
    fn a_burst_then_one_at_a_time_and_nobody_pays_for_another() {
        let mut table = Table::default();
        let mut take = |key: u32, now| table.take(key, 3, SignedDuration::from_secs(2), now);
        assert_eq!([1, 1, 1, 1, 2].map(|key| take(key, NOW)), [true, true, true, false, true]);
        assert!(!take(1, NOW + SignedDuration::from_secs(1)));
        assert!(take(1, NOW + SignedDuration::from_secs(2)));
        assert!(!take(1, NOW + SignedDuration::from_secs(3)));
        let later = NOW + SignedDuration::from_hours(1);
        assert_eq!([1, 1, 1, 1].map(|key| take(key, later)), [true, true, true, false]);
    }

    #[test]
    fn the_table_never_grows_past_its_limit() {
        let mut table = Table::default();
        for key in 0..=TABLE_MAX {
            assert!(table.take(key, 3, SignedDuration::from_secs(2), NOW));
            assert!(table.0.len() <= TABLE_MAX);
        }
        // Who uses theirs up is remembered longer than who came by once.
        let mut table = Table::default();
        for _ in 0..3 {
            table.take(0, 3, SignedDuration::from_secs(2), NOW);
        }
        for key in 1..=TABLE_MAX {
            table.take(key, 3, SignedDuration::from_secs(2), NOW);
        }
        assert!(!table.take(0, 3, SignedDuration::from_secs(2), NOW));
    }
}
