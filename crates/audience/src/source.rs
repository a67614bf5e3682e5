//! A spreadsheet of either format, known by its content.

use std::io::{Read, Seek};

use crate::csv::Csv;
use crate::csv::encoding::{Detected, Detector};
use crate::error::ImportError;
use crate::inspection::{Format, Warning};
use crate::limits::FILE_OCTETS_MAX;
use crate::octets::{FileDigest, read_through};
use crate::row::Each;
use crate::xlsx::Xlsx;

/// Enough of the beginning to tell formats apart, in octets.
const START_OCTETS: usize = 16;
/// A compound file (MS-CFB §2.2): an old workbook, or a new one with a password.
const COMPOUND: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

/// An open spreadsheet.
pub(crate) enum Source<R> {
    Csv(Csv<R>),
    Xlsx(Box<Xlsx<R>>),
}

impl<R: Read + Seek> Source<R> {
    /// Reads all of it once, for its digest and its encoding, and opens what it is.
    pub(crate) fn open(mut reader: R) -> Result<(Self, FileDigest), ImportError> {
        let mut start = Vec::new();
        let mut detector = Detector::new();
        let mut binary = false;
        let digest = read_through(&mut reader, FILE_OCTETS_MAX, |octets| {
            let missing = START_OCTETS.saturating_sub(start.len());
            start.extend(octets.iter().take(missing));
            binary = binary || is_zip(&start) || known_binary(&start).is_some();
            if !binary {
                detector.feed(octets);
            }
        })?;
        if let Some(what) = known_binary(&start) {
            return Err(ImportError::Unsupported(what));
        }
        let source = if is_zip(&start) {
            Self::Xlsx(Box::new(Xlsx::open(reader)?))
        } else {
            Self::Csv(Csv::open(reader, detector.finish())?)
        };
        Ok((source, digest))
    }

    /// Every row in its order, blank ones too.
    pub(crate) fn each_row(&mut self, each: &mut Each<'_>) -> Result<(), ImportError> {
        match self {
            Self::Csv(csv) => csv.each_row(each),
            Self::Xlsx(xlsx) => xlsx.each_row(each),
        }
    }

    pub(crate) fn format(&self) -> Format {
        match self {
            Self::Csv(csv) => Format::Csv {
                encoding: csv.encoding.encoding.name(),
                delimiter: char::from(csv.delimiter.octet),
                bom: csv.encoding.bom_octets > 0,
            },
            Self::Xlsx(xlsx) => {
                Format::Xlsx { sheet: xlsx.sheet_name().to_owned(), hidden_sheets: xlsx.hidden_sheets() }
            }
        }
    }

    /// What a person should know about the file itself.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        match self {
            Self::Csv(Csv { encoding: Detected { encoding, guess: true, .. }, .. }) => {
                vec![Warning::Encoding { encoding: encoding.name() }]
            }
            Self::Xlsx(xlsx) if xlsx.other_sheets() > 0 => {
                vec![Warning::Sheets { sheets: xlsx.other_sheets() }]
            }
            _ => Vec::new(),
        }
    }
}

/// APPNOTE §4.3.7.
fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

fn known_binary(start: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &'static str); 8] = [
        (COMPOUND, "an old Excel workbook (.xls), or one with a password"),
        (b"%PDF-", "a PDF"),
        (b"\x09\x08\x10\x00", "an old Excel workbook (.xls)"),
        (b"{\\rtf", "a text document"),
        (b"<?xml", "an XML file"),
        (b"<html", "a web page"),
        (b"<!doctype", "a web page"),
        (b"\x1F\x8B", "a compressed file"),
    ];
    let is = |magic: &[u8]| start.get(..magic.len()).is_some_and(|s| s.eq_ignore_ascii_case(magic));
    known.iter().find(|(magic, _)| is(magic)).map(|(_, what)| *what)
}
