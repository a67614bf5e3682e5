//! Users, links that work once, and the administrator who is always there.

use accounts::{
    HashCost, Password, PasswordHash, RECOVERY_CODES, Role, Roles, Scope, Scopes, Token, TokenDigest,
    TokenKind, TotpStep,
};
use jiff::{SignedDuration, Timestamp};
use store::{
    Credentials, DatabaseUrl, LinkPurpose, NewApiKey, NewSession, NewUser, SessionId, Store, StoreError,
    UserId,
};

use crate::forgetting::fine_or_busy;
use crate::{Bench, NOW, act, contract, fine};

contract! {
    the_first_administrator_comes_by_a_link,
    an_invitation_is_accepted_once,
    a_link_expires_and_serves_one_purpose,
    login_names_are_one_in_any_case,
    the_last_administrator_stays,
    two_administrators_do_not_disable_each_other,
    a_code_is_taken_once,
    a_code_on_paper_works_once,
    another_administrator_recovers_an_account,
    a_changed_password_ends_the_other_sessions,
    what_is_refused_is_not_recorded,
    users_outlive_a_backup_and_sessions_do_not,
}

const ADMINISTRATOR: Roles = Roles::NONE.with(Role::Administrator);
const AUTHOR: Roles = Roles::NONE.with(Role::Author);

pub(crate) fn later(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

pub(crate) fn digest(kind: TokenKind, n: u8) -> TokenDigest {
    Token::from_random(kind, [n; 32]).digest()
}

fn link(n: u8) -> TokenDigest {
    digest(TokenKind::Link, n)
}

fn hash(n: u8) -> PasswordHash {
    let password = fine(Password::read("otter quilt lamp"));
    fine(PasswordHash::make(&password, [n; 16], &fine(HashCost::new(8, 1, 1))))
}

fn new_user(login: &str, roles: Roles) -> NewUser<'_> {
    NewUser { login, name: "Anna", roles, at: NOW }
}

fn credentials(hash: &PasswordHash) -> Credentials<'_> {
    Credentials {
        password_hash: hash,
        totp_sealed: "sealed",
        totp_step: TotpStep::from_number(7),
        recovery_codes: &[],
    }
}

/// A user who has accepted an invitation.
pub(crate) async fn user(store: &Store, login: &str, roles: Roles) -> UserId {
    let link = Token::from_random(TokenKind::Link, octets_of(login)).digest();
    let id = fine(store.invite_user(&new_user(login, roles), (link, later(60)), &act()).await);
    assert_eq!(fine(store.redeem_link(link, &credentials(&hash(1)), NOW, &act()).await), id);
    id
}

/// 32 octets of a name, for a token.
fn octets_of(login: &str) -> [u8; 32] {
    let mut octets = [0; 32];
    for (to, from) in octets.iter_mut().zip(login.bytes()) {
        *to = from;
    }
    octets
}

pub(crate) async fn session(store: &Store, user: UserId, n: u8) -> SessionId {
    let new = NewSession {
        digest: digest(TokenKind::Session, n),
        user,
        network: "192.0.2.0/24",
        agent: "Firefox",
        at: NOW,
    };
    fine(store.begin_session(&new).await)
}

async fn the_first_administrator_comes_by_a_link(bench: Bench) {
    let store = &bench.store;
    assert!(!fine(store.has_administrator().await));
    fine(store.offer_first_administrator((link(1), later(60)), NOW).await);
    fine(store.offer_first_administrator((link(2), later(60)), NOW).await);
    let hash = hash(1);
    let (new, credentials) = (new_user("anna@force.example", AUTHOR), credentials(&hash));
    let old = store.make_first_administrator(link(1), &new, &credentials, &act()).await;
    assert!(matches!(old, Err(StoreError::LinkSpent)));
    assert_eq!(fine(store.link(link(2), NOW).await).purpose, LinkPurpose::FirstAdministrator);
    let id = fine(store.make_first_administrator(link(2), &new, &credentials, &act()).await);
    let made = fine(store.user(id).await);
    assert_eq!((made.roles, made.totp_step.number()), (AUTHOR.with(Role::Administrator), 7));
    assert!(fine(store.has_administrator().await));
    let again = store.make_first_administrator(link(2), &new, &credentials, &act()).await;
    assert!(matches!(again, Err(StoreError::LinkSpent)));
    let offered = store.offer_first_administrator((link(3), later(60)), NOW).await;
    assert!(matches!(offered, Err(StoreError::AdministratorThere)));
}

async fn an_invitation_is_accepted_once(bench: Bench) {
    let store = &bench.store;
    let id = fine(store.invite_user(&new_user("a@x", ADMINISTRATOR), (link(1), later(60)), &act()).await);
    assert!(!fine(store.has_administrator().await), "who has not come yet is none");
    assert!(fine(store.user(id).await).password_hash.is_none());
    assert_eq!(fine(store.link(link(1), NOW).await).user, Some(id));
    let (hash, entry) = (hash(1), act());
    let credentials = credentials(&hash);
    let (one, other) = tokio::join!(
        store.redeem_link(link(1), &credentials, NOW, &entry),
        store.redeem_link(link(1), &credentials, NOW, &entry)
    );
    assert_eq!([&one, &other].iter().filter(|done| done.is_ok()).count(), 1, "{one:?} {other:?}");
    assert!(matches!(store.link(link(1), NOW).await, Err(StoreError::LinkSpent)));
    let seen = fine(store.find_user("a@x").await).expect("there");
    assert!(seen.password_hash == Some(hash) && seen.totp_sealed == "sealed" && !seen.disabled);
    assert_eq!(format!("{seen:?}"), format!("User({}, {{Administrator}}, disabled: false)", id.0));
}

async fn a_link_expires_and_serves_one_purpose(bench: Bench) {
    let store = &bench.store;
    let (hash, new) = (hash(1), new_user("a@x", AUTHOR));
    let credentials = credentials(&hash);
    fine(store.invite_user(&new, (link(1), later(60)), &act()).await);
    assert!(fine(store.link(link(1), later(59)).await).expires_at == later(60));
    for at in [later(60), later(3600)] {
        assert!(matches!(store.link(link(1), at).await, Err(StoreError::LinkSpent)));
        assert!(matches!(
            store.redeem_link(link(1), &credentials, at, &act()).await,
            Err(StoreError::LinkSpent)
        ));
    }
    // An invitation makes no administrator, and stays an invitation.
    let made = store.make_first_administrator(link(1), &new_user("b@x", AUTHOR), &credentials, &act()).await;
    assert!(matches!(made, Err(StoreError::LinkSpent)));
    assert!(fine(store.find_user("b@x").await).is_none());
    fine(store.redeem_link(link(1), &credentials, NOW, &act()).await);
    // And the first administrator's link sets up nobody's account.
    fine(store.offer_first_administrator((link(2), later(60)), NOW).await);
    assert!(matches!(
        store.redeem_link(link(2), &credentials, NOW, &act()).await,
        Err(StoreError::LinkSpent)
    ));
    assert_eq!(fine(store.link(link(2), NOW).await).user, None);
}

async fn login_names_are_one_in_any_case(bench: Bench) {
    let store = &bench.store;
    let id = user(store, "Anna.Ö@Force.Example", AUTHOR).await;
    let found = fine(store.find_user(" anna.ö@force.example ").await).expect("found");
    assert_eq!((found.id, found.login.as_str()), (id, "Anna.Ö@Force.Example"));
    let again =
        store.invite_user(&new_user("ANNA.Ö@force.example", AUTHOR), (link(9), later(60)), &act()).await;
    assert!(matches!(again, Err(StoreError::NameInUse)));
    assert!(fine(store.find_user("anna").await).is_none());
}

async fn the_last_administrator_stays(bench: Bench) {
    let store = &bench.store;
    let anna = user(store, "a@x", ADMINISTRATOR).await;
    let bert = user(store, "b@x", AUTHOR).await;
    // Somebody who was invited, and somebody who is disabled, do not count.
    let invited = new_user("c@x", ADMINISTRATOR);
    fine(store.invite_user(&invited, (link(9), later(60)), &act()).await);
    let dora = user(store, "d@x", ADMINISTRATOR).await;
    fine(store.set_disabled(dora, true, &act()).await);
    let last = |done: Result<(), StoreError>| {
        assert!(matches!(done, Err(StoreError::LastAdministrator)), "{done:?}");
    };
    last(store.set_disabled(anna, true, &act()).await);
    last(store.delete_user(anna, &act()).await);
    last(store.set_roles(anna, AUTHOR, &act()).await);
    let still = fine(store.user(anna).await);
    assert!(!still.disabled && still.roles == ADMINISTRATOR);
    fine(store.set_roles(bert, ADMINISTRATOR, &act()).await);
    fine(store.delete_user(anna, &act()).await);
    assert!(matches!(store.user(anna).await, Err(StoreError::NotFound)));
    last(store.set_roles(bert, Roles::NONE, &act()).await);
    assert!(matches!(store.set_disabled(anna, true, &act()).await, Err(StoreError::NotFound)));
    assert_eq!(
        fine(store.users().await).iter().map(|user| user.login.as_str()).collect::<Vec<_>>(),
        ["b@x", "c@x", "d@x"]
    );
}

/// At once, from two connections: one of them stays.
async fn two_administrators_do_not_disable_each_other(bench: Bench) {
    let store = &bench.store;
    let other = fine(Store::open(&bench.url).await);
    let (anna, bert) = (user(store, "a@x", ADMINISTRATOR).await, user(store, "b@x", ADMINISTRATOR).await);
    for _ in 0..10 {
        let entry = act();
        let (one, two) =
            tokio::join!(store.set_disabled(anna, true, &entry), other.set_disabled(bert, true, &entry));
        let refused = |done: &Result<(), StoreError>| matches!(done, Err(StoreError::LastAdministrator));
        assert!(one.is_ok() && refused(&two) || refused(&one) && two.is_ok(), "{one:?} {two:?}");
        assert!(fine(store.has_administrator().await));
        for id in [anna, bert] {
            fine(store.set_disabled(id, false, &entry).await);
        }
    }
    other.close().await;
}

async fn a_code_is_taken_once(bench: Bench) {
    let store = &bench.store;
    user(store, "a@x", ADMINISTRATOR).await;
    let id = user(store, "b@x", AUTHOR).await;
    let step = TotpStep::from_number(8);
    let (one, other) = tokio::join!(store.use_totp_step(id, step), store.use_totp_step(id, step));
    assert_eq!([fine(one), fine(other)].iter().filter(|taken| **taken).count(), 1);
    assert!(!fine(store.use_totp_step(id, TotpStep::from_number(7)).await));
    assert!(fine(store.use_totp_step(id, TotpStep::from_number(9)).await));
    fine(store.set_disabled(id, true, &act()).await);
    assert!(!fine(store.use_totp_step(id, TotpStep::from_number(10)).await));
}

async fn a_code_on_paper_works_once(bench: Bench) {
    let store = &bench.store;
    let id = fine(store.invite_user(&new_user("a@x", AUTHOR), (link(1), later(60)), &act()).await);
    let codes: Vec<TokenDigest> = (0..=10).map(link).collect();
    let hash = hash(1);
    let credentials = Credentials { recovery_codes: &codes, ..credentials(&hash) };
    fine(store.redeem_link(link(1), &credentials, NOW, &act()).await);
    // One past what a user gets is not kept.
    assert_eq!(fine(store.recovery_codes_left(id).await), RECOVERY_CODES as u64);
    assert!(!fine(store.use_recovery_code(id, codes[10], &act()).await));
    let entry = act();
    let (one, other) = tokio::join!(
        store.use_recovery_code(id, codes[3], &entry),
        store.use_recovery_code(id, codes[3], &entry)
    );
    assert_eq!([fine(one), fine(other)].iter().filter(|taken| **taken).count(), 1);
    assert_eq!(fine(store.recovery_codes_left(id).await), 9);
    let session = session(store, id, 1).await;
    let fewer = Credentials { recovery_codes: &codes[..2], ..credentials };
    fine(store.change_credentials(id, &fewer, session, &act()).await);
    assert!(!fine(store.use_recovery_code(id, codes[4], &act()).await), "new codes void the old");
    assert!(fine(store.use_recovery_code(id, codes[0], &act()).await));
}

async fn another_administrator_recovers_an_account(bench: Bench) {
    let store = &bench.store;
    let (anna, bert) = (user(store, "a@x", ADMINISTRATOR).await, user(store, "b@x", ADMINISTRATOR).await);
    let own = store.recover_user(anna, anna, (link(1), later(60)), NOW, &act()).await;
    assert!(matches!(own, Err(StoreError::OwnAccount)));
    session(store, bert, 1).await;
    fine(store.recover_user(bert, anna, (link(1), later(60)), NOW, &act()).await);
    fine(store.recover_user(bert, anna, (link(2), later(60)), NOW, &act()).await);
    assert!(fine(store.sessions(bert).await).is_empty());
    let hash = hash(2);
    let again = credentials(&hash);
    assert!(matches!(store.redeem_link(link(1), &again, NOW, &act()).await, Err(StoreError::LinkSpent)));
    assert_eq!(fine(store.link(link(2), NOW).await).purpose, LinkPurpose::Recovery);
    assert_eq!(fine(store.redeem_link(link(2), &again, NOW, &act()).await), bert);
    assert_eq!(fine(store.user(bert).await).password_hash, Some(hash.clone()));
    // Who is disabled does not come back by a link from before.
    fine(store.recover_user(bert, anna, (link(3), later(60)), NOW, &act()).await);
    fine(store.set_disabled(bert, true, &act()).await);
    assert!(matches!(store.redeem_link(link(3), &again, NOW, &act()).await, Err(StoreError::LinkSpent)));
    let disabled = store.recover_user(bert, anna, (link(4), later(60)), NOW, &act()).await;
    assert!(matches!(disabled, Err(StoreError::NotFound)));
}

async fn a_changed_password_ends_the_other_sessions(bench: Bench) {
    let store = &bench.store;
    let id = user(store, "a@x", ADMINISTRATOR).await;
    let (mine, _) = (session(store, id, 1).await, session(store, id, 2).await);
    fine(store.change_password(id, &hash(2), mine, &act()).await);
    assert_eq!(fine(store.sessions(id).await).iter().map(|s| s.id).collect::<Vec<_>>(), [mine]);
    // A hash made anew for its cost does not undo a change that came in between.
    fine(store.rehash(id, &hash(1), &hash(3)).await);
    assert_eq!(fine(store.user(id).await).password_hash, Some(hash(2)));
    fine(store.rehash(id, &hash(2), &hash(3)).await);
    assert_eq!(fine(store.user(id).await).password_hash, Some(hash(3)));
}

async fn what_is_refused_is_not_recorded(bench: Bench) {
    let store = &bench.store;
    let anna = user(store, "a@x", ADMINISTRATOR).await;
    let size = fine(store.ledger_head().await).size;
    assert_eq!(size, 2, "an invitation, and its acceptance");
    assert!(store.set_disabled(anna, true, &act()).await.is_err());
    assert!(store.recover_user(anna, anna, (link(1), later(60)), NOW, &act()).await.is_err());
    assert!(store.invite_user(&new_user("A@x", AUTHOR), (link(1), later(60)), &act()).await.is_err());
    assert!(store.redeem_link(link(1), &credentials(&hash(1)), NOW, &act()).await.is_err());
    assert!(!fine(store.use_recovery_code(anna, link(1), &act()).await));
    assert_eq!(fine(store.ledger_head().await).size, size);
    fine(store.set_roles(anna, ADMINISTRATOR, &act()).await);
    assert_eq!(fine(store.ledger_head().await).size, size + 1);
}

async fn users_outlive_a_backup_and_sessions_do_not(bench: Bench) {
    let Bench { store, url, _folder, _server } = bench;
    let id = user(&store, "a@x", ADMINISTRATOR).await;
    let bert = user(&store, "b@x", AUTHOR).await;
    fine(store.invite_user(&new_user("c@x", AUTHOR), (link(1), later(60)), &act()).await);
    session(&store, id, 1).await;
    let key = NewApiKey {
        digest: digest(TokenKind::ApiKey, 1),
        name: "case system",
        scopes: Scopes::NONE.with(Scope::Read),
        created_by: "a@x",
        at: NOW,
        expires_at: None,
    };
    let key = fine(store.create_api_key(&key, &act()).await);
    let file = _folder.path().join("backup.db");
    fine(store.back_up(&file, NOW).await);
    // Neither sessions nor links are in the file.
    let read = fine(Store::open(&fine(DatabaseUrl::parse(&format!("sqlite:{}", file.display())))).await);
    assert!(fine(read.sessions(id).await).is_empty() && fine(read.users().await).len() == 3);
    assert!(matches!(read.link(link(1), NOW).await, Err(StoreError::LinkSpent)));
    read.close().await;
    drop(read);
    // What was taken from somebody since is not given back by a restore.
    session(&store, id, 2).await;
    fine(store.set_disabled(bert, true, &act()).await);
    fine(store.revoke_api_key(key, later(5), &act()).await);
    store.close().await;
    drop(store);
    fine(fine_or_busy(&file, &url, _folder.path()).await);
    let restored = fine(Store::open(&url).await);
    let seen = fine(restored.user(id).await);
    assert!(seen.password_hash.is_some() && seen.roles == ADMINISTRATOR && !seen.disabled);
    assert!(fine(restored.user(bert).await).disabled);
    assert_eq!(fine(restored.api_keys().await)[0].revoked_at, Some(later(5)));
    assert!(fine(restored.sessions(id).await).is_empty());
    assert!(matches!(restored.link(link(1), NOW).await, Err(StoreError::LinkSpent)));
    // New users get numbers behind those that came with theirs.
    assert!(user(&restored, "d@x", AUTHOR).await > bert);
}
