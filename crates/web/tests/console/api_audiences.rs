//! A spreadsheet that another program imports: what its page would ask, the parameters decide; and nothing of it is said back.

use accounts::{Scope, Scopes};
use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use web::UploadLimits;

use crate::api_campaigns::to_the_end;
use crate::api_client::Program;
use crate::browser::Answer;
use crate::lists::{CANNOT, LIST_ROWS};
use crate::on_both;
use crate::site::{HOSTILE, Site, entry, fine};

on_both! { a_spreadsheet_becomes_an_audience_once, audiences_are_listed_and_their_people_masked }

const IMPORT: Scopes = Scopes::NONE.with(Scope::Import);
const LIST: &str = "email,name,ok to email\nann@people.example,Ann,yes\nbob@people.example,Bob,no\n";
/// Two bad rows, and a warning.
const BAD: &str = "email,note\nann@people.example,x\ncanary,y\nbob@people.example,\"canary\x01\"\n";

async fn import(program: &Program<'_>, key: &str, query: &str, list: impl Into<Body>) -> Answer {
    let request = program.request(Method::POST, &format!("/audiences?{query}"));
    let request = request.header("idempotency-key", key).header("content-type", "text/csv");
    program.send(fine(request.body(list.into()))).await
}

async fn a_spreadsheet_becomes_an_audience_once(site: Site) {
    let program = site.program("case system", IMPORT).await;
    let before = site.entries().await;
    let made = import(&program, "a", "name=January&channel=ok_to_email", LIST).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let audience = made.json();
    assert_eq!((&audience["name"], &audience["people"]), (&json!("January"), &json!(2)));
    assert_eq!(made.header("location"), audience["href"].as_str().expect("an address"));
    let again = import(&program, "a", "name=January&channel=ok_to_email", LIST).await;
    assert_eq!((again.status, &again.body), (StatusCode::CREATED, &made.body));
    assert_eq!(site.entries().await, before + 1, "once");
    let longer = format!("{LIST}cat@people.example,Cat,yes\n");
    let other = import(&program, "a", "name=January&channel=ok_to_email", longer).await;
    assert_eq!(other.problem(), "other-request");
    let elsewhere = import(&program, "a", "name=Other&channel=ok_to_email", LIST).await;
    assert_eq!(elsewhere.problem(), "other-request");
    let taken = import(&program, "b", "name=January&channel=ok_to_email", LIST).await;
    assert_eq!(taken.problem(), "not-imported");
    assert_eq!(taken.json()["errors"][0]["field"], "name");
    let id = &audience["id"];
    let shown = program.get(&format!("/audiences/{id}")).await;
    assert_eq!(shown.json(), audience);
}

async fn audiences_are_listed_and_their_people_masked(site: Site) {
    let program = site.program("case system", IMPORT).await;
    for name in ["one", "two", "three"] {
        site.campaign(name).await;
    }
    for limit in [1, 2, 3] {
        let names: Vec<Value> =
            to_the_end(&program, "/audiences", limit).await.iter().map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["three", "two", "one"]);
    }
    let id = fine(site.store.find_audience("two").await).expect("it").number();
    let people = to_the_end(&program, &format!("/audiences/{id}/people"), 50).await;
    let rows: Vec<u64> = people.iter().filter_map(|one| one["row"].as_u64()).collect();
    assert_eq!(rows, (2..=LIST_ROWS).collect::<Vec<_>>());
    assert_eq!(people[0]["address"], HOSTILE, "as the program masks it");
    assert_eq!(program.get("/audiences/999/people").await.problem(), "not-found");
    // Forgotten: it stays in the list, and nobody is on it.
    let campaign = fine(site.store.campaign("two").await).id;
    fine(site.store.move_campaign(campaign, campaign::CampaignEvent::Cancel, "", site.now()).await);
    let audience = fine(site.store.find_audience("two").await).expect("it");
    assert!(fine(site.store.forget_audience(&audience, site.now(), true, None, &entry()).await));
    assert!(program.get(&format!("/audiences/{id}")).await.json()["forgotten_at"].is_string());
    assert!(to_the_end(&program, &format!("/audiences/{id}/people"), 50).await.is_empty());
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_by_row_and_column_and_nothing_of_it_is_said_back() {
    let site = Site::sqlite().await;
    let program = site.program("case system", IMPORT).await;
    let refused = import(&program, "a", "name=January&email=email", BAD).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (422, "not-imported"), "{refused:?}");
    assert!(!refused.body.contains("canary"), "{}", refused.body);
    let problem = refused.json();
    let fields: Vec<&Value> =
        problem["errors"].as_array().expect("errors").iter().map(|one| &one["field"]).collect();
    assert_eq!(fields, ["bad_rows", "acknowledge"]);
    assert_eq!(problem["bad_rows"], 2);
    let rows: Vec<(&Value, &Value)> =
        problem["rows"].as_array().expect("rows").iter().map(|one| (&one["row"], &one["column"])).collect();
    assert_eq!(rows, [(&json!(3), &json!("email")), (&json!(4), &json!("note"))]);
    assert_eq!(problem["warnings"][0]["code"], "channel");
    let half = import(&program, "b", "name=January&email=email&bad_rows=leave_out", BAD).await;
    assert_eq!(half.json()["errors"][0]["field"], "acknowledge");
    let query = "name=January&email=email&bad_rows=leave_out&acknowledge=channel";
    let made = import(&program, "c", query, BAD).await;
    assert_eq!((made.status, &made.json()["rows_skipped"]), (StatusCode::CREATED, &json!(2)), "{made:?}");
    assert_eq!(made.json()["warnings"], json!(["channel"]));
}

#[tokio::test]
async fn a_spreadsheet_that_cannot_be_read_says_why_without_a_heading() {
    let site = Site::sqlite().await;
    let program = site.program("case system", IMPORT).await;
    for (n, query, list, said) in [
        (0, "name=x", "%PDF-1.7 and so on", "this is a PDF"),
        (1, "name=x", "canary@people.example\nbob@people.example\n", "holds an address"),
        (2, "name=x", "one,canary\na@people.example,b@people.example\n", "say which one with `email`"),
        (3, "name=x&email=canary", "email\na@people.example\n", "a column that was named is not in it"),
        (4, "name=x", "email,can ary,can_ary\na@people.example,x,y\n", "two headings become the same field"),
        (5, "name=x", "canary\nnobody\n", "no column seems to hold"),
        (6, "name=x", "", "There is nothing in it"),
    ] {
        let answer = import(&program, &format!("k{n}"), query, list).await;
        assert_eq!(answer.problem(), "not-imported", "{list}");
        assert!(answer.body.contains(said) && !answer.body.contains("canary"), "{said}: {answer:?}");
    }
    for query in ["name=x&shared=canary", "name=x&bad_rows=yes"] {
        assert_eq!(import(&program, "z", query, LIST).await.problem(), "invalid");
    }
    assert_eq!(import(&program, "z", "nmae=x", LIST).await.problem(), "malformed");
    let request = program.request(Method::POST, "/audiences?name=x").body(Body::from(LIST));
    assert_eq!(program.send(fine(request)).await.problem(), "idempotency-key-missing");
    let cannot =
        import(&program, "full", &format!("name={}&acknowledge=channel", CANNOT.replace(' ', "+")), LIST)
            .await;
    assert_eq!(cannot.problem(), "not-now", "{cannot:?}");
    assert!(cannot.body.contains("the disk is full"));
    assert!(fine(site.store.newest_audiences(10).await).is_empty());
}

#[tokio::test]
async fn what_is_larger_than_there_is_room_for_is_refused_and_does_not_stay() {
    let room = LIST.len() as u64;
    let limits = UploadLimits { octets: room, per_user: 1, arriving: 1, ..UploadLimits::default() };
    let site = Site::taking(limits).await;
    let program = site.program("case system", IMPORT).await;
    let query = "name=January&channel=ok_to_email";
    let large = import(&program, "a", query, format!("{LIST}x")).await;
    assert_eq!(large.problem(), "too-large");
    assert!(import(&program, "b", query, LIST).await.status == StatusCode::CREATED, "exactly so much");
    // While one comes in there is no place for another.
    let silent = futures_util::stream::pending::<Result<String, std::io::Error>>();
    let first = import(&program, "c", "name=x", Body::from_stream(silent));
    let second = async { while import(&program, "d", "name=y", "").await.problem() != "busy" {} };
    tokio::select! {
        answer = first => panic!("it never ends: {answer:?}"),
        () = second => {}
    }
    let after = import(&program, "d", "name=y&channel=ok_to_email", LIST).await;
    assert_eq!(after.status, StatusCode::CREATED);
}
