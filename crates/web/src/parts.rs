//! The parts that forms are made of, in the design system's own markup.

use std::borrow::Cow;

use askama::Template;

/// What is wrong with a form: which field, and what to do about it.
#[derive(Template, Debug, Default)]
#[template(path = "parts/errors.html")]
pub(crate) struct Errors {
    errors: Vec<(&'static str, String)>,
}

impl Errors {
    pub(crate) fn add(&mut self, field: &'static str, text: impl Into<String>) {
        self.errors.push((field, text.into()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// All of it: which field, and what.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.errors.iter().map(|(field, text)| (*field, text.as_str()))
    }

    /// What is wrong with this field.
    pub(crate) fn of(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|(wrong, _)| *wrong == field).map(|(_, text)| text.clone())
    }
}

/// What is typed into a field: the browser fills it in by this (WCAG 2.2, 1.3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Name,
    Login,
    CurrentPassword,
    NewPassword,
    /// Six digits.
    Code,
    /// Six digits, or the letters and digits of a code on paper: a telephone shows all its keys.
    AnyCode,
}

impl Kind {
    const fn kind(self) -> &'static str {
        match self {
            Self::CurrentPassword | Self::NewPassword => "password",
            Self::Login => "email",
            Self::Text | Self::Name | Self::Code | Self::AnyCode => "text",
        }
    }

    const fn autocomplete(self) -> &'static str {
        match self {
            Self::Text => "off",
            Self::Name => "name",
            Self::Login => "username",
            Self::CurrentPassword => "current-password",
            Self::NewPassword => "new-password",
            Self::Code | Self::AnyCode => "one-time-code",
        }
    }

    /// Whether digits are all that is typed.
    const fn is_digits(self) -> bool {
        matches!(self, Self::Code)
    }
}

/// A field of one line. A password that was sent does not come back.
#[derive(Template)]
#[template(path = "parts/input.html")]
pub(crate) struct Input {
    id: &'static str,
    label: &'static str,
    hint: Cow<'static, str>,
    value: String,
    error: Option<String>,
    kind: Kind,
    width: &'static str,
    bold: bool,
}

impl Input {
    pub(crate) fn new(id: &'static str, label: &'static str, kind: Kind, errors: &Errors) -> Self {
        Self {
            id,
            label,
            hint: Cow::Borrowed(""),
            value: String::new(),
            error: errors.of(id),
            kind,
            width: "",
            bold: false,
        }
    }

    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Cow::Borrowed(hint), ..self }
    }

    /// A hint that depends on the installation.
    pub(crate) fn hint_text(self, hint: String) -> Self {
        Self { hint: Cow::Owned(hint), ..self }
    }

    pub(crate) fn value(mut self, value: &str) -> Self {
        value.clone_into(&mut self.value);
        self
    }

    /// For about so many characters.
    pub(crate) const fn width(mut self, width: &'static str) -> Self {
        self.width = width;
        self
    }

    fn described_by(&self) -> String {
        described_by(self.id, &self.hint, self.error.as_ref())
    }
}

/// What a screen reader says with a field: its hint, and what is wrong with it.
pub(crate) fn described_by(id: &str, hint: &str, error: Option<&String>) -> String {
    let hint = (!hint.is_empty()).then(|| format!("{id}-hint"));
    let error = error.is_some().then(|| format!("{id}-error"));
    hint.into_iter().chain(error).collect::<Vec<_>>().join(" ")
}

/// A field of many lines.
#[derive(Template)]
#[template(path = "parts/textarea.html")]
pub(crate) struct Textarea {
    pub(crate) id: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) value: String,
    pub(crate) error: Option<String>,
    pub(crate) rows: u8,
    pub(crate) bold: bool,
}

impl Textarea {
    fn described_by(&self) -> String {
        described_by(self.id, self.hint, self.error.as_ref())
    }
}

/// A box to tick.
pub(crate) struct Tick {
    pub(crate) value: Cow<'static, str>,
    pub(crate) label: Cow<'static, str>,
    pub(crate) hint: Cow<'static, str>,
    pub(crate) ticked: bool,
}

/// Boxes, of which any number are ticked.
#[derive(Template)]
#[template(path = "parts/boxes.html")]
pub(crate) struct Boxes {
    pub(crate) id: &'static str,
    pub(crate) legend: &'static str,
    pub(crate) hint: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) items: Vec<Tick>,
}
