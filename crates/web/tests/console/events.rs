//! Whoever has a campaign open is told how it goes on.

use std::pin::Pin;

use accounts::{Role, Roles};
use axum::body::{Body, BodyDataStream};
use axum::http::{Method, StatusCode};
use campaign::CampaignEvent;
use futures_util::StreamExt;
use tower::ServiceExt;
use web::WATCHING_MAX;

use crate::browser::Browser;
use crate::site::{Site, fine};

const READER: Roles = Roles::NONE.with(Role::Reader);

async fn open(browser: &Browser<'_>, path: &str) -> (StatusCode, Pin<Box<BodyDataStream>>) {
    let request = fine(browser.request(Method::GET, path).body(Body::empty()));
    let response = fine(browser.site.router.clone().oneshot(request).await);
    (response.status(), Box::pin(response.into_body().into_data_stream()))
}

async fn next(stream: &mut Pin<Box<BodyDataStream>>) -> Option<String> {
    let octets = stream.next().await?;
    Some(fine(String::from_utf8(fine(octets).to_vec())))
}

#[tokio::test]
async fn the_first_event_has_the_counts_and_the_last_comes_with_the_end() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let browser = site.browser().with_session(&anna, true).await;
    let id = site.campaign("January").await;
    let (status, mut stream) = open(&browser, &format!("/campaigns/{}/events", id.get())).await;
    assert_eq!(status, StatusCode::OK);
    let first = next(&mut stream).await.expect("an event");
    assert!(
        first.starts_with("event: counts\ndata: state Sending\ndata: written 0\ndata: total 5\n"),
        "{first}"
    );
    assert!(first.contains("data: queued 5\n") && first.contains("data: in_doubt 0\n"));
    fine(site.store.move_campaign(id, CampaignEvent::Cancel, "", site.now()).await);
    let last = loop {
        let event = next(&mut stream).await.expect("the end says so");
        if !event.starts_with("event: counts") {
            break event;
        }
    };
    assert!(last.starts_with("event: end\ndata: state Cancelled\n"), "{last}");
    assert_eq!(next(&mut stream).await, None);
    let (_, mut over) = open(&browser, &format!("/campaigns/{}/events", id.get())).await;
    assert!(next(&mut over).await.expect("an event").starts_with("event: end"));
    assert_eq!(next(&mut over).await, None, "nothing to wait for");
    let page = browser.copy().get(&format!("/campaigns/{}", id.get())).await;
    assert!(page.body.contains("data-events=\"\""), "a page of a campaign that has ended asks for none");
}

/// Told what was so before, a page would load itself again and again until others looked once more.
#[tokio::test]
async fn a_page_is_never_told_what_was_so_before_it_was_made() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let browser = site.browser().with_session(&anna, true).await;
    let id = site.campaign("January").await;
    let path = format!("/campaigns/{}/events", id.get());
    let (_, mut earlier) = open(&browser, &path).await;
    assert!(next(&mut earlier).await.expect("an event").contains("state Sending\n"));
    fine(site.store.move_campaign(id, CampaignEvent::Pause, "", site.now()).await);
    let (_, mut later) = open(&browser, &path).await;
    assert!(next(&mut later).await.expect("an event").contains("state Paused\n"));
}

#[tokio::test]
async fn so_many_watch_at_once_and_whoever_goes_makes_room() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let browser = site.browser().with_session(&anna, true).await;
    let path = format!("/campaigns/{}/events", site.campaign("January").await.get());
    let mut streams = Vec::new();
    for _ in 0..WATCHING_MAX {
        let (status, stream) = open(&browser, &path).await;
        assert_eq!(status, StatusCode::OK);
        streams.push(stream);
    }
    assert_eq!(open(&browser, &path).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let page = browser.copy().get(path.trim_end_matches("/events")).await;
    assert_eq!(page.status, StatusCode::OK, "the page itself is there");
    let mut first = streams.pop().expect("a stream");
    assert!(next(&mut first).await.is_some());
    drop(first);
    let (status, stream) = open(&browser, &path).await;
    assert_eq!(status, StatusCode::OK);
    // A HEAD takes no place.
    drop(stream);
    let mut asking = browser.copy();
    for _ in 0..2 {
        assert_eq!(asking.ask(Method::HEAD, &path).await.status, StatusCode::OK);
    }
    assert_eq!(open(&browser, &path).await.0, StatusCode::OK);
}
