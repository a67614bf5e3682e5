//! Errors, rendered once, at the edge: what happened, what it means for the people on the list, what to do next.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;
use store::StoreError;

use crate::answer::say;

/// How a command ends (contract: exit codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for is done.
    Done = 0,
    /// Something unexpected.
    Unexpected = 1,
    /// Wrong usage, configuration or input.
    Usage = 2,
    /// Finished or stopped with somebody not accepted.
    Somebody = 3,
    /// Waits for approval by a second person.
    Approval = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed. Neither text holds an address or a name from a list.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Particulars for programs.
    pub(crate) details: Option<serde_json::Value>,
}

impl Failure {
    /// Wrong usage, configuration or input.
    pub(crate) fn usage(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, code, message: message.into(), details: None }
    }

    /// Something that is nobody's input.
    pub(crate) fn unexpected(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Unexpected, code, message: message.into(), details: None }
    }

    /// Somebody was not accepted.
    pub(crate) fn somebody(code: &'static str, message: impl Into<String>) -> Self {
        Self { exit: Exit::Somebody, code, message: message.into(), details: None }
    }

    /// A second person has to agree first.
    pub(crate) fn approval(message: impl Into<String>) -> Self {
        Self { exit: Exit::Approval, code: "waits_for_approval", message: message.into(), details: None }
    }

    pub(crate) fn settings(error: &config::ConfigError) -> Self {
        // The library's text can quote a value, and a value can be a password: only names are said.
        let text = error.to_string();
        let unknown = text.split_once("unknown field `").and_then(|(_, rest)| rest.split_once('`'));
        let key = match (unknown, error) {
            (Some((field, _)), _) => format!("there is no setting named {field}"),
            (
                None,
                config::ConfigError::Type { key: Some(key), .. }
                | config::ConfigError::At { key: Some(key), .. },
            ) => {
                format!("the setting {key} has a value that it cannot have")
            }
            (None, config::ConfigError::FileParse { .. }) => "the settings file is not valid TOML".to_owned(),
            (None, _) => "the settings are not valid".to_owned(),
        };
        Self::usage(
            "settings",
            format!(
                "{key}. See undisclosed.toml, variables that begin with UNDISCLOSED_, and docs/settings.md"
            ),
        )
    }

    /// Says it: a sentence for people, an object for programs.
    pub(crate) fn render(&self, as_json: bool) {
        if as_json {
            let mut error = json!({"code": self.code, "message": self.message});
            if let Some(details) = &self.details {
                error["details"] = details.clone();
            }
            let _ = writeln!(std::io::stdout(), "{}", json!({"error": error}));
        } else {
            say(&format!("undisclosed: {}", self.message));
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let (exit, code, next) = match &error {
            StoreError::NameInUse => (Exit::Usage, "name_in_use", "; nothing was sent. Take another name"),
            StoreError::NotFound => (Exit::Usage, "not_found", ". `undisclosed status` lists what there is"),
            StoreError::SenderPresent => (
                Exit::Usage,
                "sender_present",
                "; two would write to people twice. Watch it with `undisclosed status`",
            ),
            StoreError::TakenOver => (Exit::Somebody, "taken_over", "; what was in flight here is in doubt"),
            StoreError::Transition(_) => (Exit::Usage, "state", ""),
            StoreError::SamePerson => (Exit::Usage, "same_person", "; nothing was approved"),
            StoreError::Edited => (Exit::Usage, "edited", ""),
            StoreError::DraftChanged => (Exit::Usage, "changed", "; nothing was submitted"),
            StoreError::TooMany(_) => (Exit::Usage, "too_many", ""),
            StoreError::Left => (Exit::Usage, "left", ""),
            StoreError::CampaignOpen => (Exit::Usage, "campaign_open", "; nothing was forgotten"),
            StoreError::HeldSince => (Exit::Usage, "held", ""),
            StoreError::Forgotten => (Exit::Usage, "forgotten", "; nothing was sent"),
            StoreError::LastAdministrator => (Exit::Usage, "last_administrator", "; nothing was changed"),
            StoreError::AdministratorThere => (Exit::Usage, "administrator_there", "; nothing was changed"),
            StoreError::LinkSpent => (Exit::Usage, "link_spent", ""),
            StoreError::OwnAccount => (Exit::Usage, "own_account", "; nothing was changed"),
            StoreError::SignOnInUse => (Exit::Usage, "sign_on_in_use", "; nothing was changed"),
            StoreError::InUse => (
                Exit::Usage,
                "in_use",
                "; nothing was changed. End the other processes first, those that send and those that watch",
            ),
            StoreError::Exists => (Exit::Usage, "exists", ""),
            StoreError::NotABackup => (Exit::Usage, "not_a_backup", "; nothing was changed"),
            StoreError::FsyncOff | StoreError::Setting(_) => (Exit::Usage, "not_durable", ""),
            StoreError::Unreachable(_) | StoreError::Migration(_) => (Exit::Usage, "database", ""),
            StoreError::DiskFull => (Exit::Unexpected, "disk_full", ". Make room, then `undisclosed resume`"),
            StoreError::Locked => (Exit::Unexpected, "database_locked", ""),
            StoreError::Io(_) => (Exit::Usage, "data_folder", ""),
            StoreError::Foreign(_) | StoreError::Database(_) => (Exit::Unexpected, "database", ""),
        };
        Self { exit, code, message: format!("{error}{next}"), details: None }
    }
}

impl From<delivery::SendError> for Failure {
    fn from(error: delivery::SendError) -> Self {
        let text = format!(
            "{error}. Sending has stopped; nobody is lost and nobody is written to twice. When the cause is gone, \
             `undisclosed resume` goes on; `undisclosed status` shows who is in doubt"
        );
        Self::unexpected("stopped", text)
    }
}

impl From<keys::KeyFolderError> for Failure {
    fn from(error: keys::KeyFolderError) -> Self {
        Self::usage("keys", error.to_string())
    }
}

impl From<keys::NoRandomness> for Failure {
    fn from(error: keys::NoRandomness) -> Self {
        Self::unexpected("random", error.to_string())
    }
}

impl From<delivery::LetterError> for Failure {
    fn from(error: delivery::LetterError) -> Self {
        let code = match &error {
            delivery::LetterError::Open { .. } => "sealed",
            delivery::LetterError::Merge(_) => "merge",
            delivery::LetterError::Refused { .. } => "refused",
        };
        Self::usage(code, format!("{error}. Nothing was sent to anybody"))
    }
}

impl From<message::MessageError> for Failure {
    fn from(error: message::MessageError) -> Self {
        Self::usage("message", format!("the message: {error}"))
    }
}
