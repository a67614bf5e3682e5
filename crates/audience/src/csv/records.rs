//! RFC 4180 records out of text that comes in pieces.

use std::ops::ControlFlow;

use crate::error::ImportError;
use crate::limits::RECORD_OCTETS_MAX;
use crate::problem::Reason;
use crate::row::{Each, Row};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a cell.
    Cell,
    /// In a cell without quotation marks; one inside it is an ordinary character.
    Plain,
    /// Between quotation marks.
    Quoted,
    /// Behind a quotation mark in a quoted cell: the end, or the first of two (RFC 4180 §2.7).
    Quote,
}

/// Cuts text into records. Lines end with LF, CRLF or CR; a blank line is a row, as in a spreadsheet program.
pub(crate) struct Records {
    delimiter: u8,
    state: State,
    after_cr: bool,
    /// The first line is `sep=`, which spreadsheet programs obey and do not show.
    skip_line: bool,
    quote_row: u64,
    row: Row,
}

impl Records {
    pub(crate) fn new(delimiter: u8, skip_line: bool) -> Self {
        let row = Row::numbered(1);
        Self { delimiter, state: State::Cell, after_cr: false, skip_line, quote_row: 1, row }
    }

    /// The number of the row that is being read.
    pub(crate) fn row_number(&self) -> u64 {
        self.row.number
    }

    pub(crate) fn feed(&mut self, text: &str, each: &mut Each<'_>) -> Result<ControlFlow<()>, ImportError> {
        let octets = text.as_bytes();
        let mut at = 0;
        while at < octets.len() {
            let start = at;
            // What is special is ASCII, so a cut there never splits a character.
            match self.state {
                State::Quoted => {
                    while at < octets.len() && octets[at] != b'"' {
                        at += 1;
                    }
                }
                _ => {
                    while at < octets.len() && !self.is_special(octets[at]) {
                        at += 1;
                    }
                }
            }
            if at > start {
                self.plain(&text[start..at])?;
            }
            if at < octets.len() {
                if self.special(octets[at], each)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                at += 1;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The end of the text ends the last record, with or without a line end (RFC 4180 §2.2).
    pub(crate) fn finish(&mut self, each: &mut Each<'_>) -> Result<ControlFlow<()>, ImportError> {
        match self.state {
            State::Quoted => Err(ImportError::UnclosedQuote { row: self.quote_row }),
            State::Cell if self.row.len() == 0 => Ok(ControlFlow::Continue(())),
            _ => self.end_record(each),
        }
    }

    fn is_special(&self, octet: u8) -> bool {
        octet == self.delimiter || matches!(octet, b'"' | b'\n' | b'\r')
    }

    fn plain(&mut self, text: &str) -> Result<(), ImportError> {
        self.after_cr = false;
        match self.state {
            State::Cell => self.state = State::Plain,
            State::Quote => {
                // RFC 4180 §2.5 ends the cell here. White space is harmless; with anything else it is a guess.
                if text.chars().any(|c| !c.is_whitespace()) {
                    self.row.fault(Reason::Quote);
                }
                self.state = State::Plain;
            }
            State::Plain | State::Quoted => {}
        }
        if self.row.octets() + text.len() > RECORD_OCTETS_MAX {
            return Err(ImportError::RowTooLong { row: self.row.number });
        }
        self.row.push_str(text);
        Ok(())
    }

    fn special(&mut self, octet: u8, each: &mut Each<'_>) -> Result<ControlFlow<()>, ImportError> {
        let after_cr = std::mem::take(&mut self.after_cr);
        match (self.state, octet) {
            (State::Cell, b'"') => {
                self.state = State::Quoted;
                self.quote_row = self.row.number;
            }
            (State::Quoted, _) => self.state = State::Quote,
            (State::Quote, b'"') => {
                self.state = State::Quoted;
                self.push_quote()?;
            }
            (State::Plain, b'"') => self.push_quote()?,
            (State::Cell, b'\n') if after_cr => {}
            (_, b'\n') => return self.end_record(each),
            (_, b'\r') => {
                self.after_cr = true;
                return self.end_record(each);
            }
            _ => {
                if self.row.octets() >= RECORD_OCTETS_MAX {
                    return Err(ImportError::RowTooLong { row: self.row.number });
                }
                self.row.end_cell();
                self.state = State::Cell;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn push_quote(&mut self) -> Result<(), ImportError> {
        if self.row.octets() >= RECORD_OCTETS_MAX {
            return Err(ImportError::RowTooLong { row: self.row.number });
        }
        self.row.push_str("\"");
        Ok(())
    }

    fn end_record(&mut self, each: &mut Each<'_>) -> Result<ControlFlow<()>, ImportError> {
        self.state = State::Cell;
        if std::mem::take(&mut self.skip_line) {
            self.row.clear();
            return Ok(ControlFlow::Continue(()));
        }
        self.row.end_cell();
        let flow = each(&self.row);
        self.row.clear();
        self.row.number += 1;
        flow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(delimiter: u8, pieces: &[&str]) -> Result<Vec<(u64, Vec<String>, usize)>, ImportError> {
        let mut records = Records::new(delimiter, false);
        let mut rows = Vec::new();
        let mut each = |row: &Row| {
            let cells = (0..row.len()).map(|i| row.cell(i).to_owned()).collect();
            rows.push((row.number, cells, row.faults().len()));
            Ok(ControlFlow::Continue(()))
        };
        for piece in pieces {
            let _ = records.feed(piece, &mut each)?;
        }
        let _ = records.finish(&mut each)?;
        Ok(rows)
    }

    fn cells(text: &[&str]) -> Vec<String> {
        text.iter().map(|&t| t.to_owned()).collect()
    }

    #[test]
    fn line_ends_and_blank_lines() {
        let expected = vec![(1, cells(&["a", "b"]), 0), (2, cells(&[""]), 0), (3, cells(&["c", ""]), 0)];
        for text in ["a,b\n\nc,", "a,b\r\n\r\nc,\r\n", "a,b\r\rc,\r"] {
            assert_eq!(read(b',', &[text]).unwrap(), expected);
            let pieces: Vec<&str> = (0..text.len()).map(|i| &text[i..=i]).collect();
            assert_eq!(read(b',', &pieces).unwrap(), expected);
        }
    }

    #[test]
    fn quotation_marks() {
        let text = "\"a;\"\"b\"\"\nc\";5'11\"\n\"x\"y;\"z\" \n";
        let expected = vec![(1, cells(&["a;\"b\"\nc", "5'11\""]), 0), (2, cells(&["xy", "z"]), 1)];
        assert_eq!(read(b';', &[text]).unwrap(), expected);
        assert!(matches!(read(b',', &["a\nb,\"c\nd\n"]), Err(ImportError::UnclosedQuote { row: 2 })));
    }

    #[test]
    fn a_record_has_an_end() {
        let longest = "x".repeat(RECORD_OCTETS_MAX);
        assert!(read(b',', &[&longest]).is_ok());
        let longer = format!("{longest}x");
        assert!(matches!(read(b',', &[&longer]), Err(ImportError::RowTooLong { row: 1 })));
        let longer = ",".repeat(RECORD_OCTETS_MAX + 1);
        assert!(matches!(read(b',', &[&longer]), Err(ImportError::RowTooLong { row: 1 })));
        let longer = format!("\"{}\"", "\"\"".repeat(RECORD_OCTETS_MAX + 1));
        assert!(matches!(read(b',', &[&longer]), Err(ImportError::RowTooLong { row: 1 })));
    }
}
