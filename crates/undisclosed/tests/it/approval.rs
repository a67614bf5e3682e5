//! Two people (promise 4): who wrote it cannot approve it, an edit voids, and there is time to take it back.

use std::process::Command;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lab::{Behaviour, Server};
use serde_json::Value;

use crate::bench::{Bench, MESSAGE, PROGRAM, Ran, acts, count, finish, signal, slow};
use crate::ledger::tamper;

/// The number of the approver's account: nobody's on this machine. Root, which runs the tests, is the author.
const APPROVER: u32 = 4_711;

fn bench() -> Bench {
    Bench::new()
        .with_people(12)
        .with("UNDISCLOSED_APPROVAL__REQUIRED", "true")
        .with("UNDISCLOSED_APPROVAL__TAKE_BACK", "0s")
}

const SEND: [&str; 8] = ["send", "people.csv", "message.md", "--name", "c", "--json", "--acknowledge", "all"];

/// The same program as somebody else, who may use the installation's files too.
fn as_approver(bench: &Bench, args: &[&str]) -> Ran {
    let folder = bench.path(".");
    let opened = Command::new("chmod").args(["-R", "a+rwX"]).arg(&folder).status().expect("chmod");
    assert!(opened.success());
    let owned =
        Command::new("chown").args(["-R", &APPROVER.to_string()]).arg(&folder).status().expect("chown");
    assert!(owned.success());
    let key = Command::new("chmod").arg("600").arg(bench.path("undisclosed.key")).status().expect("chmod");
    assert!(key.success());
    let mut command = bench.command(args);
    Ran::of(std::os::unix::process::CommandExt::uid(&mut command, APPROVER).output().expect("it runs"))
}

/// The hour that it is, in UTC: by the last entry of the ledger.
fn hour(bench: &Bench) -> i8 {
    let listed = bench.run(&["ledger", "list", "--json"]).exits(0).json();
    let at = listed["entries"].as_array().and_then(|entries| entries.last()?["at"].as_i64());
    let at = Timestamp::from_microsecond(at.expect("an entry")).expect("a time");
    at.to_zoned_datetime(TimeZone::UTC).hour()
}

fn state(ran: &Value) -> &str {
    ran["state"].as_str().expect("a state")
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wrote_it_cannot_approve_it_and_somebody_else_can() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    let sent = bench.run(&SEND).exits(4);
    assert_eq!((state(&sent.json()), count(&sent.json(), "queued")), ("submitted", 12));
    // Nothing moves without the second person.
    let refused = bench.run(&["approve", "c", "--json"]).exits(2);
    assert_eq!(refused.json()["error"]["code"], "same_person");
    assert_eq!(state(&bench.run(&["resume", "c", "--json"]).exits(4).json()), "submitted");
    assert_eq!(server.mailbox().received().len(), 0);
    let approved = as_approver(&bench, &["approve", "c", "--json"]).exits(0).json();
    assert_eq!(state(&approved), "approved");
    assert_eq!(approved["approval"]["author"], "uid 0");
    assert_eq!(approved["approval"]["approver"], format!("uid {APPROVER}"));
    assert_eq!(approved["approval"]["subjects"][0], "Your experience with us (en)");
    let done = bench.run(&["resume", "c", "--json"]).exits(0).json();
    assert_eq!((state(&done), count(&done, "accepted")), ("done", 12));
    assert_eq!(acts(&bench, "c"), ["submit", "approve", "resume", "begin", "account"]);
    assert_eq!(server.mailbox().received().len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_sends_what_was_approved_and_nothing_else() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    bench.run(&SEND).exits(4);
    // Nobody has agreed yet: there is nothing to do.
    let idle = bench.run(&["worker", "--once", "--json"]).exits(0).json();
    assert_eq!(idle["campaigns"].as_array().map(Vec::len), Some(0));
    as_approver(&bench, &["approve", "c", "--json"]).exits(0);
    // A setting that shapes the messages is another one here: said once, and left alone.
    let args = ["worker", "--once", "--json"];
    let elsewhere = bench.command(&args).env("UNDISCLOSED_PUBLIC__CONTACTS", "dpo@unit.example").output();
    let left = Ran::of(elsewhere.expect("it runs")).exits(0);
    assert_eq!(left.err.matches("c: the relay, or a setting").count(), 1, "{left:?}");
    assert_eq!((state(&bench.status("c")), server.mailbox().count()), ("approved", 0));
    // One that is there already takes up what is approved later; on SIGTERM it ends.
    let worker = bench.spawn(&["worker", "--json"]);
    server.mailbox().wait_for(12).await;
    while state(&bench.status("c")) != "done" {}
    signal(&worker, "TERM");
    let done = finish(worker).exits(0).json();
    assert_eq!((state(&done["campaigns"][0]), count(&done["campaigns"][0], "accepted")), ("done", 12));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_voids_what_was_agreed() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    bench.run(&SEND).exits(4);
    let seen = as_approver(&bench, &["approve", "c", "--json"]).exits(0).json();
    let digest = seen["approval"]["submission"].as_str().expect("a digest").to_owned();
    bench.write("message.md", MESSAGE.replace("how did we do?", "MENDED"));
    assert_eq!(state(&bench.run(&["mend", "c", "message.md", "--json"]).exits(4).json()), "submitted");
    bench.run(&["resume", "c"]).exits(4);
    // Who looked at the version before does not approve this one by mistake.
    let old = as_approver(&bench, &["approve", "c", "--digest", &digest, "--json"]).exits(2);
    assert_eq!(old.json()["error"]["code"], "edited");
    as_approver(&bench, &["approve", "c", "--json"]).exits(0);
    bench.run(&["resume", "c", "--json"]).exits(0);
    let received = server.mailbox().received();
    assert!(received.iter().all(|m| String::from_utf8_lossy(&m.bytes).contains("MENDED")));
    assert_eq!(received.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_relay_or_a_setting_that_shapes_the_messages_is_not_what_was_approved() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let other = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    bench.run(&SEND).exits(4);
    as_approver(&bench, &["approve", "c"]).exits(0);
    let changed = bench.run(&["resume", "c", "--smtp", &other.url(), "--json"]).exits(2);
    assert_eq!(changed.json()["error"]["code"], "changed");
    let bench = bench.with("UNDISCLOSED_PUBLIC__URL", "https://elsewhere.example");
    let changed = bench.run(&["resume", "c", "--json"]).exits(2);
    assert_eq!(changed.json()["error"]["code"], "changed");
    assert_eq!(server.mailbox().received().len() + other.mailbox().received().len(), 0);
    // Submitted with both, and agreed to once more, it goes.
    bench.run(&["submit", "c", "--smtp", &other.url()]).exits(4);
    as_approver(&bench, &["approve", "c"]).exits(0);
    bench.run(&["resume", "c"]).exits(0);
    assert_eq!(other.mailbox().received().len(), 12);
}

/// The switch is for scripts; it does not open what was submitted to two people.
#[tokio::test(flavor = "multi_thread")]
async fn switching_approval_off_does_not_send_what_waits_for_it() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    bench.run(&SEND).exits(4);
    let bench = bench.with("UNDISCLOSED_APPROVAL__REQUIRED", "false");
    bench.run(&["resume", "c"]).exits(4);
    bench.run(&["take-back", "c"]).exits(0);
    assert_eq!(bench.run(&["resume", "c", "--json"]).exits(2).json()["error"]["code"], "draft");
    assert_eq!(server.mailbox().received().len(), 0);
}

/// A campaign of one person alone is not gone on with where two are asked for.
#[tokio::test(flavor = "multi_thread")]
async fn switching_approval_on_holds_what_nobody_approved() {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = bench().with_people(200).with("UNDISCLOSED_APPROVAL__REQUIRED", "false");
    let bench = bench.with("UNDISCLOSED_RELAY__URL", &server.url());
    let sending = bench.spawn(&SEND);
    server.mailbox().wait_for(5).await;
    bench.run(&["pause", "c"]).exits(0);
    finish(sending).exits(3);
    let before = server.mailbox().received().len();
    let bench = bench.with("UNDISCLOSED_APPROVAL__REQUIRED", "true");
    assert_eq!(bench.run(&["resume", "c", "--json"]).exits(4).json()["error"]["code"], "waits_for_approval");
    assert_eq!(server.mailbox().received().len(), before);
    bench.run(&["submit", "c"]).exits(4);
    as_approver(&bench, &["approve", "c"]).exits(0);
    let done = bench.run(&["resume", "c", "--json"]).exits(0).json();
    assert_eq!(count(&done, "accepted"), 200);
    assert_eq!(server.mailbox().received().len(), 200, "nobody twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_taken_back_while_it_waits_and_not_once_a_message_has_left() {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    let bench = bench.with("UNDISCLOSED_APPROVAL__TAKE_BACK", "1h");
    bench.run(&SEND).exits(4);
    as_approver(&bench, &["approve", "c"]).exits(0);
    let mut waiting = bench.spawn(&["resume", "c", "--json"]);
    while state(&bench.status("c")) != "waiting" {
        assert!(waiting.try_wait().expect("its state").is_none(), "it ended early");
    }
    assert_eq!(state(&bench.run(&["take-back", "c", "--json"]).exits(0).json()), "draft");
    assert_eq!(state(&finish(waiting).exits(3).json()), "draft");
    assert_eq!(server.mailbox().received().len(), 0);
    let bench = bench.with("UNDISCLOSED_APPROVAL__TAKE_BACK", "0s");
    bench.run(&["submit", "c"]).exits(4);
    as_approver(&bench, &["approve", "c"]).exits(0);
    let sending = bench.spawn(&["resume", "c", "--json"]);
    server.mailbox().wait_for(1).await;
    assert_eq!(bench.run(&["take-back", "c", "--json"]).exits(2).json()["error"]["code"], "left");
    finish(sending).exits(0);
}

/// Who can write to the database can write that somebody approved; the ledger does not have it.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_was_written_into_the_database_is_found() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    bench.run(&SEND).exits(4);
    bench.run(&["ledger", "verify"]).exits(0);
    tamper(&bench, "UPDATE campaign SET state = 2, approver = 'uid 7'");
    let found = bench.run(&["ledger", "verify", "--json"]).exits(3).json();
    assert!(found["error"]["message"].as_str().expect("a message").contains("no approval"), "{found}");
    tamper(&bench, "UPDATE campaign SET state = 1, approver = ''");
    as_approver(&bench, &["approve", "c"]).exits(0);
    bench.run(&["ledger", "verify"]).exits(0);
    tamper(&bench, "UPDATE campaign SET author = 'uid 8'");
    bench.run(&["ledger", "verify"]).exits(3);
}

/// The approver sees what a person will get without having the author's files.
#[tokio::test(flavor = "multi_thread")]
async fn the_approver_can_look_at_what_was_submitted() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench().with("UNDISCLOSED_RELAY__URL", &server.url());
    bench.run(&SEND).exits(4);
    std::fs::remove_file(bench.path("message.md")).expect("gone");
    let seen =
        as_approver(&bench, &["preview", "--campaign", "c", "--person", "3", "--json"]).exits(0).json();
    assert!(seen["text"].as_str().expect("text").contains("First2 Last2"), "{seen}");
    assert!(!seen.to_string().contains("person2@"), "masked");
}

/// Where there is an account `undisclosed`, root is refused and sudo says who it is. In a namespace of its own, so that
/// this machine gets no such account.
#[test]
fn with_the_account_undisclosed_root_is_refused_and_sudo_says_who_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let passwd = folder.path().join("passwd");
    let mut accounts = std::fs::read_to_string("/etc/passwd").expect("accounts");
    accounts.push_str("undisclosed:x:4712:4712::/nonexistent:/usr/sbin/nologin\n");
    std::fs::write(&passwd, accounts).expect("a file");
    let work = folder.path().join("work");
    std::fs::create_dir(&work).expect("a folder");
    std::os::unix::fs::chown(&work, Some(4_712), Some(4_712)).expect("chown");
    open_to_all(folder.path());
    let run = |uid: u32, sudo: Option<&str>, args: &str| {
        let script = format!(
            "mount --bind {} /etc/passwd && cd {} && exec setpriv --reuid {uid} --clear-groups {PROGRAM} {args}",
            passwd.display(),
            work.display()
        );
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", &script]).env_remove("SUDO_UID");
        command.envs(sudo.map(|uid| ("SUDO_UID", uid)));
        Ran::of(command.output().expect("it runs"))
    };
    assert!(run(0, None, "init").exits(2).err.contains("root"));
    run(4_712, Some("0"), "init").exits(2);
    run(4_712, Some("1000"), "init").exits(0);
    run(4_712, None, "status").exits(0);
    std::fs::write(work.join("people.csv"), crate::bench::people(3)).expect("people");
    std::fs::write(work.join("message.md"), MESSAGE).expect("a message");
    let send = "send people.csv message.md --name c --smtp smtp://127.0.0.1:9 --acknowledge all --json";
    // A service is nobody who could submit.
    assert_eq!(run(4_712, None, send).exits(2).json()["error"]["code"], "caller");
    run(4_712, Some("1000"), send).exits(4);
    assert_eq!(run(4_712, Some("1000"), "approve c --json").exits(2).json()["error"]["code"], "same_person");
    let approved = run(4_712, Some("1001"), "approve c --json").exits(0).json();
    assert_eq!(
        (approved["approval"]["author"].as_str(), approved["approval"]["approver"].as_str()),
        (Some("uid 1000"), Some("uid 1001"))
    );
}

fn open_to_all(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// A campaign's own pace and quiet hours are agreed on, hold beside those of the installation, and go only by another agreement.
#[tokio::test(flavor = "multi_thread")]
async fn limits_of_a_campaign_are_agreed_on_and_kept() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench =
        bench().with("UNDISCLOSED_RELAY__URL", &server.url()).with("UNDISCLOSED_DELIVERY__TIME_ZONE", "UTC");
    for wrong in [["--per-minute", "0"], ["--per-minute", "many"], ["--quiet-hours", "20:00"]] {
        bench.run(&[&SEND[..], &wrong].concat()).exits(2);
    }
    bench.run(&["import", "p", "people.csv"]).exits(0);
    let now = hour(&bench);
    let quiet = format!("{now:02}:00-{:02}:00", (now + 2) % 24);
    let limits = ["--quiet-hours", quiet.as_str(), "--per-minute", "600"];
    bench.run(&[&SEND[..], &limits].concat()).exits(4);
    let first = as_approver(&bench, &["approve", "c", "--json"]).exits(0).json();
    let sender = bench.spawn(&["resume", "c", "--json"]);
    // Another one is sent from beginning to end meanwhile.
    let other = ["send", "people.csv", "message.md", "--name", "other", "--json", "--acknowledge", "all"];
    let other = [&other[..], &["--again", "--reason", "a test"]].concat();
    bench.run(&other).exits(4);
    as_approver(&bench, &["approve", "other"]).exits(0);
    assert_eq!(count(&bench.run(&["resume", "other", "--json"]).exits(0).json(), "accepted"), 12);
    signal(&sender, "TERM");
    let stopped = finish(sender).exits(3).json();
    assert_eq!((count(&stopped, "accepted"), count(&stopped, "queued")), (0, 12), "{stopped}");
    // Without the quiet hours it is another submission, and the pace stays.
    bench.run(&["pause", "c"]).exits(0);
    bench.run(&["submit", "c", "--quiet-hours", "none"]).exits(4);
    let digest = first["approval"]["submission"].as_str().expect("a digest");
    let stale = as_approver(&bench, &["approve", "c", "--digest", digest, "--json"]).exits(2);
    assert_eq!(stale.json()["error"]["code"], "edited");
    as_approver(&bench, &["approve", "c"]).exits(0);
    let done = bench.run(&["resume", "c", "--json"]).exits(0).json();
    assert_eq!(count(&done, "accepted"), 12);
    // Eleven intervals of a tenth of a second.
    assert!(done["sending_seconds"].as_f64().expect("a time") >= 1.0, "{done}");
}
