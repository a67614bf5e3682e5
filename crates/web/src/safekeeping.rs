//! What the console asks of the program about backups and the ledger: for both, the keys are needed.

use jiff::Timestamp;

use crate::desk::Answer;

/// Work that takes longer than a page may, one at a time.
#[derive(Debug, Clone)]
pub enum Errand<T> {
    /// Not since this program was started.
    NotYet,
    /// It goes on.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It has ended.
    Ended {
        /// When.
        at: Timestamp,
        /// How; a failure in words that hold no address.
        outcome: Result<T, String>,
    },
}

/// What a backup is of. Never both in one place (promise 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupOf {
    /// The database: sealed fields, counts, the ledger.
    Database,
    /// The wrapped keys.
    Keys,
}

/// One backup.
#[derive(Debug, Clone)]
pub struct Copied {
    /// Its file's or folder's name.
    pub name: String,
    /// When it was written.
    pub at: Timestamp,
    /// Of a file: its size.
    pub octets: Option<u64>,
}

/// A folder that backups go to.
#[derive(Debug, Clone)]
pub struct BackupFolder {
    /// Where it is.
    pub path: String,
    /// What lies there, the latest first; nothing if it cannot be read.
    pub copies: Option<Vec<Copied>>,
}

/// What there is of backups.
#[derive(Debug, Clone)]
pub struct Backups {
    /// Of the database; nothing where no folder is set.
    pub database: Option<BackupFolder>,
    /// Of the keys.
    pub keys: Option<BackupFolder>,
    /// Days that a set of keys is kept.
    pub keys_days: u16,
    /// The one that is being made, or the last one since the program was started, in words.
    pub under_way: Errand<String>,
}

/// A ledger in which everything fits.
#[derive(Debug, Clone)]
pub struct Verified {
    /// Entries.
    pub entries: u64,
    /// Campaigns whose account was held against their deliveries.
    pub accounts: u64,
    /// That a restore from a backup is recorded, if one is.
    pub restored: Option<String>,
    /// The signed head, to be kept elsewhere.
    pub checkpoint: String,
    /// The key that it checks out with.
    pub verifier: String,
}

/// One entry.
#[derive(Debug, Clone)]
pub struct LedgerEntry {
    /// Its number, from 0.
    pub number: u64,
    /// When.
    pub at: Option<Timestamp>,
    /// Who.
    pub actor: String,
    /// What was done.
    pub act: String,
    /// To what.
    pub subject: String,
    /// Particulars: names and texts.
    pub detail: Vec<(String, String)>,
    /// It is not what was recorded, or it is gone.
    pub is_altered: bool,
}

impl LedgerEntry {
    /// One that does not fit its place in the tree.
    #[must_use]
    pub const fn altered(number: u64) -> Self {
        Self {
            number,
            at: None,
            actor: String::new(),
            act: String::new(),
            subject: String::new(),
            detail: Vec::new(),
            is_altered: true,
        }
    }
}

/// Some entries, the latest first.
#[derive(Debug, Clone)]
pub struct LedgerPage {
    /// Entries that there are.
    pub size: u64,
    /// The earliest on this page.
    pub from: u64,
    /// They.
    pub entries: Vec<LedgerEntry>,
}

/// Backups and the ledger.
pub trait Safekeeping: Send + Sync {
    /// What there is of backups.
    ///
    /// # Errors
    /// None at this time: a folder that cannot be read is told as one.
    fn backups(&self) -> Answer<'_, Backups>;

    /// Begins a backup, unless one is being made; `by` stands in its entry.
    ///
    /// # Errors
    /// No folder is set for it.
    fn back_up<'a>(&'a self, what: BackupOf, by: &'a str) -> Answer<'a, ()>;

    /// How the last verification ended.
    ///
    /// # Errors
    /// None at this time.
    fn verification(&self) -> Answer<'_, Errand<Verified>>;

    /// Begins a verification of everything, unless one is under way. It writes nothing.
    ///
    /// # Errors
    /// None at this time.
    fn verify(&self) -> Answer<'_, ()>;

    /// Entries before this number, at most `limit`; each fits its own place, and only [`verify`](Self::verify) says that
    /// all do.
    ///
    /// # Errors
    /// The database, or the ledger's key.
    fn entries(&self, before: Option<u64>, limit: u32) -> Answer<'_, LedgerPage>;

    /// Holds the ledger against a checkpoint that was kept elsewhere: the number of its entries, or what does not fit.
    ///
    /// # Errors
    /// It is no checkpoint of this installation.
    fn compare<'a>(&'a self, checkpoint: &'a str) -> Answer<'a, Result<u64, String>>;
}
