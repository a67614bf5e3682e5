//! The ZIP package of a workbook (ISO/IEC 29500-2), and XML out of it within bounds.
//!
//! What the package says of sizes and counts is its own claim: what comes out is counted instead, so that
//! neither a ZIP bomb nor an endless tag costs more memory than the limits allow.

use std::io::{self, BufRead, BufReader, Read, Seek};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use crate::error::ImportError;
use crate::limits::{RECORD_OCTETS_MAX, XLSX_PARTS_MAX};

/// How deep elements may lie in one another; a sheet needs seven.
const XML_DEPTH_MAX: usize = 64;

/// The open package.
pub(crate) struct Package<R> {
    archive: ZipArchive<R>,
    /// Lower-case names with `/`: some writers use `\`, and part names are compared without case
    /// (ISO/IEC 29500-2 §7.2.3.5).
    names: Vec<(String, usize)>,
}

impl<R: Read + Seek> Package<R> {
    pub(crate) fn open(reader: R) -> Result<Self, ImportError> {
        let archive = ZipArchive::new(reader).map_err(|error| zip_error(error, "its directory"))?;
        if archive.len() > XLSX_PARTS_MAX {
            return Err(ImportError::TooManyParts { what: "parts", max: XLSX_PARTS_MAX });
        }
        let mut names = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            if let Some(Ok(name)) = archive.name_for_index(index) {
                names.push((normal(&name), index));
            }
        }
        names.sort_unstable();
        Ok(Self { archive, names })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.index(name).is_some()
    }

    fn index(&self, name: &str) -> Option<usize> {
        let name = normal(name);
        let place = self.names.binary_search_by(|(n, _)| n.as_str().cmp(&name)).ok()?;
        Some(self.names[place].1)
    }

    /// A part as XML. `octets_max` bounds what the directory says and what comes out.
    pub(crate) fn xml(
        &mut self,
        name: &str,
        part: &'static str,
        octets_max: u64,
    ) -> Result<Xml<'_, R>, ImportError> {
        let index = self.index(name).ok_or(ImportError::Damaged(part))?;
        let file = self.archive.by_index(index).map_err(|error| zip_error(error, part))?;
        if file.size() > octets_max {
            return Err(ImportError::PartTooLarge { part, octets_max });
        }
        let bounded = Bounded {
            inner: BufReader::with_capacity(16 << 10, file),
            octets_left: octets_max,
            event_left: RECORD_OCTETS_MAX,
            exceeded: false,
        };
        let mut reader = Reader::from_reader(bounded);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = false;
        Ok(Xml { reader, buffer: Vec::new(), part, octets_max, depth: 0 })
    }
}

fn normal(name: &str) -> String {
    name.trim_start_matches('/').replace('\\', "/").to_lowercase()
}

fn zip_error(error: ZipError, part: &'static str) -> ImportError {
    match error {
        // The archive's own wording may hold a part's name and is left out.
        ZipError::Io(error) if error.kind() != io::ErrorKind::InvalidData => ImportError::Read(error),
        _ => ImportError::Damaged(part),
    }
}

/// XML of one part, event by event.
pub(crate) struct Xml<'a, R: Read> {
    reader: Reader<Bounded<BufReader<ZipFile<'a, R>>>>,
    buffer: Vec<u8>,
    part: &'static str,
    octets_max: u64,
    depth: usize,
}

impl<R: Read> Xml<'_, R> {
    /// The next event. The end of the part is an error: whoever reads stops at an element's end before it.
    pub(crate) fn next(&mut self) -> Result<Event<'_>, ImportError> {
        self.buffer.clear();
        self.reader.get_mut().event_left = RECORD_OCTETS_MAX;
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(_) if self.reader.get_ref().exceeded => {
                return Err(ImportError::PartTooLarge { part: self.part, octets_max: self.octets_max });
            }
            Err(_) => return Err(ImportError::Damaged(self.part)),
        };
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::Eof => return Err(ImportError::Damaged(self.part)),
            _ => {}
        }
        if self.depth > XML_DEPTH_MAX {
            return Err(ImportError::Damaged(self.part));
        }
        Ok(event)
    }

    pub(crate) fn damaged(&self) -> ImportError {
        ImportError::Damaged(self.part)
    }
}

/// The value of an attribute by its local name (`r:id` is `id`), its references resolved.
pub(crate) fn attribute(element: &BytesStart<'_>, local_name: &str) -> Option<String> {
    element
        .attributes()
        .with_checks(false)
        .flatten()
        .find(|a| a.key.local_name().as_ref() == local_name)
        .and_then(|a| a.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok())
        .map(std::borrow::Cow::into_owned)
}

/// A boolean of XML Schema.
pub(crate) fn is_true(value: Option<&str>) -> bool {
    matches!(value, Some("1" | "true"))
}

/// `&amp;` and `&#xE9;`; a workbook may define no entities of its own.
pub(crate) fn reference(reference: &BytesRef<'_>, into: &mut String) -> Option<()> {
    let c = match &**reference {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => reference.resolve_char_ref().ok()??,
    };
    into.push(c);
    Some(())
}

/// Counts what is read: in all, and since the last event.
pub(crate) struct Bounded<B> {
    inner: B,
    octets_left: u64,
    event_left: usize,
    exceeded: bool,
}

impl<B: BufRead> Read for Bounded<B> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl<B: BufRead> BufRead for Bounded<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let available = self.inner.fill_buf()?;
        if !available.is_empty() && (self.octets_left == 0 || self.event_left == 0) {
            self.exceeded = true;
            return Err(io::Error::other("more than may be unpacked"));
        }
        let most = usize::try_from(self.octets_left).unwrap_or(usize::MAX).min(self.event_left);
        Ok(&available[..available.len().min(most)])
    }

    fn consume(&mut self, octets: usize) {
        self.octets_left = self.octets_left.saturating_sub(u64::try_from(octets).unwrap_or(u64::MAX));
        self.event_left = self.event_left.saturating_sub(octets);
        self.inner.consume(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_is_counted() {
        let bounded = |octets_left, event_left| Bounded {
            inner: &b"12345678"[..],
            octets_left,
            event_left,
            exceeded: false,
        };
        let mut all = String::new();
        assert!(bounded(8, 8).read_to_string(&mut all).is_ok());
        assert!(bounded(7, 8).read_to_string(&mut all).is_err());
        assert!(bounded(8, 7).read_to_string(&mut all).is_err());
    }
}
