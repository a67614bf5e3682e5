//! How long sessions live.

use accounts::{
    CLOCK_SET_BACK_MAX, PASSWORD_ONLY_AGE_MAX, Right, SESSION_AGE_MAX, SESSION_IDLE_MAX, STEP_UP_AGE_MAX,
    SessionAllows, SessionConsequence, SessionEvent, SessionLimits, SessionTimes, SessionVerdict, Strength,
    TOUCH_INTERVAL,
};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::NOW;

const MOMENT: SignedDuration = SignedDuration::from_micros(1);

fn full() -> SessionTimes {
    SessionTimes { created: NOW, last_seen: NOW, second_factor: Some(NOW), strength: Strength::Full }
}

fn verdict(session: SessionTimes, after: SignedDuration) -> SessionVerdict {
    session.verdict(&SessionLimits::default(), NOW + after)
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_after_a_working_day() {
    assert_eq!(verdict(full(), SESSION_IDLE_MAX - MOMENT), SessionVerdict::Live);
    assert_eq!(verdict(full(), SESSION_IDLE_MAX), SessionVerdict::Idle);
    let busy = |after| SessionTimes { last_seen: NOW + after, ..full() };
    assert_eq!(verdict(busy(SESSION_AGE_MAX - MOMENT), SESSION_AGE_MAX - MOMENT), SessionVerdict::Live);
    assert_eq!(verdict(busy(SESSION_AGE_MAX), SESSION_AGE_MAX), SessionVerdict::TooOld);
}

#[test]
fn a_password_alone_opens_nothing() {
    let half = SessionTimes { second_factor: None, strength: Strength::PasswordOnly, ..full() };
    // A row that says "full" without a second factor is half all the same.
    let forged = SessionTimes { strength: Strength::Full, ..half };
    for session in [half, forged] {
        assert_eq!(verdict(session, SignedDuration::ZERO), SessionVerdict::SecondFactorFirst);
        assert_eq!(verdict(session, PASSWORD_ONLY_AGE_MAX), SessionVerdict::TooOld);
        for right in Right::ALL {
            assert_eq!(session.allows(right, &SessionLimits::default(), NOW), SessionAllows::No);
        }
    }
}

#[test]
fn dangerous_acts_want_the_second_factor_again() {
    let (limits, session) = (SessionLimits::default(), full());
    for right in Right::ALL {
        let after = |age| session.allows(right, &limits, NOW + age);
        assert_eq!(after(STEP_UP_AGE_MAX - MOMENT), SessionAllows::Yes);
        let old = if right.needs_step_up() { SessionAllows::AfterStepUp } else { SessionAllows::Yes };
        assert_eq!(after(STEP_UP_AGE_MAX), old, "{right:?}");
        assert_eq!(after(SESSION_IDLE_MAX), SessionAllows::No);
    }
}

#[test]
fn a_clock_set_back_ends_sessions_of_its_future() {
    assert_eq!(verdict(full(), -CLOCK_SET_BACK_MAX), SessionVerdict::Live);
    assert_eq!(verdict(full(), -CLOCK_SET_BACK_MAX - MOMENT), SessionVerdict::FromTheFuture);
}

#[test]
fn the_last_request_is_written_once_a_minute() {
    assert!(!full().touch_due(NOW + TOUCH_INTERVAL - MOMENT));
    assert!(full().touch_due(NOW + TOUCH_INTERVAL));
}

#[test]
fn settings_make_limits_shorter_and_never_longer() {
    let hour = SignedDuration::from_hours(1);
    assert_eq!(SessionLimits::new(hour, hour * 24), SessionLimits::default());
    let short = SessionLimits::new(SignedDuration::from_mins(5), hour);
    assert_eq!(full().verdict(&short, NOW + SignedDuration::from_mins(5)), SessionVerdict::Idle);
    assert_eq!(
        full().verdict(&SessionLimits::new(-hour, -hour), NOW),
        SessionVerdict::TooOld,
        "nonsense lets nobody in"
    );
}

#[test]
fn tokens_change_with_what_a_session_is_worth() {
    use SessionConsequence as C;
    for (event, consequence) in [
        (SessionEvent::LoggedIn, C::Rotate),
        (SessionEvent::SecondFactorShown, C::Rotate),
        (SessionEvent::CredentialsChanged, C::RotateAndEndOthers),
        (SessionEvent::RolesChanged, C::EndAll),
        (SessionEvent::Recovered, C::EndAll),
    ] {
        assert_eq!(event.consequence(), consequence);
    }
    for strength in [Strength::PasswordOnly, Strength::Full] {
        assert_eq!(Strength::from_number(strength.number()), Some(strength));
    }
    assert_eq!((Strength::from_number(0), Strength::from_number(3)), (None, None));
}

proptest! {
    /// What has ended does not come back to life, and no session outlives its limits.
    #[test]
    fn over_is_over(
        idle in 1..3600i64, age in 1..100_000i64, seen in 0..100_000i64, first in 0..200_000i64, more in 0..200_000i64,
    ) {
        let secs = SignedDuration::from_secs;
        let limits = SessionLimits::new(secs(idle), secs(age));
        let session = SessionTimes { last_seen: NOW + secs(seen), ..full() };
        let at = |after| session.verdict(&limits, NOW + secs(after));
        if first >= seen && at(first).is_over() {
            prop_assert!(at(first + more).is_over());
        }
        prop_assert!(first < age.min(43_200) || at(first).is_over());
        prop_assert!(first < seen + idle.min(1_800) || at(first).is_over());
    }
}
