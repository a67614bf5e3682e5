//! What a spreadsheet turned out to be.

use mail::Address;

use crate::duplicates::Repeated;
use crate::person::Channel;

/// The format of a spreadsheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Text with a delimiter.
    Csv {
        /// The encoding's name as the WHATWG Encoding standard has it.
        encoding: &'static str,
        /// What separates the cells.
        delimiter: char,
        /// Whether a byte order mark stands first.
        bom: bool,
    },
    /// A workbook (ISO/IEC 29500-1 §18).
    Xlsx {
        /// The sheet that is read.
        sheet: String,
        /// Hidden sheets, which are not.
        hidden_sheets: Vec<String>,
    },
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What its heading says.
    pub heading: String,
    /// What a message calls it: lower case, anything but letters and digits as `_`.
    pub field: String,
}

/// Something that a person should see before the list is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// The addresses hold names of this column, but not on their own rows: perhaps one column was sorted or
    /// shifted alone, and everybody would be greeted by somebody else's name.
    #[error(
        "the names in “{heading}” do not go with the addresses beside them ({fit} of {checked} rows fit): \
         perhaps one column was sorted or moved without the others"
    )]
    Names {
        /// The column's heading.
        heading: String,
        /// Rows looked at.
        checked: u64,
        /// Rows whose address holds the name beside it.
        fit: u64,
    },
    /// No column says whether e-mail is safe.
    #[error("no column says to whom it is safe to write by e-mail (safe_to_email)")]
    Channel,
    /// A column says to whom e-mail is safe, and it was chosen not to look at it.
    #[error("“{heading}” says to whom it is safe to write by e-mail, and it is not used")]
    ChannelIgnored {
        /// The column's heading.
        heading: String,
    },
    /// Other visible sheets hold something, and are not read.
    #[error("visible sheets with something in them that are not imported: {sheets}")]
    Sheets {
        /// How many.
        sheets: usize,
    },
    /// Rows that a filter or a person has hidden: they are people all the same.
    #[error("hidden rows that are imported all the same: {rows}")]
    HiddenRows {
        /// How many.
        rows: u64,
    },
    /// The encoding is a guess, and neither Unicode nor what Windows writes in western Europe.
    #[error("the file seems to be {encoding}: check that names look right, or save it as CSV (UTF-8)")]
    Encoding {
        /// The guess.
        encoding: &'static str,
    },
}

impl Warning {
    /// A name for programs and for `--acknowledge`, which does not change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Names { .. } => "names",
            Self::Channel => "channel",
            Self::ChannelIgnored { .. } => "channel_ignored",
            Self::Sheets { .. } => "sheets",
            Self::HiddenRows { .. } => "hidden_rows",
            Self::Encoding { .. } => "encoding",
        }
    }
}

/// How many rows say that e-mail is safe, how many that it is not, and how many say neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelCounts {
    /// [`Channel::Safe`].
    pub safe: u64,
    /// [`Channel::Unsafe`].
    pub not_safe: u64,
    /// [`Channel::Unknown`].
    pub unknown: u64,
}

impl ChannelCounts {
    pub(crate) const fn add(&mut self, channel: Channel) {
        match channel {
            Channel::Safe => self.safe += 1,
            Channel::Unsafe => self.not_safe += 1,
            Channel::Unknown => self.unknown += 1,
        }
    }
}

/// What [`crate::inspect`] found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Inspection {
    /// The format.
    pub format: Format,
    /// Every column.
    pub columns: Vec<Column>,
    /// Which of them has the address.
    pub email_column: usize,
    /// Which has the language.
    pub language_column: Option<usize>,
    /// Which says whether e-mail is safe; with several, the first, and the most careful of them counts.
    pub channel_column: Option<usize>,
    /// Rows below the headings with something in them: `people + bad_rows + folded + shared_skipped`.
    pub rows: u64,
    /// Those that can be written to.
    pub people: u64,
    /// Those with a problem.
    pub bad_rows: u64,
    /// Those equal to an earlier row in every column.
    pub folded: u64,
    /// Addresses that stand in several rows which differ.
    pub shared_addresses: u64,
    /// Rows left out because an earlier one has their address ([`crate::SharedAddress::Skip`]).
    pub shared_skipped: u64,
    /// Good rows with something in each column, in the order of the columns, duplicates counted.
    pub filled: Vec<u64>,
    /// What the good rows say of e-mail, duplicates counted; all are [`Channel::Unknown`] without a column for it.
    pub channels: ChannelCounts,
    /// The first address that can be written to, to be shown masked.
    pub example: Option<Address>,
    /// What a person should see.
    pub warnings: Vec<Warning>,
    /// The same for the same people with the same values in any order, under one [`crate::Options::digest_key`].
    pub content_digest: [u8; 32],
    pub(crate) layout: crate::columns::Layout,
    pub(crate) repeated: Repeated,
    pub(crate) file: crate::octets::FileDigest,
}
