//! What a process that goes on for long says of itself on standard error, a line an event: in words for people, or as JSON for
//! whatever collects logs (`log.format`). No line holds an address, a name from a list, a token, or what somebody wrote.

use std::io::Write;

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
