//! Signing in at a provider: who is known there as whom, and browsers that are not back.

use accounts::{Role, Roles, STEP_UP_AGE_MAX, SessionLimits, SessionVerdict, TokenDigest, TokenKind};
use jiff::SignedDuration;
use store::{
    BegunSignOn, DatabaseUrl, SIGN_ON_LIFE, SIGN_ONS_MAX, SIGN_ONS_PER_BROWSER_MAX, SignOn, Store, StoreError,
};

use crate::forgetting::fine_or_busy;
use crate::staff::{digest, later, session, user};
use crate::{Bench, NOW, act, contract, fine};

contract! {
    somebody_is_one_person_at_a_provider,
    who_is_disabled_or_not_set_up_is_not_tied,
    what_is_taken_away_ends_every_session,
    a_sign_on_is_used_once_by_its_own_browser_and_in_time,
    sign_ons_of_a_browser_are_bounded,
    a_second_factor_shown_elsewhere_is_not_recent,
    what_was_taken_away_stays_so_after_a_restore,
}

const ISSUER: &str = "https://login.example";
const AUTHOR: Roles = Roles::NONE.with(Role::Author);

fn known(subject: &str) -> SignOn {
    SignOn { issuer: ISSUER.to_owned(), subject: subject.to_owned(), created_at: NOW }
}

async fn somebody_is_one_person_at_a_provider(bench: Bench) {
    let store = &bench.store;
    let (anna, bert) = (user(store, "a@x", AUTHOR).await, user(store, "b@x", AUTHOR).await);
    let before = fine(store.ledger_head().await).size;
    fine(store.link_sign_on(anna, &known("1"), &act()).await);
    let other = SignOn { issuer: "https://other.example".to_owned(), ..known("1") };
    fine(store.link_sign_on(bert, &other, &act()).await);
    assert_eq!(fine(store.ledger_head().await).size, before + 2);
    for (who, subject) in [(anna, "2"), (bert, "1"), (anna, "1")] {
        let tied = store.link_sign_on(who, &known(subject), &act()).await;
        assert!(matches!(tied, Err(StoreError::SignOnInUse)), "{who:?} {subject}");
    }
    assert_eq!(fine(store.ledger_head().await).size, before + 2, "what is refused is in no entry");
    let found = async |issuer, subject| fine(store.user_signed_on(issuer, subject).await).map(|user| user.id);
    assert_eq!(found(ISSUER, "1").await, Some(anna));
    assert_eq!(found("https://other.example", "1").await, Some(bert));
    for (issuer, subject) in [(ISSUER, "2"), (ISSUER, "1 "), ("https://LOGIN.example", "1")] {
        assert_eq!(found(issuer, subject).await, None, "to the letter");
    }
    assert_eq!(fine(store.sign_ons(anna).await), [known("1")]);
    assert!(!format!("{:?}", known("canary")).contains("canary"));
    // Two who are tied to one person at once are one.
    let cora = user(store, "c@x", AUTHOR).await;
    let dora = user(store, "d@x", AUTHOR).await;
    let (entry, nine) = (act(), known("9"));
    let (one, two) =
        tokio::join!(store.link_sign_on(cora, &nine, &entry), store.link_sign_on(dora, &nine, &entry));
    assert_eq!([&one, &two].iter().filter(|tied| tied.is_ok()).count(), 1, "{one:?} {two:?}");
}

async fn who_is_disabled_or_not_set_up_is_not_tied(bench: Bench) {
    let store = &bench.store;
    let anna = user(store, "a@x", AUTHOR).await;
    user(store, "root@x", Roles::NONE.with(Role::Administrator)).await;
    fine(store.link_sign_on(anna, &known("1"), &act()).await);
    fine(store.set_disabled(anna, true, &act()).await);
    assert!(fine(store.user_signed_on(ISSUER, "1").await).expect("still known").disabled);
    let bert = user(store, "b@x", AUTHOR).await;
    fine(store.set_disabled(bert, true, &act()).await);
    let new = store::NewUser { login: "c@x", name: "Cora", roles: AUTHOR, at: NOW };
    let link = (digest(TokenKind::Link, 9), later(60));
    let cora = fine(store.invite_user(&new, link, &act()).await);
    for who in [bert, cora, store::UserId(999)] {
        assert!(matches!(store.link_sign_on(who, &known("2"), &act()).await, Err(StoreError::NotFound)));
    }
}

async fn what_is_taken_away_ends_every_session(bench: Bench) {
    let store = &bench.store;
    let anna = user(store, "a@x", AUTHOR).await;
    session(store, anna, 1).await;
    fine(store.link_sign_on(anna, &known("1"), &act()).await);
    assert_eq!(fine(store.sessions(anna).await).len(), 1);
    let other = store.unlink_sign_on(anna, "https://other.example", &act()).await;
    assert!(matches!(other, Err(StoreError::NotFound)));
    assert_eq!(fine(store.sessions(anna).await).len(), 1);
    fine(store.unlink_sign_on(anna, ISSUER, &act()).await);
    assert!(fine(store.sessions(anna).await).is_empty() && fine(store.sign_ons(anna).await).is_empty());
    assert!(matches!(store.unlink_sign_on(anna, ISSUER, &act()).await, Err(StoreError::NotFound)));
}

/// What the browser of this number comes back with, the so-manieth time.
fn begun(browser: u8, n: u32, seconds: i64) -> BegunSignOn {
    let mut octets = [browser; 32];
    octets[..4].copy_from_slice(&n.to_be_bytes());
    BegunSignOn { digest: TokenDigest(octets), holder: digest(TokenKind::Visit, browser), at: later(seconds) }
}

async fn a_sign_on_is_used_once_by_its_own_browser_and_in_time(bench: Bench) {
    let store = &bench.store;
    let take =
        async |which: &BegunSignOn, holder, at| fine(store.take_sign_on(which.digest, holder, at).await);
    let (one, other) = (begun(1, 1, 0), begun(2, 1, 0));
    fine(store.begin_sign_on(&one).await);
    fine(store.begin_sign_on(&other).await);
    assert!(!take(&one, other.holder, NOW).await, "another browser's");
    let last = NOW + SIGN_ON_LIFE - SignedDuration::from_micros(1);
    let (first, second) = tokio::join!(take(&one, one.holder, last), take(&one, one.holder, last));
    assert!(first != second, "once");
    assert!(!take(&other, other.holder, NOW + SIGN_ON_LIFE).await, "too late");
    assert!(!take(&other, other.holder, NOW - SignedDuration::from_secs(1)).await, "not begun yet");
    assert!(take(&other, other.holder, NOW).await);
    // What nobody came back to goes with the next, and with what is cleared at each sign-in.
    for clear in [false, true] {
        let late = begun(3, u32::from(clear), 0);
        fine(store.begin_sign_on(&late).await);
        let now = NOW + SIGN_ON_LIFE;
        if clear {
            fine(store.clear_old_sessions(now, SignedDuration::from_hours(12)).await);
        } else {
            fine(store.begin_sign_on(&BegunSignOn { at: now, ..begun(4, 1, 0) }).await);
        }
        assert!(!take(&late, late.holder, NOW).await, "it is gone, whatever the time says");
    }
}

async fn sign_ons_of_a_browser_are_bounded(bench: Bench) {
    let store = &bench.store;
    let other = begun(2, 1, 0);
    fine(store.begin_sign_on(&other).await);
    for n in 0..=SIGN_ONS_PER_BROWSER_MAX {
        fine(store.begin_sign_on(&begun(1, n, n.into())).await);
    }
    let now = later(60);
    let oldest = begun(1, 0, 0);
    assert!(!fine(store.take_sign_on(oldest.digest, oldest.holder, now).await));
    for n in 1..=SIGN_ONS_PER_BROWSER_MAX {
        let one = begun(1, n, 0);
        assert!(fine(store.take_sign_on(one.digest, one.holder, now).await), "{n}");
    }
    assert!(fine(store.take_sign_on(other.digest, other.holder, now).await));
}

#[tokio::test]
async fn sign_ons_of_all_browsers_are_bounded() {
    let bench = crate::sqlite().await;
    let store = &bench.store;
    let of = |n: u32| {
        let mut one = begun(1, n, i64::from(n / 100));
        one.holder = one.digest;
        one
    };
    for n in 0..=SIGN_ONS_MAX {
        fine(store.begin_sign_on(&of(n)).await);
    }
    let taken = async |n| fine(store.take_sign_on(of(n).digest, of(n).holder, later(200)).await);
    assert!(!taken(0).await && taken(1).await && taken(SIGN_ONS_MAX).await);
}

async fn a_second_factor_shown_elsewhere_is_not_recent(bench: Bench) {
    let store = &bench.store;
    let anna = user(store, "a@x", AUTHOR).await;
    session(store, anna, 1).await;
    let (old, new) = (digest(TokenKind::Session, 1), digest(TokenKind::Session, 2));
    assert!(fine(store.strengthen_session_elsewhere(old, new, later(9)).await));
    assert!(fine(store.find_session(old).await).is_none(), "the old token is worth nothing");
    let times = fine(store.find_session(new).await).expect("there").times;
    assert_eq!(times.verdict(&SessionLimits::default(), later(9)), SessionVerdict::Live);
    assert_eq!(times.second_factor, Some(later(9) - STEP_UP_AGE_MAX));
}

async fn what_was_taken_away_stays_so_after_a_restore(bench: Bench) {
    let Bench { store, url, _folder, _server } = bench;
    let (anna, bert) = (user(&store, "a@x", AUTHOR).await, user(&store, "b@x", AUTHOR).await);
    fine(store.link_sign_on(anna, &known("1"), &act()).await);
    fine(store.link_sign_on(bert, &known("2"), &act()).await);
    let under_way = begun(1, 1, 0);
    fine(store.begin_sign_on(&under_way).await);
    let file = _folder.path().join("backup.db");
    fine(store.back_up(&file, NOW).await);
    let read = fine(Store::open(&fine(DatabaseUrl::parse(&format!("sqlite:{}", file.display())))).await);
    assert_eq!(fine(read.sign_ons(anna).await), [known("1")]);
    assert!(!fine(read.take_sign_on(under_way.digest, under_way.holder, NOW).await), "in no backup");
    read.close().await;
    drop(read);
    fine(store.unlink_sign_on(bert, ISSUER, &act()).await);
    store.close().await;
    drop(store);
    fine(fine_or_busy(&file, &url, _folder.path()).await);
    let restored = fine(Store::open(&url).await);
    assert_eq!(fine(restored.sign_ons(anna).await), [known("1")]);
    assert!(fine(restored.sign_ons(bert).await).is_empty());
}
