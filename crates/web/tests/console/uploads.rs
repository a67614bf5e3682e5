//! A form with a file is one of a page of ours: its token stands first, and is right, before anything is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use accounts::{Role, Roles};
use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use futures_util::{StreamExt, stream};

use crate::audiences::author;
use crate::browser::Browser;
use crate::site::Site;

const PATH: &str = "/audiences/new";
const LIST: &[u8] = b"email,name\nann@people.example,Ann\n";

/// Refused, and nothing waits.
async fn refused(browser: &mut Browser<'_>, request: Request<Body>, status: StatusCode, what: &str) {
    let answer = browser.send(request).await;
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert!(!browser.get("/audiences").await.body.contains("/audiences/uploads/"), "{what}");
}

#[tokio::test]
async fn the_token_is_there_and_first_and_right() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let other = author(&site, "bert@staff.example").await.form_token().await;
    let token = anna.form_token().await;
    let own = ("form", None, token.as_bytes());
    let (name, file) = (("name", None, &b"x"[..]), ("spreadsheet", Some("x.csv"), LIST));
    let forbidden = StatusCode::FORBIDDEN;
    let long = vec![b'x'; 5_000];
    for (what, parts) in [
        ("no token", vec![name, file]),
        ("nothing", vec![]),
        ("a late token", vec![name, own, file]),
        ("a token behind the file", vec![file, own]),
        ("another session's", vec![("form", None, other.as_bytes()), file]),
        ("a wrong one", vec![("form", None, b"x"), file]),
        ("an empty one", vec![("form", None, b""), file]),
        ("a field that no page has", vec![own, ("else", None, b"x"), file]),
    ] {
        let request = anna.with_file(PATH, &parts);
        refused(&mut anna, request, forbidden, what).await;
    }
    let request = anna.with_file(PATH, &[("form", None, &long), file]);
    refused(&mut anna, request, StatusCode::PAYLOAD_TOO_LARGE, "a token without an end").await;
    for (header, value) in [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
        (CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded"),
        (CONTENT_TYPE.as_str(), "multipart/form-data"),
        (CONTENT_TYPE.as_str(), "multipart/form-data; boundary=another"),
    ] {
        let mut request = anna.with_file(PATH, &[own, name, file]);
        request.headers_mut().insert(
            axum::http::HeaderName::try_from(header).expect("a name"),
            value.parse().expect("a value"),
        );
        refused(&mut anna, request, forbidden, value).await;
    }
    let request = anna.with_file(PATH, &[own, name, file]);
    assert_eq!(anna.send(request).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_may_not_import_leaves_no_octet() {
    let site = Site::sqlite().await;
    let reader = site.member("cora@staff.example", Roles::NONE.with(Role::Reader)).await;
    let mut cora = site.browser().with_session(&reader, true).await;
    assert_eq!(cora.upload("x", "x.csv", LIST).await.status, StatusCode::FORBIDDEN);
    assert!(site.browser().upload("x", "x.csv", LIST).await.leads_to("/sign-in"));
    assert!(!cora.get("/audiences").await.body.contains("Add an audience"));
}

#[tokio::test]
async fn without_a_file_and_with_an_empty_one_the_form_says_so() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let token = anna.form_token().await;
    let own = ("form", None, token.as_bytes());
    for parts in [
        vec![own, ("name", None, &b"January"[..])],
        vec![own, ("name", None, b"January"), ("spreadsheet", Some(""), b"")],
    ] {
        let request = anna.with_file(PATH, &parts);
        let page = anna.send(request).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(
            page.body.contains("href=\"#spreadsheet\"") && page.body.contains("value=\"January\""),
            "{page:?}"
        );
    }
}

#[tokio::test]
async fn a_file_that_breaks_off_is_not_kept() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let token = anna.form_token().await;
    let own = ("form", None, token.as_bytes());
    let whole = anna.with_file(PATH, &[own, ("spreadsheet", Some("x.csv"), LIST)]);
    let (parts, body) = whole.into_parts();
    let whole = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    for kept in [whole.len() - 30, whole.len() / 2, 10] {
        let cut = Request::from_parts(parts.clone(), Body::from(whole.slice(..kept)));
        refused(&mut anna, cut, StatusCode::FORBIDDEN, "cut off").await;
        let broken = stream::iter([Ok(whole.slice(..kept)), Err(std::io::Error::other("gone"))]);
        let broken = Request::from_parts(parts.clone(), Body::from_stream(broken));
        refused(&mut anna, broken, StatusCode::FORBIDDEN, "broken off").await;
    }
    // However it is cut into pieces, the whole of it is taken.
    for octets in [1, 7, 100] {
        let pieces: Vec<Bytes> = whole.chunks(octets).map(Bytes::copy_from_slice).collect();
        let pieces = stream::iter(pieces).map(Ok::<_, std::io::Error>);
        let answer = anna.send(Request::from_parts(parts.clone(), Body::from_stream(pieces))).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{octets}: {answer:?}");
    }
}

#[tokio::test]
async fn what_is_refused_is_read_no_further_than_lingering_goes() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let start = anna.with_file(PATH, &[("form", None, b"wrong")]);
    let (parts, _) = start.into_parts();
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let endless = stream::repeat_with(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1 << 20]))
    });
    let answer = anna.send(Request::from_parts(parts, Body::from_stream(endless))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{answer:?}");
    assert!(read.load(Ordering::Relaxed) < 80, "{read:?}");
}
