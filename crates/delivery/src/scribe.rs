//! The ledger's entries for what a sender does by itself.

use store::SealedEntry;

/// Writes them: whoever runs the sender has the ledger's key.
pub trait Scribe: Send + Sync {
    /// The entry of an act, `pause` or `halt`, and why. `None`: it cannot be written; what protects the people on the list
    /// is done all the same.
    fn entry(&self, act: &str, reason: &str) -> Option<SealedEntry>;
}
