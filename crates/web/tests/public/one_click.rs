//! One-click unsubscribing (RFC 8058), as mail programs send it.

use axum::http::{Method, StatusCode};
use web::Wish;

use crate::site::{Site, TOKEN, request};

const MULTIPART: &str = "multipart/form-data; boundary=\"x y\"";

fn part(name: &str, value: &str) -> String {
    format!("--x y\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

async fn post(site: &Site, content_type: &str, body: &str) -> crate::site::Got {
    // As a mail provider's machine would: from elsewhere, and from no page.
    let headers = [
        ("content-type", content_type),
        ("origin", "https://mail.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    site.send(request(Method::POST, &format!("/unsubscribe/{TOKEN}"), &headers, body)).await
}

#[tokio::test]
async fn one_click_in_both_forms_is_answered_at_once_and_twice_is_once() {
    let site = Site::new();
    let whole = format!("{}--x y--\r\n", part("List-Unsubscribe", "One-Click"));
    let beside = format!("{}{}--x y--\r\n", part("other", "1"), part("List-Unsubscribe", "One-Click"));
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"),
        ("application/x-www-form-urlencoded; charset=UTF-8", "List-Unsubscribe=One-Click"),
        ("Multipart/Form-Data; boundary=\"x y\"", whole.as_str()),
        (MULTIPART, beside.as_str()),
    ] {
        let got = post(&site, content_type, body).await;
        assert_eq!((got.status, got.body.as_str()), (StatusCode::OK, "Unsubscribed.\n"), "{content_type}");
        assert!(!got.headers.contains_key("set-cookie") && got.to().is_empty());
    }
    assert_eq!(site.wishes(), vec![(0, Wish::Stop); 4]);
}

#[tokio::test]
async fn a_post_that_does_not_ask_for_it_changes_nothing() {
    let site = Site::new();
    let other = format!("{}--x y--\r\n", part("List-Unsubscribe", "Two-Clicks"));
    let cut = part("List-Unsubscribe", "One-Click");
    let cut = &cut[..cut.len() - 4];
    let many = format!("{}{}--x y--\r\n", part("a", "").repeat(10), part("List-Unsubscribe", "One-Click"));
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "List-Unsubscribe=No"),
        ("application/json", "{\"List-Unsubscribe\":\"One-Click\"}"),
        ("multipart/form-data", "x"),
        (MULTIPART, ""),
        (MULTIPART, other.as_str()),
        (MULTIPART, cut),
        (MULTIPART, many.as_str()),
        // The page's own button, from another site.
        ("application/x-www-form-urlencoded", "confirm=stop"),
    ] {
        let got = post(&site, content_type, body).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{content_type} {body}");
    }
    assert_eq!(site.wishes(), []);
}

#[tokio::test]
async fn who_opens_the_link_gets_a_button() {
    let site = Site::new();
    let path = format!("/unsubscribe/{TOKEN}");
    let page = site.get(&path).await;
    page.says("Nothing changes before you press the button");
    page.says(&format!("<form method=\"post\" action=\"{path}\">"));
    let done = site.post(&path, "confirm=stop").await;
    assert!(done.status == StatusCode::SEE_OTHER && done.to().starts_with("/preferences/right?r="));
    assert_eq!(site.wishes(), [(0, Wish::Stop)]);
}
