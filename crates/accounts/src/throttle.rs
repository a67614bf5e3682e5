//! Delays that grow with failures, and let no stranger lock out a user.
//!
//! A counter for each account alone would do just that: whoever fails often enough in somebody's name keeps them out. So
//! failures are counted by who fails:
//!
//! - **A known device** (a cookie from an earlier login, [`Devices`](crate::Devices)) has a counter for itself and its
//!   account, and nothing else is asked of it. What strangers do never delays it.
//! - **A stranger** is counted by account and network, and by site over all accounts (one password tried on many). Who
//!   fails from one network does not delay the user who logs in from another. Within one network the delay is bounded
//!   ([`DELAY_MAX`]), and the known devices there are not part of it.
//! - **Strangers from many networks** together are counted for the account, and that counter delays nobody by itself:
//!   once it is high ([`PRESSURE_AT`]), each network has one try and then [`PRESSURE_DELAY`] at once. So a user on a new
//!   device still gets in at the first try, and each of a thousand networks has four tries an hour at a password of
//!   fifteen characters.
//! - **The second factor** of an account has one counter for all strangers: whoever gets there knows the password, so it
//!   is the owner, or somebody who has to be stopped wherever they come from. Six digits would not last otherwise.
//!
//! A try is counted before it is looked at ([`Throttle::admit`]) and taken back when it was right: a hundred tries at
//! once are a hundred tries. A try that is refused for its delay counts nothing and moves nothing, so that hammering
//! does not keep the door shut.
//!
//! The counters are in memory: a restart forgets them, and so do [`FORGOTTEN_AFTER`] without a failure. How much memory
//! they take is bounded ([`COUNTERS_MAX`]); each kind has its own table, so that no flood of strangers pushes out what
//! is known of a device.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};

use crate::{AccountKey, DeviceId, Network};

/// Failures without any delay: people mistype.
pub const FREE_FAILURES: u32 = 3;
/// Failures of one site over all accounts without any delay: an office behind one address.
pub const SITE_FREE_FAILURES: u32 = 20;
/// The first delay; each further failure doubles it.
pub const DELAY_FIRST: SignedDuration = SignedDuration::from_secs(1);
/// The longest delay: some hundred tries a day, and bearable for somebody who shares a network with an attacker.
pub const DELAY_MAX: SignedDuration = SignedDuration::from_mins(15);
/// Failures of strangers at one account, from wherever, from which on each network has one try at a time. Below the 100
/// of SP 800-63B-4 §3.2.2.
pub const PRESSURE_AT: u32 = 50;
/// The delay after the first failure of a network then.
pub const PRESSURE_DELAY: SignedDuration = SignedDuration::from_mins(5);
/// Failures are forgotten after so long without another.
pub const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// Counters of each of the five kinds; with about 150 octets each, some 50 MB at the very most. Past that the one whose last
/// failure is longest ago is forgotten.
pub const COUNTERS_MAX: usize = 65_536;

/// What is being tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// The password, of whoever has not shown anything yet.
    Password,
    /// The second factor or a recovery code, of whoever has shown the password.
    Second,
}

/// One try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// At which account.
    pub account: AccountKey,
    /// From where.
    pub network: Network,
    /// By a device that has logged in to this account before.
    pub device: Option<DeviceId>,
    /// At what.
    pub factor: Factor,
}

/// The counters.
#[derive(Debug)]
pub struct Throttle {
    devices: Counters<(AccountKey, DeviceId, Factor)>,
    strangers: Counters<(AccountKey, Network)>,
    sites: Counters<Network>,
    pressure: Counters<AccountKey>,
    second: Counters<AccountKey>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::with_counters_max(COUNTERS_MAX)
    }
}

impl Throttle {
    /// With tables of another size, at least one of each kind; for tests.
    #[must_use]
    pub fn with_counters_max(max: usize) -> Self {
        Self {
            devices: Counters::new(max),
            strangers: Counters::new(max),
            sites: Counters::new(max),
            pressure: Counters::new(max),
            second: Counters::new(max),
        }
    }

    /// Admits a try, and counts it as a failure until [`Throttle::succeeded`] takes that back.
    ///
    /// # Errors
    /// How long to wait, for `Retry-After`. Then nothing is looked at, and nothing is counted.
    pub fn admit(&mut self, attempt: &Attempt, now: Timestamp) -> Result<(), SignedDuration> {
        let wait = self.wait(attempt, now);
        if wait > SignedDuration::ZERO {
            return Err(wait);
        }
        match (attempt.device, attempt.factor) {
            (Some(device), factor) => self.devices.add((attempt.account, device, factor), now),
            (None, Factor::Second) => self.second.add(attempt.account, now),
            (None, Factor::Password) => {
                self.strangers.add((attempt.account, attempt.network), now);
                self.sites.add(attempt.network.site(), now);
                self.pressure.add(attempt.account, now);
            }
        }
        Ok(())
    }

    /// Takes back what [`Throttle::admit`] counted, for the try was right. Who fails no more starts afresh; what a whole
    /// site, or strangers together, got wrong stays but for this one.
    pub fn succeeded(&mut self, attempt: &Attempt) {
        match (attempt.device, attempt.factor) {
            (Some(device), factor) => self.devices.clear((attempt.account, device, factor)),
            (None, Factor::Second) => self.second.clear(attempt.account),
            (None, Factor::Password) => {
                self.strangers.clear((attempt.account, attempt.network));
                self.sites.take_back(attempt.network.site());
                self.pressure.take_back(attempt.account);
            }
        }
    }

    /// How long such a try has to wait; zero when it may be made now.
    #[must_use]
    pub fn wait(&self, attempt: &Attempt, now: Timestamp) -> SignedDuration {
        match (attempt.device, attempt.factor) {
            (Some(device), factor) => self.devices.wait(&(attempt.account, device, factor), now, FEW),
            (None, Factor::Second) => self.second.wait(&attempt.account, now, FEW),
            (None, Factor::Password) => {
                let pressed = self.pressure.failures(&attempt.account, now) >= PRESSURE_AT;
                let growth = if pressed { UNDER_PRESSURE } else { FEW };
                let own = self.strangers.wait(&(attempt.account, attempt.network), now, growth);
                own.max(self.sites.wait(&attempt.network.site(), now, MANY))
            }
        }
    }

    /// Counters in all tables.
    #[must_use]
    pub fn counters(&self) -> usize {
        self.devices.by_key.len()
            + self.strangers.by_key.len()
            + self.sites.by_key.len()
            + self.pressure.by_key.len()
            + self.second.by_key.len()
    }
}

/// How delays grow.
#[derive(Clone, Copy)]
struct Growth {
    free: u32,
    first: SignedDuration,
}

const FEW: Growth = Growth { free: FREE_FAILURES, first: DELAY_FIRST };
const MANY: Growth = Growth { free: SITE_FREE_FAILURES, first: DELAY_FIRST };
const UNDER_PRESSURE: Growth = Growth { free: 0, first: PRESSURE_DELAY };

impl Growth {
    fn delay(self, failures: u32) -> SignedDuration {
        let Some(doubled) = failures.checked_sub(self.free + 1) else { return SignedDuration::ZERO };
        let factor = 1_i32.checked_shl(doubled).filter(|factor| *factor > 0);
        factor
            .and_then(|factor| self.first.checked_mul(factor))
            .map_or(DELAY_MAX, |delay| delay.min(DELAY_MAX))
    }
}

#[derive(Debug, Clone, Copy)]
struct Counter {
    failures: u32,
    last: Timestamp,
}

/// One bounded table.
#[derive(Debug)]
struct Counters<K> {
    by_key: HashMap<K, Counter>,
    /// The same by the time of the last failure: the oldest goes first.
    by_age: BTreeSet<(Timestamp, K)>,
    max: usize,
}

impl<K: Copy + Eq + Hash + Ord> Counters<K> {
    fn new(max: usize) -> Self {
        Self { by_key: HashMap::new(), by_age: BTreeSet::new(), max: max.max(1) }
    }

    /// The counter, if it is not forgotten, and the time since its last failure. A failure of the future counts like one
    /// as long ago: two requests that overtake each other do not free one another, and a clock that was set back holds
    /// nobody for as long as it was set back.
    fn live(&self, key: &K, now: Timestamp) -> Option<(Counter, SignedDuration)> {
        let counter = self.by_key.get(key).copied()?;
        let passed = now.duration_since(counter.last).abs();
        (passed < FORGOTTEN_AFTER).then_some((counter, passed))
    }

    fn failures(&self, key: &K, now: Timestamp) -> u32 {
        self.live(key, now).map_or(0, |(counter, _)| counter.failures)
    }

    fn wait(&self, key: &K, now: Timestamp, growth: Growth) -> SignedDuration {
        self.live(key, now).map_or(SignedDuration::ZERO, |(counter, passed)| {
            (growth.delay(counter.failures) - passed).max(SignedDuration::ZERO)
        })
    }

    fn add(&mut self, key: K, now: Timestamp) {
        let failures = self.failures(&key, now).saturating_add(1);
        self.clear(key);
        while self.by_key.len() >= self.max {
            let Some((_, oldest)) = self.by_age.pop_first() else { break };
            self.by_key.remove(&oldest);
        }
        self.by_key.insert(key, Counter { failures, last: now });
        self.by_age.insert((now, key));
    }

    fn clear(&mut self, key: K) {
        if let Some(counter) = self.by_key.remove(&key) {
            self.by_age.remove(&(counter.last, key));
        }
    }

    fn take_back(&mut self, key: K) {
        if let Some(counter) = self.by_key.get_mut(&key) {
            counter.failures -= 1;
            if counter.failures == 0 {
                self.clear(key);
            }
        }
    }
}
