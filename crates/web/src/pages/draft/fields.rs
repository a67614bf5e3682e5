//! What is wrong with a message, beside the field that it is about.

use message::ComposedField;

use crate::drafting::Fault;
use crate::parts::Errors;

/// The field's name in the form.
const fn field(of: ComposedField) -> &'static str {
    match of {
        ComposedField::From => "from",
        ComposedField::ReplyTo => "reply_to",
        ComposedField::Contacts => "contacts",
        ComposedField::Language => "language",
        ComposedField::Subject => "subject",
        ComposedField::Body | ComposedField::Attachments => "body",
    }
}

/// The fault, if it is of this text.
pub(crate) fn errors_of(fault: Option<&Fault>, text: usize) -> Errors {
    let mut errors = Errors::default();
    if let Some(fault) = fault.filter(|fault| fault.text == text) {
        errors.add(field(fault.field), fault.words.as_str());
    }
    errors
}
