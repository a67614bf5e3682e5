//! What separates the cells of a text file.

use std::ops::ControlFlow;

use crate::columns;
use crate::csv::records::Records;
use crate::error::ImportError;
use crate::row::Row;

/// What is tried, the likeliest first.
const CANDIDATES: [u8; 9] = *b",;\t|^:~#!";
/// How many records are compared.
const RECORDS_MAX: usize = 100;

/// The delimiter, and whether the first line is `sep=` and no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delimiter {
    pub(crate) octet: u8,
    pub(crate) sep_line: bool,
}

/// Finds the delimiter from the beginning of the text; `whole` if that is all of it.
pub(crate) fn find(start: &str, whole: bool) -> Result<Delimiter, ImportError> {
    if let Some(octet) = sep_line(start)? {
        return Ok(Delimiter { octet, sep_line: true });
    }
    let best = CANDIDATES
        .iter()
        .enumerate()
        .map(|(place, octet)| (score(*octet, start, whole), std::cmp::Reverse(place), *octet))
        .max();
    match best {
        Some((score, _, octet)) if score.is_some() => Ok(Delimiter { octet, sep_line: false }),
        // One column needs no delimiter.
        _ => Ok(Delimiter { octet: b',', sep_line: false }),
    }
}

/// `sep=;` as a first line, which Excel writes and obeys.
fn sep_line(start: &str) -> Result<Option<u8>, ImportError> {
    let line = start.split(['\r', '\n']).next().unwrap_or_default();
    let line = line.strip_prefix('"').and_then(|l| l.strip_suffix('"')).unwrap_or(line);
    let Some((key, value)) = line.split_at_checked(4) else { return Ok(None) };
    if !key.eq_ignore_ascii_case("sep=") {
        return Ok(None);
    }
    match value.as_bytes() {
        [octet] if octet.is_ascii_punctuation() && *octet != b'"' || matches!(octet, b'\t' | b' ') => {
            Ok(Some(*octet))
        }
        _ => Err(ImportError::Separator),
    }
}

/// How well a delimiter explains the text: in how many of a thousand records it gives as many cells as there
/// are headings, whether one heading then is that of an address, and how many cells. None: it is not there.
fn score(delimiter: u8, start: &str, whole: bool) -> Option<(usize, bool, usize)> {
    let mut records = Records::new(delimiter, false);
    let mut headings = 0;
    let (mut rows, mut equal, mut address) = (0, 0, false);
    let mut each = |row: &Row| {
        if row.is_blank() {
            return Ok(ControlFlow::Continue(()));
        }
        if headings == 0 {
            headings = row.len();
            address = (0..row.len()).any(|i| columns::is_email_heading(row.cell(i)));
        } else {
            rows += 1;
            equal += usize::from(row.len() == headings && row.faults().is_empty());
        }
        Ok(if rows < RECORDS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    };
    // A quotation mark that only this delimiter leaves open, or a record without end, speaks against it.
    let flow = records.feed(start, &mut each).ok()?;
    if whole && flow.is_continue() {
        let _ = records.finish(&mut each).ok()?;
    }
    (headings > 1).then(|| ((equal * 1000).checked_div(rows).unwrap_or(1000), address, headings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters() {
        for (text, octet, sep_line) in [
            ("email,name\na@x.test,Ann\n", b',', false),
            ("email;name\na@x.test;Smith, Ann\n", b';', false),
            ("email\tname\na@x.test\tAnn, Bob\n", b'\t', false),
            ("email|at\na@x.test|12:30:00\n", b'|', false),
            ("email^name\na@x.test^Ann\n", b'^', false),
            ("email:name\na@x.test:Ann\n", b':', false),
            ("email\na@x.test\n", b',', false),
            ("sep=;\nemail;a,b\n", b';', true),
            ("\"SEP=|\"\r\nemail|a,b\n", b'|', true),
            ("sep=\t\nemail\n", b'\t', true),
            ("email,note\na@x.test,\"a;b;c\nd;e\"\n", b',', false),
            ("email,a:b\na@x.test,c:d\n", b',', false),
            ("", b',', false),
        ] {
            assert_eq!(find(text, true).unwrap(), Delimiter { octet, sep_line }, "{text}");
        }
        for text in ["sep=\nemail\n", "sep=a\nemail\n", "sep=§\n", "sep=;;\n", "sep=\"\n"] {
            assert!(matches!(find(text, true), Err(ImportError::Separator)), "{text}");
        }
    }
}
