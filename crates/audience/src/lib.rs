//! Spreadsheets become people, every bad row named.
//!
//! A spreadsheet is read twice. [`inspect`] finds its columns, checks every row and names the bad ones;
//! [`people`] reads it again and hands over each good person. Between the two at most 8 octets a row are kept,
//! so that a list of a million needs no more memory than its hashes.
//!
//! This crate is pure: it knows no clock, file, socket or runtime. What it reads from is a [`Spreadsheet`].
//! No error, problem or warning holds an address or what stands in a cell; headings are named.

mod cells;
mod channel;
mod columns;
mod csv;
mod digest;
mod duplicates;
mod error;
mod fold;
mod import;
mod inspection;
mod language;
mod limits;
mod names;
mod octets;
mod person;
mod problem;
mod row;
mod source;
mod spreadsheet;
mod xlsx;

pub use error::{ImportError, PeopleError};
pub use import::{inspect, people};
pub use inspection::{ChannelCounts, Column, Format, Inspection, Warning};
pub use language::language_tag;
pub use limits::*;
pub use person::{Channel, Person};
pub use problem::{Problem, Reason};
pub use spreadsheet::{ColumnChoice, Options, SharedAddress, Spreadsheet};
