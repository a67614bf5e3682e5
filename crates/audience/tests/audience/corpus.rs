//! The fuzzer's corpus, replayed on stable.

use std::fs;
use std::path::PathBuf;

use crate::{import, options};

#[test]
fn the_corpus_is_read() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/import_spreadsheet");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let _ = import(&fs::read(entry.unwrap().path()).unwrap(), &options());
        seen += 1;
    }
    assert!(seen >= 6);
}
