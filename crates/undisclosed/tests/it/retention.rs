//! What is erased when its time is over, and what holds it.

use std::fs;

use lab::{Behaviour, Server};
use serde_json::Value;

use crate::bench::{Bench, acts};
use crate::forget::sql;

/// Sets the clock back for everything that is there: by so many days and a minute.
fn days_ago(bench: &Bench, days: u64) {
    let past = (days * 24 * 60 + 1) * 60 * 1_000_000;
    sql(
        bench,
        &format!(
            "UPDATE audience SET created_at = created_at - {past}; \
             UPDATE campaign SET finished_at = finished_at - {past} WHERE finished_at > 0"
        ),
    );
}

async fn used() -> Bench {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(5);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    bench.run(&["import", "unused", "people.csv"]).exits(0);
    bench.run(&["send", "victims", "message.md", "--name", "c", "--smtp", &server.url()]).exits(0);
    bench
}

/// What the plan says goes, and what a run says is gone.
fn named(list: &Value, only: Option<&str>) -> Vec<String> {
    let items = list.as_array().expect("a list").iter();
    let goes = items.filter(|item| only.is_none_or(|field| item[field] == true));
    goes.map(|item| format!("{} {}", item["what"], item["name"]).replace('"', "")).collect()
}

fn plan(bench: &Bench) -> Vec<String> {
    named(&bench.run(&["retention", "--dry-run", "--json"]).exits(0).json()["kept"], Some("goes"))
}

fn run(bench: &Bench) -> Vec<String> {
    named(&bench.run(&["retention", "run", "--json"]).exits(0).json()["erased"], None)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_lists_what_a_run_then_erases() {
    let bench = used().await;
    assert!(plan(&bench).is_empty() && run(&bench).is_empty(), "nothing is due");
    days_ago(&bench, 30);
    let replies = "SELECT count(*) FROM delivery WHERE reply <> ''";
    assert_ne!(sql(&bench, replies), "[(0,)]");
    assert_eq!(plan(&bench), ["messages c"]);
    let before = fs::read(bench.path("data/undisclosed.db")).expect("the database");
    assert_eq!(plan(&bench), ["messages c"], "a dry run changes nothing");
    assert!(fs::read(bench.path("data/undisclosed.db")).expect("it") == before);
    assert_eq!(run(&bench), ["messages c"]);
    assert_eq!(sql(&bench, replies), "[(0,)]");
    bench.run(&["ledger", "verify"]).exits(0);
    days_ago(&bench, 59);
    assert!(plan(&bench).is_empty(), "a day too early");
    days_ago(&bench, 1);
    let planned = plan(&bench);
    assert_eq!(planned.len(), 2, "{planned:?}");
    assert_eq!(run(&bench), planned);
    assert!(run(&bench).is_empty());
    assert_eq!(
        bench.run(&["preview", "victims", "message.md", "--json"]).exits(2).json()["error"]["code"],
        "forgotten"
    );
    assert_eq!(acts(&bench, "victims").last().map(String::as_str), Some("forget"));
    assert_eq!(acts(&bench, "c").last().map(String::as_str), Some("drop replies"));
    bench.run(&["ledger", "verify"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn never_is_never() {
    let bench = used().await.with("UNDISCLOSED_RETENTION__AUDIENCE", "never");
    days_ago(&bench, 400);
    assert_eq!(plan(&bench), ["messages c"]);
    let bench = bench.with("UNDISCLOSED_RETENTION__MESSAGES", "soon");
    assert_eq!(bench.run(&["retention", "--json"]).exits(2).json()["error"]["code"], "settings");
}

/// A hold stops the run, `forget` and `erase`; somebody who says why does it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_stays_until_somebody_says_why() {
    let bench = used().await;
    days_ago(&bench, 100);
    sql(
        &bench,
        "INSERT INTO hold (audience_id, row_number, actor, since) VALUES (1, 3, 'uid 1', 1), (2, 0, 'uid 1', 1)",
    );
    assert!(plan(&bench).is_empty() && run(&bench).is_empty());
    let refused = |args: &[&str]| bench.run(args).exits(2).json()["error"]["code"].clone();
    let erase =
        |row: &'static str| ["erase", "victims", "--row", row, "--reason", "asked", "--yes", "--json"];
    assert_eq!(refused(&["forget", "victims", "--yes", "--json"]), "held");
    assert_eq!(refused(&["forget", "unused", "--yes", "--json"]), "held");
    assert_eq!(refused(&erase("3")), "held");
    assert_eq!(refused(&erase("4")), "held", "they are in the other list too, and that is held");
    sql(&bench, "UPDATE hold SET lifted_at = 2 WHERE row_number = 0");
    bench.run(&erase("4")).exits(0);
    assert_eq!(refused(&erase("3")), "held");
    let why = ["--override-hold", "a court said so"];
    assert_eq!(refused(&[&erase("3")[..], &["--override-hold", "a@b.example"]].concat()), "reason");
    bench.run(&[&erase("3")[..], &why].concat()).exits(0);
    let listed = bench.run(&["ledger", "list", "--json"]).exits(0).json();
    let last = listed["entries"].as_array().expect("entries").iter().rfind(|entry| entry["act"] == "erase");
    assert_eq!(last.expect("it")["detail"]["overridden"], "a court said so");
    assert_eq!(run(&bench).len(), 3, "both lists, and what the mail server said");
    bench.run(&["ledger", "verify"]).exits(0);
}

/// A request for access that nobody answered holds what is known of the person, in every list.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_request_for_access_holds_by_itself() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(5);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    bench.run(&["import", "unused", "people.csv"]).exits(0);
    bench.run(&["send", "victims", "message.md", "--name", "c", "--smtp", &server.url()]).exits(0);
    sql(
        &bench,
        "INSERT INTO subject_request (campaign_id, delivery, person, kind, made_at) VALUES (1, 2, zeroblob(16), 1, 1)",
    );
    let refused = |args: &[&str]| bench.run(args).exits(2).json()["error"]["code"].clone();
    assert_eq!(refused(&["forget", "victims", "--yes", "--json"]), "held");
    assert_eq!(refused(&["forget", "unused", "--yes", "--json"]), "held", "they are in it too");
    days_ago(&bench, 100);
    assert!(run(&bench).is_empty());
    sql(&bench, "UPDATE subject_request SET handled_at = 2");
    bench.run(&["forget", "unused", "--yes"]).exits(0);
    let forgotten = ["forget", "victims", "--yes", "--json"];
    bench.run(&forgotten).exits(0);
}
