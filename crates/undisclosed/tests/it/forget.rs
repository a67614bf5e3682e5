//! Promise 11: what was forgotten is gone, also after a crash at any point of it and after a restore; what was counted
//! and entered stays, and verifies.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use lab::{Behaviour, Reaction, Server, Stage, When};
use serde_json::Value;

use crate::bench::{Bench, PROGRAM, count, slow};

const SECRET: &str = "ann@secret.example";

/// An audience that a campaign went to; somebody looked at one of its people.
async fn used(bench: Bench) -> Bench {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = bench.with_people(50);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    let reason = ["--reveal", "--reason", SECRET];
    bench.run(&[&["preview", "victims", "message.md"][..], &reason].concat()).exits(0);
    bench.run(&["send", "victims", "message.md", "--name", "c", "--smtp", &server.url()]).exits(0);
    bench
}

fn forget(bench: &Bench) -> Value {
    bench.run(&["forget", "victims", "--yes", "--reason", "the term has run out", "--json"]).exits(0).json()
}

/// The key files of audiences.
fn audience_keys(bench: &Bench) -> Vec<PathBuf> {
    let all =
        fs::read_dir(bench.path("keys")).expect("the folder").map(|entry| entry.expect("an entry").path());
    all.filter(|path| {
        path.extension().is_some_and(|e| e == "key") && path.file_stem().is_some_and(|s| s.len() == 32)
    })
    .collect()
}

/// Runs SQL on SQLite, and gives back what it selects.
pub(crate) fn sql(bench: &Bench, statements: &str) -> String {
    let script = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); \
                  r=[c.execute(s).fetchall() for s in sys.argv[2].split(';')]; c.commit(); print(r[-1])";
    let database = bench.path("data/undisclosed.db");
    let ran =
        Command::new("python3").args(["-c", script]).arg(database).arg(statements).output().expect("python3");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}

/// Nobody gets at anybody's address, by any command.
pub(crate) fn nothing_comes_back(bench: &Bench) {
    for args in [
        &["preview", "victims", "message.md"][..],
        &["preview", "--campaign", "c"],
        &["preview", "victims", "message.md", "--reveal", "--reason", "x"],
        &["test", "victims", "message.md", "--to", "me@unit.example", "--smtp", "smtp://127.0.0.1:9"],
        &["check-campaign", "victims", "message.md"],
        &["send", "victims", "message.md", "--name", "d", "--smtp", "smtp://127.0.0.1:9"],
        &["ledger", "prove", "c/17"],
    ] {
        let ran = bench.run(&[args, &["--json"]].concat()).exits(2);
        assert_eq!(ran.json()["error"]["code"], "forgotten", "{args:?}: {ran:?}");
    }
    for args in
        [&["status", "c", "--rows", "--json"][..], &["ledger", "list", "--json"], &["resume", "c", "--json"]]
    {
        let ran = bench.run(args);
        let said = format!("{}{}", ran.out, ran.err);
        assert!(!said.contains("@mail") && !said.contains(SECRET) && !said.contains("First"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_forgotten_is_gone_and_what_was_counted_verifies() {
    for bench in [Bench::new(), Bench::on_postgres()] {
        let bench = used(bench).await;
        let before = bench.status("c");
        bench.run(&["ledger", "checkpoint"]).exits(0);
        bench.write("kept", bench.run(&["ledger", "checkpoint"]).exits(0).out);
        let forgotten = forget(&bench);
        assert_eq!((count(&forgotten, "people"), &forgotten["campaigns"][0]), (50, &"c".into()));
        assert!(audience_keys(&bench).is_empty());
        assert_eq!(bench.status("c"), before);
        let held = bench.run(&["ledger", "verify", "--checkpoint", "kept", "--json"]).exits(0).json();
        assert_eq!(held["accounts"], 1);
        bench.run(&["ledger", "export", "log.jsonl"]).exits(0);
        let listed = bench.run(&["ledger", "list", "--subject", "victims", "--json"]).exits(0).json();
        let entries = listed["entries"].as_array().expect("entries");
        let last = entries.last().expect("an entry");
        assert_eq!(
            (&last["act"], &last["detail"]["reason"]),
            (&"forget".into(), &"the term has run out".into())
        );
        let bench = bench.with("UNDISCLOSED_TEST__ALLOWED_DOMAINS", "unit.example");
        nothing_comes_back(&bench);
        // Forgotten once is forgotten; its name is free, and another audience of that name is another one.
        assert_eq!(
            bench.run(&["forget", "victims", "--yes", "--json"]).exits(2).json()["error"]["code"],
            "forgotten"
        );
        bench.run(&["import", "victims", "people.csv"]).exits(0);
        bench.run(&["preview", "victims", "message.md"]).exits(0);
        bench.run(&["ledger", "verify"]).exits(0);
        assert_eq!(audience_keys(&bench).len(), 1);
    }
}

/// The file itself: no address was ever in it in the clear, and no sealed one is left.
#[tokio::test(flavor = "multi_thread")]
async fn no_row_of_a_person_is_left_in_the_files() {
    let bench = used(Bench::new()).await;
    let hex = sql(&bench, "SELECT hex(sealed) FROM person WHERE row_number = 9");
    let sealed: Vec<u8> = data_of(&hex);
    let in_files = |needle: &[u8]| {
        let files = fs::read_dir(bench.path("data")).expect("the folder");
        files
            .filter_map(|f| fs::read(f.expect("a file").path()).ok())
            .any(|o| o.windows(needle.len()).any(|w| w == needle))
    };
    assert!(in_files(&sealed) && !in_files(b"person7@"));
    forget(&bench);
    assert!(!in_files(&sealed) && !in_files(b"person7@") && !in_files(SECRET.as_bytes()));
    let left = "SELECT (SELECT count(*) FROM person), (SELECT count(*) FROM ledger_entry WHERE length(confidence) > 0), \
                (SELECT count(*) FROM delivery WHERE reply <> '' OR message_hash <> ''), (SELECT count(*) FROM delivery)";
    assert_eq!(sql(&bench, left), "[(0, 0, 0, 50)]");
}

fn data_of(text: &str) -> Vec<u8> {
    let hex: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let digit = |d: u8| u8::try_from(char::from(d).to_digit(16).expect("a digit")).expect("small");
    hex.chunks(2).map(|pair| digit(pair[0]) * 16 + digit(pair[1])).collect()
}

/// Killed at a system call of forgetting; the next command finishes it.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_step_it_is_finished_by_the_next_command() {
    let steps: [(&str, &str); 4] =
        [("keys/forgotten", "openat"), ("keys/forgotten", "fsync"), ("the key", "unlink"), ("keys", "fsync")];
    for (file, call) in steps {
        let bench = used(Bench::new()).await;
        let before = bench.status("c");
        let key = audience_keys(&bench).pop().expect("a key");
        let path = if file == "the key" { key.clone() } else { bench.path(file) };
        // The list is looked at first, and opened to be written after the commit.
        let inject =
            if call == "openat" { "openat:signal=KILL:when=3" } else { &format!("{call}:signal=KILL") };
        let plain = bench.command(&["forget", "victims", "--yes"]);
        let mut command = Command::new("strace");
        command
            .args(["-f", "-qq", "-o", "/dev/null", "-P"])
            .arg(&path)
            .args(["-P", &format!("./keys/{}", path.file_name().expect("a name").to_string_lossy())])
            .args(["-e", &format!("inject={inject}")]);
        command.arg(PROGRAM).args(plain.get_args()).current_dir(bench.path("."));
        for (name, value) in plain.get_envs() {
            value.map(|value| command.env(name, value));
        }
        let killed = command.output().expect("strace");
        assert!(!killed.status.success(), "{file} {call}: it was to be killed: {killed:?}");
        let marked = "SELECT complete, erased FROM audience";
        assert_eq!(sql(&bench, marked), "[(2, 0)]", "{file} {call}: after the commit, before its end");
        assert_eq!(bench.status("c"), before);
        assert!(audience_keys(&bench).is_empty(), "{file} {call}");
        assert_eq!(sql(&bench, marked), "[(2, 1)]", "{file} {call}");
        assert_eq!(sql(&bench, "SELECT count(*) FROM person"), "[(0,)]");
        bench.run(&["ledger", "verify"]).exits(0);
    }
}

/// Keys put back from their own backup do not undo it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_put_back_is_destroyed_again() {
    let bench = used(Bench::new()).await;
    let key = audience_keys(&bench).pop().expect("a key");
    let octets = fs::read(&key).expect("the key");
    forget(&bench);
    fs::write(&key, &octets).expect("put back");
    bench.run(&["status"]).exits(0);
    assert!(!key.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_gone_without_an_entry_is_found() {
    let bench = used(Bench::new()).await;
    let key = audience_keys(&bench).pop().expect("a key");
    let aside = bench.path("aside");
    fs::rename(&key, &aside).expect("gone");
    let found = |bench: &Bench| {
        bench.run(&["ledger", "verify", "--json"]).exits(3).json()["error"]["message"].to_string()
    };
    assert!(found(&bench).contains("no entry says that it was forgotten"));
    fs::rename(&aside, &key).expect("back");
    bench.run(&["ledger", "verify"]).exits(0);
    forget(&bench);
    // The numbers of a forgotten audience's campaign are held too.
    sql(&bench, "UPDATE delivery SET state = 4 WHERE number = 3");
    assert!(found(&bench).contains("counts"), "{}", found(&bench));
    sql(&bench, "UPDATE delivery SET state = 3; UPDATE delivery SET leaf = zeroblob(32) WHERE number = 3");
    assert!(found(&bench).contains("account"));
    sql(&bench, "DELETE FROM delivery; UPDATE audience SET complete = 0");
    assert!(found(&bench).contains("its row was removed"), "{}", found(&bench));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_while_somebody_may_still_be_written_to_or_nobody_confirmed_it() {
    let server = Server::start(slow(20)).await.expect("a server");
    let bench = Bench::new().with_people(300);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    let code =
        |args: &[&str]| bench.run(args).exits(2).json()["error"]["code"].as_str().map(ToOwned::to_owned);
    assert_eq!(code(&["forget", "nobody", "--yes", "--json"]).as_deref(), Some("not_found"));
    assert_eq!(code(&["forget", "victims", "--json"]).as_deref(), Some("not_confirmed"));
    assert_eq!(
        code(&["forget", "victims", "--yes", "--reason", SECRET, "--json"]).as_deref(),
        Some("reason")
    );
    let sending = bench.spawn(&["send", "victims", "message.md", "--name", "c", "--smtp", &server.url()]);
    server.mailbox().wait_for(5).await;
    bench.run(&["pause", "c"]).exits(0);
    crate::bench::finish(sending).exits(3);
    assert_eq!(code(&["forget", "victims", "--yes", "--json"]).as_deref(), Some("campaign_open"));
    bench.run(&["preview", "victims", "message.md"]).exits(0);
    bench.run(&["resume", "c"]).exits(0);
    forget(&bench);
}

/// Doubts stay in doubt for good; somebody has to know that.
#[tokio::test(flavor = "multi_thread")]
async fn doubts_are_acknowledged_and_suppressions_outlive_it() {
    let rule = |stage, who, reaction| Behaviour::with_rule(stage, When::Recipient(who), reaction);
    let bad = "person3@mail3.example".to_owned();
    let gone = Reaction::Reply(vec!["550 5.1.1 no such mailbox".to_owned()]);
    let server = Server::start(rule(Stage::Rcpt, bad, gone)).await.expect("a server");
    let bench = Bench::new().with_people(20);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    bench.run(&["send", "victims", "message.md", "--name", "c", "--smtp", &server.url()]).exits(3);
    assert_eq!(count(&bench.status("c"), "failed"), 1);
    sql(&bench, "UPDATE campaign SET account = -1; UPDATE delivery SET state = 6 WHERE number = 9");
    let refused = bench.run(&["forget", "victims", "--yes", "--json"]).exits(2);
    assert_eq!(refused.json()["error"]["code"], "warning");
    bench.run(&["forget", "victims", "--yes", "--acknowledge", "in_doubt"]).exits(0);
    // The same list again: who is on the suppression list is not written to.
    bench.run(&["import", "again", "people.csv"]).exits(0);
    bench.write("message.md", crate::bench::MESSAGE.replace("how did we do?", "once more:"));
    bench.run(&["send", "again", "message.md", "--name", "d", "--smtp", &server.url()]).exits(3);
    assert_eq!(count(&bench.status("d"), "suppressed"), 1);
}
