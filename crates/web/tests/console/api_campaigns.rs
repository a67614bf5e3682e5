//! Campaigns as another program sees them, and stops them.

use std::pin::Pin;

use accounts::{Scope, Scopes};
use axum::body::{Body, BodyDataStream};
use axum::http::{Method, StatusCode};
use campaign::CampaignEvent;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::api_client::Program;
use crate::on_both;
use crate::site::{PEOPLE, Site, fine};

on_both! {
    campaigns_are_listed_to_the_end,
    a_campaign_is_its_object_and_its_deliveries_are_masked,
    a_campaign_is_stopped_as_its_page_does_it,
}

const READ: Scopes = Scopes::NONE.with(Scope::Read);
const CONTROL: Scopes = Scopes::NONE.with(Scope::SendControl);

/// Everything of a list, page by page.
pub(crate) async fn to_the_end(program: &Program<'_>, path: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = program.get(&format!("{path}{sign}limit={limit}{after}")).await;
        assert_eq!(page.status, StatusCode::OK, "{page:?}");
        let page = page.json();
        let items = page["items"].as_array().expect("items");
        all.extend(items.iter().cloned());
        let Some(next) = page["next"].as_str() else {
            assert!(items.len() <= limit);
            return all;
        };
        assert_eq!(items.len(), limit, "a page is full when another follows");
        after = format!("&after={next}");
    }
}

async fn campaigns_are_listed_to_the_end(site: Site) {
    let program = site.program("looks", READ).await;
    assert_eq!(program.get("/campaigns").await.json(), json!({"items": [], "next": null}));
    let mut made = Vec::new();
    for name in ["one", "two", "three", "four"] {
        made.push(site.campaign(name).await.get());
    }
    made.reverse();
    for limit in [1, 2, 3, 4, 5] {
        let all = to_the_end(&program, "/campaigns", limit).await;
        let ids: Vec<i64> = all.iter().filter_map(|one| one["id"].as_i64()).collect();
        assert_eq!(ids, made, "{limit} a page");
    }
    // What is made in between moves nothing.
    let first = program.get("/campaigns?limit=2").await.json();
    site.campaign("five").await;
    let next = first["next"].as_str().expect("more").to_owned();
    let second = program.get(&format!("/campaigns?limit=2&after={next}")).await.json();
    assert_eq!(second["items"][0]["id"], made[2]);
}

async fn a_campaign_is_its_object_and_its_deliveries_are_masked(site: Site) {
    let program = site.program("looks", READ).await;
    let id = site.campaign("January").await;
    let object = program.get(&format!("/campaigns/{}", id.get())).await.json();
    assert_eq!(object["campaign"], "January");
    assert_eq!((&object["state"], &object["total"]), (&json!("sending"), &json!(PEOPLE)));
    assert_eq!(object["messages_per_second"], Value::Null);
    let deliveries = format!("/campaigns/{}/deliveries", id.get());
    let all = to_the_end(&program, &deliveries, 2).await;
    let rows: Vec<u64> = all.iter().filter_map(|one| one["row"].as_u64()).collect();
    assert_eq!(rows, (2..2 + u64::from(PEOPLE)).collect::<Vec<_>>());
    assert!(to_the_end(&program, &format!("{deliveries}?state=failed"), 2).await.is_empty());
    let queued = to_the_end(&program, &format!("{deliveries}?state=queued"), 3).await;
    assert_eq!(queued.len(), usize::from(PEOPLE));
    // A key that only stops campaigns sees them, and nobody of them.
    let control = site.program("stops", CONTROL).await;
    assert_eq!(control.get("/campaigns").await.status, StatusCode::OK);
    assert_eq!(control.get(&deliveries).await.problem(), "missing-scope");
}

async fn a_campaign_is_stopped_as_its_page_does_it(site: Site) {
    let program = site.program("January import", CONTROL).await;
    let id = site.campaign("January").await;
    let path = format!("/campaigns/{}", id.get());
    let state = async |act: &str| {
        let (before, answer) = (site.entries().await, program.post(&format!("{path}/{act}")).await);
        let entries = site.entries().await - before;
        let state = match answer.status {
            StatusCode::OK => answer.json()["state"].as_str().expect("a state").to_owned(),
            _ => answer.problem(),
        };
        (state, entries)
    };
    let is = |state: &str, entries| (state.to_owned(), entries);
    assert_eq!(state("pause").await, is("paused", 1));
    let act = site.acts().last().expect("an act").clone();
    assert_eq!(
        (act.actor.as_str(), act.act, act.subject.as_str()),
        ("api January import", "pause", "January")
    );
    assert_eq!(state("pause").await, is("paused", 0), "there is nothing to do");
    assert_eq!(state("resume").await, is("sending", 1));
    assert_eq!(state("cancel").await, is("cancelled", 1));
    for act in ["pause", "resume", "cancel", "take-back"] {
        assert_eq!(state(act).await, is("not-now", 0), "{act}");
    }
    let other = site.submitted("February", "api January import").await;
    let answer = program.post(&format!("/campaigns/{}/take-back", other.get())).await;
    assert_eq!((answer.status, &answer.json()["state"]), (StatusCode::OK, &json!("draft")));
    assert_eq!(program.post("/campaigns/999/pause").await.problem(), "not-found");
}

#[tokio::test]
async fn whoever_watches_gets_what_the_page_gets() {
    let site = Site::sqlite().await;
    let program = site.program("looks", READ).await;
    let id = site.campaign("January").await;
    let path = format!("/campaigns/{}/events", id.get());
    let request = fine(program.request(Method::GET, &path).body(Body::empty()));
    let response = fine(site.router.clone().oneshot(request).await);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream: Pin<Box<BodyDataStream>> = Box::pin(response.into_body().into_data_stream());
    let mut next = async || {
        let octets = stream.next().await?;
        Some(fine(String::from_utf8(fine(octets).to_vec())))
    };
    let first = next().await.expect("an event");
    assert!(first.starts_with("event: counts\ndata: state Sending\n"), "{first}");
    fine(site.store.move_campaign(id, CampaignEvent::Cancel, "", site.now()).await);
    let mut last = String::new();
    while let Some(event) = next().await {
        last = event;
    }
    assert!(last.starts_with("event: end\n"), "{last}");
}
