//! The parts of forms with which one chooses: one of several, or a file.

use askama::Template;

use crate::parts::{Errors, described_by};

/// One of several in a list that opens.
#[derive(Template)]
#[template(path = "parts/select.html")]
pub(crate) struct Select {
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) error: Option<String>,
    /// What is sent, what is shown, and whether it is chosen.
    pub(crate) items: Vec<(String, String, bool)>,
}

impl Select {
    fn described_by(&self) -> String {
        described_by(self.id, self.hint, self.error.as_ref())
    }
}

/// One of a few, all in sight.
#[derive(Template)]
#[template(path = "parts/radios.html")]
pub(crate) struct Radios {
    pub(crate) id: &'static str,
    pub(crate) legend: &'static str,
    pub(crate) hint: String,
    pub(crate) error: Option<String>,
    /// What is sent, what is shown, what it means, and whether it is chosen.
    pub(crate) items: Vec<(&'static str, String, &'static str, bool)>,
}

impl Radios {
    fn described_by(&self) -> String {
        described_by(self.id, &self.hint, self.error.as_ref())
    }
}

/// A file: by a dialog, or dropped there where scripts run.
#[derive(Template)]
#[template(path = "parts/file.html")]
pub(crate) struct FileInput {
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    error: Option<String>,
    /// What the dialog shows first.
    accept: &'static str,
}

impl FileInput {
    pub(crate) fn new(
        id: &'static str,
        label: &'static str,
        hint: &'static str,
        accept: &'static str,
        errors: &Errors,
    ) -> Self {
        Self { id, label, hint, error: errors.of(id), accept }
    }

    fn described_by(&self) -> String {
        described_by(self.id, self.hint, self.error.as_ref())
    }
}
