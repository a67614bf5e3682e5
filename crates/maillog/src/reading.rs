//! The files of a log, read in the order of their first lines.

use std::io::{self, Read};

use jiff::Timestamp;

use crate::coverage::{Coverage, Growing};
use crate::error::{FileError, LogError};
use crate::event::{Event, event, session};
use crate::findings::Findings;
use crate::frame::{Line, line};
use crate::limits::FILES_MAX;
use crate::lives::Lives;
use crate::source::Lines;
use crate::stamp::{Calendar, Stamps};
use crate::wanted::Wanted;

/// A file of a log that can be opened. Of several, each is opened twice: for its first line, and for all.
pub trait LogFile {
    /// What reads it.
    type Reader: Read;

    /// Opens it, at its start.
    ///
    /// # Errors
    /// Whatever the file system says.
    fn open(&self) -> io::Result<Self::Reader>;
}

/// Reads a log: its files, rotated ones too, plain or in gzip, given in any order. A file given twice counts once.
///
/// # Errors
/// [`FileError`].
pub fn read<F: LogFile>(files: &[F], wanted: Wanted, calendar: &Calendar) -> Result<Findings, FileError> {
    let at = |index| move |error| FileError { index, error };
    if files.len() > FILES_MAX {
        return Err(at(FILES_MAX)(LogError::TooManyFiles));
    }
    let mut order = Vec::new();
    for (index, file) in files.iter().enumerate() {
        // What is alone may be a pipe, which can be opened once.
        let first = if files.len() == 1 { None } else { first_time(file, calendar).map_err(at(index))? };
        order.push((first, index, file));
    }
    order.sort_by_key(|(first, index, _)| (*first, *index));
    let mut reading = Reading { coverage: Coverage::default(), lives: Lives::new(&wanted) };
    for (_, index, file) in order {
        reading.file(file, &wanted, calendar).map_err(at(index))?;
    }
    let found = reading.lives.finish();
    Ok(Findings { ids: wanted.into_ids(), found, coverage: reading.coverage })
}

/// When Postfix first says something in a file.
fn first_time<F: LogFile>(file: &F, calendar: &Calendar) -> Result<Option<Timestamp>, LogError> {
    let mut stamps = Stamps::new(calendar);
    let mut lines = Lines::open(file.open()?)?;
    while let Some(octets) = lines.next_line()? {
        if let Line::Postfix(frame) = line(&mut stamps, octets) {
            return Ok(Some(frame.time));
        }
    }
    Ok(None)
}

struct Reading {
    coverage: Coverage,
    lives: Lives,
}

impl Reading {
    fn file<F: LogFile>(&mut self, file: &F, wanted: &Wanted, calendar: &Calendar) -> Result<(), LogError> {
        let (mut stamps, mut growing) = (Stamps::new(calendar), Growing::default());
        let mut lines = Lines::open(file.open()?)?;
        while let Some(octets) = lines.next_line()? {
            self.coverage.lines += 1;
            match line(&mut stamps, octets) {
                Line::Postfix(frame) => {
                    self.coverage.postfix_lines += 1;
                    growing.line_at(frame.time);
                    if let Some(session) = session(&frame) {
                        self.lives.of_session(&frame, &session);
                    } else if let Some((id, event)) = event(&frame) {
                        self.coverage.messages += u64::from(matches!(event, Event::MessageId(_)));
                        self.lives.of_message(&frame, id, &event, wanted);
                    }
                }
                Line::Loss => self.coverage.losses += 1,
                Line::Other => {}
                Line::NotUnderstood => {
                    self.coverage.lines_not_understood += 1;
                    let names_postfix = memchr::memmem::find(octets, b"postfix").is_some();
                    self.coverage.postfix_lines_not_understood += u64::from(names_postfix);
                }
            }
        }
        self.coverage.lines_cut += lines.cut();
        growing.end(&mut self.coverage);
        Ok(())
    }
}
