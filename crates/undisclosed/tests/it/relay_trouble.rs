//! Relays that misbehave, as the user of the program sees it.

use lab::{Behaviour, EightBit, Offers, Reaction, Server, Stage, When};

use crate::bench::{Bench, Ran, count, slow, sums};

fn refusing(stage: Stage, when: When, reply: &str) -> Behaviour {
    Behaviour::with_rule(stage, when, Reaction::reply(reply))
}

/// A server of long ago: RFC 5321 and nothing else.
fn bare() -> Behaviour {
    let offers = Offers {
        pipelining: false,
        eight_bit_mime: EightBit::No,
        size: false,
        smtputf8: false,
        dsn: false,
        enhanced_codes: false,
        ..Offers::default()
    };
    Behaviour { offers, single_recipient: true, ..Behaviour::default() }
}

fn send(bench: &Bench, server: &Server, more: &[&str]) -> Ran {
    let url = server.url();
    let args = ["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--json"];
    bench.run(&[&args[..], more].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn greylisting_is_waited_out() {
    let server = Server::start(refusing(Stage::Rcpt, When::FirstAttempts(1), "450 4.2.0 later"))
        .await
        .expect("a server");
    let bench = Bench::new().with_people(50);
    let object = send(&bench, &server, &[]).exits(0).json();
    assert_eq!((count(&object, "accepted"), server.mailbox().received().len()), (50, 50));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_mailbox_fails_and_is_suppressed_from_then_on() {
    let unknown = When::Recipient("person3@mail3.example".to_owned());
    let server = Server::start(refusing(Stage::Rcpt, unknown, "550 5.1.1 unknown")).await.expect("a server");
    let bench = Bench::new().with_people(10);
    let object = send(&bench, &server, &[]).exits(3).json();
    sums(&object);
    assert_eq!(
        (count(&object, "accepted"), count(&object, "failed"), object["state"].as_str()),
        (9, 1, Some("done"))
    );
    bench.write("message.md", crate::bench::MESSAGE.replace("how did we do?", "how did we do, then?"));
    let url = server.url();
    let second = bench
        .run(&["send", "people.csv", "message.md", "--name", "d", "--smtp", &url, "--json"])
        .exits(3)
        .json();
    assert_eq!((count(&second, "accepted"), count(&second, "suppressed")), (9, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_refused_pauses_and_fails_nobody() {
    let server =
        Server::start(refusing(Stage::Mail, When::All, "550 5.7.1 not you")).await.expect("a server");
    let bench = Bench::new().with_people(30);
    let object = send(&bench, &server, &[]).exits(3).json();
    sums(&object);
    assert_eq!(
        (object["state"].as_str(), count(&object, "failed"), count(&object, "queued")),
        (Some("paused"), 0, 30)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_policy_refusals_in_a_row_pause_and_fail_nobody() {
    let server = Server::start(refusing(Stage::Rcpt, When::All, "550 5.7.1 policy")).await.expect("a server");
    let bench = Bench::new().with_people(40);
    let object = send(&bench, &server, &["--connections", "2"]).exits(3).json();
    sums(&object);
    assert_eq!((object["state"].as_str(), count(&object, "failed")), (Some("paused"), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_policy_refusal_fails_that_person() {
    let one = When::Recipient("person3@mail3.example".to_owned());
    let server = Server::start(refusing(Stage::Rcpt, one, "550 5.7.1 policy")).await.expect("a server");
    let bench = Bench::new().with_people(20);
    let object = send(&bench, &server, &[]).exits(3).json();
    assert_eq!(
        (object["state"].as_str(), count(&object, "failed"), count(&object, "accepted")),
        (Some("done"), 1, 19)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_lost_after_the_dot_are_doubts_and_too_many_pause() {
    let server = Server::start(Behaviour::with_rule(Stage::DotAfterRecording, When::All, Reaction::Close))
        .await
        .expect("a server");
    let bench = Bench::new().with_people(50);
    let object = send(&bench, &server, &["--connections", "4"]).exits(3).json();
    sums(&object);
    let doubts = count(&object, "in_doubt");
    assert!(object["state"] == "paused" && (4..=8).contains(&doubts), "{object}");
    // Never resent by themselves.
    let again = bench.run(&["resume", "c", "--json"]).exits(3).json();
    assert!(count(&again, "in_doubt") >= doubts + 4);
    let received = server.mailbox().received();
    let mut once: Vec<_> = received.iter().map(|m| m.recipients.clone()).collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), received.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_out_of_reach_fails_everybody_after_give_up() {
    let bench = Bench::new().with_people(30).with("UNDISCLOSED_DELIVERY__GIVE_UP_AFTER", "2s");
    let args = ["send", "people.csv", "message.md", "--name", "c", "--smtp", "smtp://127.0.0.1:9", "--json"];
    let object = bench.run(&args).exits(3).json();
    sums(&object);
    assert_eq!((object["state"].as_str(), count(&object, "failed")), (Some("done"), 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_relay_without_extensions_is_enough() {
    let server = Server::start(bare()).await.expect("a server");
    let bench = Bench::new().with_people(50);
    let object = send(&bench, &server, &[]).exits(0).json();
    assert_eq!(count(&object, "accepted"), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_closes_after_each_few_messages_is_no_trouble() {
    let behaviour = Behaviour { messages_per_connection_max: Some(7), ..Behaviour::default() };
    let server = Server::start(behaviour).await.expect("a server");
    let bench = Bench::new().with_people(60);
    let object = send(&bench, &server, &["--connections", "2"]).exits(0).json();
    assert_eq!((count(&object, "accepted"), server.mailbox().received().len()), (60, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_domain_is_spared_and_the_others_go_on() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(14).with("UNDISCLOSED_DELIVERY__PER_SECOND_PER_DOMAIN", "2");
    let object = send(&bench, &server, &[]).exits(0).json();
    // Two people in each of seven domains: the second of each half a second after the first.
    assert_eq!(count(&object, "accepted"), 14);
    assert!(object["messages_per_second"].as_f64().expect("a rate") < 28.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_on_a_full_disk_loses_nobody() {
    let server = Server::start(slow(5)).await.expect("a server");
    let bench = Bench::new().with_people(400);
    let url = server.url();
    // A limit on the size of files stands in for a full disk: the write of the log fails half-way.
    let script = format!(
        "ulimit -f 900; trap '' XFSZ; exec {} send people.csv message.md --name c --smtp {url} --json",
        crate::bench::PROGRAM
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(bench.path(""))
        .env("UNDISCLOSED_APPROVAL__REQUIRED", "false")
        .output()
        .expect("sh");
    let sent = server.mailbox().received().len() as u64;
    if output.status.code() != Some(0) {
        assert!(String::from_utf8_lossy(&output.stdout).contains("error"), "a clear error");
    }
    let end = bench.run(&["resume", "c", "--json"]);
    let received = server.mailbox().received();
    let mut once: Vec<_> = received.iter().map(|m| m.recipients.clone()).collect();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), received.len(), "nobody twice");
    if end.code == Some(2) {
        assert_eq!(sent, 0, "it failed before the campaign was made");
        return;
    }
    let object = end.json();
    sums(&object);
    assert!(received.len() as u64 <= count(&object, "accepted") + count(&object, "in_doubt"));
    assert!(count(&object, "accepted") <= received.len() as u64);
}

/// Worker 0 idle, another one in trouble: the error must end the process and not wait for what never comes.
#[tokio::test(flavor = "multi_thread")]
async fn a_failing_journal_ends_the_process_whoever_is_idle() {
    let slow = Behaviour::with_rule(
        Stage::DotAfterRecording,
        When::Recipient("person1@mail1.example".to_owned()),
        Reaction::Delay(std::time::Duration::from_secs(2)),
    );
    let server = Server::start(slow).await.expect("a server");
    let bench = Bench::new().with_people(2);
    let url = server.url();
    let script = format!(
        "trap '' XFSZ; exec {} send people.csv message.md --name c --smtp {url} --json",
        crate::bench::PROGRAM
    );
    let child = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(bench.path(""))
        .env("UNDISCLOSED_APPROVAL__REQUIRED", "false")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("sh");
    server.mailbox().wait_for(2).await;
    let limited =
        std::process::Command::new("prlimit").args(["--pid", &child.id().to_string(), "--fsize=1"]).status();
    assert!(limited.expect("prlimit, of util-linux").success());
    let ran = crate::bench::finish(child);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(bench.run(&["resume", "c", "--json"]).json()["in_doubt"].as_u64().expect("a number") <= 2);
    assert_eq!(server.mailbox().received().len(), 2);
}
