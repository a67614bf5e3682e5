//! How much may wait, and for how long: each limit, and one past it.

use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use jiff::SignedDuration;
use web::{UPLOAD_LIFE, UPLOAD_OCTETS_MAX, UploadLimits};

use crate::audiences::{author, place};
use crate::browser::{Answer, Browser};
use crate::site::Site;

/// A list of so many octets.
fn list(octets: usize) -> Vec<u8> {
    let mut list = b"email,ok to email,note\na@people.example,yes,".to_vec();
    list.resize(octets, b'x');
    list
}

async fn upload(browser: &mut Browser<'_>, octets: usize) -> Answer {
    browser.upload("A list", "x.csv", &list(octets)).await
}

fn refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert!(answer.body.contains(why) && answer.body.contains("href=\"#spreadsheet\""), "{answer:?}");
    assert!(answer.body.contains("value=\"A list\""), "what was typed is still there");
}

#[tokio::test]
async fn a_file_one_octet_past_the_largest_is_not_taken() {
    let limits = UploadLimits { octets: 100, ..UploadLimits::default() };
    let site = Site::taking(limits).await;
    let mut anna = author(&site, "anna@staff.example").await;
    place(&upload(&mut anna, 100).await);
    refused(&upload(&mut anna, 101).await, "larger than 100 octets");
    // It says so itself: nothing of it is read.
    let token = anna.form_token().await;
    let parts =
        [("form", None, token.as_bytes()), ("name", None, b"A list"), ("spreadsheet", Some("x"), &b"x"[..])];
    let mut request = anna.with_file("/audiences/new", &parts);
    request.headers_mut().insert(CONTENT_LENGTH, (UPLOAD_OCTETS_MAX * 2).into());
    refused(&anna.send(request).await, "larger than 100 octets");
    // A place that was not used is free again, and no file has a name.
    place(&upload(&mut anna, 100).await);
    assert!(
        site.files().iter().all(|file| file.starts_with("web.db") || file == "migration.lock"),
        "{:?}",
        site.files()
    );
}

#[tokio::test]
async fn one_past_what_may_wait_of_a_user_and_in_all() {
    let limits = UploadLimits { per_user: 2, all: 3, ..UploadLimits::default() };
    let site = Site::taking(limits).await;
    let mut anna = author(&site, "anna@staff.example").await;
    let mut bert = author(&site, "bert@staff.example").await;
    let first = place(&upload(&mut anna, 100).await);
    place(&upload(&mut anna, 100).await);
    refused(&upload(&mut anna, 100).await, "You have 2 spreadsheets waiting");
    place(&upload(&mut bert, 100).await);
    refused(&upload(&mut bert, 100).await, "Too many spreadsheets are waiting");
    anna.post(&format!("{first}/remove"), &[]).await;
    place(&upload(&mut bert, 100).await);
}

#[tokio::test]
async fn one_octet_past_what_all_of_them_may_have() {
    let limits = UploadLimits { all_octets: 300, ..UploadLimits::default() };
    let site = Site::taking(limits).await;
    let mut anna = author(&site, "anna@staff.example").await;
    let first = place(&upload(&mut anna, 200).await);
    refused(&upload(&mut anna, 101).await, "Too many spreadsheets are waiting");
    place(&upload(&mut anna, 100).await);
    refused(&upload(&mut anna, 60).await, "Too many spreadsheets are waiting");
    // What was imported takes no room any more.
    let form = [("email", "email"), ("language", ""), ("channel", "ok_to_email"), ("name", "Winter")];
    assert!(anna.post(&format!("{first}/import"), &form).await.leads_to(&first));
    assert!(anna.get(&first).await.to().starts_with("/audiences/"));
    place(&upload(&mut anna, 200).await);
}

#[tokio::test]
async fn one_past_what_may_come_in_at_once() {
    let limits = UploadLimits { arriving: 0, ..UploadLimits::default() };
    let site = Site::taking(limits).await;
    let mut anna = author(&site, "anna@staff.example").await;
    assert_eq!(upload(&mut anna, 100).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_hour_after_it_was_last_used_an_upload_is_gone() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let at = place(&upload(&mut anna, 100).await);
    let second = SignedDuration::from_secs(1);
    // Sessions are shorter than that when nobody does anything.
    let wait = async |browser: &mut Browser<'_>, time: SignedDuration| {
        let half = SignedDuration::from_secs(time.as_secs() / 2);
        for part in [half / 2, half - half / 2, half / 2, time - half - half / 2] {
            site.pass(part);
            browser.get("/me").await;
        }
    };
    wait(&mut anna, UPLOAD_LIFE - second).await;
    assert!(anna.post(&format!("{at}/read"), &[]).await.leads_to(&at), "used: it waits for another hour");
    wait(&mut anna, UPLOAD_LIFE - second).await;
    assert_eq!(anna.get(&at).await.status, StatusCode::OK);
    site.pass(second);
    let gone = anna.get(&at).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert!(gone.body.contains("upload it once more"));
    assert!(!anna.get("/audiences").await.body.contains(&at));
}
