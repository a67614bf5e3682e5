//! Another program that asks, and what it sent.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use store::ApiKey;

use crate::acts::Acting;
use crate::console::Console;
use crate::form::Form;

/// What a program with a key asks for.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) console: Arc<Console>,
    pub(super) key: ApiKey,
    /// The parameters behind the path: those of the route, and no others.
    pub(super) query: Form,
    /// The body, where the route takes JSON.
    pub(super) body: Arc<Value>,
    pub(super) at: Timestamp,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asked(by key {})", self.key.id.0)
    }
}

impl Asked {
    /// The key, for what pages do as well.
    pub(super) fn acting(&self) -> Acting {
        Acting { console: self.console.clone(), actor: actor(&self.key.name), at: self.at }
    }
}

/// How the ledger names a key: by its name, which does not change, and which no other key has that works. The entries that made
/// and revoked it say which key had the name at a time.
pub(crate) fn actor(name: &str) -> String {
    format!("api {name}")
}
