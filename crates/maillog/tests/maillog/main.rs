//! What the crate does, through its public face. The logs in `../data` were written by Postfix 3.7.11, one with short and
//! one with long queue ids, while messages were sent, refused, held, dropped before and after the final dot, requeued,
//! expired and deleted.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod arbitrary;
mod formats;
mod hostile;
mod limits;
mod lives;
mod packed;
mod real;
mod verdicts;

use std::io::{self, Cursor};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maillog::{Calendar, FileError, Findings, LogFile, Wanted, read};

/// A file in memory.
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl LogFile for Octets {
    type Reader = Cursor<Vec<u8>>;

    fn open(&self) -> io::Result<Self::Reader> {
        Ok(Cursor::new(self.0.clone()))
    }
}

pub(crate) fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) fn calendar() -> Calendar {
    Calendar::new(TimeZone::UTC, time("2026-11-24T06:00:00Z"))
}

pub(crate) fn wanted(ids: &[&str]) -> Wanted {
    let mut wanted = Wanted::new();
    for id in ids {
        wanted.add(id).unwrap();
    }
    wanted
}

pub(crate) fn try_read(files: &[&[u8]], ids: &[&str]) -> Result<Findings, FileError> {
    let files: Vec<Octets> = files.iter().map(|octets| Octets(octets.to_vec())).collect();
    read(&files, wanted(ids), &calendar())
}

pub(crate) fn found(files: &[&str], ids: &[&str]) -> Findings {
    let files: Vec<&[u8]> = files.iter().map(|text| text.as_bytes()).collect();
    try_read(&files, ids).unwrap()
}

/// Lines of one relay, each a second after the one before, from 2026-11-23 10:00 on.
pub(crate) fn log(lines: &[&str]) -> String {
    log_from(0, lines)
}

pub(crate) fn log_from(second: usize, lines: &[&str]) -> String {
    let line = |(number, line): (usize, &&str)| {
        let second = second + number;
        format!("Nov 23 {:02}:{:02}:{:02} relay {line}\n", 10 + second / 3600, second / 60 % 60, second % 60)
    };
    lines.iter().enumerate().map(line).collect()
}

/// A message that the relay takes and delivers.
pub(crate) fn delivered(id: &str, message_id: &str) -> Vec<String> {
    vec![
        format!("postfix/smtpd[11]: {id}: client=localhost[127.0.0.1]"),
        format!("postfix/cleanup[12]: {id}: message-id=<{message_id}>"),
        format!("postfix/qmgr[13]: {id}: from=<survey@unit.example.test>, size=314, nrcpt=1 (queue active)"),
        format!(
            "postfix/smtp[14]: {id}: to=<a@b.example.test>, relay=mx.b.example.test[192.0.2.1]:25, delay=0.08, \
             delays=0.07/0.01/0/0, dsn=2.0.0, status=sent (250 2.0.0 Ok)"
        ),
        format!("postfix/qmgr[13]: {id}: removed"),
    ]
}

pub(crate) fn lines(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}
