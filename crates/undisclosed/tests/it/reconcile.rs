//! What is in doubt is settled by the relay's log or by a person, and never by guessing.

use std::collections::BTreeMap;
use std::process::Child;

use jiff::{SignedDuration, Timestamp};
use lab::{Behaviour, Mailbox, Reaction, Server, Stage, When};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

use crate::bench::{Bench, Ran, acts, count, finish, signal, sums};
use crate::postfix_server::Postfix;

const PEOPLE: usize = 1_500;
const KILLS: usize = 8;
/// Messages that are sent after a campaign, so that the log goes on behind it; each takes a while.
const LATER_MAX: usize = 200;
/// `Dec  1 02:09:02`, in front of each line.
const STAMP_OCTETS: usize = 15;
/// Who gets them.
const LATER: &str = "later@unit.example";

const SEND: [&str; 9] =
    ["send", "people.csv", "message.md", "--name", "c", "--json", "--acknowledge", "all", "--smtp"];

/// Messages by recipient.
fn by_recipient(mailbox: &Mailbox) -> BTreeMap<String, usize> {
    let mut received = BTreeMap::new();
    for message in mailbox.received() {
        *received.entry(message.recipients.join(" ")).or_insert(0) += 1;
    }
    received
}

/// The relay goes on with other mail, and so does its log, until the doubts are old enough to be settled by it.
fn reconcile_as_the_log_goes_on(bench: &Bench, url: &str, log: &str) -> Value {
    bench.write("one.csv", "email,first_name,last_name,crime_reference\nlater@unit.example,L,L,1\n");
    for later in 0..LATER_MAX {
        let ran = bench.run(&["reconcile", "c", "--log", log, "--log-complete", "--json"]);
        if ran.code == Some(0) {
            return ran.json();
        }
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let name = format!("later {later}");
        let more = ["send", "one.csv", "message.md", "--name", &name, "--smtp", url, "--acknowledge", "all"];
        bench.run(&[&more[..], &["--again", "--reason", "a test"]].concat()).exits(0);
    }
    panic!("still in doubt");
}

/// Killed again and again in the middle of a campaign through Postfix: its log says of everybody in doubt whether it
/// has the message, and that agrees with what it delivered. Nobody twice, nobody lost.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_postfix_settles_every_doubt_of_killed_senders() {
    let next_hop = Server::start(Behaviour::default()).await.expect("a server");
    let mailbox = next_hop.mailbox();
    let postfix = Postfix::start(&next_hop, "");
    let url = postfix.url();
    let bench = Bench::new().with_people(PEOPLE).with("UNDISCLOSED_DOUBT__SETTLE_AFTER", "2s");
    let first = [&SEND[..], &[&url, "--connections", "20"]].concat();
    for kill in 0..KILLS {
        let mut sender = if kill == 0 { bench.spawn(&first) } else { bench.spawn(&["resume", "c"]) };
        mailbox.wait_for((kill + 1) * PEOPLE / (KILLS + 2)).await;
        sender.kill().expect("SIGKILL");
        finish(sender);
    }
    let end = bench.run(&["resume", "c", "--json"]).json();
    assert_eq!(end["state"], "done");
    let in_doubt = count(&end, "in_doubt");
    assert!((1..=KILLS as u64 * 20).contains(&in_doubt), "{end}");
    let log = postfix.log_file().display().to_string();
    // Without the word that it is complete, a log shows who was written to, and never who was not.
    let partly = bench.run(&["reconcile", "c", "--log", &log, "--json"]).json();
    assert_eq!(count(&partly["settled"], "unsent"), 0, "{partly}");
    let settled = reconcile_as_the_log_goes_on(&bench, &url, &log);
    sums(&settled);
    let end = bench.run(&["resume", "c", "--json"]).exits(0).json();
    assert_eq!(count(&end, "accepted"), PEOPLE as u64);
    delivered_once(&mailbox, PEOPLE).await;
    bench.run(&["ledger", "verify"]).exits(0);
}

/// A hundred times one of four workers is killed, through a real Postfix: what its log says of everybody in doubt agrees
/// with what it delivered.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_kills_over_four_workers_are_settled_by_the_log_of_postfix() {
    const WORKERS: usize = 4;
    const CONNECTIONS: u64 = 5;
    const KILLS: usize = 100;
    const PEOPLE: usize = 4_000;
    let next_hop = Server::start(Behaviour::default()).await.expect("a server");
    let mailbox = next_hop.mailbox();
    let postfix = Postfix::start(&next_hop, "");
    let (url, connections) = (postfix.url(), CONNECTIONS.to_string());
    let bench = Bench::on_postgres()
        .with_people(PEOPLE)
        .with("UNDISCLOSED_WORKER__LEASE", "2s")
        .with("UNDISCLOSED_DOUBT__SETTLE_AFTER", "2s")
        .with("UNDISCLOSED_DELIVERY__DOUBT_MAX", "100000");
    let first = bench.spawn(&[&SEND[..], &[&url, "--connections", &connections]].concat());
    mailbox.wait_for(1).await;
    signal(&first, "TERM");
    finish(first);
    let start = || bench.spawn(&["worker", "--json"]);
    let mut workers: Vec<Child> = (0..WORKERS).map(|_| start()).collect();
    let mut chance = StdRng::seed_from_u64(2015);
    for _ in 0..KILLS {
        let step = chance.random_range(1..=PEOPLE / KILLS);
        mailbox.wait_for((mailbox.count() + step).min(PEOPLE - KILLS)).await;
        let mut killed = std::mem::replace(&mut workers[chance.random_range(0..WORKERS)], start());
        killed.kill().expect("SIGKILL");
        finish(killed);
    }
    let mut status = bench.status("c");
    while status["state"] != "done" {
        assert_eq!(status["state"], "sending", "{status}");
        status = bench.status("c");
    }
    for worker in workers {
        signal(&worker, "TERM");
        finish(worker);
    }
    let in_doubt = count(&bench.status("c"), "in_doubt");
    assert!((1..=KILLS as u64 * CONNECTIONS).contains(&in_doubt), "{in_doubt}");
    let log = postfix.log_file().display().to_string();
    reconcile_as_the_log_goes_on(&bench, &url, &log);
    let end = bench.run(&["resume", "c", "--json"]).exits(0).json();
    assert_eq!(count(&end, "accepted"), PEOPLE as u64);
    delivered_once(&mailbox, PEOPLE).await;
}

/// What Postfix handed on: everybody's message, once.
async fn delivered_once(mailbox: &Mailbox, people: usize) {
    let later = by_recipient(mailbox).get(LATER).copied().unwrap_or(0);
    mailbox.wait_for(people + later).await;
    let mut received = by_recipient(mailbox);
    received.remove(LATER);
    assert_eq!(received.len(), people, "nobody lost");
    assert!(received.values().all(|times| *times == 1), "nobody twice");
}

/// A log that lacks what the relay took is not this relay's, whatever somebody says of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_another_relay_settles_nothing() {
    another_relay_settles_nothing(&in_doubt(at_once()).await.0, 3).await;
}

/// Where the relay is not known to have taken anything, no log can be shown to be this relay's.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_a_witness_settles_nothing() {
    another_relay_settles_nothing(&lost_behind_the_dot(at_once(), 2, &[0, 1]).await.0, 2).await;
}

fn at_once() -> Bench {
    Bench::new().with("UNDISCLOSED_DOUBT__SETTLE_AFTER", "0s")
}

/// Its log goes from an hour before the doubts to an hour behind them.
async fn another_relay_settles_nothing(bench: &Bench, in_doubt: u64) {
    let next_hop = Server::start(Behaviour::default()).await.expect("a server");
    let other = Postfix::start(&next_hop, "");
    bench.write("one.csv", "email,first_name,last_name,crime_reference\nlater@unit.example,L,L,1\n");
    let url = other.url();
    bench
        .run(&["send", "one.csv", "message.md", "--name", "other", "--smtp", &url, "--acknowledge", "all"])
        .exits(0);
    let entries = bench.run(&["ledger", "list", "--subject", "c", "--json"]).exits(0).json();
    let ended = entries["entries"].as_array().and_then(|entries| entries.last()?["at"].as_i64());
    let now = Timestamp::from_microsecond(ended.expect("the campaign's account")).expect("a time");
    let log: String = [-1, 1]
        .map(|hours| now + SignedDuration::from_hours(hours))
        .iter()
        .flat_map(|time| {
            other.log().lines().map(|line| format!("{time}{}\n", &line[STAMP_OCTETS..])).collect::<Vec<_>>()
        })
        .collect();
    bench.write("other.log", log);
    let ran =
        bench.run(&["reconcile", "c", "--log", "other.log", "--log-complete", "--json"]).exits(3).json();
    let why = ran["undecided"].as_object().expect("why").keys().cloned().collect::<String>();
    assert!(why.contains("another relay's"), "{why}");
    assert_eq!((count(&ran["settled"], "sent"), count(&ran["settled"], "unsent")), (0, 0), "{ran}");
    assert_eq!(count(&ran, "in_doubt"), in_doubt);
}

/// A campaign of twelve in which three connections were lost behind the dot, when the relay had the message.
async fn in_doubt(bench: Bench) -> (Bench, Server) {
    lost_behind_the_dot(bench, 12, &[3, 5, 8]).await
}

async fn lost_behind_the_dot(bench: Bench, people: usize, lost: &[usize]) -> (Bench, Server) {
    let rule = |person: &usize| {
        lab::Rule::new(
            Stage::DotAfterRecording,
            When::Recipient(format!("person{person}@mail{}.example", person % 7)),
            Reaction::Close,
        )
    };
    let behaviour = Behaviour { rules: lost.iter().map(rule).collect(), ..Behaviour::default() };
    let server = Server::start(behaviour).await.expect("a server");
    let bench = bench.with_people(people).with("UNDISCLOSED_DELIVERY__DOUBT_MAX", "100");
    let url = server.url();
    let ran = bench.run(&[&SEND[..], &[&url]].concat()).exits(3).json();
    let (doubts, accepted) = (count(&ran, "in_doubt"), count(&ran, "accepted"));
    assert_eq!((doubts, accepted), (lost.len() as u64, (people - lost.len()) as u64));
    (bench, server)
}

fn assume(bench: &Bench, what: &str, more: &[&str]) -> Ran {
    bench.run(&[&["reconcile", "c", "--assume", what, "--json"], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_knows_needs_a_reason_and_time() {
    let (bench, server) = in_doubt(Bench::new()).await;
    bench.run(&["reconcile", "c"]).exits(2);
    assume(&bench, "unsent", &[]).exits(2);
    let reason = ["--reason", "ann@secret.example rang: she has nothing"];
    // The relay may still be deciding.
    let young = assume(&bench, "unsent", &reason).exits(3).json();
    assert_eq!((count(&young["settled"], "unsent"), count(&young, "in_doubt")), (0, 3));
    let one = assume(&bench, "sent", &[&reason[..], &["--row", "5"]].concat()).exits(3).json();
    assert_eq!((count(&one["settled"], "sent"), count(&one, "in_doubt")), (1, 2));
    let bench = bench.with("UNDISCLOSED_DOUBT__SETTLE_AFTER", "0s");
    let two = assume(&bench, "unsent", &reason).exits(0).json();
    assert_eq!((two["state"].as_str(), count(&two, "queued")), (Some("paused"), 2));
    // They were sent after all, as we know here: that is what such a word can cost, and why it is recorded.
    let before = server.mailbox().received().len();
    bench.run(&["resume", "c"]);
    assert_eq!(server.mailbox().received().len(), before + 2);
    let all = ["send", "account", "reconcile", "account", "reconcile", "resume", "account"];
    assert_eq!(acts(&bench, "c"), all);
    let listed = bench.run(&["ledger", "list", "--json"]).exits(0);
    assert!(!listed.out.contains("secret.example"));
    // Why, for whoever asks: and that it was asked is an entry too.
    let entries = listed.json();
    let of = |act: &str| {
        let entry = entries["entries"].as_array().expect("entries").iter().find(|entry| entry["act"] == act);
        entry.expect("an entry")["entry"].to_string()
    };
    let reason = bench.run(&["ledger", "reason", &of("reconcile")]).exits(0);
    assert_eq!(reason.out.trim(), "ann@secret.example rang: she has nothing");
    bench.run(&["ledger", "reason", &of("send")]).exits(2);
    assert_eq!(acts(&bench, "c").last().map(String::as_str), Some("read-reason"));
    bench.run(&["ledger", "verify"]).exits(0);
}

/// Mail in doubt would not be found in the log any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_mended_message_keeps_its_domain_while_somebody_is_in_doubt() {
    let (bench, _server) = in_doubt(Bench::new().with("UNDISCLOSED_DOUBT__SETTLE_AFTER", "0s")).await;
    assume(&bench, "unsent", &["--reason", "x", "--row", "5"]).exits(3);
    bench.write("message.md", crate::bench::MESSAGE.replace("survey@unit.example", "survey@other.example"));
    let ran = bench.run(&["mend", "c", "message.md", "--json"]).exits(2);
    assert_eq!(ran.json()["error"]["code"], "in_doubt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_settles_nothing() {
    let (bench, _server) = in_doubt(Bench::new()).await;
    let read =
        |log: &str| bench.run(&["reconcile", "c", "--log", log, "--log-complete", "--json"]).exits(2).json();
    assert_eq!(read("missing.log")["error"]["code"], "log");
    // Packed in a way that is not read here: the error says how to unpack it.
    bench.write("mail.log.xz", [0xfd, b'7', b'z', b'X', b'Z', 0, 0, 0]);
    assert!(read("mail.log.xz")["error"]["message"].to_string().contains("xz"));
    assert_eq!(count(&bench.status("c"), "in_doubt"), 3);
}
