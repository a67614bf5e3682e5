//! The suppression list, kept in step by another program.

use accounts::{Scope, Scopes};
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::on_both;
use crate::site::{Site, fine};

on_both! { an_address_is_put_on_the_list_and_taken_off }

const SUPPRESS: Scopes = Scopes::NONE.with(Scope::Suppress);
/// Longer than any body of JSON that is taken.
const TOO_LONG: usize = (1 << 20) + 1;

fn wanted() -> Value {
    json!({"address": "canary@people.example", "scope": "surveys", "reason": "asked by telephone"})
}

async fn an_address_is_put_on_the_list_and_taken_off(site: Site) {
    let program = site.program("case system", SUPPRESS).await;
    let counts = program.get("/suppressions").await.json();
    assert_eq!(counts, json!({"surveys": 0, "address": 0, "unsafe": 0}));
    let added = program.json(Method::POST, "/suppressions", &wanted()).await;
    assert_eq!(added.json(), json!({"scope": "surveys", "listed": true, "changed": true}));
    let removed = program.json(Method::POST, "/suppressions/remove", &wanted()).await;
    assert_eq!(removed.json(), json!({"scope": "surveys", "listed": false, "changed": false}));
    let asked = site.officer.asked();
    assert_eq!(
        asked,
        [
            "suppress surveys because asked by telephone by api case system",
            "release surveys because asked by telephone by api case system",
        ]
    );
    for (member, value, kind) in [
        ("address", json!("canary"), "invalid"),
        ("address", json!(7), "invalid"),
        ("address", Value::Null, "invalid"),
        ("scope", json!("canary@people.example"), "invalid"),
        ("reason", json!(""), "invalid"),
        ("reason", json!("canary@people.example asked"), "invalid"),
        ("reason", json!("x".repeat(501)), "invalid"),
        ("canary@people.example", json!(1), "malformed"),
    ] {
        let mut body = wanted();
        body[member] = value;
        let answer = program.json(Method::POST, "/suppressions", &body).await;
        assert_eq!(answer.problem(), kind, "{body}");
        assert!(!answer.body.contains("canary"), "{answer:?}");
    }
    assert_eq!(site.officer.asked().len(), 3, "a wrong address is found by the program itself");
}

#[tokio::test]
async fn a_body_that_is_none_of_ours_is_refused() {
    let site = Site::sqlite().await;
    let program = site.program("case system", SUPPRESS).await;
    let json = "application/json";
    for (media_type, body, status, kind) in [
        ("", "{}".to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
        ("text/plain", "{}".to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
        ("application/jsonp", "{}".to_owned(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
        (json, String::new(), StatusCode::BAD_REQUEST, "malformed"),
        (json, "{\"address\": canary@people.example".to_owned(), StatusCode::BAD_REQUEST, "malformed"),
        (json, "[".repeat(1_000), StatusCode::BAD_REQUEST, "malformed"),
        (json, "[]".to_owned(), StatusCode::BAD_REQUEST, "malformed"),
        (json, format!("\"{}\"", "x".repeat(TOO_LONG - 2)), StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
        (json, format!("\"{}\"", "x".repeat(TOO_LONG - 3)), StatusCode::BAD_REQUEST, "malformed"),
        ("application/json; charset=utf-8", wanted().to_string(), StatusCode::OK, ""),
        ("Application/JSON", wanted().to_string(), StatusCode::OK, ""),
    ] {
        // Without a length, so that it is counted as it comes.
        let pieces = futures_util::stream::iter([Ok::<_, std::io::Error>(body)]);
        let request = program.request(Method::POST, "/suppressions").header(CONTENT_TYPE, media_type);
        let answer = program.send(fine(request.body(Body::from_stream(pieces)))).await;
        assert_eq!(answer.status, status, "{media_type}: {answer:?}");
        assert!(kind.is_empty() || answer.problem() == kind, "{answer:?}");
    }
    let request = program.request(Method::POST, "/suppressions").header(CONTENT_TYPE, json);
    let request = request.header("content-length", TOO_LONG.to_string());
    assert_eq!(program.send(fine(request.body(Body::empty()))).await.problem(), "too-large");
}
