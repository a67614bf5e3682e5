//! The fuzzer's corpus, replayed.

use std::path::PathBuf;

use mail::{Limits, Reason, read};

/// Seeds of the fuzz target `read_message`.
pub(crate) const SEEDS: [&str; 4] = ["cc.eml", "alternative.eml", "forwarded.eml", "broken.eml"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/read_message")
}

pub(crate) fn seed(number: usize) -> Vec<u8> {
    std::fs::read(folder().join(SEEDS[number])).unwrap()
}

#[test]
fn the_corpus_is_read() {
    let mut count = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let _ = read(&std::fs::read(entry.unwrap().path()).unwrap(), &Limits::default());
        count += 1;
    }
    assert!(count >= SEEDS.len());
}

#[test]
fn a_panic_of_the_second_parser_is_not_silence() {
    let message = std::fs::read(folder().join("second_parser_panics.eml")).unwrap();
    let reading = read(&message, &Limits::default());
    assert!(
        reading.uninspected.iter().any(|u| u.reason == Reason::ParserFailed),
        "{:?}",
        reading.uninspected
    );
    assert!(!reading.sightings.is_empty());
}
