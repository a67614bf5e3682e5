//! Sessions and API keys.

use accounts::{
    Role, Roles, Scope, Scopes, SessionLimits, SessionVerdict, Strength, TOUCH_INTERVAL, TokenKind,
};
use jiff::SignedDuration;
use store::{AGENT_CHARS_MAX, NewApiKey, NewSession, SESSIONS_PER_USER_MAX, StoreError, UserId};

use crate::staff::{digest, later, session, user};
use crate::{Bench, NOW, act, contract, fine};

contract! {
    a_session_gets_another_token_with_the_second_factor,
    requests_at_once_are_written_once_a_minute,
    sessions_are_listed_and_ended,
    sessions_of_a_user_are_bounded,
    sessions_of_the_password_alone_end_no_others,
    a_disabled_user_has_no_session,
    an_api_key_works_until_it_is_revoked,
}

const AUTHOR: Roles = Roles::NONE.with(Role::Author);

async fn a_session_gets_another_token_with_the_second_factor(bench: Bench) {
    let store = &bench.store;
    let id = user(store, "a@x", AUTHOR).await;
    let mine = session(store, id, 1).await;
    let (old, new) = (digest(TokenKind::Session, 1), digest(TokenKind::Session, 2));
    let half = fine(store.find_session(old).await).expect("there");
    assert_eq!((half.id, half.user, half.times.strength), (mine, id, Strength::PasswordOnly));
    assert_eq!(half.times.verdict(&SessionLimits::default(), NOW), SessionVerdict::SecondFactorFirst);
    assert!(!format!("{half:?}").contains("192.0.2"));
    assert!(fine(store.strengthen_session(old, new, later(9)).await));
    assert!(fine(store.find_session(old).await).is_none(), "the old token is worth nothing");
    assert!(!fine(store.strengthen_session(old, digest(TokenKind::Session, 3), later(9)).await));
    let full = fine(store.find_session(new).await).expect("there");
    assert_eq!((full.id, full.times.second_factor, full.times.created), (mine, Some(later(9)), NOW));
    assert_eq!(full.times.verdict(&SessionLimits::default(), later(9)), SessionVerdict::Live);
    let third = digest(TokenKind::Session, 3);
    assert!(fine(store.rotate_session(new, third).await) && !fine(store.rotate_session(new, old).await));
    assert_eq!(fine(store.find_session(third).await).map(|s| s.times), Some(full.times));
}

async fn requests_at_once_are_written_once_a_minute(bench: Bench) {
    let store = &bench.store;
    let id = user(store, "a@x", AUTHOR).await;
    let mine = session(store, id, 1).await;
    let seen = || async { fine(store.sessions(id).await)[0].times.last_seen };
    fine(store.touch_session(mine, NOW + TOUCH_INTERVAL - SignedDuration::from_micros(1)).await);
    assert_eq!(seen().await, NOW);
    fine(store.touch_session(mine, NOW + TOUCH_INTERVAL).await);
    fine(store.touch_session(mine, NOW + TOUCH_INTERVAL + SignedDuration::from_secs(1)).await);
    assert_eq!(seen().await, NOW + TOUCH_INTERVAL);
}

async fn sessions_are_listed_and_ended(bench: Bench) {
    let store = &bench.store;
    let (anna, bert) = (user(store, "a@x", AUTHOR).await, user(store, "b@x", AUTHOR).await);
    let (one, two) = (session(store, anna, 1).await, session(store, anna, 2).await);
    let berts = session(store, bert, 3).await;
    fine(store.touch_session(one, later(100)).await);
    assert_eq!(fine(store.sessions(anna).await).iter().map(|s| s.id).collect::<Vec<_>>(), [one, two]);
    assert!(!fine(store.end_session(anna, berts).await), "only one's own");
    assert!(fine(store.end_session(anna, two).await) && !fine(store.end_session(anna, two).await));
    assert!(fine(store.find_session(digest(TokenKind::Session, 2)).await).is_none());
    session(store, anna, 4).await;
    assert_eq!(fine(store.end_all_sessions(anna, Some(one), &act()).await), 1);
    assert_eq!(fine(store.end_all_sessions(anna, None, &act()).await), 1);
    assert!(fine(store.sessions(anna).await).is_empty());
    let day = SignedDuration::from_hours(24);
    assert_eq!(fine(store.clear_old_sessions(NOW + day, day).await), 0);
    assert_eq!(fine(store.clear_old_sessions(NOW + day * 2, day).await), 1);
    assert!(fine(store.sessions(bert).await).is_empty());
}

async fn sessions_of_a_user_are_bounded(bench: Bench) {
    let store = &bench.store;
    let (anna, bert) = (user(store, "a@x", AUTHOR).await, user(store, "b@x", AUTHOR).await);
    let first = session(store, anna, 200).await;
    let berts = session(store, bert, 201).await;
    for n in 0..u8::try_from(SESSIONS_PER_USER_MAX).expect("small") {
        session(store, anna, n).await;
    }
    let ids: Vec<_> = fine(store.sessions(anna).await).iter().map(|s| s.id).collect();
    assert!(ids.len() == SESSIONS_PER_USER_MAX as usize && !ids.contains(&first));
    assert_eq!(fine(store.sessions(bert).await)[0].id, berts);
    let agent = format!("\u{7}{}", "ü".repeat(AGENT_CHARS_MAX + 1));
    let new = NewSession {
        digest: digest(TokenKind::Session, 99),
        user: bert,
        network: "",
        agent: &agent,
        at: later(1),
    };
    fine(store.begin_session(&new).await);
    assert_eq!(fine(store.sessions(bert).await)[0].agent, "ü".repeat(AGENT_CHARS_MAX));
}

async fn sessions_of_the_password_alone_end_no_others(bench: Bench) {
    let store = &bench.store;
    let anna = user(store, "a@x", AUTHOR).await;
    let most = u8::try_from(SESSIONS_PER_USER_MAX).expect("small");
    let mut full = Vec::new();
    for n in 0..=most {
        full.push(session(store, anna, n).await);
        let token = digest(TokenKind::Session, n);
        assert!(fine(store.strengthen_session(token, token, later(i64::from(n))).await));
    }
    for n in 0..=most {
        session(store, anna, 100 + n).await;
    }
    let (strong, half): (Vec<_>, Vec<_>) =
        fine(store.sessions(anna).await).into_iter().partition(|s| s.times.strength == Strength::Full);
    let ids: Vec<_> = strong.iter().rev().map(|session| session.id).collect();
    assert_eq!(ids, full[1..], "one past the most ended the one used longest ago");
    assert_eq!(half.len(), usize::from(most));
}

async fn a_disabled_user_has_no_session(bench: Bench) {
    let store = &bench.store;
    user(store, "a@x", AUTHOR.with(Role::Administrator)).await;
    let bert = user(store, "b@x", AUTHOR).await;
    session(store, bert, 1).await;
    fine(store.set_roles(bert, AUTHOR, &act()).await);
    assert!(
        fine(store.find_session(digest(TokenKind::Session, 1)).await).is_none(),
        "roles are of the next login"
    );
    session(store, bert, 2).await;
    fine(store.set_disabled(bert, true, &act()).await);
    assert!(fine(store.find_session(digest(TokenKind::Session, 2)).await).is_none());
    let new =
        NewSession { digest: digest(TokenKind::Session, 3), user: bert, network: "", agent: "", at: NOW };
    assert!(matches!(store.begin_session(&new).await, Err(StoreError::NotFound)));
    // A link from before comes back neither.
    let (link, until) = (digest(TokenKind::Link, 9), later(60));
    fine(store.set_disabled(bert, false, &act()).await);
    fine(store.recover_user(bert, UserId(0), (link, until), NOW, &act()).await);
    assert!(fine(store.link(link, NOW).await).user == Some(bert));
    for disabled in [true, false] {
        fine(store.set_disabled(bert, disabled, &act()).await);
        assert!(matches!(store.link(link, NOW).await, Err(StoreError::LinkSpent)));
    }
}

async fn an_api_key_works_until_it_is_revoked(bench: Bench) {
    let store = &bench.store;
    let scopes = Scopes::NONE.with(Scope::Read).with(Scope::Import);
    let key = |n, expires_at| NewApiKey {
        digest: digest(TokenKind::ApiKey, n),
        name: "case system",
        scopes,
        created_by: "a@x",
        at: NOW,
        expires_at,
    };
    let id = fine(store.create_api_key(&key(1, None), &act()).await);
    assert!(matches!(store.create_api_key(&key(2, None), &act()).await, Err(StoreError::NameInUse)));
    let found = fine(store.find_api_key(digest(TokenKind::ApiKey, 1), later(9)).await).expect("works");
    assert_eq!((found.id, found.scopes, found.last_used), (id, scopes, None));
    assert!(fine(store.find_api_key(digest(TokenKind::Session, 1), NOW).await).is_none());
    fine(store.touch_api_key(id, later(100)).await);
    fine(store.touch_api_key(id, later(101)).await);
    assert_eq!(fine(store.api_keys().await)[0].last_used, Some(later(100)));
    fine(store.revoke_api_key(id, later(200), &act()).await);
    assert!(matches!(store.revoke_api_key(id, later(201), &act()).await, Err(StoreError::NotFound)));
    assert!(fine(store.find_api_key(digest(TokenKind::ApiKey, 1), later(201)).await).is_none());
    // The name is free again, and this one ends by itself.
    fine(store.create_api_key(&key(3, Some(later(300))), &act()).await);
    let third = digest(TokenKind::ApiKey, 3);
    assert!(fine(store.find_api_key(third, later(299)).await).is_some());
    assert!(fine(store.find_api_key(third, later(300)).await).is_none());
    let all = fine(store.api_keys().await);
    assert_eq!(all.iter().map(|key| key.revoked_at).collect::<Vec<_>>(), [None, Some(later(200))]);
    assert_eq!(fine(store.ledger_head().await).size, 3);
}
