//! What a process that goes on for long says of itself on standard error, a line an event: in words for people, or as JSON for
//! whatever collects logs (`log.format`). No line holds an address, a name from a list, a token, or what somebody wrote.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::note;
use crate::failure::Failure;
use crate::installation::Installation;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// In words.
    #[default]
    Text,
    /// An object a line.
    Json,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
}

/// What goes on going wrong is said again after this.
const SAID_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// What was said last of something that is tried again and again, so that it is not said each time.
#[derive(Debug, Default)]
pub(crate) struct LastSaid(Mutex<Option<(String, Timestamp)>>);

impl LastSaid {
    /// Says it, unless that is what was said last, within the hour.
    pub(crate) fn say(&self, installation: &Installation, failure: &Failure) {
        if self.is_new(&failure.message, installation.now()) {
            installation.log_failure(failure);
        }
    }

    fn is_new(&self, message: &str, now: Timestamp) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            last.as_ref().is_some_and(|(said, at)| said == message && now.duration_since(*at) < SAID_AGAIN);
        if !known {
            *last = Some((message.to_owned(), now));
        }
        !known
    }
}

impl Installation {
    /// Something went wrong, and is tried again or left.
    pub(crate) fn log_failure(&self, failure: &Failure) {
        match self.settings.log.format {
            LogFormat::Text => failure.render(false),
            LogFormat::Json => {
                self.line("error", json!({"code": failure.code, "message": failure.message}));
            }
        }
    }

    /// Something happened: in words where people read, and nobody asked for none.
    pub(crate) fn log_event(&self, quiet: bool, event: &str, object: &Value, words: &str) {
        match self.settings.log.format {
            LogFormat::Text => note(quiet, words),
            LogFormat::Json => self.line("info", json!({"event": event, event: object})),
        }
    }

    fn line(&self, level: &str, mut object: Value) {
        object["time"] = json!(self.now().to_string());
        object["level"] = json!(level);
        // Nobody is left to be told where standard error is closed.
        let _ = writeln!(std::io::stderr(), "{object}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_said_once_an_hour_and_what_is_new_at_once() {
        let (last, start) = (LastSaid::default(), Timestamp::UNIX_EPOCH);
        assert!(last.is_new("a", start) && !last.is_new("a", start));
        assert!(last.is_new("b", start) && last.is_new("a", start));
        let almost = start + SAID_AGAIN - SignedDuration::from_secs(1);
        assert!(!last.is_new("a", almost) && last.is_new("a", start + SAID_AGAIN));
    }
}
