//! The second opinion: mail-parser reads the same message, and what it sees and the walk did not counts too.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mail_parser::{Address as Parsed, HeaderValue, Message, MessageParser, PartType};

use crate::html;
use crate::reader::Reader;
use crate::reading::{PartKind, Reason};
use crate::{Address, FieldName, PartPath, Place, Spot};

/// Marks of messages within messages that a message may have. mail-parser nests its results as deeply as the
/// message is nested, and a stack that overflows ends the program: no panic, nothing to catch.
const NESTING_MARKS_MAX: usize = 400;
/// Shorter messages cannot nest that deeply: a level takes more than 40 octets.
const NESTING_OCTETS_MIN: usize = 40 * NESTING_MARKS_MAX;

/// Reads the message again.
pub(crate) fn opinion(message: &[u8], reader: &mut Reader<'_>) {
    let root = PartPath::default();
    let place = Place::new(&root, Spot::SecondParser);
    if message.len() >= NESTING_OCTETS_MIN && nesting_marks(message) > NESTING_MARKS_MAX {
        reader.uninspected(&place, Reason::TooDeep);
        reader.scanner.text(&String::from_utf8_lossy(message), &place);
        return;
    }
    // mail-parser has panicked on input (its issues 145 and 155): a panic is a finding, not the end of the program.
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let parsed = MessageParser::default().parse(message);
        parsed.map(|m| Opinion::of(&m, reader))
    }));
    match outcome {
        Ok(Some(opinion)) => opinion.into_reader(reader),
        Ok(None) => reader.uninspected(&place, Reason::ParserRefused),
        Err(_) => {
            reader.uninspected(&place, Reason::ParserFailed);
            reader.scanner.text(&String::from_utf8_lossy(message), &place);
        }
    }
}

/// How often `message/` or `multipart/digest` (RFC 2046 §5.1.5: its parts are messages by default) can stand there.
fn nesting_marks(message: &[u8]) -> usize {
    let marks = |mark: &[u8]| message.windows(mark.len()).filter(|w| w.eq_ignore_ascii_case(mark)).count();
    marks(b"message") + marks(b"digest")
}

/// What the second parser saw, as far as the first did not.
#[derive(Default)]
struct Opinion {
    fields: Vec<(FieldName, String)>,
    texts: Vec<(bool, String)>,
    binaries: Vec<Vec<u8>>,
}

impl Opinion {
    fn of(message: &Message<'_>, reader: &Reader<'_>) -> Self {
        let mut opinion = Self::default();
        opinion.message(message, reader);
        opinion
    }

    fn message(&mut self, message: &Message<'_>, reader: &Reader<'_>) {
        for part in &message.parts {
            for header in &part.headers {
                let name = FieldName::of(header.name.as_str());
                self.value(name, &header.value);
            }
            match &part.body {
                PartType::Text(text) => self.text(false, text, reader),
                PartType::Html(text) => self.text(true, text, reader),
                PartType::Binary(octets) | PartType::InlineBinary(octets) => {
                    if !reader.reading.parts.iter().any(|p| same(&p.content, octets)) {
                        self.binaries.push(octets.to_vec());
                    }
                }
                PartType::Message(inner) => self.message(inner, reader),
                PartType::Multipart(_) => {}
            }
        }
    }

    fn text(&mut self, html: bool, text: &str, reader: &Reader<'_>) {
        let seen = reader.reading.parts.iter().any(|p| {
            let as_html = p.kind == PartKind::Html || p.kind == PartKind::Known;
            (as_html || !html) && same(p.text.as_ref().map_or(&p.content, |t| t.as_bytes()), text.as_bytes())
        });
        if !seen {
            self.texts.push((html, text.to_owned()));
        }
    }

    fn value(&mut self, name: FieldName, value: &HeaderValue<'_>) {
        let mut push = |text: &str| {
            if text.contains('@') || !text.is_ascii() {
                self.fields.push((name, text.to_owned()));
            }
        };
        match value {
            HeaderValue::Text(text) => push(text),
            HeaderValue::TextList(texts) => texts.iter().for_each(|t| push(t)),
            HeaderValue::ContentType(content) => {
                for attribute in content.attributes.iter().flatten() {
                    push(&attribute.value);
                }
            }
            HeaderValue::Address(list) => {
                if let Parsed::Group(groups) = list {
                    groups.iter().filter_map(|g| g.name.as_deref()).for_each(&mut push);
                }
                for one in list.iter() {
                    one.name.as_deref().into_iter().chain(one.address.as_deref()).for_each(&mut push);
                }
            }
            HeaderValue::DateTime(_) | HeaderValue::Received(_) | HeaderValue::Empty => {}
        }
    }

    fn into_reader(self, reader: &mut Reader<'_>) {
        let root = PartPath::default();
        for (name, text) in self.fields {
            let place = Place::new(&root, Spot::Field(name));
            match Address::parse(&text) {
                Ok(address) => reader.scanner.address(address, &place),
                Err(_) => reader.scanner.text(&text, &place),
            }
        }
        let place = Place::new(&root, Spot::SecondParser);
        for (as_html, text) in self.texts {
            if as_html {
                let views = html::html(&text);
                for view in [&views.text, &views.tags, &views.comments] {
                    reader.scanner.text(view, &place);
                }
            } else {
                reader.scanner.text(&text, &place);
            }
        }
        for octets in self.binaries {
            reader.scanner.octets(&octets, &place);
        }
    }
}

/// Octets of line ends by which two parsers may differ about where a part ends.
const LINE_ENDS_OCTETS_MAX: usize = 4;

/// The same but for line ends at the end, which belong to the delimiter for one parser and not for the other.
fn same(ours: &[u8], theirs: &[u8]) -> bool {
    let (short, long) = if ours.len() < theirs.len() { (ours, theirs) } else { (theirs, ours) };
    long.len() - short.len() <= LINE_ENDS_OCTETS_MAX
        && long.strip_prefix(short).is_some_and(|rest| rest.iter().all(|b| matches!(b, b'\r' | b'\n')))
}
