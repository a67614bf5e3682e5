//! The answer of a command: on standard output, for people or as one line of JSON.

use serde_json::Value;

/// Prints the answer: the object for programs, or the words for people.
#[expect(clippy::print_stdout, reason = "the one place where answers are written")]
pub(crate) fn answer(as_json: bool, object: &Value, words: &str) {
    if as_json {
        println!("{object}");
    } else if !words.is_empty() {
        println!("{}", words.trim_end());
    }
}

/// Says something beside the answer, on standard error; not at all with `--json`.
#[expect(clippy::print_stderr, reason = "what is beside the answer goes to standard error")]
pub(crate) fn note(as_json: bool, words: &str) {
    if !as_json {
        eprintln!("{words}");
    }
}
