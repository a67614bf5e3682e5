#![no_main]
//! A note, a checkpoint or a proof from anywhere: read and printed again it is the same, and it proves what it says
//! or nothing.

use ledger::{Checkpoint, Frontier, Note, ProofOfEntry, Verifier};
use libfuzzer_sys::fuzz_target;

/// The key of `crates/ledger/tests/ledger/note.rs`.
const KEY: &str = "police.example/ledger+98fbb956+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

fuzz_target!(|octets: &[u8]| {
    let Ok(key) = KEY.parse::<Verifier>() else { unreachable!("the key of the tests") };
    if let Ok(note) = Note::parse(octets) {
        assert_eq!(note.to_string().as_bytes(), octets);
        let _ = note.verify(&key);
    }
    let _ = Checkpoint::open(octets, &key);
    if let Ok(text) = std::str::from_utf8(octets) {
        if let Ok(checkpoint) = Checkpoint::parse(text) {
            assert_eq!(checkpoint.to_string(), text);
        }
        if let Ok(verifier) = text.parse::<Verifier>() {
            assert_eq!(verifier.to_string(), text);
        }
    }
    if let Ok(frontier) = Frontier::from_bytes(octets) {
        assert_eq!(frontier.to_bytes(), octets);
        let _ = frontier.head();
    }
    if let Ok(proof) = ProofOfEntry::from_json(octets) {
        let _ = proof.verify(&key);
        let Ok(json) = proof.to_json() else { unreachable!("what was read can be written") };
        assert_eq!(ProofOfEntry::from_json(json.as_bytes()), Ok(proof));
    }
});
