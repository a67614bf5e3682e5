//! Everybody of a campaign, one by one: what became of whom, addresses masked (promise 9).

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};
use store::{Audience, DeliveryRow};

use crate::api::caller::Asked;
use crate::api::campaigns::found;
use crate::api::paging::{List, Page, page};
use crate::api::problem::Problem;
use crate::api::routes::Parameter;
use crate::pages::deliveries::{STATES, masked};

/// States that are told apart, and what a sender has in hand.
pub(super) const STATE: Parameter = Parameter {
    name: "state",
    description: "Those in this state alone.",
    schema: || json!({"type": "string", "enum": STATES.map(|(_, key, _)| key)}),
};
const IN_HAND: &str = "in_hand";

pub(super) async fn list(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let campaign = found(&asked, &id).await?;
    let wanted = Page::of(List::Deliveries, &asked.query)?;
    let state = match asked.query.get(STATE.name) {
        None => None,
        Some(key) => {
            let known = STATES.into_iter().find(|(_, one, _)| *one == key);
            let (state, _, _) = known.ok_or_else(|| Problem::invalid(STATE.name, "One of the states."))?;
            Some(state)
        }
    };
    let store = &asked.console.store;
    let after = wanted.after.and_then(|number| u64::try_from(number).ok()).unwrap_or(0);
    let found = store.deliveries(campaign.id, state, after, wanted.look_up()).await?;
    let number = |delivery: &DeliveryRow| i64::try_from(delivery.number).unwrap_or(i64::MAX);
    let (found, next) = wanted.cut(found, number);
    let audience = store.audience_of(&campaign).await?;
    let mut items = Vec::with_capacity(found.len());
    for delivery in found {
        items.push(object(&asked, &audience, delivery).await?);
    }
    Ok(page(&items, next.as_deref()))
}

async fn object(asked: &Asked, audience: &Audience, delivery: DeliveryRow) -> Result<Value, Problem> {
    let address = masked(&asked.console, audience, delivery.row).await?;
    let state = STATES.into_iter().find(|(state, _, _)| *state == delivery.state);
    Ok(json!({
        "number": delivery.number,
        "row": delivery.row,
        "address": address,
        "state": state.map_or(IN_HAND, |(_, key, _)| key),
        "attempts": delivery.attempts,
        "settled_at": delivery.settled_at.map(|at| at.to_string()),
        // The relay's words can hold addresses: its codes alone.
        "code": Some(delivery.code).filter(|code| *code != 0),
        "enhanced_code": Some(delivery.enhanced).filter(|code| !code.is_empty()),
    }))
}

pub(super) fn schema() -> Value {
    let states: Vec<&str> = STATES.iter().map(|(_, key, _)| *key).chain([IN_HAND]).collect();
    json!({
        "type": "object",
        "required": ["number", "row", "address", "state", "attempts", "settled_at", "code", "enhanced_code"],
        "properties": {
            "number": {"type": "integer", "description": "Of the delivery, in its campaign."},
            "row": {"type": "integer", "description": "Of the spreadsheet."},
            "address": {"type": ["string", "null"], "description": "Masked; null for somebody whose row is gone."},
            "state": {"type": "string", "enum": states},
            "attempts": {"type": "integer", "minimum": 0},
            "settled_at": {"type": ["string", "null"], "format": "date-time"},
            "code": {"type": ["integer", "null"], "description": "The mail server's last (RFC 5321 §4.2)."},
            "enhanced_code": {"type": ["string", "null"], "description": "Its enhanced code (RFC 3463)."},
        },
        "additionalProperties": false,
    })
}
