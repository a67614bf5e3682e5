//! A message as it is written in a form: the sender once, subject and text in each language. What a message file says in its
//! front matter and its body, a composition says in fields, and each error names the field it is about.

use std::fmt;

use mail::Mailbox;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::attachment::Attachment;
use crate::bundle::mailbox_text;
use crate::error::MessageError;
use crate::piece::MARK;
use crate::source::{Source, SourceKind};
use crate::template::{DEFAULT_LANGUAGE, Settings, Template};

/// A message before it is checked: any field may be empty or wrong. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Composition {
    /// The sender; empty: that of the settings.
    pub from: String,
    /// Where answers go; empty: that of the settings, or to the sender.
    pub reply_to: String,
    /// Other addresses that everybody may see.
    pub contacts: Vec<String>,
    /// The default language first, and it is there.
    pub texts: Vec<ComposedText>,
    /// Names of the files that go with it.
    pub attachments: Vec<String>,
}

/// One language of a [`Composition`]. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComposedText {
    /// Its language tag.
    pub language: String,
    /// What the body is written in.
    pub kind: SourceKind,
    /// The subject, with its fields.
    pub subject: String,
    /// The body, with its fields.
    pub body: String,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ComposedField {
    /// The sender.
    From,
    /// Where answers go.
    ReplyTo,
    /// Other addresses that everybody may see.
    Contacts,
    /// The language of a text.
    Language,
    /// The subject of a text.
    Subject,
    /// The body of a text; its lines count from 1 there.
    Body,
    /// The files that go with it.
    Attachments,
}

/// What is wrong with a composition, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct CompositionError {
    /// Which text, from 0: the default language's.
    pub text: usize,
    /// Which field of it.
    pub field: ComposedField,
    /// What is wrong.
    pub error: MessageError,
}

impl fmt::Debug for Composition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[composition]")
    }
}

impl fmt::Debug for ComposedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[composed text]")
    }
}

impl ComposedText {
    /// Nothing yet, in this language.
    #[must_use]
    pub fn empty(language: &str) -> Self {
        Self {
            language: language.to_owned(),
            kind: SourceKind::Markdown,
            subject: String::new(),
            body: String::new(),
        }
    }

    /// The message file of it: front matter between `---` lines, then the body.
    fn file(&self, front: &Map<String, Value>) -> String {
        let mut text = "---\n".to_owned();
        for (key, value) in front {
            // A JSON value on one line is YAML (YAML 1.2.2 §1.3).
            text.push_str(&format!("{key}: {value}\n"));
        }
        text.push_str("---\n");
        text.push_str(&self.body);
        text
    }
}

impl Composition {
    /// Nothing yet, in the default language.
    #[must_use]
    pub fn empty() -> Self {
        Self { texts: vec![ComposedText::empty(DEFAULT_LANGUAGE)], ..Self::default() }
    }

    /// What a message that there is was composed of. What a translation's front matter sets for itself alone, beside its
    /// subject and body, is that of the default here.
    #[must_use]
    pub fn of(template: &Template) -> Self {
        let default = &template.variants[0].source;
        let from = template.settings.from.as_ref().or(default.from.as_ref());
        let text = |variant: &crate::variant::Variant| ComposedText {
            language: variant.language.clone(),
            kind: variant.source.kind,
            subject: variant.source.subject.clone(),
            body: variant.source.body.clone(),
        };
        Self {
            from: from.map(mailbox_text).unwrap_or_default(),
            reply_to: default.reply_to.as_ref().map(mailbox_text).unwrap_or_default(),
            contacts: default.contacts.iter().map(mailbox_text).collect(),
            texts: template.variants.iter().map(text).collect(),
            attachments: template.attachments.iter().map(|file| file.name().to_owned()).collect(),
        }
    }

    /// The message, checked. `defaults` are the senders of the settings, `files` those that it names.
    ///
    /// # Errors
    /// [`CompositionError`]: the first thing that is wrong, and where.
    pub fn template(&self, defaults: Settings, files: Vec<Attachment>) -> Result<Template, CompositionError> {
        let at = |text, field| move |error| CompositionError { text, field, error };
        self.check_senders()?;
        let mut sources = Vec::with_capacity(self.texts.len());
        for (number, text) in self.texts.iter().enumerate() {
            sources.push((text.language.clone(), self.source(number, text)?));
        }
        let mut sources = sources.into_iter();
        let Some((_, default)) = sources.next() else {
            return Err(at(0, ComposedField::Body)(MessageError::Bundle));
        };
        Template::new(default, sources.collect(), files, defaults).map_err(|error| self.place(error))
    }

    fn check_senders(&self) -> Result<(), CompositionError> {
        let check = |field, key, text: &str| match Mailbox::parse(text.trim()) {
            Ok(_) => Ok(()),
            Err(reason) => {
                Err(CompositionError { text: 0, field, error: MessageError::Mailbox { key, reason } })
            }
        };
        if !self.from.trim().is_empty() {
            check(ComposedField::From, "from", &self.from)?;
        }
        if !self.reply_to.trim().is_empty() {
            check(ComposedField::ReplyTo, "reply-to", &self.reply_to)?;
        }
        self.contacts.iter().try_for_each(|contact| check(ComposedField::Contacts, "contacts", contact))
    }

    /// One text as a message file. Senders, contacts and attachments stand in the default's: translations follow it.
    fn source(&self, number: usize, text: &ComposedText) -> Result<Source, CompositionError> {
        let at = |field, error| CompositionError { text: number, field, error };
        let unfit = |line: &str| line.chars().any(|c| c == MARK || (c.is_control() && c != '\t'));
        if text.subject.trim().is_empty() {
            return Err(at(ComposedField::Subject, MessageError::SubjectMissing));
        }
        if unfit(&text.subject) {
            return Err(at(ComposedField::Subject, MessageError::Character { line: 1 }));
        }
        let body = text.body.replace("\r\n", "\n");
        if let Some(line) = body.split('\n').position(unfit) {
            return Err(at(ComposedField::Body, MessageError::Character { line: line + 1 }));
        }
        let mut front = Map::new();
        let mut set = |key: &str, value: &str| {
            if !value.trim().is_empty() {
                front.insert(key.to_owned(), value.trim().into());
            }
        };
        set("subject", &text.subject);
        set("language", &text.language);
        if number == 0 {
            set("from", &self.from);
            set("reply-to", &self.reply_to);
            for (key, list) in [("contacts", &self.contacts), ("attachments", &self.attachments)] {
                if !list.is_empty() {
                    front.insert(key.to_owned(), list.clone().into());
                }
            }
        }
        let source = Source::parse(text.kind, &ComposedText { body, ..text.clone() }.file(&front));
        // In the form the body's first line is line 1.
        let mut source = source.map_err(|error| {
            let field = match &error {
                MessageError::Language => ComposedField::Language,
                MessageError::TooMany { .. } => ComposedField::Contacts,
                _ => ComposedField::Body,
            };
            at(field, error)
        })?;
        source.body_line = 1;
        Ok(source)
    }

    /// Which field an error of the whole template is about.
    fn place(&self, error: MessageError) -> CompositionError {
        let (text, error) = match error {
            MessageError::Translation { language, error } => {
                let text = self.texts.iter().position(|text| text.language == language);
                (text.unwrap_or_default(), *error)
            }
            MessageError::LanguageTwice { language } => {
                let text = self.texts.iter().rposition(|text| text.language.eq_ignore_ascii_case(&language));
                (text.unwrap_or_default(), MessageError::LanguageTwice { language })
            }
            error => (0, error),
        };
        let field = match &error {
            MessageError::NoSender | MessageError::Mailbox { .. } => ComposedField::From,
            MessageError::Language
            | MessageError::LanguageTwice { .. }
            | MessageError::LanguageDiffers { .. } => ComposedField::Language,
            MessageError::SubjectMissing
            | MessageError::Syntax { place: crate::Place::Subject, .. }
            | MessageError::UnknownFilter { place: crate::Place::Subject, .. } => ComposedField::Subject,
            MessageError::AttachmentMissing { .. }
            | MessageError::AttachmentUnnamed { .. }
            | MessageError::AttachmentTwice { .. }
            | MessageError::AttachmentName
            | MessageError::AttachmentType
            | MessageError::AttachmentsTooLarge => ComposedField::Attachments,
            _ => ComposedField::Body,
        };
        CompositionError { text, field, error }
    }
}
