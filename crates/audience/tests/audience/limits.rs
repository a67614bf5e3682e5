//! Each limit, at it and one past it. The limits of records, cells and repeated rows are tested beside the code.

use std::io::{self, Read, Seek, SeekFrom};

use audience::{
    COLUMNS_MAX, HEADING_CHARS_MAX, ImportError, ROWS_MAX, Spreadsheet, XLSX_FORMATS_MAX,
    XLSX_PART_OCTETS_MAX, XLSX_PARTS_MAX, XLSX_SHEET_OCTETS_MAX, XLSX_SHEETS_MAX, XLSX_STRINGS_MAX,
    XLSX_STRINGS_OCTETS_MAX, inspect,
};

use crate::workbook::{Sheet, packed, styled, zipped};
use crate::{import, options};

fn code(octets: &[u8]) -> Option<&'static str> {
    import(octets, &options()).err().map(|error| error.code())
}

#[test]
fn columns_and_headings() {
    let sheet = |columns: usize, heading: usize| {
        let others: String = (1..columns).map(|n| format!(",c{n}")).collect();
        format!("email{others},{}\na@x.test\n", "h".repeat(heading))
    };
    assert_eq!(code(sheet(COLUMNS_MAX - 1, HEADING_CHARS_MAX).as_bytes()), None);
    assert_eq!(code(sheet(COLUMNS_MAX, 1).as_bytes()), Some("too_many_columns"));
    assert_eq!(code(sheet(2, HEADING_CHARS_MAX + 1).as_bytes()), Some("heading"));
    let formatted = format!("email,name{}\na@x.test,Ann\n", ",".repeat(16_000));
    assert_eq!(code(formatted.as_bytes()), None);
}

/// A file whose rows are made up as they are read, so that a large one costs no memory.
struct Endless {
    line: &'static [u8],
    lines: u64,
}

struct EndlessReader {
    line: &'static [u8],
    octets: u64,
    at: u64,
}

impl Spreadsheet for Endless {
    type Reader = EndlessReader;

    fn open(&self) -> io::Result<EndlessReader> {
        Ok(EndlessReader { line: self.line, octets: self.lines * self.line.len() as u64, at: 0 })
    }
}

impl Read for EndlessReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.line.len() as u64;
        let mut written = 0;
        while written < into.len() && self.at < self.octets {
            let start = (self.at % length) as usize;
            let count = (into.len() - written).min(self.line.len() - start);
            into[written..written + count].copy_from_slice(&self.line[start..start + count]);
            written += count;
            self.at += count as u64;
        }
        Ok(written)
    }
}

impl Seek for EndlessReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { return Err(io::Error::other("not needed")) };
        self.at = at;
        Ok(at)
    }
}

#[test]
fn rows() {
    // The first line is the headings; no other is an address, so none is kept.
    let rows = |lines| inspect(&Endless { line: b"email\n", lines }, &options(), &mut |_| {});
    assert_eq!(rows(ROWS_MAX + 1).unwrap().rows, ROWS_MAX);
    assert!(matches!(rows(ROWS_MAX + 2), Err(ImportError::TooManyRows)));
}

const ROWS: &str = r#"<row><c t="inlineStr"><is><t>email</t></is></c></row>
    <row><c t="inlineStr"><is><t>a@x.test</t></is></c></row>"#;

#[test]
fn sheets() {
    let with = |count: usize| {
        let sheets: Vec<Sheet<'_>> =
            (0..count).map(|n| Sheet { name: "S", rows: if n == 0 { ROWS } else { "" } }).collect();
        code(&packed(&sheets, None))
    };
    assert_eq!(with(XLSX_SHEETS_MAX), None);
    assert_eq!(with(XLSX_SHEETS_MAX + 1), Some("too_many_parts"));
}

#[test]
fn parts() {
    let with = |count: usize| {
        let parts: Vec<(String, Vec<u8>)> = (0..count).map(|n| (format!("p{n}"), Vec::new())).collect();
        code(&zipped(&parts))
    };
    assert_eq!(with(XLSX_PARTS_MAX), Some("unsupported_format"));
    assert_eq!(with(XLSX_PARTS_MAX + 1), Some("too_many_parts"));
}

#[test]
fn shared_strings() {
    let with = |strings: &[u8]| code(&packed(&[Sheet { name: "S", rows: ROWS }], Some(strings)));
    let count = |count: usize| [b"<sst>".to_vec(), b"<si/>".repeat(count), b"</sst>".to_vec()].concat();
    assert_eq!(with(&count(XLSX_STRINGS_MAX)), None);
    assert_eq!(with(&count(XLSX_STRINGS_MAX + 1)), Some("too_many_parts"));
    let long = |octets: u64| {
        let comment = b"<!--                        -->".repeat(2_200_000);
        let mut xml = [b"<sst>".to_vec(), comment].concat();
        xml.truncate(octets as usize - 6);
        let end = xml.len() - (xml.len() - 5) % 31;
        xml[end..].fill(b' ');
        xml.extend(b"</sst>");
        xml
    };
    assert_eq!(with(&long(XLSX_STRINGS_OCTETS_MAX)), None);
    assert_eq!(with(&long(XLSX_STRINGS_OCTETS_MAX + 1)), Some("too_large"));
    // One string without end is stopped long before: no event is longer than a row.
    let endless = [b"<sst><si><t>".to_vec(), vec![b'a'; 2 << 20], b"</t></si></sst>".to_vec()].concat();
    assert_eq!(with(&endless), Some("too_large"));
    // A count that is only claimed reserves nothing.
    assert_eq!(with(b"<sst uniqueCount=\"99999999999999\" count=\"99999999999999\"></sst>"), None);
    assert_eq!(with("<a>".repeat(65).as_bytes()), Some("damaged"));
}

#[test]
fn a_zip_bomb() {
    const OCTETS: u32 = 4 << 20;
    let blanks = " ".repeat(OCTETS as usize);
    let octets = packed(&[Sheet { name: "S", rows: &blanks }], None);
    assert_eq!(code(&octets), Some("too_large"), "one event without end");
    // The sizes in the directory and before the part, as they are and as somebody would like them to be.
    let length = u32::try_from("<worksheet><sheetData></sheetData></worksheet>".len()).unwrap() + OCTETS;
    let claiming = |size: u32| {
        let mut octets = octets.clone();
        for at in 0..octets.len() - 4 {
            if octets[at..at + 4] == length.to_le_bytes() {
                octets[at..at + 4].copy_from_slice(&size.to_le_bytes());
            }
        }
        octets
    };
    let most = u32::try_from(XLSX_SHEET_OCTETS_MAX).unwrap();
    assert_ne!(claiming(most + 1), octets);
    assert_eq!(code(&claiming(most + 1)), Some("too_large"));
    // What is said to be small is counted as it comes out.
    assert!(matches!(code(&claiming(16)), Some("too_large" | "damaged")));
}

#[test]
fn other_parts() {
    let with = |octets: u64| {
        let mut xml = b"<Relationships>".to_vec();
        xml.resize(octets as usize, b' ');
        code(&zipped(&[("_rels/.rels".to_owned(), xml)]))
    };
    assert_eq!(with(XLSX_PART_OCTETS_MAX + 1), Some("too_large"));
    assert_eq!(with(1000), Some("damaged"));
}

#[test]
fn cell_formats() {
    let with = |count: usize| {
        let styles = format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(count));
        code(&styled(&[Sheet { name: "S", rows: ROWS }], None, Some(styles.as_bytes())))
    };
    assert_eq!(with(XLSX_FORMATS_MAX), None);
    assert_eq!(with(XLSX_FORMATS_MAX + 1), Some("too_many_parts"));
}
