//! The body of a request, field by field. What is wrong is said by our own names: never by what was sent.

use serde_json::{Map, Value};

use crate::api::problem::{Kind, Problem};

/// A JSON object of which every member is known.
pub(super) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// A member that is misspelt is refused: it would be ignored otherwise.
    pub(super) fn of(body: &'a Value, known: &[&str]) -> Result<Self, Problem> {
        let members = body.as_object().filter(|all| all.keys().all(|name| known.contains(&name.as_str())));
        members.map(Self).ok_or_else(|| {
            let detail = format!(
                "Send an object with these members alone: {}. Nothing was changed.",
                known.join(", ")
            );
            Problem::new(Kind::Malformed, detail)
        })
    }

    /// A text, which is there.
    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, Problem> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| Problem::invalid(name, "A text, and it is needed."))
    }

    /// A text; nothing where it is null or not there.
    pub(super) fn text_or_none(&self, name: &'static str) -> Result<Option<&'a str>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(|| Problem::invalid(name, "A text, or null.")),
        }
    }

    /// Texts; none where it is not there.
    pub(super) fn texts(&self, name: &'static str) -> Result<Vec<String>, Problem> {
        let Some(value) = self.0.get(name) else { return Ok(Vec::new()) };
        let all =
            value.as_array().and_then(|all| all.iter().map(|one| Some(one.as_str()?.to_owned())).collect());
        all.ok_or_else(|| Problem::invalid(name, "A list of texts."))
    }

    /// Whatever it is; nothing where it is not there.
    pub(super) fn value(&self, name: &'static str) -> Option<&'a Value> {
        self.0.get(name)
    }
}
