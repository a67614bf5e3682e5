//! One person erased (promise 11): gone from every list and from the files, not written to, not brought back by a restore;
//! what was counted and entered verifies.

use std::fs;

use lab::{Behaviour, Server};

use crate::bench::{Bench, acts, count, finish, slow, sums};
use crate::forget::sql;

/// Stands in the address, in a field, and in a reason that somebody typed.
const CANARY: &str = "canary";
const WHO: &str = "canary@people.example";
const ERASE: [&str; 6] = ["erase", "victims", "--row", "4", "--reason", "request 12"];

/// Ten people, one of whom is in both audiences.
fn with_lists(bench: Bench) -> Bench {
    let bench = bench.with_people(10);
    let mut rows: Vec<String> = fs::read_to_string(bench.path("people.csv"))
        .expect("the list")
        .lines()
        .map(ToOwned::to_owned)
        .collect();
    rows[3] = format!("{WHO},{CANARY}name,Last,9/11,yes");
    bench.write("people.csv", rows.join("\n"));
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    rows.swap(3, 6);
    bench.write("others.csv", rows.join("\n"));
    bench.run(&["import", "others", "others.csv"]).exits(0);
    bench
}

fn sent<'a>(audience: &'a str, name: &'a str, url: &'a str) -> Vec<&'a str> {
    vec!["send", audience, "message.md", "--name", name, "--smtp", url, "--json", "--acknowledge", "all"]
}

/// Everything of the installation on the disk, and what opens with its keys, is asked for the person.
fn nobody_finds_them(bench: &Bench) {
    for folder in ["data", "keys", "."] {
        for file in fs::read_dir(bench.path(folder)).expect("a folder") {
            let path = file.expect("a file").path();
            let list = path.extension().is_some_and(|extension| extension == "csv");
            if path.is_file() && !list && path.file_name().is_some_and(|name| name != "b.db") {
                let octets = fs::read(&path).expect("it is read");
                assert!(!octets.windows(CANARY.len()).any(|w| w == CANARY.as_bytes()), "{}", path.display());
            }
        }
    }
    for audience in ["victims", "others"] {
        for place in 1..=9 {
            let place = place.to_string();
            let args =
                ["preview", audience, "message.md", "--person", &place, "--reveal", "--reason", "looking"];
            let ran = bench.run(&args).exits(0);
            assert!(!ran.out.contains(CANARY), "{audience} {place}");
        }
        let args = ["preview", audience, "message.md", "--person", "10", "--reveal", "--reason", "x"];
        bench.run(&args).exits(2);
    }
    let listed = bench.run(&["ledger", "list", "--json"]).exits(0).out;
    assert!(!listed.contains(CANARY), "{listed}");
}

async fn erased_everywhere(bench: Bench) {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = with_lists(bench);
    let url = server.url();
    bench.run(&sent("victims", "c", &url)).exits(0);
    let reveal =
        ["preview", "victims", "message.md", "--person", "3", "--reveal", "--reason", "canary called"];
    bench.run(&reveal).exits(0);
    let before = bench.status("c");
    bench.run(&["backup", "b.db"]).exits(0);
    let refused = |args: &[&str]| bench.run(args).exits(2).json()["error"]["code"].clone();
    assert_eq!(refused(&[&ERASE[..], &["--json"]].concat()), "not_confirmed");
    assert_eq!(
        refused(&["erase", "victims", "--row", "4", "--reason", WHO, "--yes", "--json"]),
        "reason",
        "it would stay for good"
    );
    let yes = [&ERASE[..], &["--yes", "--json"]].concat();
    let erased = bench.run(&yes).exits(0).json();
    assert_eq!((count(&erased, "rows"), &erased["suppression_kept"]), (2, &true.into()));
    nobody_finds_them(&bench);
    assert_eq!(bench.status("c"), before, "what was counted stays");
    assert_eq!(refused(&yes), "not_found");
    let held = bench.run(&["ledger", "verify", "--json"]).exits(0).json();
    assert_eq!(held["accounts"], 1);
    bench.run(&["ledger", "prove", "c/5"]).exits(0);
    // A list that has them again: they are not written to.
    bench.write("message.md", crate::bench::MESSAGE.replace("how did we do", "and now"));
    bench.run(&["import", "again", "people.csv"]).exits(0);
    let object = bench.run(&sent("again", "d", &url)).exits(3).json();
    assert_eq!((count(&object, "accepted"), count(&object, "suppressed")), (9, 1));
    assert_eq!(received(&server), 1, "the first message alone");
    // The backup from before brings nobody back.
    bench.run(&["restore", "b.db"]).exits(0);
    nobody_finds_them(&bench);
    bench.run(&["ledger", "verify"]).exits(0);
    assert_eq!(acts(&bench, "victims").iter().filter(|act| *act == "erase").count(), 1);
    bench.run(&["status"]).exits(0);
    assert_eq!(acts(&bench, "victims").iter().filter(|act| *act == "erase").count(), 1, "once");
}

fn received(server: &Server) -> usize {
    server.mailbox().received().iter().filter(|m| m.recipients.iter().any(|r| r == WHO)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_gone_from_every_list_and_no_restore_brings_them_back() {
    erased_everywhere(Bench::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_gone_from_every_list_and_no_restore_brings_them_back_on_postgres() {
    erased_everywhere(Bench::on_postgres()).await;
}

/// While their campaign is being sent, whatever becomes of their message.
async fn erased_while_sending(bench: Bench) {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = with_lists(bench.with("UNDISCLOSED_DELIVERY__CONNECTIONS", "1"));
    let url = server.url();
    let sending = bench.spawn(&sent("others", "c", &url));
    server.mailbox().wait_for(1).await;
    let erased = bench.run(&[&ERASE[..], &["--yes", "--json"]].concat()).exits(0).json();
    let object = finish(sending).json();
    sums(&object);
    let stopped = count(&erased, "suppressed");
    assert_eq!(count(&object, "suppressed"), stopped);
    assert_eq!(count(&object, "accepted") + stopped, 10, "{object}");
    assert_eq!(received(&server) as u64, 1 - stopped, "nobody is lost, and nobody is written to after");
    bench.run(&["ledger", "verify"]).exits(0);
    nobody_finds_them(&bench);
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_while_their_campaign_is_sent() {
    erased_while_sending(Bench::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn erased_while_their_campaign_is_sent_on_postgres() {
    erased_while_sending(Bench::on_postgres()).await;
}

/// Killed between the commit and the list beside the keys; and a reason emptied by somebody else's hand.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_beside_the_keys_is_made_good_and_tampering_is_found() {
    let bench = with_lists(Bench::new());
    let reveal = |person: &str| {
        let args = ["preview", "victims", "message.md", "--person", person, "--reveal", "--reason", "asked"];
        bench.run(&args).exits(0);
    };
    reveal("3");
    reveal("4");
    bench.run(&[&ERASE[..], &["--yes"]].concat()).exits(0);
    let list = bench.path("keys/erased");
    let listed = fs::read_to_string(&list).expect("the list");
    assert_eq!(listed.lines().filter(|line| !line.is_empty()).count(), 2, "{listed}");
    fs::remove_file(&list).expect("as if killed before");
    bench.run(&["status"]).exits(0);
    let mut again: Vec<String> =
        fs::read_to_string(&list).expect("the list").lines().map(ToOwned::to_owned).collect();
    let mut before: Vec<String> = listed.lines().map(ToOwned::to_owned).collect();
    again.sort();
    before.sort();
    assert_eq!(again, before);
    bench.run(&["ledger", "verify"]).exits(0);
    sql(&bench, "UPDATE ledger_entry SET confidence = x'' WHERE about_row = 5");
    let found = bench.run(&["ledger", "verify", "--json"]).exits(3).json()["error"]["message"].to_string();
    assert!(found.contains("the reason that somebody typed"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn off_the_suppression_list_another_list_leads_to_them_again() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = with_lists(Bench::new());
    bench.run(&[&ERASE[..], &["--yes", "--forget-suppression"]].concat()).exits(0);
    bench.run(&["import", "again", "people.csv"]).exits(0);
    bench.run(&sent("again", "d", &server.url())).exits(0);
    assert_eq!(received(&server), 1);
}
