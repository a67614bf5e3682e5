//! A form that was sent: its fields, bounded.

use std::fmt;

/// Octets of a form without a file.
pub(crate) const FORM_OCTETS_MAX: usize = 64 * 1024;
/// Octets of a form in which somebody writes a message: some 100,000 letters, as browsers send them.
pub(crate) const TEXT_FORM_OCTETS_MAX: usize = 512 * 1024;
/// Fields of a form.
const FIELDS_MAX: usize = 200;
/// The hidden field with the form token.
pub(crate) const TOKEN_FIELD: &str = "form";

/// The fields of a form, in order. It can hold passwords: it says nothing of itself.
#[derive(Clone, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads `application/x-www-form-urlencoded`. Nothing when there are more than [`FIELDS_MAX`] fields.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(body).into_owned().take(FIELDS_MAX + 1).collect();
        (fields.len() <= FIELDS_MAX).then_some(Self(fields))
    }

    /// A field's text; nothing for one that was not sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, text)| text.as_str())
    }

    /// A field's text without blanks around it; empty for one that was not sent.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// Every text of a field that can be sent more than once: boxes that were ticked.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, text)| text.as_str())
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[form of {} fields]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_bounded() {
        let form = Form::read(b"a=1+2&b=%26&a=%C3%A4&c=+x+").unwrap();
        assert_eq!(
            (form.get("a"), form.get("b"), form.text("c"), form.text("d")),
            (Some("1 2"), Some("&"), "x", "")
        );
        assert_eq!(form.all("a").collect::<Vec<_>>(), ["1 2", "ä"]);
        assert!(Form::read("a=1&".repeat(FIELDS_MAX).as_bytes()).is_some());
        assert!(Form::read("a=1&".repeat(FIELDS_MAX + 1).as_bytes()).is_none());
        assert_eq!(format!("{form:?}"), "[form of 4 fields]");
    }
}
