//! A creation that is sent again: the same answer, and nothing is made twice.

use std::sync::Arc;

use accounts::{Scope, Scopes};
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::API_REQUEST_KEPT;

use crate::api_client::Program;
use crate::browser::Answer;
use crate::on_both;
use crate::site::{Site, fine};

on_both! { the_same_request_gets_the_same_answer, requests_at_once_make_one_thing }

const COMPOSE: Scopes = Scopes::NONE.with(Scope::Compose);

async fn create(program: &Program<'_>, key: &str, path: &str, body: &Value) -> Answer {
    let request = program.request(Method::POST, path).header(CONTENT_TYPE, "application/json");
    let request = request.header("idempotency-key", key).body(Body::from(body.to_string()));
    program.send(fine(request)).await
}

async fn audience(site: &Site) -> i64 {
    site.campaign("People").await;
    fine(site.store.find_audience("People").await).expect("it").number()
}

async fn drafts(site: &Site) -> usize {
    fine(site.store.drafts().await).len()
}

async fn the_same_request_gets_the_same_answer(site: Site) {
    let program = site.program("writer", COMPOSE).await;
    let audience = audience(&site).await;
    let body = json!({"name": "January", "audience": audience});
    let first = create(&program, "a", "/drafts", &body).await;
    let entries = site.entries().await;
    for _ in 0..2 {
        let again = create(&program, "a", "/drafts", &body).await;
        assert_eq!((again.status, &again.body), (StatusCode::CREATED, &first.body));
        for name in ["etag", "location", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
    }
    assert_eq!((drafts(&site).await, site.entries().await), (1, entries));
    // Another body, another path, and another way to write the same.
    let other = json!({"name": "February", "audience": audience});
    assert_eq!(create(&program, "a", "/drafts", &other).await.problem(), "other-request");
    let spaced = json!({"audience": audience, "name": "January "});
    assert_eq!(create(&program, "a", "/drafts", &spaced).await.problem(), "other-request");
    let answer = create(&program, "a", &format!("/campaigns/{}/draft", 1), &json!({})).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "other-request"));
    // What was refused is refused again, until another name asks.
    let taken = create(&program, "b", "/drafts", &body).await;
    assert_eq!(taken.problem(), "not-now");
    fine(
        site.store
            .delete_draft(store::DraftId(fine(site.store.drafts().await)[0].at.id.0), &crate::site::entry())
            .await,
    );
    assert_eq!(create(&program, "b", "/drafts", &body).await.body, taken.body);
    assert_eq!(create(&program, "c", "/drafts", &body).await.status, StatusCode::CREATED);
    // Another key's names are its own, and a day later they are forgotten.
    let other = site.program("other", COMPOSE).await;
    assert_eq!(create(&other, "a", "/drafts", &body).await.problem(), "not-now");
    site.pass(API_REQUEST_KEPT - SignedDuration::from_secs(1));
    assert_eq!(create(&program, "a", "/drafts", &body).await.body, first.body);
    site.pass(SignedDuration::from_secs(1));
    assert_eq!(create(&program, "a", "/drafts", &body).await.problem(), "not-now", "it is done anew");
}

async fn requests_at_once_make_one_thing(site: Site) {
    let site = Arc::new(site);
    let key = site.key("writer", COMPOSE, None).await.1;
    let body = json!({"name": "January", "audience": audience(&site).await});
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (site, key, body) = (site.clone(), key.clone(), body.clone());
            tokio::spawn(async move {
                let program = site.program_with(Some(key));
                create(&program, "a", "/drafts", &body).await
            })
        })
        .collect();
    let mut made = 0;
    for task in tasks {
        let answer = fine(task.await);
        match answer.status {
            StatusCode::CREATED => made += 1,
            _ => assert_eq!(answer.problem(), "still-running"),
        }
    }
    assert!(made >= 1);
    assert_eq!(drafts(&site).await, 1);
    let program = site.program_with(Some(key));
    assert_eq!(create(&program, "a", "/drafts", &body).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn a_creation_has_a_name_of_visible_characters() {
    let site = Site::sqlite().await;
    let program = site.program("writer", COMPOSE).await;
    let body = json!({"name": "January", "audience": audience(&site).await});
    for name in ["", "two words", "ä", &"x".repeat(256)] {
        assert_eq!(
            create(&program, name, "/drafts", &body).await.problem(),
            "idempotency-key-missing",
            "{name}"
        );
    }
    assert_eq!(program.json(Method::POST, "/drafts", &body).await.problem(), "idempotency-key-missing");
    assert_eq!(drafts(&site).await, 0);
    assert_eq!(create(&program, &"x".repeat(255), "/drafts", &body).await.status, StatusCode::CREATED);
}

/// Whoever asked went away in the middle: it is done all the same, and its answer is there.
#[tokio::test]
async fn a_creation_goes_on_when_nobody_waits_for_it() {
    let site = Site::sqlite().await;
    let program = site.program("writer", COMPOSE).await;
    let body = json!({"name": "January", "audience": audience(&site).await});
    {
        let asking = create(&program, "a", "/drafts", &body);
        let mut asking = Box::pin(asking);
        // Until it is begun.
        while drafts(&site).await == 0 {
            tokio::select! {
                biased;
                _ = asking.as_mut() => break,
                () = tokio::task::yield_now() => {}
            }
        }
    }
    let answer = loop {
        let answer = create(&program, "a", "/drafts", &body).await;
        if answer.status == StatusCode::CREATED {
            break answer;
        }
        assert_eq!(answer.problem(), "still-running");
        tokio::task::yield_now().await;
    };
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(drafts(&site).await, 1);
}

/// What is kept of it for a day holds neither what was sent nor what it was called.
#[tokio::test]
async fn nothing_that_was_sent_is_kept_with_the_answer() {
    let site = Site::sqlite().await;
    let program = site.program("writer", COMPOSE).await;
    let text = json!({"language": "en", "kind": "markdown", "subject": "canary-subject", "body": ""});
    let content = json!({"from": "canary@people.example", "reply_to": "", "contacts": [], "texts": [text]});
    let body = json!({"name": "January", "audience": audience(&site).await, "content": content});
    let made = create(&program, "canary-key", "/drafts", &body).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(!made.body.contains("canary"), "{}", made.body);
    let id = store::DraftId(made.json()["id"].as_i64().expect("a number"));
    fine(site.store.delete_draft(id, &crate::site::entry()).await);
    assert_eq!(create(&program, "canary-key", "/drafts", &body).await.body, made.body);
}
