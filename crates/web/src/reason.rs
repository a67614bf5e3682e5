//! Reasons that somebody types for an act about one person.

use crate::form::Form;
use crate::parts::{Errors, Textarea};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// What is wrong with a reason, if anything is. It stays when the person is gone, or is read by others: so it holds no address.
pub(crate) fn fault_of_reason(text: &str) -> Option<String> {
    if text.is_empty() {
        Some("Enter a reason, such as the number of the request".to_owned())
    } else if text.contains('@') {
        Some("Enter the reason without an e-mail address: it is kept in the ledger".to_owned())
    } else if text.chars().count() > REASON_CHARS_MAX {
        Some(format!("Enter the reason in no more than {REASON_CHARS_MAX} characters"))
    } else {
        None
    }
}

/// The reason of a form; what is wrong with it is added to the errors.
pub(crate) fn reason(form: &Form, field: &'static str, errors: &mut Errors) -> String {
    let text = form.text(field).replace("\r\n", "\n");
    if let Some(fault) = fault_of_reason(&text) {
        errors.add(field, fault);
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
