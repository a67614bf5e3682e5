//! Promise 10: what was done is found out to the entry, and whatever is altered, removed or moved is found.

use std::fs;
use std::process::Command;

use lab::{Behaviour, Server};
use serde_json::Value;

use crate::bench::{Bench, Ran};

/// The verifier in plain Python: the ledger's own tests hold our code against it too.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ledger/tests/python");

/// An installation in which some things were done.
async fn used() -> Bench {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(5);
    bench.run(&["import", "victims", "people.csv"]).exits(0);
    for person in ["1", "2", "3"] {
        bench.run(&["preview", "victims", "message.md", "--person", person]).exits(0);
    }
    let reason = ["--reveal", "--reason", "asked by ann@secret.example"];
    bench.run(&[&["preview", "victims", "message.md"][..], &reason].concat()).exits(0);
    bench.run(&["send", "victims", "message.md", "--name", "c", "--smtp", &server.url()]).exits(0);
    bench
}

/// Runs SQL on the database as somebody who can write to its file.
pub(crate) fn tamper(bench: &Bench, sql: &str) {
    let script =
        "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.commit()";
    let database = bench.path("data/undisclosed.db");
    let ran = Command::new("python3").args(["-c", script]).arg(database).arg(sql).output().expect("python3");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

fn verify(bench: &Bench) -> Ran {
    bench.run(&["ledger", "verify", "--json"])
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_are_entries_and_verify() {
    let bench = used().await;
    let verified = verify(&bench).exits(0).json();
    let listed = bench.run(&["ledger", "list", "--json"]).exits(0).json();
    let entries = listed["entries"].as_array().expect("entries");
    let acts: Vec<&str> = entries.iter().map(|e| e["act"].as_str().expect("an act")).collect();
    assert_eq!(acts, ["import", "preview", "preview", "preview", "reveal", "send", "account"]);
    assert_eq!(verified["accounts"], 1);
    assert_eq!(verified["entries"], entries.len());
    assert_eq!(entries[0]["actor"], "uid 0");
    // A typed reason can hold an address: the ledger shows that there is one, and not what it is.
    assert!(entries[4]["detail"]["reason"]["commitment"].is_string());
    assert!(!listed.to_string().contains("secret.example"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_dropped_or_swapped_is_found_and_named() {
    let bench = used().await;
    let database = bench.path("data/undisclosed.db");
    verify(&bench).exits(0);
    tamper(&bench, "PRAGMA wal_checkpoint(TRUNCATE)");
    let before = fs::read(&database).expect("the database");
    let swap = |table: &str, what: &str, key: &str, a: u32, b: u32| {
        format!(
            "UPDATE {table} SET {what} = (SELECT {what} FROM {table} AS o WHERE o.{key} = {a} + {b} - {table}.{key}) \
             WHERE {key} IN ({a}, {b})"
        )
    };
    let zeros = "substr(sealed, 1, length(sealed) - 1) || x'00'";
    let cases = [
        (format!("UPDATE ledger_entry SET sealed = CAST({zeros} AS BLOB) WHERE number = 2"), "entry 2"),
        ("DELETE FROM ledger_entry WHERE number = 1".to_owned(), "entry 1"),
        ("UPDATE ledger_entry SET confidence = x'00' WHERE number = 4".to_owned(), "entry 4"),
        ("UPDATE ledger_entry SET key_name = '' WHERE number = 4".to_owned(), "entry 4"),
        ("DELETE FROM ledger_entry WHERE number = 6".to_owned(), "entry 6"),
        (swap("ledger_entry", "sealed", "number", 1, 2), "entry 1"),
        ("UPDATE ledger_entry SET number = 7 WHERE number = 3".to_owned(), "entry 3"),
        ("UPDATE ledger_node SET hash = zeroblob(32) WHERE level = 0 AND position = 4".to_owned(), "entry 4"),
        ("UPDATE ledger_node SET hash = zeroblob(32) WHERE level = 1 AND position = 1".to_owned(), "level 1"),
        ("DELETE FROM ledger_node WHERE level = 2".to_owned(), "level 2"),
        ("UPDATE ledger_head SET frontier = zeroblob(8)".to_owned(), "head"),
        ("DELETE FROM ledger_head".to_owned(), "head"),
        ("UPDATE delivery SET state = 4 WHERE number = 2".to_owned(), "delivery 2"),
        ("UPDATE delivery SET settled_at = settled_at + 1 WHERE number = 3".to_owned(), "delivery 3"),
        ("UPDATE delivery SET leaf = zeroblob(32) WHERE number = 4".to_owned(), "delivery 4"),
        ("UPDATE person SET fingerprint = zeroblob(16) WHERE row_number = 3".to_owned(), "delivery 2"),
        (swap("delivery", "row_number", "number", 1, 2), "delivery 1"),
        ("DELETE FROM delivery WHERE number = 5".to_owned(), "entry 6"),
        ("UPDATE campaign SET uid = 'another'".to_owned(), "entry 6"),
    ];
    for (sql, found) in cases {
        tamper(&bench, &sql);
        let ran = verify(&bench).exits(3);
        let message = ran.json()["error"]["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(found), "{sql}: {message}");
        // Nothing is signed over it either.
        bench.run(&["ledger", "checkpoint"]).exits(3);
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(bench.path(&format!("data/undisclosed.db{suffix}")));
        }
        fs::write(&database, &before).expect("the database as it was");
    }
    verify(&bench).exits(0);
}

/// Who has the signing key can write another log that fits; only a checkpoint kept elsewhere finds it out.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_rewritten_with_the_signing_key_is_found_against_an_older_checkpoint() {
    let bench = used().await;
    let checkpoint = bench.run(&["ledger", "checkpoint"]).exits(0);
    bench.write("kept", &checkpoint.out);
    let held = ["ledger", "verify", "--checkpoint", "kept", "--json"];
    assert_eq!(bench.run(&held).exits(0).json()["checkpoint"]["entries"], 7);
    // More is done, and it is still the same log.
    bench.run(&["preview", "victims", "message.md"]).exits(0);
    bench.run(&held).exits(0);
    tamper(&bench, "DELETE FROM ledger_entry; DELETE FROM ledger_node; DELETE FROM ledger_head");
    bench.run(&["preview", "victims", "message.md"]).exits(0);
    verify(&bench).exits(0);
    let shorter = bench.run(&held).exits(3).json()["error"]["message"].to_string();
    assert!(shorter.contains("entries were removed"), "{shorter}");
    for _ in 0..8 {
        bench.run(&["preview", "victims", "message.md"]).exits(0);
    }
    verify(&bench).exits(0);
    let rewritten = bench.run(&held).exits(3).json()["error"]["message"].to_string();
    assert!(rewritten.contains("rewritten"), "{rewritten}");
    // A checkpoint of another installation is none of this one.
    let other = used().await.run(&["ledger", "checkpoint"]).exits(0);
    bench.write("kept", other.out);
    assert_eq!(bench.run(&held).exits(2).json()["error"]["code"], "checkpoint");
}

/// What an auditor does with the export: salts and contents make the leaves, these the root, and that is signed.
#[tokio::test(flavor = "multi_thread")]
async fn the_export_checks_out_without_the_program() {
    let bench = used().await;
    bench.run(&["ledger", "export", "log.jsonl"]).exits(0);
    let script = "import json, sys\nsys.path.insert(0, sys.argv[1])\nimport verify as v\nlines = [json.loads(l) for l in \
        open(sys.argv[2])]\nsize, root = v.open_checkpoint(lines[0]['checkpoint'], lines[0]['verifier'])\nleaves = \
        [v.leaf_hash(v.commitment(b'undisclosed entry', v.unbase64(e['salt'], 32), v.entry_octets(e['content']))) for e in \
        lines[1:]]\ndef top(l):\n    return l[0] if len(l) == 1 else v.node_hash(top(l[:v.split(len(l))]), \
        top(l[v.split(len(l)):]))\nassert size == len(leaves) and top(leaves) == root\nprint(size)";
    let check = || {
        let mut python = Command::new("/usr/bin/python3");
        python.args(["-c", script, PYTHON]).arg(bench.path("log.jsonl")).output().expect("python3")
    };
    let checked = check();
    assert_eq!(
        String::from_utf8_lossy(&checked.stdout).trim(),
        "7",
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    let text = fs::read_to_string(bench.path("log.jsonl")).expect("the export");
    assert!(!text.contains('@') && !text.contains("First"), "no address and no name of anybody: {text}");
    bench.write("log.jsonl", text.replacen("preview", "reveal", 1));
    assert!(!check().status.success());
}

/// What became of one delivery, for anybody: the octets that went out, when, and what the relay said.
#[tokio::test(flavor = "multi_thread")]
async fn one_delivery_is_proved_and_nothing_else_told() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(300);
    bench.run(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &server.url()]).exits(0);
    let proof = bench.run(&["ledger", "prove", "c/18"]).exits(0);
    let key = bench.run(&["ledger", "checkpoint", "--json"]).exits(0).json()["verifier"].to_string();
    bench.write("proof.json", &proof.out);
    let check = || {
        let verify = format!("{PYTHON}/verify.py");
        let mut python = Command::new("/usr/bin/python3");
        python.args([&verify, "entry", key.trim_matches('"')]).arg(bench.path("proof.json"));
        python.output().expect("python3")
    };
    let checked = check();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let object: Value = serde_json::from_str(&proof.out).expect("JSON");
    let content = &object["delivery"]["content"];
    assert_eq!((content["number"].as_u64(), content["state"].as_str()), (Some(17), Some("accepted")));
    // The proof is of the very octets that this person got.
    let received = server.mailbox().received();
    let theirs = received.iter().find(|m| m.recipients == ["person16@mail2.example"]).expect("row 18");
    bench.write("theirs.eml", &theirs.bytes);
    let sum = Command::new("sha256sum").arg(bench.path("theirs.eml")).output().expect("sha256sum");
    assert!(String::from_utf8_lossy(&sum.stdout).starts_with(content["message"].as_str().expect("a hash")));
    assert!(!proof.out.contains('@') && !proof.out.contains("First"), "{}", proof.out);
    bench.write("proof.json", proof.out.replace("accepted", "in doubt"));
    assert!(!check().status.success());
    bench.run(&["ledger", "prove", "c/1"]).exits(2);
}

/// Another key would make what is there unreadable without a word.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_ledgers_key_nothing_is_done() {
    let bench = used().await;
    fs::remove_file(bench.path("keys/ledger.key")).expect("gone");
    let ran = bench.run(&["pause", "c", "--json"]).exits(2);
    assert_eq!(ran.json()["error"]["code"], "ledger_key");
    let ran: Value = verify(&bench).exits(2).json();
    assert_eq!(ran["error"]["code"], "ledger_key");
}
