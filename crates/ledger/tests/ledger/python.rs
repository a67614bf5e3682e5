//! A verifier in plain Python, which shares no code with this crate: it believes what is true and refuses the rest.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ledger::{Checkpoint, ProofOfEntry};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::note::{NAME, VERIFIER, other_signer, signer};
use crate::proof_file::{CAMPAIGN, Log, key};

struct Python {
    folder: TempDir,
}

impl Python {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Debian's Python, which has python3-nacl.
    fn run(&self, kind: &str, key: &str, files: &[&Path], rest: &[&str]) -> Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/verify.py");
        let mut command = Command::new("/usr/bin/python3");
        command.args([script, kind, key]).args(files).args(rest);
        command.output().unwrap()
    }

    fn entry(&self, key: &str, proof: &str) -> bool {
        let output = self.run("entry", key, &[&self.file("proof.json", proof)], &[]);
        settled(&output)
    }

    fn several(&self, kind: &str, cases: &Value) -> Vec<String> {
        let output = self.run(kind, VERIFIER, &[&self.file("cases.json", &cases.to_string())], &["several"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

/// Verified or refused; anything else is a mistake in the verifier.
fn settled(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.code() {
        Some(0) => assert!(said.starts_with("verified"), "{said}"),
        Some(1) => {
            assert!(said.starts_with("REFUSED: "), "{said}{}", String::from_utf8_lossy(&output.stderr));
        }
        other => panic!("{other:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
    output.status.success()
}

#[test]
fn python_verifies_an_entry_and_a_delivery() {
    let (python, log) = (Python::new(), Log::new(13, 9));
    for proof in [log.prove_entry(4), log.prove_delivery(4)] {
        let json = proof.to_json().unwrap();
        assert!(python.entry(VERIFIER, &json));
        assert!(!python.entry(VERIFIER, &json.replacen("\"ann\"", "\"bob\"", 1)));
        assert!(!python.entry(&other_signer(NAME).verifier().to_string(), &json));
        assert!(!python.entry(VERIFIER, "{}"));
    }
}

#[test]
fn python_verifies_every_entry_and_delivery_of_every_size() {
    let proofs: Vec<String> = (1..=33)
        .flat_map(|size| {
            let log = Log::new(size, size);
            let entries: Vec<_> = (0..size).map(|i| log.prove_entry(i)).collect();
            let deliveries = (0..size).filter(|_| size > CAMPAIGN).map(|i| log.prove_delivery(i));
            entries.into_iter().chain(deliveries).map(|p| p.to_json().unwrap()).collect::<Vec<_>>()
        })
        .collect();
    let said = Python::new().several("entry", &json!(proofs));
    assert_eq!(said.len(), proofs.len());
    assert_eq!(said.iter().find(|line| *line != "ok"), None);
}

/// Another value of the same kind for each value in the file, one at a time, with where it stands.
fn altered(value: &Value, place: &str) -> Vec<(String, Value)> {
    let inside = |name: &str, child: &Value| altered(child, &format!("{place}/{name}"));
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, child)| inside(name, child).into_iter().map(move |(at, new)| (name, at, new)))
            .map(|(name, at, new)| {
                let mut whole = members.clone();
                whole.insert(name.clone(), new);
                (at, Value::Object(whole))
            })
            .collect(),
        Value::Array(list) => {
            let mut all: Vec<_> = (0..list.len())
                .flat_map(|i| inside(&i.to_string(), &list[i]).into_iter().map(move |(at, new)| (i, at, new)))
                .map(|(i, at, new)| {
                    let mut whole = list.clone();
                    whole[i] = new;
                    (at, Value::Array(whole))
                })
                .collect();
            all.push((format!("{place} longer"), Value::Array([&list[..], &list[..1]].concat())));
            all.push((format!("{place} shorter"), Value::Array(list[1..].to_vec())));
            all
        }
        Value::Number(number) => vec![(place.to_owned(), json!(number.as_i64().unwrap() + 1))],
        Value::String(text) => {
            let mut places: Vec<_> = text.char_indices().map(|(at, _)| at).collect();
            if places.len() > 40 {
                places = places.into_iter().step_by(7).collect();
            }
            let swap = |at: usize| {
                let new = if text[at..].starts_with('a') { "b" } else { "a" };
                let rest = text[at..].char_indices().nth(1).map_or(text.len(), |(next, _)| at + next);
                [&text[..at], new, &text[rest..]].concat()
            };
            places.into_iter().map(|at| (format!("{place}@{at}"), json!(swap(at)))).collect()
        }
        Value::Null | Value::Bool(_) => vec![(place.to_owned(), json!("a"))],
    }
}

#[test]
fn python_and_we_refuse_what_was_altered_anywhere() {
    let log = Log::new(13, 9);
    let files = [log.prove_entry(4), log.prove_delivery(4)].map(|proof| proof.to_json().unwrap());
    let cases: Vec<(String, String)> = files
        .iter()
        .flat_map(|file| altered(&serde_json::from_str(file).unwrap(), ""))
        .map(|(place, value)| (place, value.to_string()))
        .collect();
    assert!(cases.len() > 300, "{}", cases.len());
    let proofs: Vec<&String> = cases.iter().map(|(_, json)| json).collect();
    let said = Python::new().several("entry", &json!(proofs));
    assert_eq!(said.len(), cases.len());
    for ((place, json), line) in cases.iter().zip(&said) {
        assert_ne!(line, "ok", "Python believes an altered {place}");
        let read = ProofOfEntry::from_json(json.as_bytes());
        assert!(read.is_err() || read.unwrap().verify(&key()).is_err(), "we believe an altered {place}");
    }
}

#[test]
fn python_verifies_consistency() {
    let python = Python::new();
    let (log, rewritten) = (Log::new(40, 3), Log::new(40, 4));
    let note = |log: &Log, size| Checkpoint::sign(log.tree.head(size), &signer(NAME)).unwrap().to_string();
    let mut cases = Vec::new();
    let mut expected = Vec::new();
    for new in 0..=40 {
        for old in 0..=new {
            let path = log.tree.consistency(old, new);
            cases.push(json!([note(&log, old), note(&log, new), path]));
            expected.push(true);
            // The other log differs from its third entry on.
            cases.push(json!([note(&rewritten, old), note(&log, new), path]));
            expected.push(old <= CAMPAIGN);
            let long = [&path[..], &[log.head().root]].concat();
            cases.push(json!([note(&log, old), note(&log, new), long]));
            expected.push(false);
        }
    }
    let said = python.several("consistency", &json!(cases));
    assert_eq!(said.iter().map(|line| line == "ok").collect::<Vec<_>>(), expected);

    let files =
        [("old", note(&log, 7)), ("new", note(&log, 29))].map(|(name, text)| python.file(name, &text));
    let path = python.file("path", &json!(log.tree.consistency(7, 29)).to_string());
    assert!(settled(&python.run("consistency", VERIFIER, &[&files[0], &files[1], &path], &[])));
    assert!(!settled(&python.run("consistency", VERIFIER, &[&files[1], &files[0], &path], &[])));
}
