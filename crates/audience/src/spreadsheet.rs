//! What is read, and how.

use std::fmt;
use std::io::{self, Read, Seek};

/// Something that can be opened once for each pass.
pub trait Spreadsheet {
    /// What is read from.
    type Reader: Read + Seek;

    /// Opens it at its beginning.
    ///
    /// # Errors
    /// Whatever opening gives.
    fn open(&self) -> io::Result<Self::Reader>;
}

/// What to do with rows that share an address and differ elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SharedAddress {
    /// Each is a bad row: a couple with one mailbox, or one person with two cases; a human decides.
    #[default]
    Refuse,
    /// Each gets a message of its own.
    Each,
    /// Only the first of them is written to.
    Skip,
}

/// Which column has something that a list need not have.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnChoice<'a> {
    /// It is found by its heading; there may be none.
    #[default]
    Found,
    /// No column has it, whatever the headings say.
    Nowhere,
    /// This one: its heading, its field, or its letter.
    Named(&'a str),
}

impl ColumnChoice<'_> {
    /// How it was chosen. A column that is named wrongly may be named by an address: its name is not shown.
    const fn word(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Nowhere => "nowhere",
            Self::Named(_) => "given",
        }
    }
}

/// How to read a spreadsheet.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The column with the address: its heading, its field, or its letter. None: it is found.
    pub email_column: Option<&'a str>,
    /// The column with the language.
    pub language_column: ColumnChoice<'a>,
    /// The column that says whether e-mail is safe. A named one counts alone; of several that are found, the most careful.
    pub channel_column: ColumnChoice<'a>,
    /// What to do with rows that share an address.
    pub shared_address: SharedAddress,
    /// Today, for dates up to which e-mail is safe.
    pub today: jiff::civil::Date,
    /// Random, and the same for both passes: nobody can choose addresses that collide.
    pub hash_key: [u8; 16],
    /// The key of [`crate::Inspection::content_digest`]: the same list under the same key has the same digest.
    pub digest_key: [u8; 32],
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("email_column", &self.email_column.map(|_| "given"))
            .field("language_column", &self.language_column.word())
            .field("channel_column", &self.channel_column.word())
            .field("shared_address", &self.shared_address)
            .field("today", &self.today)
            .finish_non_exhaustive()
    }
}
