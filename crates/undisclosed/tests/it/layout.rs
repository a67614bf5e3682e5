//! The architecture, held against what cargo knows: who may use whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Crates that know no clock, file, socket or runtime.
const PURE: [&str; 9] =
    ["accounts", "alignment", "audience", "campaign", "ledger", "mail", "maillog", "message", "proof"];
/// What brings in a runtime, a socket, a database or HTTP.
const IMPURE: [&str; 7] = ["axum", "rustls", "sqlx", "tempfile", "tokio", "tokio-rustls", "ureq"];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .output()
        .expect("cargo metadata");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    packages
        .iter()
        .map(|package| {
            let normal = |d: &&Value| d["kind"].is_null();
            let names = package["dependencies"].as_array().expect("a list").iter().filter(normal);
            (text(&package["name"]), names.map(|d| text(&d["name"])).collect())
        })
        .collect()
}

#[test]
fn pure_crates_stay_pure() {
    for (name, uses) in dependencies().iter().filter(|(name, _)| PURE.contains(&name.as_str())) {
        for other in IMPURE {
            assert!(!uses.contains(other), "{name} uses {other}");
        }
    }
}

/// Every file of a folder and of those in it.
fn sources(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("a file").path();
        match path.is_dir() {
            true => all.extend(sources(&path)),
            false => all.push(std::fs::read_to_string(path).expect("text")),
        }
    }
    all
}

#[test]
fn builder_and_reader_do_not_meet() {
    let all = dependencies();
    assert!(!all["proof"].contains("message") && !all["message"].contains("proof"));
    assert!(!all["message"].contains("mail-parser"));
    // What builds a message takes the address from `mail`, and nothing that reads one.
    for text in sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../message/src"))) {
        assert!(!text.contains("mail::read") && !text.contains("mail::{read"));
    }
}

#[test]
fn only_store_knows_sql_and_only_lab_knows_http_servers() {
    for (name, uses) in dependencies() {
        assert!(!uses.contains("sqlx") || name == "store", "{name} uses sqlx");
        assert!(!uses.contains("axum") || ["lab", "web"].contains(&name.as_str()), "{name} uses axum");
    }
}

#[test]
fn crates_that_meet_in_rows_do_not_use_one_another() {
    let all = dependencies();
    let apart = ["delivery", "guard", "returns", "scan", "web"];
    for name in apart {
        for other in apart.iter().filter(|other| **other != name) {
            assert!(!all.get(name).is_some_and(|uses| uses.contains(*other)), "{name} uses {other}");
        }
    }
    assert!(!all["delivery"].contains("lab"), "the program's own sender knows no test server");
    // What anybody can talk to knows nothing of ours: no key, no database, no relay.
    for name in all.keys() {
        assert!(!all["returns"].contains(name), "returns uses {name}");
        // And neither does what talks to the provider that people sign in at.
        assert!(!all["openid"].contains(name), "openid uses {name}");
    }
}

#[test]
fn tests_alone_use_the_testkit() {
    for (name, uses) in dependencies() {
        assert!(!uses.contains("testkit"), "{name} uses the testkit outside its tests");
    }
}
