//! A template and one person's fields become text with holes (see [`crate::piece`]), strictly.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Object, Value, ValueKind};
use minijinja::{Environment, Error, ErrorKind, OutputSpanKind, UndefinedBehavior, filters, tests};

use crate::error::{MessageError, Place, SealError};
use crate::limits::{BODY_OCTETS_MAX, MERGE_FUEL_MAX, SUBJECT_OCTETS_MAX, VALUES_MAX};
use crate::piece::MARK;
use crate::source::Source;

/// The field that is the person's preference page, in every message that has one: no column is needed for it.
pub const PREFERENCES_FIELD: &str = "preferences_url";

/// What stands for it in a sample.
const SAMPLE_PAGE: &str = "https://test.invalid/preferences";

const SUBJECT: &str = "subject";
const BODY: &str = "body";
/// Tells our own error from the engine's; never shown.
const EMPTY: &str = "empty";

/// The subject and body of one source, compiled.
pub(crate) struct Merge {
    engine: Environment<'static>,
    subject_fields: BTreeSet<String>,
    body_fields: BTreeSet<String>,
    body_line: usize,
}

/// A body with holes, and what goes into them.
pub(crate) struct Merged {
    pub(crate) skeleton: String,
    pub(crate) values: Vec<Printed>,
}

/// A value as the template printed it.
pub(crate) struct Printed {
    pub(crate) text: String,
    /// The expression in the body's template.
    source: Range<usize>,
    line: usize,
}

/// A person's row, as the merge needs it.
pub(crate) struct Row<'a> {
    pub(crate) number: u64,
    pub(crate) fields: &'a BTreeMap<String, String>,
    pub(crate) email: &'a str,
    pub(crate) preferences: Option<&'a str>,
}

impl Row<'_> {
    fn get(&self, field: &str) -> Option<&str> {
        match field {
            "email" => Some(self.email),
            PREFERENCES_FIELD => self.preferences,
            _ => self.fields.get(field).map(String::as_str),
        }
    }
}

/// The fields of one row in the engine's form. `Debug` prints nothing of them.
struct Fields(Vec<(String, Value)>);

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[fields]")
    }
}

impl Object for Fields {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let key = key.as_str()?;
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone())
    }
}

impl Merge {
    pub(crate) fn new(source: &Source) -> Result<Self, MessageError> {
        let mut engine = engine();
        for (place, name, text) in
            [(Place::Subject, SUBJECT, &source.subject), (Place::Body, BODY, &source.body)]
        {
            engine.add_template_owned(name, text.clone()).map_err(|error| MessageError::Syntax {
                place,
                line: line(&error, place, source.body_line),
            })?;
        }
        let fields = |name| {
            let template = engine.get_template(name).ok();
            template.map(|t| t.undeclared_variables(false).into_iter().collect()).unwrap_or_default()
        };
        let (subject_fields, body_fields) = (fields(SUBJECT), fields(BODY));
        let merge = Self { engine, subject_fields, body_fields, body_line: source.body_line };
        merge.try_out()?;
        Ok(merge)
    }

    /// Every field that is mentioned, in conditions too.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &String> {
        self.subject_fields.union(&self.body_fields)
    }

    /// Finds filters that there are not before the first person does.
    fn try_out(&self) -> Result<(), MessageError> {
        for (place, name, fields) in
            [(Place::Subject, SUBJECT, &self.subject_fields), (Place::Body, BODY, &self.body_fields)]
        {
            if let Err(error) = self.render(name, Fields(sample(fields)))
                && matches!(
                    error.kind(),
                    ErrorKind::UnknownFilter
                        | ErrorKind::UnknownTest
                        | ErrorKind::UnknownFunction
                        | ErrorKind::UnknownMethod
                )
            {
                return Err(MessageError::UnknownFilter { place, line: line(&error, place, self.body_line) });
            }
        }
        Ok(())
    }

    /// Subject and body with `x` in every field: what the template looks like. None where it does not take that
    /// (it does arithmetic on a field, say).
    pub(crate) fn sample_subject(&self) -> Option<String> {
        self.render(SUBJECT, Fields(sample(&self.subject_fields))).ok().map(|(text, _)| text)
    }

    pub(crate) fn sample_body(&self) -> Option<Merged> {
        let (text, spans) = self.render(BODY, Fields(sample(&self.body_fields))).ok()?;
        perforate(&text, &spans)
    }

    /// The subject for one person.
    pub(crate) fn subject(&self, row: &Row<'_>) -> Result<String, SealError> {
        let place = Place::Subject;
        let fields = self.select(row, &self.subject_fields, place)?;
        let (text, spans) = self.render(SUBJECT, fields).map_err(|error| self.explain(&error, row, place))?;
        // Promise 1 hangs on this: a value cannot begin a header line of its own.
        for span in spans.iter().filter(|span| span.kind() == OutputSpanKind::Expression) {
            if text[span.output_range()].chars().any(char::is_control) {
                let field = self.field_in(place, &span.source_range());
                return Err(SealError::Control { row: row.number, place, field, line: span.line() });
            }
        }
        let text = text.trim();
        if text.len() > SUBJECT_OCTETS_MAX {
            return Err(SealError::TooMuch { row: row.number, place });
        }
        if text.is_empty() {
            return Err(SealError::SubjectEmpty { row: row.number });
        }
        Ok(text.to_owned())
    }

    /// The body for one person.
    pub(crate) fn body(&self, row: &Row<'_>) -> Result<Merged, SealError> {
        let place = Place::Body;
        let fields = self.select(row, &self.body_fields, place)?;
        let (text, spans) = self.render(BODY, fields).map_err(|error| self.explain(&error, row, place))?;
        if text.len() > BODY_OCTETS_MAX {
            return Err(SealError::TooMuch { row: row.number, place });
        }
        let merged = perforate(&text, &spans).ok_or(SealError::TooMuch { row: row.number, place })?;
        for printed in &merged.values {
            if printed.text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
                let (field, line) = self.where_printed(printed);
                return Err(SealError::Control { row: row.number, place, field, line });
            }
        }
        Ok(merged)
    }

    /// The field and the line of the file of a printed value.
    pub(crate) fn where_printed(&self, printed: &Printed) -> (String, usize) {
        (self.field_in(Place::Body, &printed.source), self.body_line + printed.line.saturating_sub(1))
    }

    /// Strict: a field that is mentioned, in a condition too, is a column.
    fn select(&self, row: &Row<'_>, names: &BTreeSet<String>, place: Place) -> Result<Fields, SealError> {
        let mut fields = Vec::with_capacity(names.len());
        for name in names {
            let Some(value) = row.get(name) else {
                return Err(SealError::UnknownField { row: row.number, place, field: name.clone() });
            };
            // Spreadsheets have all three kinds of line end in their cells; a message has one.
            let value = if value.contains('\r') {
                Value::from(value.replace("\r\n", "\n").replace('\r', "\n"))
            } else {
                Value::from(value)
            };
            fields.push((name.clone(), value));
        }
        Ok(Fields(fields))
    }

    fn render(&self, name: &str, fields: Fields) -> Result<(String, Vec<minijinja::OutputSpan>), Error> {
        self.engine.get_template(name)?.render_with_spans(Value::from_object(fields))
    }

    fn explain(&self, error: &Error, row: &Row<'_>, place: Place) -> SealError {
        let (number, line) = (row.number, line(error, place, self.body_line));
        let field = || error.range().map_or_else(|| "?".to_owned(), |range| self.field_in(place, &range));
        match error.kind() {
            ErrorKind::OutOfFuel => SealError::TooMuch { row: number, place },
            ErrorKind::UndefinedError => SealError::UnknownField { row: number, place, field: field() },
            _ if error.detail() == Some(EMPTY) => {
                SealError::EmptyField { row: number, place, field: field(), line }
            }
            // The engine's own text is left out: it may quote the value.
            _ => SealError::Merge { row: number, place, line },
        }
    }

    /// The first field in an expression of the template, else the expression itself: both are the author's.
    fn field_in(&self, place: Place, range: &Range<usize>) -> String {
        let (name, fields) = match place {
            Place::Subject => (SUBJECT, &self.subject_fields),
            _ => (BODY, &self.body_fields),
        };
        let template = self.engine.get_template(name).ok();
        let text = template.as_ref().and_then(|t| t.source().get(range.clone())).unwrap_or("?");
        text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .find(|word| fields.contains(*word))
            .unwrap_or(text)
            .to_owned()
    }
}

/// The engine: no loader, no includes, no macros, no globals, a short list of filters, and a bound on its work.
fn engine() -> Environment<'static> {
    let mut engine = Environment::empty();
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    engine.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    engine.set_fuel(Some(MERGE_FUEL_MAX));
    // Only with this do errors say which expression failed. Its other effect, values in the engine's error
    // texts, goes nowhere: those texts are never used.
    engine.set_debug(true);
    engine.set_formatter(|out, _, value| {
        let text = match value.kind() {
            ValueKind::String | ValueKind::Number | ValueKind::Bool => value.to_string(),
            ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
            _ => return Err(Error::new(ErrorKind::InvalidOperation, "not text")),
        };
        if text.trim().is_empty() {
            return Err(Error::new(ErrorKind::InvalidOperation, EMPTY));
        }
        Ok(out.write_str(&text)?)
    });
    engine.add_filter("capitalize", filters::capitalize);
    engine.add_filter("default", filters::default);
    engine.add_filter("first", filters::first);
    engine.add_filter("float", filters::float);
    engine.add_filter("int", filters::int);
    engine.add_filter("join", filters::join);
    engine.add_filter("last", filters::last);
    engine.add_filter("length", filters::length);
    engine.add_filter("lower", filters::lower);
    engine.add_filter("replace", filters::replace);
    engine.add_filter("round", filters::round);
    engine.add_filter("split", filters::split);
    engine.add_filter("title", filters::title);
    engine.add_filter("trim", filters::trim);
    engine.add_filter("upper", filters::upper);
    engine.add_test("defined", tests::is_defined);
    engine.add_test("startingwith", tests::is_startingwith);
    engine.add_test("endingwith", tests::is_endingwith);
    engine.add_test("in", tests::is_in);
    engine
}

fn sample(fields: &BTreeSet<String>) -> Vec<(String, Value)> {
    // A link made of this field alone takes an address, and every author makes one.
    let value = |name: &String| if name == PREFERENCES_FIELD { SAMPLE_PAGE } else { "x" };
    fields.iter().map(|name| (name.clone(), Value::from(value(name)))).collect()
}

/// Makes a hole of everything that an expression printed. None when there are more than [`VALUES_MAX`].
fn perforate(text: &str, spans: &[minijinja::OutputSpan]) -> Option<Merged> {
    let mut skeleton = String::with_capacity(text.len());
    let mut values = Vec::new();
    for span in spans {
        let printed = &text[span.output_range()];
        if span.kind() == OutputSpanKind::Raw {
            skeleton.push_str(printed);
            continue;
        }
        if values.len() == VALUES_MAX {
            return None;
        }
        let index = values.len().to_string();
        skeleton.extend([MARK]);
        skeleton.push_str(&index);
        skeleton.push(MARK);
        values.push(Printed { text: printed.to_owned(), source: span.source_range(), line: span.line() });
    }
    Some(Merged { skeleton, values })
}

fn line(error: &Error, place: Place, body_line: usize) -> usize {
    let line = error.line().unwrap_or(1);
    if place == Place::Body { body_line + line.saturating_sub(1) } else { line }
}
