//! The ledger: its entries, whether all of it is as it was recorded, and a checkpoint held against it.

use axum::Extension;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::api::caller::Asked;
use crate::api::fields::Fields;
use crate::api::json;
use crate::api::paging::{List, Page, page};
use crate::api::problem::Problem;
use crate::safekeeping::{Errand, LedgerEntry, Verified};

const CHECKPOINT: &str = "checkpoint";
/// Longest checkpoint that is looked at, in octets: its lines are few.
const CHECKPOINT_OCTETS_MAX: usize = 16 << 10;

pub(super) async fn list(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let wanted = Page::of(List::Ledger, &asked.query)?;
    let before = wanted.after.and_then(|number| u64::try_from(number).ok());
    let found = asked.console.safekeeping.entries(before, wanted.look_up()).await?;
    let (found, next) = wanted.cut(found.entries, |entry| i64::try_from(entry.number).unwrap_or(i64::MAX));
    Ok(page(&found.iter().map(entry).collect::<Vec<_>>(), next.as_deref()))
}

fn entry(entry: &LedgerEntry) -> Value {
    let detail: Map<String, Value> =
        entry.detail.iter().map(|(name, text)| (name.clone(), text.clone().into())).collect();
    json!({
        "number": entry.number, "at": entry.at.map(|at| at.to_string()), "actor": entry.actor, "act": entry.act,
        "subject": entry.subject, "detail": detail, "altered": entry.is_altered,
    })
}

pub(super) fn entry_schema() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["number", "at", "actor", "act", "subject", "detail", "altered"],
        "properties": {
            "number": {"type": "integer", "minimum": 0},
            "at": {"type": ["string", "null"], "format": "date-time"},
            "actor": text, "act": text, "subject": text,
            "detail": {"type": "object", "additionalProperties": text},
            "altered": {"type": "boolean", "description": "It does not fit its place, or is gone: nothing else is said of it."},
        },
        "additionalProperties": false,
    })
}

pub(super) async fn verification(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    Ok(json(&told(asked.console.safekeeping.verification().await?)))
}

pub(super) async fn verify(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let safekeeping = &asked.console.safekeeping;
    safekeeping.verify().await?;
    Ok((StatusCode::ACCEPTED, json(&told(safekeeping.verification().await?))).into_response())
}

fn told(errand: Errand<Verified>) -> Value {
    match errand {
        Errand::NotYet => json!({"state": "not_yet"}),
        Errand::Running { since } => json!({"state": "running", "since": since.to_string()}),
        Errand::Ended { at, outcome: Err(finding) } => {
            json!({"state": "failed", "at": at.to_string(), "finding": finding})
        }
        Errand::Ended { at, outcome: Ok(all) } => json!({
            "state": "verified", "at": at.to_string(), "entries": all.entries, "accounts": all.accounts,
            "restored": all.restored, CHECKPOINT: all.checkpoint, "verifier": all.verifier,
        }),
    }
}

pub(super) fn verification_schema() -> Value {
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer", "minimum": 0}));
    json!({
        "type": "object",
        "required": ["state"],
        "properties": {
            "state": {"type": "string", "enum": ["not_yet", "running", "verified", "failed"],
                "description": "Since the program was started."},
            "since": {"type": "string", "format": "date-time"},
            "at": {"type": "string", "format": "date-time"},
            "finding": {"type": "string", "description": "What does not fit."},
            "entries": number, "accounts": number, CHECKPOINT: text, "verifier": text,
            "restored": {"type": ["string", "null"]},
        },
        "additionalProperties": false,
    })
}

pub(super) async fn compare(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let fields = Fields::of(&asked.body, &[CHECKPOINT])?;
    let checkpoint = fields.text(CHECKPOINT)?;
    let wrong = || Problem::invalid(CHECKPOINT, "All lines of a checkpoint of this installation.");
    if checkpoint.len() > CHECKPOINT_OCTETS_MAX {
        return Err(wrong());
    }
    let held = asked.console.safekeeping.compare(checkpoint).await.map_err(|_| wrong())?;
    let (entries, finding) = (held.as_ref().ok(), held.as_ref().err());
    Ok(json(&json!({"fits": held.is_ok(), "entries": entries, "finding": finding})))
}

pub(super) fn to_compare() -> Value {
    json!({
        "type": "object",
        "required": [CHECKPOINT],
        "properties": {CHECKPOINT: {"type": "string", "description": "As it was kept, with all its lines."}},
        "additionalProperties": false,
    })
}

pub(super) fn comparison_schema() -> Value {
    json!({
        "type": "object",
        "required": ["fits", "entries", "finding"],
        "properties": {
            "fits": {"type": "boolean"},
            "entries": {"type": ["integer", "null"], "description": "So many of the first are those of the checkpoint."},
            "finding": {"type": ["string", "null"], "description": "What does not fit."},
        },
        "additionalProperties": false,
    })
}
