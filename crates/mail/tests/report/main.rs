//! What comes back, read: bounces, complaints, automatic replies, people.
#![allow(clippy::unwrap_used, reason = "helpers of tests are not #[test] functions themselves")]

mod arbitrary;
mod golden;
mod limits;
mod people;
mod shown;

use std::path::PathBuf;

/// Name and octets of every seed of the fuzz target `read_report`, in order.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/read_report");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(path).unwrap()))
        .collect();
    all.sort();
    all
}

fn message(name: &str) -> Vec<u8> {
    corpus().into_iter().find(|(stem, _)| stem == name).unwrap().1
}

/// The lines ended as SMTP ends them.
fn crlf(octets: &[u8]) -> Vec<u8> {
    octets.iter().flat_map(|octet| if *octet == b'\n' { vec![b'\r', b'\n'] } else { vec![*octet] }).collect()
}
