//! The answer of a command: on standard output, for people or as one line of JSON.

use std::io::{BufRead, IsTerminal, Write};

use serde_json::Value;
use terminal_size::{Width, terminal_size};

/// Prints the answer: the object for programs, or the words for people.
pub(crate) fn answer(as_json: bool, object: &Value, words: &str) {
    if as_json {
        line(&object.to_string());
    } else if !words.is_empty() {
        line(words.trim_end());
    }
}

/// A reader that went away (`| head`) is no error of ours.
fn line(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says something beside the answer, on standard error; not at all with `--json`.
pub(crate) fn note(as_json: bool, words: &str) {
    if !as_json {
        say(words);
    }
}

/// Says something on standard error. On a terminal, lines end between words.
pub(crate) fn say(words: &str) {
    let width = std::io::stderr().is_terminal().then(terminal_size).flatten();
    let words = width
        .map_or_else(|| words.to_owned(), |(Width(columns), _)| textwrap::fill(words, usize::from(columns)));
    let _ = writeln!(std::io::stderr(), "{words}");
}

/// Asks on the terminal. Nothing where there is none to ask on.
pub(crate) fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    let mut terminal = std::io::stderr();
    let _ = write!(terminal, "{question}").and_then(|()| terminal.flush());
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).ok()?;
    Some(answer.trim().to_owned())
}

/// Whether somebody said yes.
pub(crate) fn says_yes(answer: &str) -> bool {
    answer.eq_ignore_ascii_case("yes")
}
