//! What the console asks of the program about lists of people: keys, and the settings, are needed to read and import one.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use audience::{ImportError, Inspection, Problem, SharedAddress};
use keys::SealedFile;
use store::{Audience, Channel};

use crate::desk::Answer;

/// Which column has something that a list need not have.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum Chosen {
    /// It is found by its heading.
    #[default]
    Found,
    /// None has it.
    Nowhere,
    /// The column of this field or heading.
    Named(String),
}

/// How a spreadsheet is read, as somebody chose it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Choices {
    /// The column with the address, by its field or heading; none: it is found.
    pub email: Option<String>,
    /// The column with the language.
    pub language: Chosen,
    /// The column that says whether e-mail is safe.
    pub channel: Chosen,
    /// What becomes of rows that share an address.
    pub shared: SharedAddress,
}

/// A column's name can be anything that stood in a file.
impl std::fmt::Debug for Choices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[choices]")
    }
}

/// What is to be imported.
#[derive(Clone)]
pub struct Wanted {
    /// The audience's name.
    pub name: String,
    /// Codes of the warnings that somebody acknowledged: all that there are.
    pub acknowledged: Vec<String>,
    /// Who, as the ledger names people.
    pub actor: String,
    /// People that are durable, counted as they become so.
    pub written: Arc<AtomicU64>,
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wanted(by {})", self.actor)
    }
}

/// A spreadsheet that was read once, and can be imported.
pub trait ReadList: Send + Sync {
    /// What was found.
    fn inspection(&self) -> &Inspection;

    /// What is wrong with rows: the first so many.
    fn problems(&self) -> &[Problem];

    /// An address of the list, masked.
    fn example(&self) -> &str;

    /// Imports its people. The audience is seen in one commit with the ledger's entry. Its number.
    fn import(self: Arc<Self>, wanted: Wanted) -> Answer<'static, i64>;
}

/// One person of an audience, as far as a page shows them.
#[derive(Clone)]
pub struct MaskedPerson {
    /// The spreadsheet's row.
    pub row: u64,
    /// The address, masked.
    pub address: String,
    /// Whether e-mail is safe.
    pub channel: Channel,
    /// Is on the suppression list, in any scope.
    pub suppressed: bool,
}

impl std::fmt::Debug for MaskedPerson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MaskedPerson(row {})", self.row)
    }
}

/// A list that was read, or why it cannot be.
pub type Read = Result<Arc<dyn ReadList>, ImportError>;

/// The program behind the console, for lists of people.
pub trait Lists: Send + Sync {
    /// Reads a spreadsheet from its beginning to its end, and keeps nothing of it.
    fn read(&self, file: SealedFile, choices: Choices) -> Answer<'static, Read>;

    /// Rows and addresses behind row `after`, in full, at most `limit`. Whoever asks has entered why.
    ///
    /// # Errors
    /// The audience was forgotten, or its key is not on this machine.
    fn addresses<'a>(
        &'a self,
        audience: &'a Audience,
        after: u64,
        limit: u32,
    ) -> Answer<'a, Vec<(u64, String)>>;

    /// People of an audience behind row `after`, in the order of the rows, at most `limit`.
    fn people<'a>(&'a self, audience: &'a Audience, after: u64, limit: u32) -> Answer<'a, Vec<MaskedPerson>>;
}
