//! A message written by another program: nobody overwrites unseen what another wrote, and it asks a person to approve.

use accounts::{Scope, Scopes};
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use message::{ATTACHMENTS_OCTETS_MAX, ComposedField};
use serde_json::{Value, json};
use web::{Fault, Standing};

use crate::api_campaigns::to_the_end;
use crate::api_client::Program;
use crate::browser::Answer;
use crate::on_both;
use crate::site::{HOSTILE, PEOPLE, Site, fine};

on_both! {
    a_draft_is_written_and_thrown_away,
    two_programs_write_at_once,
    files_come_and_go,
    nothing_is_submitted_but_what_was_checked,
    who_looks_at_peoples_messages_says_so_first,
    a_campaign_is_changed_through_a_draft,
}

const COMPOSE: Scopes = Scopes::NONE.with(Scope::Compose);

fn content(subject: &str) -> Value {
    let text = json!({"language": "en", "kind": "markdown", "subject": subject, "body": "Dear {{ name }}"});
    json!({"from": "Team <team@unit.example>", "reply_to": "", "contacts": ["help@unit.example"], "texts": [text]})
}

/// A request with these headers and this body.
async fn send(
    program: &Program<'_>,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = program.request(method, path).header(CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    program.send(fine(request.body(body.into()))).await
}

async fn create(program: &Program<'_>, name: &str, body: &Value) -> Answer {
    send(program, Method::POST, "/drafts", &[("idempotency-key", name)], body.to_string()).await
}

async fn put(program: &Program<'_>, path: &str, tag: &str, body: &Value) -> Answer {
    send(program, Method::PUT, path, &[("if-match", tag)], body.to_string()).await
}

/// A draft for the audience of a campaign: its path.
async fn begun(site: &Site, program: &Program<'_>) -> String {
    site.campaign("People").await;
    let audience = fine(site.store.find_audience("People").await).expect("it").number();
    let made = create(program, "begun", &json!({"name": "January", "audience": audience})).await;
    assert_eq!((made.status, made.header("etag")), (StatusCode::CREATED, "\"1\""), "{made:?}");
    let href = made.json()["href"].as_str().expect("an address").to_owned();
    assert_eq!(made.header("location"), href);
    href.strip_prefix("/api/v1").expect("ours").to_owned()
}

async fn a_draft_is_written_and_thrown_away(site: Site) {
    let program = site.program("writer", COMPOSE).await;
    let path = begun(&site, &program).await;
    let act = site.acts().last().expect("an act").clone();
    assert_eq!((act.actor.as_str(), act.act, act.subject.as_str()), ("api writer", "draft", "January"));
    let empty = program.get(&path).await;
    assert_eq!((empty.header("etag"), &empty.json()["fault"]), ("\"1\"", &Value::Null));
    let fault = Fault { text: 0, field: ComposedField::Subject, words: "There is no subject".to_owned() };
    *fine(site.program.fault.lock()) = Some(fault);
    let wanted_at = "2099-03-27T09:00:00Z";
    let written =
        put(&program, &path, "\"1\"", &json!({"content": content("Hello"), "wanted_at": wanted_at, "per_minute": 30, "quiet_hours": "20:00-08:00"})).await;
    assert_eq!((written.status, written.header("etag")), (StatusCode::OK, "\"2\""), "{written:?}");
    let got = program.get(&path).await.json();
    assert_eq!(got, written.json());
    assert_eq!((&got["content"], &got["wanted_at"]), (&content("Hello"), &json!(wanted_at)));
    assert_eq!(got["fault"], json!({"text": 0, "field": "subject", "detail": "There is no subject"}));
    assert_eq!((&got["per_minute"], &got["quiet_hours"]), (&json!(30), &json!("20:00-08:00")));
    assert_eq!(got["changed_by"], "api writer");
    for wrong in [
        json!({"content": content("x"), "wanted_at": "2001-01-01T00:00:00Z"}),
        json!({"content": content("x"), "wanted_at": "canary@people.example"}),
        json!({"content": content("x"), "per_minute": 0}),
        json!({"content": content("x"), "per_minute": "canary@people.example"}),
        json!({"content": content("x"), "quiet_hours": "canary@people.example"}),
        json!({"content": content("x"), "quiet_hours": "08:00-08:00"}),
        json!({"content": {"from": "canary@people.example"}}),
        json!({"content": {"from": "", "reply_to": "", "contacts": [], "texts": []}}),
        json!({"content": {"from": "", "reply_to": "", "contacts": [], "texts": [
            {"language": "canary@people.example", "kind": "markdown", "subject": "", "body": ""}]}}),
        json!({"content": {"from": "", "reply_to": "", "contacts": [], "attachments": ["x"], "texts": [
            {"language": "en", "kind": "markdown", "subject": "", "body": ""}]}}),
        json!({"content": {"from": "", "reply_to": "", "contacts": [], "texts": [
            {"language": "en", "kind": "markdown", "subject": "", "body": ""},
            {"language": "EN", "kind": "markdown", "subject": "", "body": ""}]}}),
        json!({"content": "canary@people.example"}),
        json!({}),
    ] {
        let answer = put(&program, &path, "\"2\"", &wrong).await;
        assert_eq!(answer.problem(), "invalid", "{wrong}");
        assert!(!answer.body.contains("canary"));
    }
    assert_eq!(program.get(&path).await.json(), got, "nothing was changed");
    assert_eq!(to_the_end(&program, "/drafts", 1).await.len(), 1);
    assert_eq!(program.ask(Method::DELETE, &path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.acts().last().expect("an act").act, "draft-remove");
    assert_eq!(program.get(&path).await.problem(), "not-found");
    assert!(to_the_end(&program, "/drafts", 1).await.is_empty());
}

async fn two_programs_write_at_once(site: Site) {
    let (one, two) = (site.program("one", COMPOSE).await, site.program("two", COMPOSE).await);
    let path = begun(&site, &one).await;
    let body = |subject| json!({"content": content(subject)});
    let before = site.entries().await;
    assert_eq!(put(&one, &path, "\"1\"", &body("one")).await.status, StatusCode::OK);
    for tag in ["\"1\"", "W/\"2\"", "*", "2", "\"x\"", "\"1\", \"2\""] {
        let answer = put(&two, &path, tag, &body("two")).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::PRECONDITION_FAILED, "changed"),
            "{tag}"
        );
    }
    let without = two.json(Method::PUT, &path, &body("two")).await;
    assert_eq!((without.status.as_u16(), without.problem().as_str()), (428, "version-missing"));
    assert_eq!(one.get(&path).await.json()["content"], content("one"));
    assert_eq!(site.entries().await, before + 1);
}

async fn files_come_and_go(site: Site) {
    let program = site.program("writer", COMPOSE).await;
    let path = begun(&site, &program).await;
    let file = format!("{path}/files/leaflet.pdf");
    let first = send(&program, Method::PUT, &file, &[("if-match", "\"1\"")], "%PDF-1.7").await;
    assert_eq!((first.status, first.header("etag")), (StatusCode::OK, "\"2\""), "{first:?}");
    let again = send(&program, Method::PUT, &file, &[("if-match", "\"2\"")], "%PDF-1.7 and more").await;
    assert_eq!(again.header("etag"), "\"3\"");
    let files = program.get(&path).await.json()["files"].clone();
    assert_eq!(files, json!([{"name": "leaflet.pdf", "content_type": "application/pdf", "octets": 17}]));
    for (tag, what, body, kind) in [
        ("\"1\"", "leaflet.pdf", vec![1], "changed"),
        ("\"3\"", "empty.txt", vec![], "invalid"),
        ("\"3\"", "a%00b", vec![1], "invalid"),
        ("\"3\"", "large.bin", vec![0; ATTACHMENTS_OCTETS_MAX - 16], "too-large"),
    ] {
        let to = format!("{path}/files/{what}");
        assert_eq!(
            send(&program, Method::PUT, &to, &[("if-match", tag)], body).await.problem(),
            kind,
            "{what}"
        );
    }
    // Writing the text leaves the files with it.
    assert_eq!(put(&program, &path, "\"3\"", &json!({"content": content("x")})).await.json()["files"], files);
    let gone = send(&program, Method::DELETE, &file, &[("if-match", "\"4\"")], Body::empty()).await;
    assert_eq!(gone.header("etag"), "\"5\"");
    let twice = send(&program, Method::DELETE, &file, &[("if-match", "\"5\"")], Body::empty()).await;
    assert_eq!(twice.problem(), "not-found");
    assert_eq!(program.get(&path).await.json()["files"], json!([]));
}

async fn nothing_is_submitted_but_what_was_checked(site: Site) {
    let writer = site.program("writer", COMPOSE).await;
    let path = begun(&site, &writer).await;
    let program = site.program("both", COMPOSE.with(Scope::Submit)).await;
    let check = format!("{path}/check");
    assert_eq!(program.get(&check).await.json(), json!({"state": "not-yet"}));
    assert_eq!(program.post(&check).await.status, StatusCode::ACCEPTED);
    let submit = async |tag: &str, body: Value| {
        send(&program, Method::POST, &format!("{path}/submit"), &[("if-match", tag)], body.to_string()).await
    };
    assert_eq!(submit("\"1\"", json!({})).await.problem(), "not-now", "it is not checked");
    site.program
        .find(1, &[(Standing::Fine, None), (Standing::Warning, Some("names")), (Standing::Wrong, None)]);
    let found = program.get(&check).await.json();
    assert_eq!((&found["state"], &found["can_be_submitted"]), (&json!("checked"), &json!(false)));
    assert_eq!(found["checks"][1]["word"], "names");
    assert_eq!(
        submit("\"1\"", json!({"accept": ["names"]})).await.problem(),
        "not-now",
        "something is wrong"
    );
    site.program.find(1, &[(Standing::Warning, Some("names"))]);
    let open = submit("\"1\"", json!({"accept": ["other"]})).await;
    assert_eq!(open.problem(), "invalid");
    assert!(open.body.contains("names"));
    assert_eq!(submit("\"2\"", json!({"accept": ["names"]})).await.problem(), "changed");
    assert_eq!(submit("\"1\"", json!({"accept": "names"})).await.problem(), "invalid");
    assert!(!site.program.asked().iter().any(|asked| asked.starts_with("submit")));
    assert_eq!(submit("\"1\"", json!({"accept": ["names"]})).await.status, StatusCode::ACCEPTED);
    assert_eq!(
        site.program.asked(),
        ["check version 1", "submit version 1 by api both, accepted [\"names\"]"]
    );
    // Composing alone does not ask for an approval.
    let answer = send(&writer, Method::POST, &format!("{path}/submit"), &[("if-match", "\"1\"")], "{}").await;
    assert_eq!(answer.problem(), "missing-scope");
    assert_eq!(program.get("/drafts/999/check").await.problem(), "not-found");
}

async fn who_looks_at_peoples_messages_says_so_first(site: Site) {
    let (program, other) = (site.program("writer", COMPOSE).await, site.program("other", COMPOSE).await);
    let path = begun(&site, &program).await;
    let message = format!("{path}/preview/1");
    // The audience's own count: the campaign of the double completed it.
    let people = program.get(&path).await.json()["audience"]["people"].as_u64();
    assert_eq!(people, Some(u64::from(PEOPLE)));
    let before = site.entries().await;
    let closed = program.get(&message).await;
    assert_eq!((closed.status, closed.problem().as_str()), (StatusCode::CONFLICT, "look-first"));
    for _ in 0..2 {
        assert_eq!(program.post(&format!("{path}/preview")).await.status, StatusCode::NO_CONTENT);
    }
    assert_eq!(site.entries().await, before + 1, "once");
    let act = site.acts().last().expect("an act").clone();
    assert_eq!((act.actor.as_str(), act.act), ("api writer", "preview"));
    let open = program.get(&message).await.json();
    assert_eq!((&open["row"], &open["subject"]), (&json!(2), &json!(HOSTILE)));
    assert_eq!(other.get(&message).await.problem(), "look-first", "each for itself");
    for place in ["0", "6", "x", "-1"] {
        assert_eq!(program.get(&format!("{path}/preview/{place}")).await.problem(), "not-found", "{place}");
    }
    assert_eq!(site.entries().await, before + 1);
}

async fn a_campaign_is_changed_through_a_draft(site: Site) {
    let program = site.program("writer", COMPOSE).await;
    let id = site.submitted("February", "user 1").await.get();
    let change = async |name: &str, id: i64| {
        let path = format!("/campaigns/{id}/draft");
        send(&program, Method::POST, &path, &[("idempotency-key", name)], Body::empty()).await
    };
    let made = change("one", id).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(change("two", id).await.json(), made.json(), "there is one draft of a campaign");
    let draft = format!("/drafts/{}", made.json()["id"]);
    assert_eq!(program.get(&draft).await.json()["campaign"], json!(id));
    let sending = site.campaign("March").await.get();
    assert_eq!(change("three", sending).await.problem(), "not-now");
    assert_eq!(program.post(&format!("/campaigns/{id}/draft")).await.problem(), "idempotency-key-missing");
}
