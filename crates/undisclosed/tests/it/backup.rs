//! Backups while everything runs, and what a restore may not do: write to anybody twice, or bring anybody back.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use lab::{Mailbox, Server};

use crate::bench::{Bench, count, finish, slow, sums};
use crate::forget::{nothing_comes_back, sql};

fn times(mailbox: &Mailbox) -> BTreeMap<String, u64> {
    let mut times = BTreeMap::new();
    for message in mailbox.received() {
        *times.entry(message.recipients.join(",")).or_insert(0) += 1;
    }
    times
}

/// A backup in the middle of a campaign; the campaign goes on; the backup comes back.
async fn nobody_is_written_to_twice(bench: Bench) {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = bench.with_people(600);
    let sending =
        bench.spawn(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &server.url(), "--json"]);
    server.mailbox().wait_for(60).await;
    let backed = bench.run(&["backup", "b.db", "--json"]).exits(0).json();
    assert!(sending_still(&bench), "the backup was to be of the middle");
    // Nobody's database is taken from under their hands.
    assert_eq!(bench.run(&["restore", "b.db", "--json"]).exits(2).json()["error"]["code"], "in_use");
    finish(sending).exits(0);
    bench.write("kept", bench.run(&["ledger", "checkpoint"]).exits(0).out);
    let restored = bench.run(&["restore", "b.db", "--json"]).exits(0).json();
    assert_eq!(restored["backup_at"], backed["at"]);
    let status = bench.status("c");
    sums(&status);
    assert_eq!(status["state"], "paused");
    assert!(
        status["reason"].as_str().expect("a reason").starts_with("restored from a backup of "),
        "{status}"
    );
    // Everything that the backup did not know the end of.
    assert_eq!(count(&status, "accepted") + count(&status, "in_doubt"), 600, "{status}");
    assert_eq!(count(&status, "in_doubt"), count(&restored, "in_doubt"));
    assert!(count(&status, "in_doubt") > 0 && count(&status, "accepted") > 0, "{status}");
    let before = server.mailbox().received().len();
    bench.run(&["resume", "c"]).exits(3);
    assert_eq!((before, server.mailbox().received().len()), (600, 600));
    assert!(times(&server.mailbox()).values().all(|times| *times == 1));
    bench.run(&["ledger", "verify"]).exits(0);
    let broken = bench.run(&["ledger", "verify", "--checkpoint", "kept", "--json"]).exits(3).json();
    let message = broken["error"]["message"].as_str().expect("a message");
    assert!(message.contains("records a restore from a backup of"), "{message}");
}

fn sending_still(bench: &Bench) -> bool {
    bench.status("c")["state"] == "sending"
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_the_middle_of_a_campaign_writes_to_nobody_twice() {
    nobody_is_written_to_twice(Bench::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_the_middle_of_a_campaign_writes_to_nobody_twice_on_postgres() {
    nobody_is_written_to_twice(Bench::on_postgres()).await;
}

/// Decryption fails after a restore from before, on both databases.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_from_before_forgetting_brings_nobody_back() {
    let server = Server::start(slow(0)).await.expect("a server");
    for bench in [Bench::new(), Bench::on_postgres()] {
        let bench = bench.with_people(20).with("UNDISCLOSED_TEST__ALLOWED_DOMAINS", "unit.example");
        bench.run(&["import", "victims", "people.csv"]).exits(0);
        bench.run(&["send", "victims", "message.md", "--name", "c", "--smtp", &server.url()]).exits(0);
        bench.run(&["backup", "b.db"]).exits(0);
        let before = bench.status("c");
        bench.run(&["forget", "victims", "--yes"]).exits(0);
        bench.run(&["restore", "b.db"]).exits(0);
        nothing_comes_back(&bench);
        assert_eq!(bench.status("c"), before);
        bench.run(&["ledger", "verify"]).exits(0);
        let listed = bench.run(&["ledger", "list", "--json"]).exits(0).json();
        let acts: Vec<&str> =
            listed["entries"].as_array().expect("entries").iter().filter_map(|e| e["act"].as_str()).collect();
        // The entry `backup` came after the backup.
        assert_eq!(acts, ["import", "send", "account", "restore", "forget"]);
        assert_eq!(listed["entries"][4]["detail"]["replayed"], true);
        assert!(listed["entries"][3]["detail"]["ledger_replaced"]["size"].as_u64() > Some(3), "{listed}");
        // New rows come behind those that were put back.
        bench.run(&["import", "others", "people.csv"]).exits(0);
        bench.run(&["preview", "others", "message.md"]).exits(0);
    }
}

/// Without the list too, there is no key: nothing opens, and it is found.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_list_of_forgotten_keys_nothing_opens_either() {
    let bench = Bench::new().with_people(5);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    bench.run(&["backup", "b.db"]).exits(0);
    bench.run(&["forget", "victims", "--yes"]).exits(0);
    fs::remove_file(bench.path("keys/forgotten")).expect("lost");
    bench.run(&["restore", "b.db"]).exits(0);
    let refused = bench.run(&["preview", "victims", "message.md", "--json"]).exits(2);
    assert_eq!(refused.json()["error"]["code"], "keys");
    bench.run(&["ledger", "verify"]).exits(3);
}

/// Put back by hand, it does nothing until that is entered.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_put_back_by_hand_is_noticed() {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = Bench::new().with_people(300);
    let url = server.url();
    let sending = bench.spawn(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &url]);
    server.mailbox().wait_for(20).await;
    let backed = bench.run(&["backup", "b.db", "--json"]).exits(0).json();
    finish(sending).exits(0);
    for log in ["-wal", "-shm"] {
        let _ = fs::remove_file(bench.path(&format!("data/undisclosed.db{log}")));
    }
    fs::copy(bench.path("b.db"), bench.path("data/undisclosed.db")).expect("put back");
    for args in [&["resume", "c", "--json"][..], &["status", "c", "--json"], &["backup", "b2.db", "--json"]] {
        assert_eq!(bench.run(args).exits(2).json()["error"]["code"], "backup");
    }
    bench.run(&["restored"]).exits(0);
    // The time in which each may have been attempted begins no later than the backup.
    let at: jiff::Timestamp = backed["at"].as_str().expect("a time").parse().expect("a time");
    let at = at.as_microsecond();
    let outside =
        format!("state = 6 AND (intended_at = 0 OR intended_at > {at} OR settled_at <= {at} OR worker <> 0)");
    let all = format!(
        "SELECT (SELECT count(*) > 0 FROM delivery WHERE state = 6), (SELECT count(*) FROM delivery WHERE {outside})"
    );
    assert_eq!(sql(&bench, &all), "[(1, 0)]");
    bench.run(&["resume", "c"]).exits(3);
    assert_eq!(times(&server.mailbox()).len(), server.mailbox().received().len());
    // By another tool, somebody has to say so; and then it is so.
    assert_eq!(bench.run(&["restored", "--json"]).exits(2).json()["error"]["code"], "not_confirmed");
    bench.run(&["restored", "--yes"]).exits(0);
    bench.run(&["ledger", "verify"]).exits(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_holds_no_key_overwrites_nothing_and_is_whole() {
    let bench = Bench::new().with_people(40);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    bench.run(&["backup", "b.db"]).exits(0);
    let mode = fs::metadata(bench.path("b.db")).expect("the backup").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let octets = fs::read(bench.path("b.db")).expect("the backup");
    for key in fs::read_dir(bench.path("keys")).expect("keys") {
        let key = fs::read(key.expect("a key").path()).expect("a key");
        assert!(!octets.windows(key.len()).any(|w| w == key));
    }
    assert_eq!(bench.run(&["backup", "b.db", "--json"]).exits(2).json()["error"]["code"], "exists");
    assert_eq!(fs::read(bench.path("b.db")).expect("the backup"), octets);
    // Half a file, another file, and a database that `backup` did not write: none of them takes the place.
    bench.write("half.db", &octets[..octets.len() / 2]);
    bench.write("other.db", "not a database");
    sql(&bench, "PRAGMA wal_checkpoint(TRUNCATE)");
    fs::copy(bench.path("data/undisclosed.db"), bench.path("copied.db")).expect("a copy");
    for file in ["half.db", "other.db", "copied.db"] {
        let refused = bench.run(&["restore", file, "--json"]).exits(2);
        assert_eq!(refused.json()["error"]["code"], "not_a_backup", "{file}");
    }
    bench.run(&["preview", "victims", "message.md"]).exits(0);
    let left: Vec<_> = fs::read_dir(bench.path("data"))
        .expect("the folder")
        .map(|e| e.expect("a file").file_name())
        .collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
    // The database before is kept beside the new one.
    bench.run(&["restore", "b.db"]).exits(0);
    let kept = |name: &std::ffi::OsString| name.to_string_lossy().starts_with("undisclosed.db.before-");
    let files = fs::read_dir(bench.path("data")).expect("the folder");
    assert_eq!(files.filter(|e| kept(&e.as_ref().expect("a file").file_name())).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_backed_up_apart_and_for_some_days() {
    let bench = Bench::new().with_people(4);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    let old = bench.path("elsewhere/keys-20200101T000000Z");
    fs::create_dir_all(&old).expect("an old set");
    let backed = bench.run(&["backup", "--keys", "elsewhere", "--json"]).exits(0).json();
    assert_eq!((count(&backed["keys"], "removed"), old.exists()), (1, false));
    let set = bench.path("elsewhere").join(backed["keys"]["set"].as_str().expect("a name"));
    assert_eq!(fs::read_dir(&set).expect("a set").count() as u64, count(&backed["keys"], "keys"));
    assert!(!set.join("undisclosed.key").exists());
    assert_eq!(
        bench.run(&["backup", "--keys", "keys/b", "--json"]).exits(2).json()["error"]["code"],
        "keys_backup"
    );
    bench.run(&["backup"]).exits(2);
}
