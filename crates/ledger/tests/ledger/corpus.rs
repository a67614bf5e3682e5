//! The fuzzer's corpus, replayed on stable.

use std::path::PathBuf;

use ledger::{Note, ProofOfEntry};

use crate::proof_file::key;

#[test]
fn the_corpus_is_read() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/read_checkpoint");
    let (mut notes, mut proofs, mut verified) = (0, 0, 0);
    for file in std::fs::read_dir(folder).unwrap() {
        let octets = std::fs::read(file.unwrap().path()).unwrap();
        notes += usize::from(Note::parse(&octets).is_ok());
        if let Ok(proof) = ProofOfEntry::from_json(&octets) {
            proofs += 1;
            verified += usize::from(proof.verify(&key()).is_ok());
        }
    }
    assert_eq!((notes, proofs, verified), (2, 3, 2), "notes, proofs and verified proofs in the corpus");
}
