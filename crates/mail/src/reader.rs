//! Reads a raw message (RFC 5322, MIME) and finds every address that can be seen in it or taken out of it.
//!
//! No single parser is enough: two programs read the same broken message differently, and what one overlooks
//! another shows. So a message is walked here, leniently, and read by mail-parser as well, and what either
//! finds counts. What cannot be read is said, never passed over.

use crate::headers::{self, Block, Parameters};
use crate::place::Step;
use crate::reading::{Defect, DefectKind, Header, Part, PartKind, Reading, Reason, Uninspected};
use crate::scan::Scanner;
use crate::transfer::TransferEncoding;
use crate::{Coding, FieldName, Limits, PartPath, Place, Spot, multipart, second};

/// Reads a message.
///
/// Never panics and never fails: whatever `message` is, there is a reading, and what could not be read is in its
/// `uninspected` and `defects`.
#[must_use]
pub fn read(message: &[u8], limits: &Limits) -> Reading {
    read_except(message, limits, |_| false)
}

/// Reads a message but for the entities that `known` says were inspected before: they are neither scanned nor
/// looked into, their header fields are.
#[must_use]
pub fn read_except(message: &[u8], limits: &Limits, mut known: impl FnMut(&Part) -> bool) -> Reading {
    let mut reader = Reader::new(limits, &mut known);
    let root = PartPath::default();
    if message.len() > limits.message_octets {
        reader.uninspected(&Place::new(&root, Spot::Octets), Reason::MessageTooLong);
    } else {
        reader.entity(message, &root, 0);
        second::opinion(message, &mut reader);
    }
    reader.finish()
}

/// Takes a message apart and looks for no address in it: its header fields, and its leaves with the transfer encoding
/// undone. Messages within it stay closed.
pub(crate) fn structure(message: &[u8], limits: &Limits) -> Reading {
    let unscanned = Limits { scanned_octets: 0, ..limits.clone() };
    let mut closed = |_: &Part| true;
    let mut reader = Reader::new(&unscanned, &mut closed);
    reader.entity(message, &PartPath::default(), 0);
    reader.reading
}

/// Reads one file as if it were the content of an attachment.
#[must_use]
pub fn read_file(content_type: &str, octets: &[u8], limits: &Limits) -> Reading {
    let mut known = |_: &Part| false;
    let mut reader = Reader::new(limits, &mut known);
    let root = PartPath::default();
    if octets.len() > limits.message_octets {
        reader.uninspected(&Place::new(&root, Spot::Octets), Reason::MessageTooLong);
        return reader.finish();
    }
    let parameters = headers::parameters(content_type);
    let mut part = Part {
        path: root,
        content_type: parameters.main.clone(),
        attachment: true,
        kind: PartKind::Other,
        content: octets.to_vec(),
        text: None,
    };
    reader.leaf(&mut part, &parameters, 0);
    reader.reading.parts.push(part);
    reader.finish()
}

pub(crate) struct Reader<'l> {
    pub(crate) limits: &'l Limits,
    pub(crate) reading: Reading,
    pub(crate) scanner: Scanner<'l>,
    known: &'l mut dyn FnMut(&Part) -> bool,
    entities: usize,
    pub(crate) archive_members: usize,
    pub(crate) archive_octets: usize,
}

/// The fields that say how to read an entity.
#[derive(Default)]
struct Mime {
    content_type: Parameters,
    encoding: Option<TransferEncoding>,
    attachment: bool,
    ambiguous: bool,
}

impl<'l> Reader<'l> {
    fn new(limits: &'l Limits, known: &'l mut dyn FnMut(&Part) -> bool) -> Self {
        Self {
            limits,
            reading: Reading::default(),
            scanner: Scanner::new(limits),
            known,
            entities: 0,
            archive_members: 0,
            archive_octets: limits.archive_octets,
        }
    }

    fn finish(mut self) -> Reading {
        if self.scanner.over {
            self.uninspected(&Place::new(&PartPath::default(), Spot::Octets), Reason::TooMuchText);
        }
        if let Some(place) = self.scanner.too_deep.take() {
            self.uninspected(&place, Reason::CodingsTooDeep);
        }
        self.reading.sightings = self.scanner.sightings;
        self.reading
    }

    pub(crate) fn uninspected(&mut self, place: &Place, reason: Reason) {
        self.reading.uninspected.push(Uninspected { place: place.clone(), reason });
    }

    pub(crate) fn defect(&mut self, place: &Place, kind: DefectKind) {
        self.reading.defects.push(Defect { place: place.clone(), kind });
    }

    /// One entity: header block and body.
    pub(crate) fn entity(&mut self, octets: &[u8], path: &PartPath, depth: usize) {
        self.entities += 1;
        let beyond = if self.entities > self.limits.parts {
            Some(Reason::TooManyParts)
        } else if depth > self.limits.depth {
            Some(Reason::TooDeep)
        } else {
            None
        };
        if let Some(reason) = beyond {
            let place = Place::new(path, Spot::Octets);
            // Once is enough: a thousand parts beyond the limit are one refusal.
            if !self.reading.uninspected.iter().any(|u| u.reason == reason) {
                self.uninspected(&place, reason);
            }
            self.scanner.text(&String::from_utf8_lossy(octets), &place);
            return;
        }
        let block = headers::split(octets);
        let mime = self.header_block(&block, path);
        let content_type =
            if mime.content_type.main.is_empty() { "text/plain" } else { &mime.content_type.main };
        let mut part = Part {
            path: path.clone(),
            content_type: content_type.to_owned(),
            attachment: mime.attachment,
            kind: PartKind::Other,
            content: Vec::new(),
            text: None,
        };
        let place = Place::new(path, Spot::Octets);
        if mime.ambiguous || mime.content_type.ambiguous {
            self.defect(&place, DefectKind::Ambiguous);
        }
        let encoding = mime.encoding.unwrap_or(TransferEncoding::Identity);
        let decoded = encoding.decode(block.body);
        if encoding == TransferEncoding::Unknown {
            self.uninspected(&place, Reason::TransferEncoding);
        } else if !decoded.sound {
            self.defect(&place, DefectKind::TransferEncoding);
        }
        if !decoded.sound || mime.ambiguous {
            // Somebody may read it without decoding, or decode only the part that is sound.
            self.scanner.text(&String::from_utf8_lossy(block.body), &place);
        }
        if part.content_type.starts_with("multipart/") {
            part.kind = PartKind::Multipart;
            self.reading.parts.push(part);
            if encoding != TransferEncoding::Identity {
                self.defect(&place, DefectKind::EncodedMultipart);
            }
            self.multipart(&decoded.octets, &mime.content_type, path, depth);
            return;
        }
        part.content = decoded.octets.into_owned();
        if (self.known)(&part) {
            part.kind = PartKind::Known;
            self.reading.parts.push(part);
            return;
        }
        let at = self.reading.parts.len();
        // Its place in the list comes before the entities within it.
        self.reading.parts.push(part.clone_head());
        self.leaf(&mut part, &mime.content_type, depth);
        self.reading.parts[at] = part;
    }

    fn multipart(&mut self, body: &[u8], content_type: &Parameters, path: &PartPath, depth: usize) {
        let between = Place::new(path, Spot::BetweenParts);
        let Some(boundary) = content_type.get("boundary").filter(|b| !b.is_empty()) else {
            self.defect(&between, DefectKind::NoBoundary);
            self.scanner.text(&String::from_utf8_lossy(body), &between);
            return;
        };
        let pieces = multipart::split(body, boundary.as_bytes());
        if !pieces.closed {
            self.defect(&between, DefectKind::Unclosed);
        }
        for outside in pieces.outside {
            self.scanner.text(&String::from_utf8_lossy(outside), &between);
        }
        for (number, piece) in (1..).zip(pieces.parts) {
            self.entity(piece, &path.with(Step::Part(number)), depth + 1);
        }
    }

    fn header_block(&mut self, block: &Block<'_>, path: &PartPath) -> Mime {
        let mut mime = Mime::default();
        let place = Place::new(path, Spot::HeaderBlock);
        for junk in &block.junk {
            self.defect(&place, DefectKind::NotAField);
            self.scanner.text(&headers::unfold(junk), &place);
        }
        if block.fields.len() > self.limits.fields {
            self.uninspected(&place, Reason::TooManyFields);
        }
        let mut seen = [false; 3];
        for field in &block.fields {
            let name = String::from_utf8_lossy(field.name).into_owned();
            let place = Place::new(path, Spot::Field(FieldName::of(name.trim_end())));
            // RFC 5322 §2.2: printable ASCII but the colon; `To :` is the obsolete form of §4.5.
            if !field.name.iter().all(u8::is_ascii_graphic) {
                self.defect(&place, DefectKind::FieldName);
            }
            if field.value.len() > self.limits.field_octets {
                self.uninspected(&place, Reason::FieldTooLong);
            }
            let unfolded = headers::unfold(field.value);
            let decoded = self.field(&name, &unfolded, &place);
            let which = match name.trim_end() {
                n if n.eq_ignore_ascii_case("Content-Type") => Some(0),
                n if n.eq_ignore_ascii_case("Content-Transfer-Encoding") => Some(1),
                n if n.eq_ignore_ascii_case("Content-Disposition") => Some(2),
                _ => None,
            };
            if let Some(which) = which {
                mime.ambiguous |= std::mem::replace(&mut seen[which], true);
                self.mime_field(which, &unfolded, &place, &mut mime);
            }
            let unfolded = unfolded.trim().to_owned();
            self.reading.headers.push(Header {
                part: path.clone(),
                name,
                raw: field.value.to_vec(),
                unfolded,
                decoded,
            });
        }
        mime
    }

    fn mime_field(&mut self, which: usize, value: &str, place: &Place, mime: &mut Mime) {
        if which == 1 {
            let plain = headers::without_comments(value);
            mime.encoding = Some(TransferEncoding::of(plain.as_deref().unwrap_or(value)));
            return;
        }
        let parameters = headers::parameters(value);
        if parameters.rewritten {
            let mut place = place.clone();
            place.behind.push(Coding::Parameter);
            for (_, value) in &parameters.list {
                self.scanner.text(value, &place);
            }
        }
        if which == 0 {
            mime.content_type = parameters;
        } else {
            mime.attachment = parameters.main == "attachment";
            mime.ambiguous |= parameters.ambiguous;
        }
    }

    /// Scans a field as it stands, decoded, and in the ways that a lenient parser reads it.
    fn field(&mut self, name: &str, unfolded: &str, place: &Place) -> Option<String> {
        let words = headers::encoded_words(unfolded);
        let outside = words.as_ref().map_or(unfolded, |w| w.outside.as_str());
        self.scanner.text(outside, place);
        if name.contains(['@', '%', '&', '=']) {
            self.scanner.text(name, place);
        }
        let behind = |coding| {
            let mut place = place.clone();
            place.behind.push(coding);
            place
        };
        let mut forms = vec![unfolded];
        if let Some(words) = &words {
            if words.unreadable {
                self.defect(place, DefectKind::EncodedWord);
            }
            self.scanner.text(&words.decoded, &behind(Coding::EncodedWord));
            forms = vec![outside, &words.decoded];
        }
        for form in forms {
            if let Some(plain) = headers::without_comments(form) {
                self.scanner.text(&plain, &behind(Coding::Comment));
            }
            if form.contains('\\') {
                self.scanner.text(&form.replace('\\', ""), &behind(Coding::Backslash));
            }
        }
        words.map(|w| w.decoded)
    }
}
