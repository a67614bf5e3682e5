//! What is done on pages and by the API alike: one function for each act, with its entry in the ledger.

pub(crate) mod audiences;
pub(crate) mod campaigns;
pub(crate) mod drafts;
pub(crate) mod suppressions;

use std::sync::Arc;

use jiff::Timestamp;

use crate::console::{Act, Console};

/// Whoever does something: a member of staff in a session, or another program with a key.
#[derive(Clone)]
pub(crate) struct Acting {
    pub(crate) console: Arc<Console>,
    /// As the ledger names them: `user 7`, or `api NAME`.
    pub(crate) actor: String,
    pub(crate) at: Timestamp,
}

impl Acting {
    /// An act of theirs.
    pub(crate) fn act<'a>(&self, act: &'static str, subject: &'a str) -> Act<'a> {
        Act { actor: self.actor.clone(), act, subject, detail: Vec::new(), reason: None, row: None }
    }
}
