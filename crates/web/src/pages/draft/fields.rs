//! What is wrong with a message, beside the field that it is about.

use message::{ComposedField, CompositionError, MessageError};

use crate::parts::Errors;

/// The field's name in the form.
pub(crate) const fn field(of: ComposedField) -> &'static str {
    match of {
        ComposedField::From => "from",
        ComposedField::ReplyTo => "reply_to",
        ComposedField::Contacts => "contacts",
        ComposedField::Language => "language",
        ComposedField::Subject => "subject",
        ComposedField::Body | ComposedField::Attachments => "body",
    }
}

/// What somebody can do about it.
pub(crate) fn words(error: &CompositionError) -> String {
    let text = match &error.error {
        MessageError::NoSender => "Enter a sender: there is none in the settings".to_owned(),
        MessageError::SubjectMissing => "Enter a subject".to_owned(),
        MessageError::Mailbox { reason, .. } => {
            format!("Enter an address like name@example.org, or Name <name@example.org>: {reason}")
        }
        MessageError::LanguageTwice { .. } => "There is a text in this language already".to_owned(),
        MessageError::Language => "Enter a language tag such as cy or en-GB".to_owned(),
        MessageError::UnknownFields { fields } => {
            format!("The spreadsheet has no column for: {}", fields.join(", "))
        }
        error => error.to_string(),
    };
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The error, if it is about this text.
pub(crate) fn errors_of(fault: Option<&CompositionError>, text: usize) -> Errors {
    let mut errors = Errors::default();
    if let Some(fault) = fault.filter(|fault| fault.text == text) {
        errors.add(field(fault.field), words(fault));
    }
    errors
}
