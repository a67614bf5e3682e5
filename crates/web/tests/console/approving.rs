//! The second person, in a browser: sees the messages that were picked, and agrees to exactly what was shown (promise 4).

use accounts::{Role, Roles};
use axum::http::StatusCode;

use crate::browser::{Answer, Browser};
use crate::escaping::harmless;
use crate::on_both;
use crate::site::{HOSTILE, PEOPLE, Site, agreed, fine};

on_both! { who_approves_has_looked_and_agrees_to_what_was_shown }

const BOTH: Roles = Roles::NONE.with(Role::Approver).with(Role::Author);

/// Where the messages are that somebody has to open.
fn picked(page: &Answer) -> Vec<String> {
    let links = page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|link| link.contains("/messages/")).map(str::to_owned).collect()
}

async fn approve(browser: &mut Browser<'_>, path: &str, digest: &str) -> Answer {
    browser.post(&format!("{path}/approve"), &[("digest", digest)]).await
}

async fn who_approves_has_looked_and_agrees_to_what_was_shown(site: Site) {
    let anna = site.member("anna@staff.example", BOTH).await;
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.submitted("January", "uid 1").await;
    let (path, digest) = (format!("/campaigns/{}", id.get()), agreed("January").to_string());
    let page = own.get(&format!("{path}/approve")).await;
    harmless(&page, true);
    let places = picked(&page);
    let button = format!("action=\"{path}/approve\"");
    assert!(places.len() == 3 && !page.body.contains(&button));
    assert_eq!(approve(&mut own, &path, &digest).await.status, StatusCode::CONFLICT, "nothing was looked at");
    for (n, place) in places.iter().enumerate() {
        let before = site.entries().await;
        let closed = own.get(place).await;
        assert!(!closed.body.contains("&#60;script&#62;"), "to look at the page opens nothing");
        assert_eq!(own.get(&format!("{place}/html")).await.status, StatusCode::NOT_FOUND);
        assert_eq!(approve(&mut own, &path, &digest).await.status, StatusCode::CONFLICT, "after {n}");
        assert_eq!(site.entries().await, before);
        assert!(own.post(place, &[]).await.leads_to(place));
        assert_eq!(site.entries().await, before + 1);
        let last = site.acts().last().expect("an act").clone();
        assert_eq!((last.actor, last.act), (format!("user {}", anna.id.0), "preview"));
        harmless(&own.get(place).await, true);
    }
    let other = approve(&mut own, &path, &agreed("February").to_string()).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "another submission than what is there now");
    let page = own.get(&format!("{path}/approve")).await;
    assert!(page.body.contains(&button));
    assert_eq!(page.between("name=\"digest\" value=\"", "\""), digest);
    let before = site.entries().await;
    assert!(approve(&mut own, &path, &digest).await.leads_to(&path));
    assert_eq!((site.entries().await, site.acts().last().expect("an act").act), (before + 1, "approve"));
    assert_eq!(approve(&mut own, &path, &digest).await.status, StatusCode::CONFLICT, "once");
    let campaign = fine(site.store.campaign("January").await);
    assert_eq!(campaign.approval.approver, Some(format!("user {}", anna.id.0)));
}

#[tokio::test]
async fn nobody_approves_what_they_submitted_themselves() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", BOTH).await;
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.submitted("January", &format!("user {}", anna.id.0)).await;
    let path = format!("/campaigns/{}", id.get());
    for place in picked(&own.get(&format!("{path}/approve")).await) {
        own.post(&place, &[]).await;
    }
    assert!(own.get(&format!("{path}/approve")).await.body.contains("Somebody else has to approve it"));
    let answer = approve(&mut own, &path, &agreed("January").to_string()).await;
    assert!(
        answer.status == StatusCode::CONFLICT && answer.body.contains("another person has to"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn looks_are_ones_own_and_places_are_of_people() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", BOTH).await;
    let bert = site.member("bert@staff.example", BOTH).await;
    let mut annas = site.browser().sign_in(&anna).await;
    let mut berts = site.browser().sign_in(&bert).await;
    let path = format!("/campaigns/{}", site.submitted("January", "uid 1").await.get());
    for place in 1..=PEOPLE {
        annas.post(&format!("{path}/messages/{place}"), &[]).await;
    }
    let digest = agreed("January").to_string();
    assert_eq!(approve(&mut berts, &path, &digest).await.status, StatusCode::CONFLICT, "Bert saw nothing");
    assert_eq!(berts.get(&format!("{path}/messages/1/html")).await.status, StatusCode::NOT_FOUND);
    let before = site.entries().await;
    for place in ["0", "-1", "6", "x", "18446744073709551615", "99999999999999999999999"] {
        let answer = annas.post(&format!("{path}/messages/{place}"), &[]).await;
        assert!(answer.status.is_client_error(), "{place}: {answer:?}");
    }
    assert_eq!(site.entries().await, before);
}

#[tokio::test]
async fn a_message_is_shown_where_nothing_of_it_can_run() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", BOTH).await;
    let mut own = site.browser().sign_in(&anna).await;
    let path = format!("/campaigns/{}/messages/1", site.submitted("January", "uid 1").await.get());
    own.post(&path, &[]).await;
    let page = own.get(&path).await;
    assert!(page.body.contains(" sandbox></iframe>"));
    assert!(page.header("content-security-policy").contains("frame-src 'self'"));
    let html = own.get(&format!("{path}/html")).await;
    assert_eq!(html.body, HOSTILE);
    let policy = html.header("content-security-policy");
    assert!(policy.starts_with("sandbox; default-src 'none';") && !policy.contains("allow-"), "{policy}");
    assert!(!policy.contains("script-src") && policy.contains("form-action 'none'"), "{policy}");
    assert_eq!(
        (html.header("cache-control"), html.header("x-content-type-options")),
        ("no-store", "nosniff")
    );
}
