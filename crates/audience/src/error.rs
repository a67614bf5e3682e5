//! Why a spreadsheet as a whole cannot be read.

use std::io;

use crate::limits::{
    CELL_CHARS_MAX, COLUMNS_MAX, FILE_OCTETS_MAX, HEADING_CHARS_MAX, RECORD_OCTETS_MAX, REPEATED_ROWS_MAX,
    ROWS_MAX,
};

/// Why a spreadsheet cannot be read. The texts name headings and rows, never what stands in a cell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file could not be read.
    #[error("the spreadsheet could not be read: {0}")]
    Read(#[source] io::Error),
    /// Nothing in it.
    #[error("there is nothing in it")]
    Empty,
    /// Headings and nobody below.
    #[error("there are headings and no rows below them")]
    NoRows,
    /// A format that is not read.
    #[error("this is {0}; save it as CSV (UTF-8) or as XLSX and import that")]
    Unsupported(&'static str),
    /// A package or XML that is broken.
    #[error("the workbook is damaged ({0}); open it, save it as CSV (UTF-8) and import that")]
    Damaged(&'static str),
    /// No visible sheet has a cell with something in it.
    #[error("no visible sheet of the workbook has anything in it")]
    NoSheet,
    /// A part of an XLSX is larger than it may be.
    #[error("the workbook's {part} is larger than {octets_max} octets unpacked; save it as CSV (UTF-8)")]
    PartTooLarge {
        /// Which one.
        part: &'static str,
        /// The limit.
        octets_max: u64,
    },
    /// More of something in a workbook than there may be.
    #[error("the workbook has more than {max} {what}; save it as CSV (UTF-8)")]
    TooManyParts {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// Octets that are not characters in the file's own encoding.
    #[error("row {row} or thereabouts is not valid {encoding}; save the file as CSV (UTF-8)")]
    Encoding {
        /// About which row.
        row: u64,
        /// What the file says or seems to be.
        encoding: &'static str,
    },
    /// A first line `sep=` that names no usable delimiter.
    #[error("the first line is sep= and what follows cannot separate cells")]
    Separator,
    /// A quotation mark that is opened and not closed.
    #[error("a quotation mark in row {row} is not closed before the end of the file")]
    UnclosedQuote {
        /// The row in which it is opened.
        row: u64,
    },
    /// More than [`FILE_OCTETS_MAX`].
    #[error("the file is larger than {FILE_OCTETS_MAX} octets; split it")]
    FileTooLarge,
    /// More than [`ROWS_MAX`].
    #[error("there are more than {ROWS_MAX} rows; split the file")]
    TooManyRows,
    /// More than [`COLUMNS_MAX`].
    #[error("there are more than {COLUMNS_MAX} columns")]
    TooManyColumns,
    /// More than [`RECORD_OCTETS_MAX`].
    #[error("row {row} is longer than {RECORD_OCTETS_MAX} octets: perhaps a quotation mark is not closed")]
    RowTooLong {
        /// Which one.
        row: u64,
    },
    /// A heading longer than [`HEADING_CHARS_MAX`].
    #[error("the heading of column {column} is longer than {HEADING_CHARS_MAX} characters")]
    HeadingTooLong {
        /// The column's letter.
        column: String,
    },
    /// A heading that is an error value, damaged, or longer than [`CELL_CHARS_MAX`].
    #[error("the heading of column {column} cannot be read")]
    HeadingUnreadable {
        /// The column's letter.
        column: String,
    },
    /// The first row holds an address: it is a person and not a heading.
    #[error("row {row} holds an address: the first row has to name the columns")]
    NoHeadings {
        /// The first row with something in it.
        row: u64,
    },
    /// Two headings that become one field.
    #[error("the headings “{first}” and “{second}” both become the field {field}: rename one")]
    SameField {
        /// The earlier heading.
        first: String,
        /// The later one.
        second: String,
        /// What both become.
        field: String,
    },
    /// Nothing looks like an address.
    #[error("no column holds e-mail addresses (columns: {}): name it with --email-column", headings.join(", "))]
    NoEmailColumn {
        /// Every heading.
        headings: Vec<String>,
    },
    /// Several columns with an equal claim.
    #[error(
        "several columns could be the address (columns: {}): choose one with --email-column",
        headings.join(", ")
    )]
    SeveralEmailColumns {
        /// Their headings.
        headings: Vec<String>,
    },
    /// An option such as `--email-column` names no column.
    #[error("{option} does not name a column (columns: {})", headings.join(", "))]
    NoSuchColumn {
        /// Which option.
        option: &'static str,
        /// Every heading.
        headings: Vec<String>,
    },
    /// The column with the addresses was named as that of something else.
    #[error("{option} names the column with the addresses; name another one")]
    AddressColumn {
        /// Which option.
        option: &'static str,
    },
    /// More than [`REPEATED_ROWS_MAX`].
    #[error(
        "more than {REPEATED_ROWS_MAX} rows have the address of another row: remove the duplicates first"
    )]
    TooManyRepeated,
}

impl ImportError {
    /// A name for programs, which does not change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read(_) => "read",
            Self::Empty => "empty",
            Self::NoRows => "no_rows",
            Self::Unsupported(_) => "unsupported_format",
            Self::Damaged(_) => "damaged",
            Self::NoSheet => "no_sheet",
            Self::PartTooLarge { .. } | Self::FileTooLarge => "too_large",
            Self::TooManyParts { .. } => "too_many_parts",
            Self::Encoding { .. } => "encoding",
            Self::Separator => "separator",
            Self::UnclosedQuote { .. } => "unclosed_quote",
            Self::TooManyRows => "too_many_rows",
            Self::TooManyColumns => "too_many_columns",
            Self::RowTooLong { .. } => "row_too_long",
            Self::HeadingTooLong { .. } | Self::HeadingUnreadable { .. } => "heading",
            Self::NoHeadings { .. } => "no_headings",
            Self::SameField { .. } => "same_field",
            Self::NoEmailColumn { .. } => "no_email_column",
            Self::SeveralEmailColumns { .. } => "several_email_columns",
            Self::NoSuchColumn { .. } => "no_such_column",
            Self::AddressColumn { .. } => "address_column",
            Self::TooManyRepeated => "too_many_repeated",
        }
    }
}

/// The longest cell is part of the public limits; a heading has its own.
const _: () = assert!(HEADING_CHARS_MAX < CELL_CHARS_MAX);

/// Why the people of a spreadsheet could not all be handed over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeopleError<E> {
    /// The spreadsheet cannot be read.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// It is not what was inspected: what was handed over must not be kept.
    #[error("the spreadsheet was changed while it was read: start again")]
    Changed,
    /// What the caller said.
    #[error("{0}")]
    Callback(E),
}
