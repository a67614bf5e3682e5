//! A process killed at any moment: nobody twice, nobody lost, at most one in doubt a connection a kill.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use lab::{Behaviour, Mailbox, Server};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::bench::{Bench, count, finish, slow, sums};

const CONNECTIONS: u64 = 20;
/// How long a killed program's successor may take to get the next message out.
const PATIENCE: Duration = Duration::from_secs(60);

fn row_of(recipient: &str) -> u64 {
    let digits: String =
        recipient.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse::<u64>().expect("person N") + 2
}

/// Messages received by each person's row.
fn received(mailbox: &Mailbox) -> BTreeMap<u64, u64> {
    let mut by_row = BTreeMap::new();
    for message in mailbox.received() {
        assert_eq!(message.recipients.len(), 1);
        *by_row.entry(row_of(&message.recipients[0])).or_insert(0) += 1;
    }
    by_row
}

async fn a_campaign_survives(bench: Bench, people: usize, kills: usize, seed: u64) {
    let server = Server::start(slow(2)).await.expect("a server");
    let mailbox = server.mailbox();
    let bench = bench.with_people(people);
    let url = server.url();
    let mut chance = StdRng::seed_from_u64(seed);
    let connections = CONNECTIONS.to_string();
    let send =
        ["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--connections", &connections];
    let (mut in_doubt, mut done) = (0, 0);
    for kill in 0..kills {
        let mut child = if kill == 0 { bench.spawn(&send) } else { bench.spawn(&["resume", "c"]) };
        let step = chance.random_range(1..=people / kills);
        let target = (mailbox.received().len() + step).min(people - kills);
        let reached = tokio::time::timeout(PATIENCE, mailbox.wait_for(target)).await;
        assert!(reached.is_ok(), "kill {kill}: {} of {target} dots: {:?}", mailbox.received().len(), {
            let _ = child.kill();
            finish(child)
        });
        child.kill().expect("SIGKILL");
        finish(child);
        let status = bench.status("c");
        sums(&status);
        let doubts = count(&status, "in_doubt");
        assert!(doubts - in_doubt <= CONNECTIONS, "kill {kill}: {doubts} after {in_doubt}");
        (in_doubt, done) = (doubts, done + 1);
    }
    assert_eq!(done, kills);
    let end = bench.run(&["resume", "c", "--json"]);
    let object = end.json();
    sums(&object);
    assert_eq!(object["state"], "done", "{end:?}");
    assert_eq!(end.code, Some(if count(&object, "in_doubt") > 0 { 3 } else { 0 }));
    compare(&bench, &mailbox, people);
}

/// accepted ⊆ received ⊆ accepted ∪ in doubt, by person.
pub(crate) fn compare(bench: &Bench, mailbox: &Mailbox, people: usize) {
    let received = received(mailbox);
    assert!(received.values().all(|times| *times == 1), "somebody got it twice");
    let rows = bench.run(&["status", "c", "--rows", "--json"]).exits(0).json();
    let mut doubtful = BTreeSet::new();
    for row in rows["rows"].as_array().expect("rows") {
        assert_eq!(row["state"], "in doubt", "{row}");
        doubtful.insert(row["row"].as_u64().expect("a row"));
    }
    for row in 2..people as u64 + 2 {
        let (got, doubt) = (received.contains_key(&row), doubtful.contains(&row));
        assert!(got || doubt, "row {row} was lost: accepted and never received");
    }
    assert!(received.keys().all(|row| (2..people as u64 + 2).contains(row)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_kills_on_sqlite() {
    a_campaign_survives(Bench::new(), 10_000, 100, 2012).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_kills_on_postgres() {
    a_campaign_survives(Bench::on_postgres(), 3_000, 30, 2013).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_before_the_campaign_is_made_leaves_nothing() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(20_000);
    let url = server.url();
    let send = ["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--json"];
    let mut child = bench.spawn(&send);
    // The audience's key is the first thing that is written: then the import is under way.
    let keys = bench.path("keys");
    while std::fs::read_dir(&keys).expect("the folder").next().is_none() {
        assert!(child.try_wait().expect("alive").is_none(), "it ended too early");
        tokio::task::yield_now().await;
    }
    child.kill().expect("SIGKILL");
    finish(child);
    assert_eq!(server.mailbox().received().len(), 0);
    bench.run(&["status", "c"]).exits(2);
    let object = bench.run(&send).exits(0).json();
    assert_eq!(count(&object, "accepted"), 20_000);
}
