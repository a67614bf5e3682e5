//! Creations of other programs, and lists a page at a time.

use accounts::{Scopes, TokenKind};
use jiff::SignedDuration;
use store::{
    API_REQUEST_ABANDONED, API_REQUEST_KEPT, API_REQUESTS_MAX, ApiKeyId, ApiRequest, Begun, DatabaseUrl,
    NewApiKey, Store,
};

use crate::staff::digest;
use crate::{Bench, NOW, act, contract, fine};

contract! {
    a_creation_is_done_once_and_answered_as_often_as_it_is_asked_for,
    what_is_old_goes_as_something_new_comes,
    creations_of_a_key_are_bounded,
    creations_at_once_are_begun_once,
    a_backup_has_no_answers,
}

const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

async fn key(bench: &Bench, n: u8) -> ApiKeyId {
    let new = NewApiKey {
        digest: digest(TokenKind::ApiKey, n),
        name: &format!("key {n}"),
        scopes: Scopes::NONE,
        created_by: "user 1",
        at: NOW,
        expires_at: None,
    };
    fine(bench.store.create_api_key(&new, &act()).await)
}

fn asked(key: ApiKeyId, name: u8, request: u8) -> ApiRequest {
    ApiRequest { key, name: [name; 32], request: [request; 32] }
}

async fn a_creation_is_done_once_and_answered_as_often_as_it_is_asked_for(bench: Bench) {
    let (store, one, two) = (&bench.store, key(&bench, 1).await, key(&bench, 2).await);
    let begin = async |request| fine(store.begin_api_request(&request, NOW).await);
    assert_eq!(begin(asked(one, 1, 1)).await, Begun::New);
    assert_eq!(begin(asked(one, 1, 1)).await, Begun::Running);
    assert_eq!(begin(asked(one, 1, 2)).await, Begun::Other);
    assert_eq!(begin(asked(two, 1, 2)).await, Begun::New, "another key's names are its own");
    fine(store.answer_api_request(&asked(one, 1, 1), 201, "{}").await);
    for _ in 0..2 {
        let done = Begun::Done { status: 201, answer: "{}".to_owned() };
        assert_eq!(begin(asked(one, 1, 1)).await, done);
        assert_eq!(begin(asked(one, 1, 2)).await, Begun::Other);
    }
    // What was answered stays; what came to nothing can be done again.
    fine(store.drop_api_request(&asked(one, 1, 1)).await);
    assert!(matches!(begin(asked(one, 1, 1)).await, Begun::Done { .. }));
    assert_eq!(begin(asked(two, 1, 2)).await, Begun::Running);
    fine(store.drop_api_request(&asked(two, 1, 2)).await);
    assert_eq!(begin(asked(two, 1, 3)).await, Begun::New);
}

async fn what_is_old_goes_as_something_new_comes(bench: Bench) {
    let (store, key) = (&bench.store, key(&bench, 1).await);
    let begin = async |n, at| fine(store.begin_api_request(&asked(key, n, n), at).await);
    assert_eq!(begin(1, NOW).await, Begun::New);
    fine(store.answer_api_request(&asked(key, 1, 1), 422, "").await);
    assert_eq!(begin(2, NOW).await, Begun::New);
    assert_eq!(begin(2, NOW + API_REQUEST_ABANDONED - MICROSECOND).await, Begun::Running);
    assert_eq!(begin(2, NOW + API_REQUEST_ABANDONED).await, Begun::New, "its process has ended");
    assert!(matches!(begin(1, NOW + API_REQUEST_KEPT - MICROSECOND).await, Begun::Done { status: 422, .. }));
    assert_eq!(begin(1, NOW + API_REQUEST_KEPT).await, Begun::New);
}

async fn creations_of_a_key_are_bounded(bench: Bench) {
    let (store, one, two) = (&bench.store, key(&bench, 1).await, key(&bench, 2).await);
    let request = |key, n: i64| {
        let mut name = [0; 32];
        name[..8].copy_from_slice(&n.to_be_bytes());
        ApiRequest { key, name, request: [1; 32] }
    };
    for n in 0..API_REQUESTS_MAX {
        assert_eq!(fine(store.begin_api_request(&request(one, n), NOW).await), Begun::New);
    }
    let past = request(one, API_REQUESTS_MAX);
    assert_eq!(fine(store.begin_api_request(&past, NOW).await), Begun::Full);
    assert_eq!(fine(store.begin_api_request(&request(one, 0), NOW).await), Begun::Running);
    assert_eq!(fine(store.begin_api_request(&request(two, 0), NOW).await), Begun::New);
    fine(store.drop_api_request(&request(one, 7)).await);
    assert_eq!(fine(store.begin_api_request(&past, NOW).await), Begun::New);
}

async fn creations_at_once_are_begun_once(bench: Bench) {
    let (store, key) = (&bench.store, key(&bench, 1).await);
    let tasks = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { fine(store.begin_api_request(&asked(key, 1, 1), NOW).await) })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut new = 0;
    for task in tasks {
        match fine(task.await) {
            Begun::New => new += 1,
            other => assert_eq!(other, Begun::Running),
        }
    }
    assert_eq!(new, 1);
}

/// What they answered with may not be there after a restore.
async fn a_backup_has_no_answers(bench: Bench) {
    let (store, key) = (&bench.store, key(&bench, 1).await);
    assert_eq!(fine(store.begin_api_request(&asked(key, 1, 1), NOW).await), Begun::New);
    fine(store.answer_api_request(&asked(key, 1, 1), 201, "{}").await);
    let folder = fine(tempfile::tempdir());
    let file = folder.path().join("backup.db");
    fine(store.back_up(&file, NOW).await);
    let url = fine(DatabaseUrl::parse(&format!("sqlite:{}", file.display())));
    let restored = fine(Store::open(&url).await);
    assert_eq!(fine(restored.api_keys().await).len(), 1);
    assert_eq!(fine(restored.begin_api_request(&asked(key, 1, 1), NOW).await), Begun::New);
}
