//! One person of a list.

use std::fmt;

use mail::Address;

/// Whether it is safe to write to somebody by e-mail: whoever they fear may read the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// The list says that it is.
    Safe,
    /// The list does not say, or what it said has run out.
    Unknown,
    /// The list says that it is not.
    Unsafe,
}

/// One row that can be written to. `Debug` prints no value and no address.
#[derive(Clone)]
pub struct Person {
    /// The row as a spreadsheet program numbers it.
    pub row: u64,
    /// The one address.
    pub address: Address,
    /// What stands in each column, trimmed, in the order of [`crate::Inspection::columns`].
    pub values: Vec<String>,
    /// Whether e-mail is safe.
    pub channel: Channel,
    /// The language as a tag (`cy`), where the language column has one or the English name of one.
    pub language: Option<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("row", &self.row).finish_non_exhaustive()
    }
}
