//! Delays: they grow, they are bounded, and they are each one's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use accounts::{
    AccountKey, Attempt, COUNTERS_MAX, DELAY_FIRST, DELAY_MAX, DeviceId, Devices, FORGOTTEN_AFTER,
    FREE_FAILURES, Factor, Network, PRESSURE_AT, PRESSURE_DELAY, SITE_FREE_FAILURES, Throttle,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::NOW;

fn devices() -> Devices {
    Devices::new(&[5; 32])
}

fn account(login: &str) -> AccountKey {
    devices().account(login)
}

fn device(login: &str, number: u8) -> DeviceId {
    let cookie = devices().issue(account(login), [number; 16]);
    devices().verify(account(login), &cookie).expect("its own cookie")
}

/// The network of that number, each in a site of its own.
fn network(number: u32) -> Network {
    Network::of(IpAddr::V4(Ipv4Addr::from_bits(number << 8)))
}

fn stranger(login: &str, from: u32) -> Attempt {
    Attempt { account: account(login), network: network(from), device: None, factor: Factor::Password }
}

/// Fails as soon as that is possible; returns how long it had to wait.
fn fail(throttle: &mut Throttle, attempt: &Attempt, now: &mut Timestamp) -> SignedDuration {
    let wait = throttle.wait(attempt, *now);
    *now += wait;
    assert_eq!(throttle.admit(attempt, *now), Ok(()));
    wait
}

#[test]
fn delays_grow_and_are_bounded() {
    let (mut throttle, mut now, attempt) = (Throttle::default(), NOW, stranger("anna", 1));
    let waits: Vec<SignedDuration> = (0..200).map(|_| fail(&mut throttle, &attempt, &mut now)).collect();
    let free = FREE_FAILURES as usize;
    assert!(waits.iter().take(free + 1).all(SignedDuration::is_zero));
    assert_eq!(waits[free + 1..free + 4], [DELAY_FIRST, DELAY_FIRST * 2, DELAY_FIRST * 4]);
    assert!(waits.windows(2).all(|pair| pair[0] <= pair[1]) && waits.last() == Some(&DELAY_MAX));
}

#[test]
fn a_try_that_is_refused_counts_nothing() {
    let (mut throttle, mut now, attempt) = (Throttle::default(), NOW, stranger("anna", 1));
    for _ in 0..6 {
        fail(&mut throttle, &attempt, &mut now);
    }
    let wait = throttle.wait(&attempt, now);
    for _ in 0..1000 {
        assert_eq!(throttle.admit(&attempt, now), Err(wait));
    }
    assert_eq!(throttle.admit(&attempt, now + wait), Ok(()));
}

#[test]
fn tries_at_once_are_all_counted() {
    let (mut throttle, attempt) = (Throttle::default(), stranger("anna", 1));
    let admitted = (0..100).filter(|_| throttle.admit(&attempt, NOW).is_ok()).count();
    assert_eq!(admitted, FREE_FAILURES as usize + 1);
}

#[test]
fn who_gets_it_right_starts_afresh() {
    let (mut throttle, mut now, attempt) = (Throttle::default(), NOW, stranger("anna", 1));
    for _ in 0..8 {
        fail(&mut throttle, &attempt, &mut now);
    }
    fail(&mut throttle, &attempt, &mut now);
    throttle.succeeded(&attempt);
    assert!(throttle.wait(&attempt, now).is_zero());
    for _ in 0..500 {
        assert_eq!(throttle.admit(&attempt, now), Ok(()), "logging in is not failing");
        throttle.succeeded(&attempt);
    }
}

#[test]
fn failures_are_forgotten_after_a_day() {
    let (mut throttle, mut now, attempt) = (Throttle::default(), NOW, stranger("anna", 1));
    for _ in 0..20 {
        fail(&mut throttle, &attempt, &mut now);
    }
    now += FORGOTTEN_AFTER;
    assert!(fail(&mut throttle, &attempt, &mut now).is_zero() && throttle.wait(&attempt, now).is_zero());
}

/// A stranger who fails from one place delays the user nowhere else.
#[test]
fn a_user_elsewhere_is_not_delayed() {
    let (mut throttle, mut now) = (Throttle::default(), NOW);
    for _ in 0..40 {
        fail(&mut throttle, &stranger("anna", 1), &mut now);
    }
    assert!(throttle.wait(&stranger("anna", 2), now).is_zero());
}

/// Many networks together: each has one try at a time, and a user on a new device still gets in at the first.
#[test]
fn many_networks_have_one_try_each() {
    let (mut throttle, mut now) = (Throttle::default(), NOW);
    for from in 0..PRESSURE_AT {
        assert_eq!(throttle.admit(&stranger("anna", from), now), Ok(()));
    }
    let fresh = stranger("anna", 1_000_000);
    assert!(fail(&mut throttle, &fresh, &mut now).is_zero());
    assert_eq!(throttle.wait(&fresh, now), PRESSURE_DELAY);
    assert_eq!(throttle.wait(&stranger("anna", 0), now), PRESSURE_DELAY);
    assert!(throttle.wait(&stranger("bert", 0), now).is_zero(), "nobody else is concerned");
    throttle.succeeded(&fresh);
    assert!(throttle.wait(&fresh, now).is_zero());
}

/// One password tried on many accounts.
#[test]
fn a_site_is_counted_over_all_accounts() {
    let (mut throttle, mut now) = (Throttle::default(), NOW);
    let v6 = |user: u32, net: u16| Attempt {
        network: Network::of(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 7, net, 1, 2, 3, 4))),
        ..stranger(&format!("user{user}"), 0)
    };
    for user in 0..=SITE_FREE_FAILURES {
        assert!(fail(&mut throttle, &v6(user, user as u16), &mut now).is_zero());
    }
    // Another /64 of the same /48, another user.
    assert_eq!(throttle.wait(&v6(999, 999), now), DELAY_FIRST);
    let other_site = Network::of(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 8, 0, 0, 0, 0, 1)));
    assert!(throttle.wait(&Attempt { network: other_site, ..v6(999, 0) }, now).is_zero());
}

/// Who gets to the second factor knows the password: all strangers are one.
#[test]
fn the_second_factor_is_counted_over_all_networks() {
    let (mut throttle, mut now) = (Throttle::default(), NOW);
    let second = |from| Attempt { factor: Factor::Second, ..stranger("anna", from) };
    for from in 0..=FREE_FAILURES {
        assert!(fail(&mut throttle, &second(from), &mut now).is_zero());
    }
    assert_eq!(throttle.wait(&second(99), now), DELAY_FIRST);
    assert!(throttle.wait(&stranger("anna", 99), now).is_zero());
    let known = Attempt { device: Some(device("anna", 1)), ..second(99) };
    assert!(throttle.wait(&known, now).is_zero());
}

#[test]
fn a_device_is_known_to_its_own_account() {
    let cookie = devices().issue(account("anna"), [1; 16]);
    assert!(devices().verify(account(" Anna "), &cookie).is_some());
    assert!(devices().verify(account("bert"), &cookie).is_none());
    assert!(Devices::new(&[6; 32]).verify(account("anna"), &cookie).is_none());
    let altered = format!("B{}", &cookie[1..]);
    for text in ["", &cookie[1..], &format!("{cookie}A"), &altered] {
        assert!(devices().verify(account("anna"), text).is_none());
    }
    assert_eq!(
        format!("{:?} {:?} {:?} {:?}", account("anna"), device("anna", 1), devices(), network(1)),
        "[account] [device] [device key] [network]"
    );
}

#[test]
fn networks_are_cut_and_shown() {
    let of = |text: &str| Network::of(text.parse().expect("an address")).to_string();
    assert_eq!(of("192.0.2.77"), "192.0.2.0/24");
    assert_eq!(of("::ffff:192.0.2.77"), "192.0.2.0/24");
    assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert_eq!(of("::1"), "::/64");
    assert_ne!(Network::of(IpAddr::V6(Ipv6Addr::UNSPECIFIED)), network(0));
}

#[test]
fn memory_is_bounded_and_a_flood_pushes_no_device_out() {
    let mut throttle = Throttle::with_counters_max(100);
    let known = Attempt { device: Some(device("anna", 1)), ..stranger("anna", 1) };
    let mut now = NOW;
    for _ in 0..10 {
        fail(&mut throttle, &known, &mut now);
    }
    for from in 0..5_000 {
        let _ = throttle.admit(&stranger(&format!("user{from}"), from), now);
        now += SignedDuration::from_micros(1);
    }
    assert!(throttle.counters() <= 301, "{}", throttle.counters());
    assert!(throttle.wait(&known, now) > SignedDuration::ZERO, "its own failures are not forgotten");
    // The newest stranger is still counted.
    let last = stranger("user4999", 4_999);
    for _ in 0..FREE_FAILURES {
        assert_eq!(throttle.admit(&last, now), Ok(()));
    }
    assert!(throttle.admit(&last, now).is_err());
}

#[test]
fn one_past_the_largest_table() {
    let mut throttle = Throttle::default();
    for from in 0..=u32::try_from(COUNTERS_MAX).expect("small") {
        assert_eq!(throttle.admit(&stranger("anna", from), NOW), Ok(()));
    }
    // One account under pressure; strangers and sites full.
    assert_eq!(throttle.counters(), 2 * COUNTERS_MAX + 1);
}

#[derive(Debug, Clone)]
struct Step {
    login: u8,
    from: u32,
    second: bool,
    right: bool,
    seconds: i64,
}

fn step() -> impl Strategy<Value = Step> {
    (0..3u8, 0..60u32, any::<bool>(), proptest::bool::weighted(0.1), -5..400i64)
        .prop_map(|(login, from, second, right, seconds)| Step { login, from, second, right, seconds })
}

proptest! {
    /// Whatever strangers do, wherever they are, a known device is never asked to wait for it.
    #[test]
    fn strangers_never_delay_a_known_device(steps in proptest::collection::vec(step(), 1..300)) {
        let (mut throttle, mut now) = (Throttle::with_counters_max(50), NOW);
        for step in steps {
            now += SignedDuration::from_secs(step.seconds);
            let factor = if step.second { Factor::Second } else { Factor::Password };
            let attempt = Attempt { factor, ..stranger(&format!("user{}", step.login), step.from) };
            if throttle.admit(&attempt, now).is_ok() && step.right {
                throttle.succeeded(&attempt);
            }
            for factor in [Factor::Password, Factor::Second] {
                let known = Attempt { device: Some(device("user0", 1)), network: attempt.network, factor, ..stranger("user0", 0) };
                prop_assert!(throttle.wait(&known, now).is_zero());
            }
        }
    }

    /// Who waited as long as they were told is admitted, as long as the clock goes forward.
    #[test]
    fn what_is_said_to_wait_is_enough(gaps in proptest::collection::vec((0..4u32, 0..900i64), 1..100)) {
        let (mut throttle, mut now) = (Throttle::default(), NOW);
        for (from, gap) in gaps {
            now += SignedDuration::from_secs(gap);
            if let Err(wait) = throttle.admit(&stranger("anna", from), now) {
                prop_assert!(!throttle.wait(&stranger("anna", from), now + wait - SignedDuration::from_nanos(1)).is_zero());
                now += wait;
                prop_assert_eq!(throttle.admit(&stranger("anna", from), now), Ok(()));
            }
        }
    }

    /// No delay is longer than the longest, whatever happened and whatever the clock does.
    #[test]
    fn nobody_waits_longer_than_the_longest(steps in proptest::collection::vec(step(), 1..300)) {
        let (mut throttle, mut now) = (Throttle::with_counters_max(50), NOW);
        for step in steps {
            now += SignedDuration::from_secs(step.seconds * 10);
            let attempt = stranger(&format!("user{}", step.login), step.from % 4);
            match throttle.admit(&attempt, now) {
                Ok(()) if step.right => throttle.succeeded(&attempt),
                Ok(()) => {}
                Err(wait) => {
                    prop_assert!(wait > SignedDuration::ZERO && wait <= DELAY_MAX);
                    prop_assert!(throttle.wait(&attempt, now + DELAY_MAX * 2).is_zero());
                }
            }
            prop_assert!(throttle.counters() <= 5 * 50);
        }
    }
}
