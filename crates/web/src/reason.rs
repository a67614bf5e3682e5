//! Reasons that somebody types for an act about one person.

use crate::form::Form;
use crate::parts::{Errors, Textarea};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// The reason of a form; what is wrong with it is added to the errors. It stays when the person is gone, or is read by others:
/// so it holds no address.
pub(crate) fn reason(form: &Form, field: &'static str, errors: &mut Errors) -> String {
    let text = form.text(field).replace("\r\n", "\n");
    if text.is_empty() {
        errors.add(field, "Enter a reason, such as the number of the request");
    } else if text.contains('@') {
        errors.add(field, "Enter the reason without an e-mail address: it is kept in the ledger");
    } else if text.chars().count() > REASON_CHARS_MAX {
        errors.add(field, format!("Enter the reason in no more than {REASON_CHARS_MAX} characters"));
    }
    text
}

/// The field for it.
pub(crate) fn reason_field(
    field: &'static str,
    label: &'static str,
    value: &str,
    errors: &Errors,
) -> Textarea {
    Textarea {
        id: field,
        label,
        hint: "It is entered in the ledger. Name the request or the case, not the person",
        value: value.to_owned(),
        error: errors.of(field),
        rows: 2,
        bold: false,
    }
}
