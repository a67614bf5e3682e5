//! A GET changes nothing (promise 8), and neither does a HEAD: not an octet of the database.

use accounts::{Role, SESSION_IDLE_MAX, TOUCH_INTERVAL};
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use web::Verb;

use crate::access::{Filling, People, everybody};
use crate::site::{Site, fine};

#[tokio::test]
async fn looking_as_anybody_changes_no_octet_of_the_database() {
    let site = Site::sqlite().await;
    let people = People::of(&site).await;
    let victim = site.administrator("victim@staff.example").await;
    let filling = Filling::of(&site, &victim).await;
    for who in everybody() {
        let mut browser = people.browser(&site, who).await;
        // Of all that looking does, a session's last use alone is written, and that has its own test.
        browser.get("/me").await;
        for route in web::all_routes() {
            let path = filling.path(route);
            let (before, entries) = (site.database(), site.acts().len());
            let methods =
                if route.verb == Verb::Watch { vec![Method::HEAD] } else { vec![Method::GET, Method::HEAD] };
            for method in methods {
                let answer = browser.ask(method.clone(), &path).await;
                assert!(answer.status.as_u16() < 500, "{method} {path} as {who:?}: {answer:?}");
                assert!(site.database() == before, "{method} {path} as {who:?} wrote to the database");
            }
            assert_eq!(site.acts().len(), entries);
        }
    }
    assert_eq!(site.browser().get(&filling.link).await.status, StatusCode::OK, "the link can still be used");
}

#[tokio::test]
async fn a_page_keeps_a_session_from_being_idle_and_a_head_or_a_stream_does_not() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", [Role::Reader].into_iter().collect()).await;
    let campaign = site.campaign("January").await;
    let events = format!("/campaigns/{}/events", campaign.get());
    let mut browser = site.browser().with_session(&anna, true).await;
    let began = site.now();
    let seen = async || fine(site.store.sessions(anna.id).await).first().expect("one").times.last_seen;
    site.pass(TOUCH_INTERVAL);
    browser.ask(Method::HEAD, "/me").await;
    let request = fine(browser.request(Method::GET, &events).body(axum::body::Body::empty()));
    drop(fine(tower::ServiceExt::oneshot(site.router.clone(), request).await));
    assert_eq!(seen().await, began);
    browser.get("/me").await;
    assert_eq!(seen().await, site.now());
    let touched = site.now();
    site.pass(TOUCH_INTERVAL - SignedDuration::from_secs(1));
    browser.get("/me").await;
    assert_eq!(seen().await, touched, "at most once a minute");
    // A page that watches a campaign comes again every few minutes; nobody sits before it.
    site.pass(SESSION_IDLE_MAX - TOUCH_INTERVAL);
    assert_eq!(browser.ask(Method::HEAD, &events).await.status, StatusCode::OK);
    site.pass(SignedDuration::from_secs(1));
    assert!(browser.ask(Method::GET, &events).await.leads_to("/sign-in"));
}
