//! The suppression list: an address is put on it or taken off. Addresses stand in bodies, never in an address of ours, which proxies
//! write down.

use axum::Extension;
use axum::response::Response;
use serde_json::{Value, json};
use store::Scope;

use crate::acts;
use crate::api::caller::Asked;
use crate::api::fields::Fields;
use crate::api::json;
use crate::api::problem::Problem;
use crate::reason::fault_of_reason;

const ADDRESS: &str = "address";
const SCOPE: &str = "scope";
const REASON: &str = "reason";

pub(super) async fn counts(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let counts = asked.console.store.suppressions_by_scope().await?;
    let counts: serde_json::Map<String, Value> =
        counts.into_iter().map(|(scope, number)| (scope.word().to_owned(), number.into())).collect();
    Ok(json(&Value::Object(counts)))
}

pub(super) fn counts_schema() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object",
        "description": "How many addresses are on it, by scope. Which they are nobody can read from it.",
        "required": Scope::ALL.map(Scope::word),
        "properties": {"surveys": number, "address": number, "unsafe": number},
        "additionalProperties": false,
    })
}

/// From the same commit on nobody writes to the address.
pub(super) async fn add(asked: Extension<Asked>) -> Result<Response, Problem> {
    change(&asked, true).await
}

/// From then on a campaign may write to it again; what was suppressed stays so.
pub(super) async fn remove(asked: Extension<Asked>) -> Result<Response, Problem> {
    change(&asked, false).await
}

async fn change(asked: &Asked, add: bool) -> Result<Response, Problem> {
    let fields = Fields::of(&asked.body, &[ADDRESS, SCOPE, REASON])?;
    let (address, word) = (fields.text(ADDRESS)?.trim(), fields.text(SCOPE)?);
    let scope = Scope::ALL.into_iter().find(|scope| scope.word() == word);
    let scope = scope.ok_or_else(|| Problem::invalid(SCOPE, "surveys, address or unsafe."))?;
    let reason = fields.text(REASON)?.trim();
    if let Some(fault) = fault_of_reason(reason) {
        return Err(Problem::invalid(REASON, &fault));
    }
    let changed = acts::suppressions::change(&asked.acting(), add, address, scope, reason).await?;
    let changed = changed.ok_or_else(|| Problem::invalid(ADDRESS, "An e-mail address."))?;
    Ok(json(&json!({"scope": scope.word(), "listed": add, "changed": changed})))
}

pub(super) fn wanted_schema() -> Value {
    json!({
        "type": "object",
        "required": [ADDRESS, SCOPE, REASON],
        "properties": {
            ADDRESS: {"type": "string", "description": "It is not kept: its keyed fingerprint is."},
            SCOPE: {"type": "string", "enum": Scope::ALL.map(Scope::word)},
            REASON: {"type": "string", "description": "It stays in the ledger, so it holds no address.", "maxLength": 500},
        },
        "additionalProperties": false,
    })
}

pub(super) fn schema() -> Value {
    json!({
        "type": "object",
        "required": [SCOPE, "listed", "changed"],
        "properties": {
            SCOPE: {"type": "string", "enum": Scope::ALL.map(Scope::word)},
            "listed": {"type": "boolean", "description": "Whether the address is on the list for this scope now."},
            "changed": {"type": "boolean", "description": "False: it was so already."},
        },
        "additionalProperties": false,
    })
}
