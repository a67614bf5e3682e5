//! Many machines: four workers on one PostgreSQL, and each thing that can happen to one of them, by name.

use std::net::SocketAddr;
use std::process::Child;
use std::time::Duration;

use lab::{Behaviour, Mailbox, Reaction, Server, Stage, When};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use testkit::{Network, Proxy};
use tokio::time::Instant;

use crate::bench::{Bench, count, finish, send, signal, slow, sums};
use crate::kill::compare;

const WORKERS: usize = 4;
const CONNECTIONS: u64 = 5;
/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

fn bench(people: usize) -> Bench {
    Bench::on_postgres().with_people(people).with("UNDISCLOSED_WORKER__LEASE", "2s")
}

/// Returns when the relay has so many messages.
async fn reached(mailbox: &Mailbox, messages: usize) {
    let reached = tokio::time::timeout(PATIENCE, mailbox.wait_for(messages)).await;
    assert!(reached.is_ok(), "{} of {messages} messages", mailbox.count());
}

/// Asks for the campaign's state until it is as wanted.
fn until(bench: &Bench, wanted: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let status = bench.status("c");
        sums(&status);
        if wanted(&status) {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "{status}");
    }
}

fn is_done(status: &Value) -> bool {
    status["state"] == "done"
}

/// A campaign that began, and whose first sender was told to stop.
async fn begun(bench: &Bench, server: &Server) {
    let (url, connections) = (server.url(), CONNECTIONS.to_string());
    let first = bench.spawn(&send(&url, &["--connections", &connections]));
    reached(&server.mailbox(), 1).await;
    signal(&first, "TERM");
    finish(first).exits(3);
}

fn worker(bench: &Bench) -> Child {
    bench.spawn(&["worker", "--once", "--json"])
}

fn workers(bench: &Bench) -> Vec<Child> {
    (0..WORKERS).map(|_| worker(bench)).collect()
}

/// Ends in order, with somebody in doubt or nobody.
#[track_caller]
fn ended(worker: Child) {
    let ran = finish(worker);
    assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_killed() {
    let server = Server::start(slow(5)).await.expect("a server");
    let bench = bench(1_500);
    begun(&bench, &server).await;
    let mut workers = workers(&bench);
    reached(&server.mailbox(), 300).await;
    let mut killed = workers.remove(0);
    killed.kill().expect("SIGKILL");
    finish(killed);
    workers.into_iter().for_each(ended);
    let status = until(&bench, is_done);
    assert!(count(&status, "in_doubt") <= CONNECTIONS, "{status}");
    compare(&bench, &server.mailbox(), 1_500);
}

/// Its claims are sent by the others, what it had in flight is in doubt; it wakes, and its outcomes settle that.
#[tokio::test(flavor = "multi_thread")]
async fn worker_stopped_for_longer_than_its_lease() {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = bench(1_500);
    begun(&bench, &server).await;
    let mut workers = workers(&bench);
    reached(&server.mailbox(), 300).await;
    let sleeper = workers.remove(0);
    signal(&sleeper, "STOP");
    workers.into_iter().for_each(ended);
    let asleep = until(&bench, is_done);
    assert!(count(&asleep, "in_doubt") <= CONNECTIONS, "{asleep}");
    signal(&sleeper, "CONT");
    ended(sleeper);
    let awake = until(&bench, is_done);
    assert_eq!(count(&awake, "in_doubt"), 0, "{asleep} and then {awake}");
    compare(&bench, &server.mailbox(), 1_500);
}

/// It wakes while the others are at it, with claims in hand that are theirs now, and goes on under another number.
#[tokio::test(flavor = "multi_thread")]
async fn worker_that_wakes_in_mid_campaign() {
    let server = Server::start(slow(50)).await.expect("a server");
    let bench = bench(1_500).with("UNDISCLOSED_WORKER__LEASE", "1s");
    begun(&bench, &server).await;
    let mut workers = workers(&bench);
    reached(&server.mailbox(), 200).await;
    let sleeper = workers.remove(0);
    signal(&sleeper, "STOP");
    until(&bench, |status| count(status, "in_doubt") > 0 || is_done(status));
    signal(&sleeper, "CONT");
    workers.into_iter().for_each(ended);
    ended(sleeper);
    let status = until(&bench, is_done);
    assert_eq!((count(&status, "accepted"), count(&status, "in_doubt")), (1_500, 0), "{status}");
    compare(&bench, &server.mailbox(), 1_500);
}

/// One worker behind a network of its own; the others have a better one.
async fn cut_off(network: Network) {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = bench(1_500);
    let proxy = Proxy::before(SocketAddr::from(([127, 0, 0, 1], bench.server().port()))).await;
    begun(&bench, &server).await;
    let url = format!("postgres://postgres@{}/postgres", proxy.address());
    let mut far = bench.spawn(&["worker", "--once", "--json", "--database", &url]);
    let near: Vec<Child> = (1..WORKERS).map(|_| worker(&bench)).collect();
    reached(&server.mailbox(), 300).await;
    proxy.set(network);
    near.into_iter().for_each(ended);
    let status = until(&bench, is_done);
    assert!(count(&status, "in_doubt") <= CONNECTIONS, "{status}");
    if network == Network::Cut {
        // More often than anybody has patience for who has not a great deal of it.
        let tried = tokio::time::timeout(PATIENCE, proxy.wait_for_refused(60)).await;
        assert!(tried.is_ok(), "it goes on trying");
    }
    assert!(far.try_wait().expect("its state").is_none(), "it waits");
    proxy.set(Network::Passes);
    ended(far);
    let status = until(&bench, is_done);
    // An intent whose answer was lost, and whose dot never went out: known to be unsent, when all had ended.
    let unsent = count(&status, "failed");
    assert!(unsent <= CONNECTIONS && count(&status, "in_doubt") == 0, "{status}");
    let received = server.mailbox().received();
    let mut once: Vec<_> = received.iter().map(|m| m.recipients.clone()).collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), received.len(), "nobody twice");
    assert_eq!(count(&status, "accepted"), received.len() as u64, "and nobody lost");
    assert_eq!(count(&status, "accepted") + unsent, 1_500);
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_cut_off_from_the_database() {
    cut_off(Network::Cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_whose_network_to_the_database_stalls() {
    cut_off(Network::Stalls).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_restarted_in_mid_campaign() {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = bench(1_500);
    begun(&bench, &server).await;
    let mut workers = workers(&bench);
    for messages in [300, 800] {
        reached(&server.mailbox(), messages).await;
        bench.server().stop();
        for worker in &mut workers {
            assert!(worker.try_wait().expect("its state").is_none(), "it waits");
        }
        bench.server().start_again();
    }
    workers.into_iter().for_each(ended);
    let status = until(&bench, is_done);
    assert_eq!((count(&status, "accepted"), count(&status, "in_doubt")), (1_500, 0), "{status}");
    compare(&bench, &server.mailbox(), 1_500);
}

/// A worker that is to stop while the database is away does not wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_while_the_database_is_away() {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = bench(600);
    begun(&bench, &server).await;
    let waiting = worker(&bench);
    reached(&server.mailbox(), 100).await;
    bench.server().stop();
    signal(&waiting, "TERM");
    finish(waiting).exits(3);
    bench.server().start_again();
    ended(worker(&bench));
    let status = until(&bench, is_done);
    assert!(count(&status, "in_doubt") <= CONNECTIONS, "{status}");
    compare(&bench, &server.mailbox(), 600);
}

/// The time from the first message to the last, with four workers at it.
async fn time_of(bench: &Bench, server: &Server, people: usize, limits: &[&str]) -> Duration {
    let url = server.url();
    // Few connections: one sender's claims are far from all.
    let send = ["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--connections", "2"];
    let send = bench.spawn(&[&send[..], limits].concat());
    let workers: Vec<Child> = (1..WORKERS).map(|_| bench.spawn(&["worker"])).collect();
    reached(&server.mailbox(), 1).await;
    let begun = Instant::now();
    reached(&server.mailbox(), people).await;
    let time = begun.elapsed();
    finish(send).exits(0);
    for worker in workers {
        signal(&worker, "TERM");
        ended(worker);
    }
    compare(bench, &server.mailbox(), people);
    time
}

#[tokio::test(flavor = "multi_thread")]
async fn pace_holds_over_all_workers() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench(200).with("UNDISCLOSED_DELIVERY__PER_SECOND", "40");
    let time = time_of(&bench, &server, 200, &[]).await;
    // 199 intervals of 25 ms, less what a reserved place may come late.
    assert!(time >= Duration::from_millis(199 * 25 - 500), "{time:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pace_of_a_campaign_holds_over_all_workers() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench(120).with("UNDISCLOSED_DELIVERY__PER_SECOND", "200");
    let time = time_of(&bench, &server, 120, &["--per-minute", "2400"]).await;
    assert!(time >= Duration::from_millis(119 * 25 - 500), "{time:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pace_of_a_domain_holds_over_all_workers() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    // Seven domains, sixty people at each.
    let bench = bench(420).with("UNDISCLOSED_DELIVERY__PER_SECOND_PER_DOMAIN", "20");
    let time = time_of(&bench, &server, 420, &[]).await;
    assert!(time >= Duration::from_millis(59 * 50 - 500), "{time:?}");
}

/// The relay's reply comes when its sender was taken for dead already.
#[tokio::test(flavor = "multi_thread")]
async fn late_reply_settles_its_doubt() {
    let server = Server::start(Behaviour::with_rule(
        Stage::DotAfterRecording,
        When::All,
        Reaction::Delay(Duration::from_millis(500)),
    ))
    .await
    .expect("a server");
    let bench = bench(40).with("UNDISCLOSED_WORKER__LEASE", "1s");
    let url = server.url();
    let sleeper = bench.spawn(&send(&url, &["--connections", "5"]));
    // Five dots are out, and no reply can have come to the last of them.
    reached(&server.mailbox(), 5).await;
    signal(&sleeper, "STOP");
    ended(worker(&bench));
    let asleep = until(&bench, is_done);
    assert!(count(&asleep, "in_doubt") >= 1, "{asleep}");
    signal(&sleeper, "CONT");
    let end = finish(sleeper).exits(0).json();
    assert_eq!((count(&end, "accepted"), count(&end, "in_doubt")), (40, 0), "{end}");
    compare(&bench, &server.mailbox(), 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_kills_over_four_workers() {
    const PEOPLE: usize = 6_000;
    const KILLS: usize = 100;
    let server = Server::start(slow(2)).await.expect("a server");
    let (bench, mailbox) = (bench(PEOPLE), server.mailbox());
    begun(&bench, &server).await;
    let start = || bench.spawn(&["worker", "--json"]);
    let mut workers: Vec<Child> = (0..WORKERS).map(|_| start()).collect();
    let mut chance = StdRng::seed_from_u64(2014);
    let mut in_doubt = 0;
    for kill in 0..KILLS {
        let step = chance.random_range(1..=PEOPLE / KILLS);
        reached(&mailbox, (mailbox.count() + step).min(PEOPLE - KILLS)).await;
        let mut killed = std::mem::replace(&mut workers[chance.random_range(0..WORKERS)], start());
        killed.kill().expect("SIGKILL");
        finish(killed);
        if kill % 10 == 9 {
            let status = bench.status("c");
            sums(&status);
            let doubts = count(&status, "in_doubt");
            assert!(doubts - in_doubt <= 10 * CONNECTIONS, "kill {kill}: {doubts} after {in_doubt}");
            in_doubt = doubts;
        }
    }
    let status = until(&bench, is_done);
    assert!(count(&status, "in_doubt") <= KILLS as u64 * CONNECTIONS, "{status}");
    for worker in workers {
        signal(&worker, "TERM");
        ended(worker);
    }
    compare(&bench, &mailbox, PEOPLE);
}
