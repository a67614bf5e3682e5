//! The officer's pages: nothing without a reason, nothing in full but where it was asked for, and an address nowhere else.

use accounts::{Role, Roles};
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use keys::Fingerprint;
use store::{CampaignId, NewRequest, RequestKind};
use web::PersonPlace;

use crate::browser::{Answer, Browser};
use crate::escaping::harmless;
use crate::officer_double::{ADDRESS, MASKED_ADDRESS};
use crate::on_both;
use crate::site::{Site, entry, fine};

on_both! {
    a_person_is_found_revealed_exported_and_held,
    erasing_asks_what_becomes_of_the_suppression_and_why,
    requests_are_listed_with_their_clock_and_handled,
}

const WHY: &str = "request 12";

async fn officer<'a>(site: &'a Site) -> Browser<'a> {
    let olga = site.member("olga@staff.example", Roles::NONE.with(Role::Officer)).await;
    site.browser().with_session(&olga, true).await
}

/// The number of an audience with a person in row 2, who is the known one.
async fn known(site: &Site) -> i64 {
    site.campaign("January").await;
    let audience = fine(site.store.find_audience("January").await).expect("it").number();
    fine(site.officer.places.lock()).push(PersonPlace { audience, row: 2 });
    audience
}

/// No address in a header; in the body where it was asked for alone.
fn discreet(answer: &Answer, in_full: bool) {
    assert_eq!(answer.body.contains(ADDRESS), in_full, "{}", answer.body);
    for value in answer.headers.values() {
        let value = fine(value.to_str());
        assert!(!value.contains("canary") && !value.contains("people.example"), "{value}");
    }
}

/// What the last entry says, and that no address is in it.
fn last(site: &Site) -> (&'static str, String, Option<String>) {
    let last = site.acts().last().expect("an act").clone();
    assert!(!format!("{last:?}").contains("canary"), "{last:?}");
    (last.act, last.detail, last.reason)
}

async fn a_person_is_found_revealed_exported_and_held(site: Site) {
    let audience = known(&site).await;
    let mut olga = officer(&site).await;
    let before = site.entries().await;
    for (fields, wrong) in [
        (&[("address", ADDRESS)][..], "href=\"#reason\""),
        (&[("reason", WHY)], "href=\"#address\""),
        (&[("address", "canary"), ("reason", WHY)], "href=\"#address\""),
        (&[("address", ADDRESS), ("reason", ADDRESS)], "without an e-mail address"),
        (&[("address", ADDRESS), ("reason", &"x".repeat(501))], "no more than 500"),
    ] {
        let page = olga.post("/people", fields).await;
        assert!(
            page.body.contains("There is a problem") && page.body.contains(wrong),
            "{fields:?}: {page:?}"
        );
    }
    assert_eq!(site.entries().await, before, "nobody was looked for");
    let page = olga.post("/people", &[("address", ADDRESS), ("reason", WHY)]).await;
    discreet(&page, false);
    harmless(&page, true);
    let at = format!("/people/{audience}/2");
    assert!(page.body.contains(&format!("href=\"{at}\"")) && page.body.contains(MASKED_ADDRESS), "{page:?}");
    assert_eq!(
        last(&site),
        ("find person", "[(\"lists\", \"1\"), (\"row\", \"2\")]".to_owned(), Some(WHY.to_owned()))
    );
    // Nobody found is entered too; there is no key for the reason then.
    let page = olga.post("/people", &[("address", "other@people.example"), ("reason", WHY)]).await;
    assert!(page.body.contains("Nobody was found") && !page.body.contains("other@"), "{page:?}");
    let (act, detail, reason) = last(&site);
    assert_eq!((act, reason), ("find person", None));
    assert!(detail.contains(WHY) && detail.contains("(\"lists\", \"0\")"), "{detail}");
    // Masked, until somebody says why.
    let page = olga.get(&at).await;
    discreet(&page, false);
    harmless(&page, true);
    let before = site.entries().await;
    for act in ["reveal", "export", "hold"] {
        let page = olga.post(&format!("{at}/{act}"), &[("reason", " ")]).await;
        assert!(page.body.contains("Enter a reason"), "{act}: {page:?}");
        discreet(&page, false);
    }
    assert_eq!(site.entries().await, before);
    let page = olga.post(&format!("{at}/reveal"), &[("reason", WHY)]).await;
    discreet(&page, true);
    harmless(&page, true);
    assert_eq!(last(&site).0, "reveal");
    discreet(&olga.get(&at).await, false);
    assert_eq!(olga.ask(Method::GET, &format!("{at}/reveal")).await.status, StatusCode::METHOD_NOT_ALLOWED);
    for (format, kind) in [("json", "application/json"), ("html", "text/html; charset=utf-8")] {
        let file = olga.post(&format!("{at}/export"), &[("reason", WHY), ("format", format)]).await;
        discreet(&file, true);
        assert_eq!(file.header("content-type"), kind);
        let name = format!("attachment; filename=\"personal-data.{format}\"");
        assert_eq!(
            (file.header("content-disposition"), file.header("cache-control")),
            (name.as_str(), "no-store")
        );
        assert!(format == "json" || !file.body.contains("<script"), "{file:?}");
        assert!(last(&site).1.contains(format));
    }
    held_and_let_go(&site, &mut olga, audience).await;
    assert_eq!(olga.get("/people/999/2").await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.get(&format!("/people/{audience}/3")).await.status, StatusCode::NOT_FOUND);
}

async fn held_and_let_go(site: &Site, olga: &mut Browser<'_>, audience: i64) {
    let at = format!("/people/{audience}/2");
    assert!(olga.post(&format!("{at}/hold"), &[("reason", WHY)]).await.leads_to(&at));
    let hold = fine(site.store.holds().await).pop().expect("a hold");
    assert_eq!((hold.audience, hold.row), (audience, Some(2)));
    let lift = format!("/holds/{}/lift", hold.id.0);
    assert!(olga.get("/retention").await.body.contains(&lift));
    assert!(olga.post(&lift, &[]).await.body.contains("Enter a reason"));
    assert!(olga.post(&lift, &[("lift_reason", WHY)]).await.leads_to("/retention"));
    assert!(fine(site.store.holds().await).is_empty());
}

async fn erasing_asks_what_becomes_of_the_suppression_and_why(site: Site) {
    let audience = known(&site).await;
    let mut olga = officer(&site).await;
    let at = format!("/people/{audience}/2/erase");
    let page = olga.get(&at).await;
    discreet(&page, false);
    harmless(&page, true);
    let page = olga.post(&at, &[]).await;
    assert!(
        page.body.contains("href=\"#suppression\"") && page.body.contains("href=\"#reason\""),
        "{page:?}"
    );
    let order = [("suppression", "keep"), ("reason", WHY)];
    *fine(site.officer.holds.lock()) = vec!["it is held".to_owned()];
    let page = olga.post(&at, &order).await;
    assert!(page.body.contains("href=\"#overriding\"") && page.body.contains("it is held"), "{page:?}");
    assert!(site.officer.asked().is_empty(), "nothing was done");
    let page = olga.post(&at, &[&order[..], &[("overriding", "a court said so")]].concat()).await;
    assert_eq!(page.status, StatusCode::OK);
    fine(site.officer.holds.lock()).clear();
    olga.post(&at, &[("suppression", "remove"), ("reason", WHY), ("overriding", "x")]).await;
    let asked = site.officer.asked();
    assert!(
        asked[0].contains("keep_suppressed: true") && asked[0].contains("Some(\"a court said so\")"),
        "{asked:?}"
    );
    assert!(
        asked[1].contains("keep_suppressed: false") && asked[1].contains("overridden: None"),
        "{asked:?}"
    );
}

fn request(campaign: CampaignId, site: &Site, kind: RequestKind) -> NewRequest {
    NewRequest { campaign, delivery: 1, person: Fingerprint([9; 16]), kind, at: site.now() }
}

async fn requests_are_listed_with_their_clock_and_handled(site: Site) {
    let campaign = site.campaign("January").await;
    for kind in [RequestKind::Access, RequestKind::Telephone] {
        assert!(fine(site.store.make_request(&request(campaign, &site, kind), &entry()).await));
    }
    let mut olga = officer(&site).await;
    let page = olga.get("/requests").await;
    assert!(page.body.contains("as soon as possible") && !page.body.contains("overdue"), "{page:?}");
    site.pass(SignedDuration::from_hours(24 * 32));
    let mut olga = officer_again(&site, olga).await;
    let page = olga.get("/requests").await;
    assert_eq!(page.body.matches("overdue").count(), 1, "{page:?}");
    let page = olga.get("/requests/1").await;
    assert!(page.body.contains(MASKED_ADDRESS) && page.body.contains("/2/erase"), "{page:?}");
    discreet(&page, false);
    assert!(olga.post("/requests/1/handle", &[]).await.body.contains("Enter a reason"));
    assert!(olga.post("/requests/1/handle", &[("remark", "sent by post")]).await.leads_to("/requests"));
    let (act, detail, reason) = last(&site);
    assert_eq!((act, reason.as_deref()), ("handle request", Some("sent by post")));
    assert!(detail.contains("access"), "{detail}");
    assert_eq!(olga.get("/requests/1").await.status, StatusCode::NOT_FOUND);
    assert_eq!(olga.post("/requests/1/handle", &[("remark", "again")]).await.status, StatusCode::NOT_FOUND);
}

/// The session is over after a month.
async fn officer_again<'a>(site: &'a Site, before: Browser<'a>) -> Browser<'a> {
    drop(before);
    let olga = site.member("olga.two@staff.example", Roles::NONE.with(Role::Officer)).await;
    site.browser().with_session(&olga, true).await
}

#[tokio::test]
async fn the_suppression_list_is_changed_with_a_reason_and_shows_no_address() {
    let site = Site::sqlite().await;
    let mut olga = officer(&site).await;
    let page = olga.post("/suppressions/add", &[]).await;
    for field in ["address", "scope", "reason"] {
        assert!(page.body.contains(&format!("href=\"#{field}\"")), "{field}: {page:?}");
    }
    assert!(site.officer.asked().is_empty());
    let fields = [("address", ADDRESS), ("scope", "unsafe"), ("reason", WHY)];
    let page = olga.post("/suppressions/add", &fields).await;
    assert!(page.body.contains("The address is on the list"), "{page:?}");
    discreet(&page, false);
    let page = olga.post("/suppressions/remove", &fields).await;
    assert!(page.body.contains("was not on the list"), "{page:?}");
    let wrong = [("address", "nobody"), ("scope", "surveys"), ("reason", WHY)];
    assert!(olga.post("/suppressions/add", &wrong).await.body.contains("href=\"#address\""));
    let asked = site.officer.asked();
    assert!(asked[0].starts_with("suppress unsafe because request 12 by user "), "{asked:?}");
    assert!(asked[1].starts_with("release unsafe because request 12 by user "), "{asked:?}");
}

#[tokio::test]
async fn an_audience_is_held_and_looking_changes_nothing() {
    let site = Site::sqlite().await;
    let audience = known(&site).await;
    let mut olga = officer(&site).await;
    let page = olga.post("/holds/new", &[]).await;
    assert!(
        page.body.contains("href=\"#audience\"") && page.body.contains("href=\"#hold_reason\""),
        "{page:?}"
    );
    let number = audience.to_string();
    let fields = [("audience", number.as_str()), ("hold_reason", "a complaint")];
    assert!(olga.post("/holds/new", &fields).await.leads_to("/retention"));
    assert!(olga.post("/holds/new", &fields).await.leads_to("/retention"), "held already");
    let holds = fine(site.store.holds().await);
    assert_eq!((holds.len(), holds[0].row), (1, None));
    let page = olga.get("/retention").await;
    harmless(&page, true);
    let before = site.database();
    for path in ["/requests", "/people", "/suppressions", "/retention", &format!("/people/{audience}/2")] {
        olga.get(path).await;
        olga.ask(Method::HEAD, path).await;
    }
    assert!(site.database() == before, "looking wrote to the database");
}
