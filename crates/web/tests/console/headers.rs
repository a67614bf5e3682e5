//! What every response says to the browser, whatever it is.

use std::time::Duration;

use accounts::Role;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request, StatusCode};
use futures_util::stream;

use crate::access::Filling;
use crate::browser::Answer;
use crate::site::{HTTPS, Site, fine};

fn guarded(answer: &Answer, secure: bool, what: &str) {
    let policy = answer.header("content-security-policy");
    // A message in its frame has a policy of its own, and a test of its own.
    let is_message =
        ["/messages/1/html", "/preview/1/html", "/text/0/live"].iter().any(|end| what.ends_with(end));
    if !policy.starts_with("sandbox;") || !is_message {
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]
        {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{what}");
    }
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{what}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{what}");
    assert_eq!(answer.headers.contains_key("strict-transport-security"), secure, "{what}");
    let kept = if what.starts_with("GET /assets/s") || what.starts_with("HEAD /assets/s") {
        "public, max-age=31536000, immutable"
    } else {
        "no-store"
    };
    assert_eq!(answer.header("cache-control"), kept, "{what}");
    for cookie in answer.headers.get_all("set-cookie") {
        let cookie = cookie.to_str().expect("text");
        assert_eq!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), secure, "{what}: {cookie}");
        assert_eq!(cookie.contains("Secure") || cookie.contains("__Host-"), secure, "{what}: {cookie}");
        for part in ["; Path=/", "; HttpOnly", "; SameSite=Strict"] {
            assert!(cookie.contains(part) && !cookie.contains("Domain"), "{what}: {cookie}");
        }
    }
}

async fn everything_is_guarded(origin: &'static str) {
    let site = Site::at(origin).await;
    let secure = origin == HTTPS;
    let anna = site.member("anna@staff.example", Role::ALL.into_iter().collect()).await;
    let victim = site.administrator("victim@staff.example").await;
    let filling = Filling::of(&site, &victim).await;
    let style = site.browser().get("/sign-in").await.between("href=\"/assets/", "\"").to_owned();
    let beside = [
        format!("/assets/{style}"),
        "/assets/none".to_owned(),
        "/nowhere".to_owned(),
        "/%ff".to_owned(),
        "/users/%ff".to_owned(),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for path in web::all_routes().iter().map(|route| filling.path(route)).chain(beside) {
        for method in [Method::HEAD, Method::GET, Method::PUT, Method::POST] {
            if path.ends_with("/events") && method == Method::GET {
                continue;
            }
            for who in [site.browser(), site.browser().with_session(&anna, true).await] {
                let mut browser = who;
                let answer = if method == Method::POST {
                    browser.post(&path, &[("login", "a@x"), ("password", "x")]).await
                } else {
                    browser.ask(method.clone(), &path).await
                };
                guarded(&answer, secure, &format!("{method} {path}"));
                seen.insert(answer.status.as_u16());
            }
        }
    }
    let mut foreign = site.browser().request(Method::GET, "/");
    foreign.headers_mut().expect("headers").insert("host", "evil.example".parse().expect("a value"));
    let answer = site.browser().send(foreign.body(Body::empty()).expect("a request")).await;
    guarded(&answer, secure, "another host");
    // The whole way in and out: each cookie there is.
    let mut browser = site.browser();
    let (first, second) = (browser.show_password(&anna).await, browser.show_code(&anna).await);
    guarded(&first, secure, "password");
    guarded(&second, secure, "code");
    assert_eq!(second.headers.get_all("set-cookie").iter().count(), 2);
    guarded(&browser.post("/sign-out", &[]).await, secure, "sign out");
    for _ in 0..=accounts::FREE_FAILURES {
        browser.forget("device");
        browser.post("/sign-in", &[("login", "a@x"), ("password", "x")]).await;
    }
    let wait = browser.post("/sign-in", &[("login", "a@x"), ("password", "x")]).await;
    guarded(&wait, secure, "wait");
    seen.insert(wait.status.as_u16());
    for status in [200, 303, 403, 404, 405, 429] {
        assert!(seen.contains(&status), "{status} is among {seen:?}");
    }
}

#[tokio::test]
async fn every_response_is_guarded_and_cookies_cross_tls_alone() {
    everything_is_guarded(HTTPS).await;
}

#[tokio::test]
async fn on_this_machine_without_tls_nothing_promises_tls() {
    everything_is_guarded("http://127.0.0.1:8080").await;
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up_and_the_answer_is_guarded() {
    let site = Site::sqlite().await;
    // A form whose second half never comes; its cookie costs no look into the database.
    let mut browser = site.browser();
    browser.get("/sign-in").await;
    let body = stream::unfold(true, |first| async move {
        if !first {
            std::future::pending::<()>().await;
        }
        Some((Ok::<_, std::io::Error>(Bytes::from_static(b"login=")), false))
    });
    let request: Request<Body> = browser.form("/sign-in", String::new()).map(|_| Body::from_stream(body));
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let answer = fine(tokio::time::timeout(10 * web::REQUEST_MAX, browser.send(request)).await);
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!answer.body.contains("othing was changed"), "that is not known");
    assert!(
        began.elapsed() >= web::REQUEST_MAX && began.elapsed() < web::REQUEST_MAX + Duration::from_secs(1)
    );
    guarded(&answer, true, "a slow form");
}
