//! Warnings: shown, and acknowledged by somebody before anything happens (contract: warnings).

use crate::answer::{ask, say, says_yes};
use crate::failure::Failure;

/// One warning: a word for `--acknowledge`, and a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    pub(crate) word: &'static str,
    pub(crate) text: String,
}

/// Words that there are.
const WORDS: [&str; 9] = [
    "attachments",
    "channel",
    "channel_ignored",
    "discretion",
    "encoding",
    "hidden_rows",
    "in_doubt",
    "names",
    "sheets",
];

/// Lets somebody decide about warnings. Returns the words that were acknowledged, to be recorded.
pub(crate) fn acknowledge(warnings: &[Warning], accepted: &[String]) -> Result<Vec<String>, Failure> {
    if let Some(unknown) = accepted.iter().find(|word| *word != "all" && !WORDS.contains(&word.as_str())) {
        let known = WORDS.join(", ");
        return Err(Failure::usage(
            "acknowledge",
            format!("there is no warning `{unknown}`; there are: all, {known}"),
        ));
    }
    let is_accepted = |warning: &Warning| accepted.iter().any(|word| word == "all" || word == warning.word);
    for warning in warnings {
        let mark = if is_accepted(warning) { " (acknowledged)" } else { "" };
        say(&format!("warning [{}]{mark}: {}", warning.word, warning.text));
    }
    let mut open: Vec<&str> = warnings.iter().filter(|w| !is_accepted(w)).map(|w| w.word).collect();
    open.dedup();
    if !open.is_empty() && !asked(&open) {
        let words = open.join(",");
        return Err(Failure::usage(
            "warning",
            format!(
                "stopped at warnings ({words}); nothing was done. When they are known and accepted: --acknowledge {words}"
            ),
        ));
    }
    let mut words: Vec<String> = warnings.iter().map(|w| w.word.to_owned()).collect();
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

/// Asks, where there is a terminal to ask on.
fn asked(words: &[&str]) -> bool {
    ask(&format!("Go on in spite of {}? Type yes: ", words.join(", ")))
        .is_some_and(|answer| says_yes(&answer))
}
