//! The ledger, read by another program.

use accounts::{Scope, Scopes};
use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::site::{HOSTILE, Site};

#[tokio::test]
async fn a_program_reads_the_ledger_and_holds_a_checkpoint_against_it() {
    let site = Site::sqlite().await;
    let program = site.program("auditor", Scopes::NONE.with(Scope::Read)).await;
    let page = program.get("/ledger/entries?limit=1").await.json();
    let first = &page["items"][0];
    assert_eq!(
        (&first["number"], &first["act"], &first["subject"]),
        (&json!(71), &json!("approve"), &json!(HOSTILE))
    );
    let next = page["next"].as_str().expect("more");
    let behind = program.get(&format!("/ledger/entries?limit=1&after={next}")).await.json();
    assert_eq!(behind["items"][0]["number"], 22);
    assert_eq!(program.get("/ledger/verification").await.json(), json!({"state": "not_yet"}));
    let asked = program.post("/ledger/verification").await;
    assert_eq!((asked.status, &asked.json()["state"]), (StatusCode::ACCEPTED, &json!("verified")));
    let verified = program.get("/ledger/verification").await.json();
    assert_eq!(
        (&verified["entries"], &verified["checkpoint"]),
        (&json!(120), &json!("undisclosed/test\n120\n"))
    );
    let held = |text: &'static str| json!({"checkpoint": text});
    let good = program.json(Method::POST, "/ledger/comparison", &held("good")).await.json();
    assert_eq!(good, json!({"fits": true, "entries": 100, "finding": null}));
    let other = program.json(Method::POST, "/ledger/comparison", &held("other")).await.json();
    assert_eq!(
        other,
        json!({"fits": false, "entries": null, "finding": "entry 7 is missing: it was removed"})
    );
    let long = "x".repeat((16 << 10) + 1);
    for wrong in [json!({"checkpoint": "canary"}), json!({"checkpoint": long}), json!({"checkpoint": 1})] {
        let refused = program.json(Method::POST, "/ledger/comparison", &wrong).await;
        assert_eq!(refused.problem(), "invalid");
    }
}
