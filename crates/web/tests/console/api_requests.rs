//! Requests that are wrong in themselves: what is said of them, as a program reads it.

use accounts::{FREE_FAILURES, Scope, Scopes};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;

use crate::api_client::every_scope;
use crate::site::{Site, fine};

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_done_are_problems() {
    let site = Site::sqlite().await;
    let program = site.program("looks", every_scope()).await;
    for path in ["", "/", "/nothing", "/campaigns/", "/campaigns/999", "/campaigns/x", "/campaigns/1/approve"]
    {
        let answer = program.get(path).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::NOT_FOUND, "not-found"),
            "{path}"
        );
    }
    for (method, path, allowed) in [
        (Method::DELETE, "/campaigns", "GET, HEAD"),
        (Method::PATCH, "/campaigns/1/pause", "POST"),
        (Method::GET, "/campaigns/1/pause", "POST"),
        (Method::OPTIONS, "/campaigns", "GET, HEAD"),
    ] {
        let answer = program.ask(method, path).await;
        assert_eq!(answer.problem(), "method-not-allowed");
        assert_eq!(answer.header("allow"), allowed, "{path}");
    }
}

#[tokio::test]
async fn a_request_for_another_host_or_from_another_site_is_refused() {
    let site = Site::sqlite().await;
    let program = site.program("looks", every_scope()).await;
    let mut request = fine(program.request(Method::GET, "/campaigns").body(Body::empty()));
    request.headers_mut().insert(HOST, fine("evil.example".parse()));
    assert_eq!(program.send(request).await.problem(), "other-host");
    for (name, value, refused) in [
        ("origin", "https://evil.example", true),
        ("origin", "null", true),
        ("sec-fetch-site", "cross-site", true),
        ("origin", "https://console.example", false),
        ("sec-fetch-site", "same-origin", false),
    ] {
        let request = program.request(Method::GET, "/campaigns").header(name, value);
        let answer = program.send(fine(request.body(Body::empty()))).await;
        assert_eq!(answer.status == StatusCode::FORBIDDEN, refused, "{name}: {value}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn a_key_is_sent_once_as_a_bearer() {
    let site = Site::sqlite().await;
    let (_, key) = site.key("looks", every_scope(), None).await;
    let nobody = site.program_with(None);
    for (sent, wanted) in [
        (vec![format!("Bearer {key}")], None),
        (vec![format!("bearer {key}")], None),
        (vec![], Some("no-key")),
        (vec![format!("Basic {key}")], Some("no-key")),
        (vec![key.clone()], Some("no-key")),
        (vec![format!("Bearer {key}"), format!("Bearer {key}")], Some("no-key")),
        (vec![format!("Bearer {key} {key}")], Some("wrong-key")),
        (vec![format!("Bearer {}", key.to_uppercase())], Some("wrong-key")),
    ] {
        let mut request = nobody.request(Method::GET, "/campaigns");
        for value in &sent {
            request = request.header(AUTHORIZATION, value);
        }
        let answer = nobody.send(fine(request.body(Body::empty()))).await;
        match wanted {
            None => assert_eq!(answer.status, StatusCode::OK),
            Some(wanted) => {
                assert_eq!(answer.problem(), wanted, "{sent:?}");
                let challenge = match wanted {
                    "no-key" => "Bearer",
                    _ => "Bearer error=\"invalid_token\"",
                };
                assert_eq!(answer.header("www-authenticate"), challenge);
            }
        }
    }
    // In an address it would stand in the log of every proxy (RFC 6750 §2.3).
    assert_eq!(nobody.get(&format!("/campaigns?access_token={key}")).await.problem(), "no-key");
}

#[tokio::test]
async fn who_is_wrong_waits_and_a_key_that_works_never_does() {
    let site = Site::sqlite().await;
    let program = site.program("looks", Scopes::NONE.with(Scope::Read)).await;
    let wrong = || site.program_with(Some(site.token(accounts::TokenKind::ApiKey).reveal().to_owned()));
    for n in 0..=FREE_FAILURES {
        let program = if n == 0 { site.program_with(Some("und_x".to_owned())) } else { wrong() };
        assert_eq!(program.get("/campaigns").await.problem(), "wrong-key");
    }
    let late = wrong().get("/campaigns").await;
    assert_eq!((late.status, late.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "wait"));
    assert!(fine(late.header("retry-after").parse::<u64>()) >= 1);
    // From the same network, at the same moment.
    assert_eq!(program.get("/campaigns").await.status, StatusCode::OK);
    assert_eq!(wrong().from("198.51.100.1:5000").get("/campaigns").await.problem(), "wrong-key");
    site.pass(SignedDuration::from_hours(24));
    assert_eq!(wrong().get("/campaigns").await.problem(), "wrong-key");
    // And nobody is kept from signing in by it.
    let anna = site.administrator("anna@staff.example").await;
    assert!(site.browser().show_password(&anna).await.leads_to("/sign-in/code"));
}

#[tokio::test]
async fn parameters_that_a_route_does_not_have_are_refused() {
    let site = Site::sqlite().await;
    let program = site.program("looks", every_scope()).await;
    let id = site.campaign("January").await.get();
    for (path, wanted) in [
        (format!("/campaigns/{id}/deliveries?stat=failed"), "malformed"),
        (format!("/campaigns/{id}?limit=1"), "malformed"),
        (format!("/campaigns/{id}/deliveries?state=person@people.example"), "invalid"),
        ("/campaigns?limit=101".to_owned(), "invalid"),
        ("/campaigns?limit=0".to_owned(), "invalid"),
        ("/campaigns?after=person@people.example".to_owned(), "invalid"),
        ("/campaigns?person@people.example=1".to_owned(), "malformed"),
    ] {
        assert_eq!(program.get(&path).await.problem(), wanted, "{path}");
    }
}
