//! What is wrong with a row.

use mail::AddressError;

use crate::limits::CELL_CHARS_MAX;

/// One thing wrong with one row. A row can have several; it is then one bad row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The row as a spreadsheet program numbers it; the headings are usually row 1.
    pub row: u64,
    /// The heading of the column, where it is one cell.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

/// Why a row cannot be written to. None of the texts holds an address or what stands in the cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The address cell is empty.
    #[error("there is no address")]
    NoAddress,
    /// The address cell holds something else.
    #[error("this is not an e-mail address: {0}")]
    NotAnAddress(AddressError),
    /// More than one address: one message goes to one person, so which is meant is not guessed.
    #[error("there is more than one address in the cell: one row is one person")]
    SeveralAddresses,
    /// `Name <address>`.
    #[error("only the address belongs in the cell, without a name or angle brackets")]
    NameWithAddress,
    /// `mailto:`.
    #[error("only the address belongs in the cell, without mailto:")]
    Mailto,
    /// Another row has the address and differs elsewhere: two people, or one with two reference numbers.
    #[error("row {row} has the same address and differs from this one")]
    SharedAddress {
        /// The other row.
        row: u64,
    },
    /// A control character, which shows nothing and can end a header.
    #[error("there is a control character in the cell")]
    ControlCharacter,
    /// A character that turns the reading direction, so that what is read is not what is there.
    #[error("there is a character in the cell that turns the reading direction")]
    DirectionCharacter,
    /// U+FFFD stands where a character was lost, usually by a wrong encoding in an earlier step.
    #[error("there is a character in the cell that was damaged before (U+FFFD)")]
    DamagedCharacter,
    /// Something stands beyond the last heading: the cells have slipped.
    #[error("there are more cells than headings")]
    TooManyColumns,
    /// Longer than [`CELL_CHARS_MAX`].
    #[error("the cell is longer than {CELL_CHARS_MAX} characters")]
    CellTooLong,
    /// `#N/A`, `#REF!` and the like.
    #[error("the cell is an error value such as #N/A")]
    ErrorValue,
    /// A formula that no program has computed: what it would give is not in the file.
    #[error("the cell is a formula without a result: open the workbook, save it, and import it again")]
    Formula,
    /// Text behind a closing quotation mark (RFC 4180 §2.5 has none): where the cell ends is a guess.
    #[error("a quotation mark stands where it does not belong")]
    Quote,
    /// A quoted cell that has swallowed rows: a line in it has an address of its own.
    #[error("the cell holds a line that looks like another row: perhaps a quotation mark is missing")]
    SwallowedRows,
}

impl Reason {
    /// A name for programs, which does not change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAddress => "no_address",
            Self::NotAnAddress(_) => "not_an_address",
            Self::SeveralAddresses => "several_addresses",
            Self::NameWithAddress => "name_with_address",
            Self::Mailto => "mailto",
            Self::SharedAddress { .. } => "shared_address",
            Self::ControlCharacter => "control_character",
            Self::DirectionCharacter => "direction_character",
            Self::DamagedCharacter => "damaged_character",
            Self::TooManyColumns => "too_many_columns",
            Self::CellTooLong => "cell_too_long",
            Self::ErrorValue => "error_value",
            Self::Formula => "formula",
            Self::Quote => "quote",
            Self::SwallowedRows => "swallowed_rows",
        }
    }
}
