//! The command line as pinned: folder, settings, output, exit codes, warnings.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use lab::{Behaviour, Server};

use crate::bench::{Bench, MESSAGE, count, sums};

const SEND: [&str; 8] =
    ["send", "people.csv", "message.md", "--name", "January survey", "--json", "--acknowledge", "all"];

fn send<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&SEND, ["--smtp", url, "--shared-address", "each"].as_slice(), more].concat()
}

#[test]
fn init_makes_an_installation_once() {
    let bench = Bench::new();
    let mode = |name| std::fs::metadata(bench.path(name)).expect(name).permissions().mode() & 0o777;
    assert_eq!((mode("undisclosed.key"), mode("keys"), mode("data")), (0o600, 0o700, 0o700));
    let key = std::fs::read(bench.path("undisclosed.key")).expect("a key");
    assert!(bench.run(&["init"]).exits(2).err.contains("already"));
    assert_eq!(std::fs::read(bench.path("undisclosed.key")).expect("a key"), key);
}

#[test]
fn a_folder_without_installation_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let bench = Bench::new();
    let ran = bench.command(&["status", "--json"]).current_dir(folder.path()).output().expect("it runs");
    assert_eq!(ran.status.code(), Some(2));
    let error: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert!(error["error"]["code"] == "not_initialised" && error["error"]["message"].is_string());
}

#[test]
fn unknown_settings_are_refused() {
    let bench = Bench::new().with("UNDISCLOSED_DELIVERY__RETRY_FRIST", "1s");
    let ran = bench.run(&["status"]).exits(2);
    assert!(ran.err.contains("retry_frist"), "{}", ran.err);
    let bench = Bench::new().with("UNDISCLOSED_DELIVERY__RETRY_FIRST", "soon");
    bench.run(&["status"]).exits(2);
    let bench = Bench::new().with("UNDISCLOSED_APPROVAL__REQUIRED", "perhaps");
    bench.run(&["status"]).exits(2);
    let bench = Bench::new();
    bench.write("undisclosed.toml", "[delivery]\nconections = 3\n");
    assert!(bench.run(&["status"]).exits(2).err.contains("conections"));
}

#[tokio::test(flavor = "multi_thread")]
async fn dkim_keys_from_the_environment_sign_in_place_of_those_in_the_file() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let key = "../message/tests/data/ed25519.pem";
    let key = Path::new(env!("CARGO_MANIFEST_DIR")).join(key);
    let bench = Bench::new()
        .with_people(1)
        .with("UNDISCLOSED_DKIM__1__DOMAIN", "unit.example")
        .with("UNDISCLOSED_DKIM__1__SELECTOR", "first")
        .with("UNDISCLOSED_DKIM__1__KEY_FILE", key.to_str().expect("UTF-8"));
    bench.write(
        "undisclosed.toml",
        "[[dkim]]\ndomain = \"unit.example\"\nselector = \"gone\"\nkey_file = \"gone.pem\"\n",
    );
    bench.run(&send(&server.url(), &[])).exits(0);
    let received = server.mailbox().received();
    let bytes = String::from_utf8_lossy(&received[0].bytes);
    assert_eq!(bytes.matches("DKIM-Signature:").count(), 1);
    assert!(bytes.contains("s=first;"), "{bytes}");
    let wrong = bench.with("UNDISCLOSED_DKIM__2__DOMIAN", "unit.example");
    assert!(wrong.run(&["status"]).exits(2).err.contains("domian"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_may_begin_with_a_hyphen() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(1);
    let smtp = format!("--smtp={}", server.url());
    bench.run(&["send", "people.csv", "message.md", "--name=-January", &smtp, "--acknowledge=all"]).exits(0);
    bench.run(&["status", "--json", "--", "-January"]).exits(0);
}

#[test]
fn passwords_in_arguments_are_refused() {
    let bench = Bench::new().with_people(1);
    let ran = bench.run(&send("smtp://me:secret@127.0.0.1:1", &[])).exits(2);
    assert!(
        !ran.out.contains("secret")
            && ran.json()["error"]["message"].to_string().contains("UNDISCLOSED_RELAY__PASSWORD")
    );
    bench.run(&["status", "--database", "postgres://me:secret@127.0.0.1/x"]).exits(2);
}

async fn sends_the_incident(bench: Bench) {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench.with_incident();
    let url = server.url();
    let sent = bench.run(&send(&url, &["--connections", "20"])).exits(0);
    assert!(sent.err.is_empty() || !sent.err.contains('@'), "quiet when piped, and no address: {}", sent.err);
    let object = sent.json();
    sums(&object);
    assert_eq!((count(&object, "total"), count(&object, "accepted")), (1136, 1136));
    assert!(object["state"] == "done" && object["campaign"] == "January survey");
    assert!(object["messages_per_second"].as_f64().expect("a rate") > 0.0);
    let received = server.mailbox().received();
    let mut recipients: Vec<String> = received.iter().flat_map(|m| m.recipients.clone()).collect();
    recipients.sort();
    recipients.dedup();
    assert_eq!((received.len(), recipients.len()), (1136, 1136));
    let status = bench.status("January survey");
    assert!(status["messages_per_second"].is_null() && count(&status, "accepted") == 1136);
    // A name in use sends nothing; a finished campaign is shown again.
    let again = bench.run(&send(&url, &[])).exits(2);
    assert_eq!(again.json()["error"]["code"], "name_in_use");
    bench.run(&["resume", "January survey", "--json"]).exits(0);
    assert_eq!(server.mailbox().received().len(), 1136);
    assert!(bench.run(&["status"]).exits(0).out.contains("January survey"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_the_incident_on_sqlite() {
    sends_the_incident(Bench::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sends_the_incident_on_postgres() {
    sends_the_incident(Bench::on_postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_to_the_same_people_needs_again_and_a_reason() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(3);
    let url = server.url();
    bench.run(&send(&url, &[])).exits(0);
    let second = ["send", "people.csv", "message.md", "--name", "Once more", "--smtp", &url, "--json"];
    assert_eq!(bench.run(&second).exits(2).json()["error"]["code"], "sent_before");
    bench.run(&[&second[..], &["--again"]].concat()).exits(2);
    assert_eq!(server.mailbox().received().len(), 3);
    bench.run(&[&second[..], &["--again", "--reason", "the first had no link"]].concat()).exits(0);
    assert_eq!(server.mailbox().received().len(), 6);
}

#[test]
fn warnings_stop_a_run_without_a_terminal() {
    let bench = Bench::new().with_incident();
    bench.write("message.md", MESSAGE.replace("Your experience with us", "Victims of crime survey"));
    let args = ["check-campaign", "people.csv", "message.md", "--shared-address", "each", "--json"];
    let ran = bench.run(&args).exits(2);
    assert!(ran.err.contains("[discretion]") && ran.err.contains("[channel]"), "{}", ran.err);
    assert!(ran.json()["error"]["message"].to_string().contains("--acknowledge"));
    bench.run(&[&args[..], &["--acknowledge", "discretion"]].concat()).exits(2);
    let checked = bench.run(&[&args[..], &["--acknowledge", "discretion,channel"]].concat()).exits(0);
    assert_eq!(count(&checked.json(), "proved"), 1136);
    assert_eq!(
        bench.run(&[&args[..], &["--acknowledge", "nonsense"]].concat()).exits(2).json()["error"]["code"],
        "acknowledge"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_field_names_the_row_and_stops_everybody() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(5);
    let csv = crate::bench::people(5).replace("First3", "");
    bench.write("people.csv", csv);
    let ran = bench.run(&send(&server.url(), &[])).exits(2);
    let message = ran.json()["error"]["message"].to_string();
    assert!(message.contains("row 5") && message.contains("first_name"), "{message}");
    assert_eq!(server.mailbox().received().len(), 0);
    bench.run(&["status", "January survey"]).exits(2);
    // Nothing is left of it: mended, the same command goes through.
    bench.write("people.csv", crate::bench::people(5));
    bench.run(&send(&server.url(), &[])).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_shows_another_person_is_refused() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(5);
    let csv = crate::bench::people(5).replace("First3", "person4@mail4.example");
    bench.write("people.csv", csv);
    let ran = bench.run(&send(&server.url(), &[])).exits(2);
    let error = &ran.json()["error"];
    assert_eq!(error["code"], "refused");
    assert!(
        error["message"].to_string().contains("row 5") && !ran.out.contains('@') && !ran.err.contains('@'),
        "{ran:?}"
    );
    assert_eq!(server.mailbox().received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_are_not_safe_are_not_mailed_and_unknown_ones_are_held() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(6);
    let csv = crate::bench::people(6)
        .replace("1/11,yes", "1/11,no")
        .replace("2/11,yes", "2/11,")
        .replace("3/11,yes", "3/11,perhaps");
    bench.write("people.csv", csv);
    let object = bench.run(&send(&server.url(), &[])).exits(3).json();
    sums(&object);
    assert_eq!((count(&object, "accepted"), count(&object, "suppressed"), count(&object, "held")), (3, 1, 2));
    assert_eq!(object["state"], "done");
    let rows = bench.run(&["status", "January survey", "--rows", "--json"]).exits(0).json();
    assert_eq!(rows["rows"].as_array().expect("rows").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_goes_to_listed_domains_and_is_marked() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench =
        Bench::new().with_people(3).with("UNDISCLOSED_TEST__ALLOWED_DOMAINS", "unit.example,other.example");
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    let url = server.url();
    let to = |address| {
        ["test", "victims", "message.md", "--to", address, "--smtp", &url, "--json"].map(ToOwned::to_owned)
    };
    let run = |address| bench.run(&to(address).iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(run("me@elsewhere.example").exits(2).json()["error"]["code"], "test_domain");
    run("me@not-unit.example").exits(2);
    run("me@unit.example").exits(0);
    let received = server.mailbox().received();
    assert_eq!(received.len(), 1);
    let text = String::from_utf8_lossy(&received[0].bytes).into_owned();
    assert!(text.contains("Subject: [TEST]") && text.contains("X-Undisclosed-Test: yes"), "{text}");
    assert!(!text.contains("survey.unit.example") && !text.contains("First0"), "dead links, a sample person");
}

#[test]
fn a_preview_is_masked_without_a_reason() {
    let bench = Bench::new().with_people(3);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    let args = ["preview", "victims", "message.md", "--person", "3", "--out", "three.eml"];
    let ran = bench.run(&args).exits(0);
    assert!(
        ran.out.contains("First2")
            && !ran.out.contains("person2@")
            && !ran.out.contains("survey.unit.example")
    );
    let mode = std::fs::metadata(bench.path("three.eml")).expect("the file").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    bench.run(&[&args[..], &["--reveal"]].concat()).exits(2);
    let revealed =
        bench.run(&[&args[..], &["--reveal", "--reason", "she asks what we wrote"]].concat()).exits(0);
    assert!(revealed.out.contains("person2@mail2.example") && revealed.out.contains("survey.unit.example"));
    bench.run(&["preview", "victims", "message.md", "--person", "4"]).exits(2);
    bench.run(&["preview", "victims", "message.md", "--person", "0"]).exits(2);
}

#[test]
fn the_demo_counts_what_arrived() {
    let bench = Bench::new();
    let object = bench.run(&["demo", "--exit", "--json"]).exits(0).json();
    sums(&object);
    for (name, expected) in [
        ("people", 1136),
        ("incident_messages", 7),
        ("incident_ordered_pairs", 187_488),
        ("messages_received", 1136),
        ("messages_showing_another", 0),
        ("accepted", 1136),
    ] {
        assert_eq!(count(&object, name), expected, "{name}");
    }
    assert!(count(&object, "retried") > 0, "its mail server misbehaves a little");
    let words = bench.run(&["demo", "--exit"]).exits(0);
    assert!(words.err.contains("187488") && words.out.contains("1136 of 1136"));
}

#[test]
fn the_demo_needs_nothing_but_loopback() {
    let bench = Bench::new();
    let output = std::process::Command::new("unshare")
        .args([
            "-n",
            "sh",
            "-c",
            "ip link set lo up 2>/dev/null || true; exec \"$0\" demo --exit --json",
            crate::bench::PROGRAM,
        ])
        .current_dir(bench.path(""))
        .output()
        .expect("unshare, of util-linux");
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), count(&object, "messages_received")), (Some(0), 1136));
}

#[test]
fn completions_and_manual() {
    let bench = Bench::new();
    assert!(bench.run(&["completions", "bash"]).exits(0).out.contains("check-campaign"));
    assert!(bench.run(&["man"]).exits(0).out.contains(".TH undisclosed"));
    bench.run(&["nonsense"]).exits(2);
    let wrong = bench.run(&["send", "--json", "--nonsense"]).exits(2);
    assert_eq!(wrong.json()["error"]["code"], "usage");
    let address = bench.run(&["send", "a", "b", "--name", "c", "ann@victim.example"]).exits(2);
    assert!(!address.err.contains("victim.example"), "{address:?}");
    let past = crate::bench::send("smtp://127.0.0.1:9", &["--at", "2020-01-01T00:00Z"]);
    assert_eq!(bench.run(&past).exits(2).json()["error"]["code"], "time");
    bench.run(&["import", "a\u{1b}[31m", "people.csv"]).exits(2);
    bench.run(&["--help"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_from_the_environment_is_taken_as_it_is() {
    let accounts = lab::Accounts {
        mechanisms: vec![lab::Mechanism::Plain],
        user: "0042".to_owned(),
        password: "0123456".to_owned(),
        token: String::new(),
        required: true,
        proves_itself: true,
    };
    let server = Server::start(Behaviour { accounts: Some(accounts), ..Behaviour::default() })
        .await
        .expect("a server");
    let bench = Bench::new()
        .with_people(2)
        .with("UNDISCLOSED_RELAY__USERNAME", "0042")
        .with("UNDISCLOSED_RELAY__PASSWORD", "0123456")
        .with("UNDISCLOSED_DELIVERY__CONNECTIONS", "2");
    bench.run(&send(&server.url(), &[])).exits(0);
    assert_eq!(server.mailbox().received().len(), 2);
}
