//! How fast this sender may send: on SQLite by itself, on PostgreSQL together with all others.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use campaign::{Pace, Rate};
use jiff::{SignedDuration, Timestamp};
use keys::Fingerprint;
use store::{Place, Store, StoreError};

use crate::Clock;
use crate::domain_paces::{DomainPaces, LATE_MAX};
use crate::lock::lock;
use crate::patience::Patience;

/// The time for which places are reserved at once.
const RESERVED_MAX: SignedDuration = SignedDuration::from_millis(250);
/// A reserved place that has passed by more is not used: a process that slept must not catch up.
const PLACE_LATE_MAX: SignedDuration = SignedDuration::from_millis(250);

/// Whether a message may leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Now.
    Now,
    /// At this time, which is kept for whoever asked.
    Then(Timestamp),
    /// Ask again at this time.
    AskAgain(Timestamp),
}

impl Turn {
    /// Whether a place at this time may still be used.
    pub(crate) fn holds(at: Timestamp, now: Timestamp) -> bool {
        now.duration_since(at) <= PLACE_LATE_MAX
    }
}

/// A pace that all connections keep together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Common {
    /// That of the campaign, whoever sends it.
    Campaign,
    /// That of the relay, whatever is sent.
    Relay,
}

/// The paces of all connections, and that of each recipient domain.
pub(crate) struct Paces {
    campaign: Option<All>,
    relay: Option<All>,
    domains: Option<Domains>,
}

enum All {
    Own(Mutex<Pace>),
    Shared(Box<SharedPace>),
}

enum Domains {
    Own(Mutex<DomainPaces>),
    Shared { store: Store, patience: Patience, interval: SignedDuration },
}

/// Places that were reserved in the database for the connections of this process.
struct SharedPace {
    store: Store,
    patience: Patience,
    lane: Fingerprint,
    rate: Rate,
    /// Who waits for a place: so many are reserved, so that none is left unused.
    waiting: AtomicU32,
    places: tokio::sync::Mutex<VecDeque<Timestamp>>,
}

impl Paces {
    /// With each rate, what everybody shares who keeps to it.
    pub(crate) fn new(
        store: &Store,
        patience: &Patience,
        campaign: (Fingerprint, Option<Rate>),
        relay: (Fingerprint, Option<Rate>),
        domain: Option<Rate>,
    ) -> Self {
        let domains = domain.map(|rate| {
            if store.has_leases() {
                let (store, patience) = (store.clone(), patience.clone());
                Domains::Shared { store, patience, interval: rate.interval() }
            } else {
                Domains::Own(Mutex::new(DomainPaces::new(rate)))
            }
        });
        let all = |(lane, rate): (Fingerprint, Option<Rate>)| Some(All::new(store, patience, lane, rate?));
        Self { campaign: all(campaign), relay: all(relay), domains }
    }

    /// A place at a recipient domain, or when to come back. `lane` is the domain's at this relay.
    pub(crate) async fn domain(
        &self,
        domain: &str,
        lane: impl FnOnce() -> Fingerprint,
        clock: &dyn Clock,
    ) -> Result<Result<(), Timestamp>, StoreError> {
        match &self.domains {
            None => Ok(Ok(())),
            Some(Domains::Own(paces)) => Ok(lock(paces).take(domain, clock.now())),
            Some(Domains::Shared { store, patience, interval }) => {
                let lane = lane();
                let place = patience.keep(|| store.take_place(lane, *interval, LATE_MAX)).await?;
                Ok(match place {
                    Place::Now => Ok(()),
                    Place::Later(wait) => Err(clock.now() + wait),
                })
            }
        }
    }

    /// A place in a pace of all connections.
    pub(crate) async fn turn(&self, common: Common, clock: &dyn Clock) -> Result<Turn, StoreError> {
        let pace = match common {
            Common::Campaign => &self.campaign,
            Common::Relay => &self.relay,
        };
        match pace {
            None => Ok(Turn::Now),
            Some(All::Own(pace)) => {
                Ok(lock(pace).take(clock.now()).map_or_else(Turn::AskAgain, |()| Turn::Now))
            }
            Some(All::Shared(pace)) => pace.take(clock).await.map(Turn::Then),
        }
    }
}

impl All {
    fn new(store: &Store, patience: &Patience, lane: Fingerprint, rate: Rate) -> Self {
        if !store.has_leases() {
            // Timers wake to the millisecond, and places of a fast pace are nearer: who comes late keeps to them.
            return Self::Own(Mutex::new(Pace::with_tolerance(rate, LATE_MAX)));
        }
        let (waiting, places) = (AtomicU32::new(0), tokio::sync::Mutex::default());
        let (store, patience) = (store.clone(), patience.clone());
        Self::Shared(Box::new(SharedPace { store, patience, lane, rate, waiting, places }))
    }
}

impl SharedPace {
    async fn take(&self, clock: &dyn Clock) -> Result<Timestamp, StoreError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut places = self.places.lock().await;
        let wanted = self.waiting.fetch_sub(1, Ordering::SeqCst);
        while let Some(place) = places.pop_front() {
            if Turn::holds(place, clock.now()) {
                return Ok(place);
            }
        }
        let interval = self.rate.interval();
        let count = wanted.clamp(1, places_max(interval));
        let reserve = || self.store.reserve_places(self.lane, interval, count);
        let wait = self.patience.keep(reserve).await?;
        // Counted from the answer, not from the question: never too early.
        let first = clock.now() + wait.max(SignedDuration::ZERO);
        places.extend((1..count).map(|n| first + interval * i32::try_from(n).unwrap_or(i32::MAX)));
        Ok(first)
    }
}

/// Places reserved at once.
fn places_max(interval: SignedDuration) -> u32 {
    let interval = Duration::try_from(interval).unwrap_or_default().as_nanos().max(1);
    u32::try_from(RESERVED_MAX.as_nanos().unsigned_abs() / interval).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_reserved_than_a_quarter_of_a_second() {
        assert_eq!(places_max(Rate::per_minute(30).interval()), 1);
        assert_eq!(places_max(Rate::per_second(1).interval()), 1);
        assert_eq!(places_max(Rate::per_second(200).interval()), 50);
    }

    #[test]
    fn a_place_that_has_long_passed_is_not_used() {
        let place = Timestamp::UNIX_EPOCH;
        assert!(Turn::holds(place, place + PLACE_LATE_MAX));
        assert!(!Turn::holds(place, place + PLACE_LATE_MAX + SignedDuration::from_millis(1)));
        assert!(Turn::holds(place, place - SignedDuration::from_secs(1)));
    }
}
