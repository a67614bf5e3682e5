//! Audiences: what lists there are, and who is on them, masked (promise 9).

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};
use store::{Audience, Channel};

use crate::api::caller::Asked;
use crate::api::json;
use crate::api::paging::{List, Page, page};
use crate::api::problem::Problem;
use crate::api::routes::PREFIX;
use crate::lists::MaskedPerson;

pub(super) async fn list(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let wanted = Page::of(List::Audiences, &asked.query)?;
    let before = wanted.after.unwrap_or(i64::MAX);
    let found = asked.console.store.audiences_before(before, wanted.look_up()).await?;
    let (found, next) = wanted.cut(found, Audience::number);
    Ok(page(&found.iter().map(object).collect::<Vec<_>>(), next.as_deref()))
}

pub(super) async fn show(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(json(&object(&found(&asked, &id).await?)))
}

pub(super) async fn people(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let audience = found(&asked, &id).await?;
    let wanted = Page::of(List::People, &asked.query)?;
    if audience.forgotten_at.is_some() {
        return Ok(page(&[], None));
    }
    let after = wanted.after.and_then(|row| u64::try_from(row).ok()).unwrap_or(0);
    let found = asked.console.lists.people(&audience, after, wanted.look_up()).await;
    let found = found.map_err(crate::trouble::Trouble::from)?;
    let (found, next) = wanted.cut(found, |person| i64::try_from(person.row).unwrap_or(i64::MAX));
    Ok(page(&found.iter().map(person).collect::<Vec<_>>(), next.as_deref()))
}

async fn found(asked: &Asked, id: &str) -> Result<Audience, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    Ok(asked.console.store.audience_numbered(id).await?)
}

pub(super) fn object(audience: &Audience) -> Value {
    json!({
        "id": audience.number(),
        "href": format!("{PREFIX}/audiences/{}", audience.number()),
        "name": audience.name,
        "people": audience.people,
        "duplicates_folded": audience.folded,
        "rows_skipped": audience.skipped,
        "fields": audience.fields,
        "language_field": audience.language_field.and_then(|index| audience.fields.get(index)),
        "warnings": audience.warnings,
        "created_at": audience.created_at.to_string(),
        "forgotten_at": audience.forgotten_at.map(|at| at.to_string()),
    })
}

pub(super) fn schema() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    let texts = json!({"type": "array", "items": {"type": "string"}});
    json!({
        "type": "object",
        "required": [
            "id", "href", "name", "people", "duplicates_folded", "rows_skipped", "fields", "language_field", "warnings",
            "created_at", "forgotten_at",
        ],
        "properties": {
            "id": {"type": "integer"},
            "href": {"type": "string"},
            "name": {"type": "string"},
            "people": number, "duplicates_folded": number, "rows_skipped": number,
            "fields": texts,
            "language_field": {"type": ["string", "null"]},
            "warnings": {"type": "array", "items": {"type": "string"}, "description": "Those that were acknowledged."},
            "created_at": {"type": "string", "format": "date-time"},
            "forgotten_at": {"type": ["string", "null"], "format": "date-time", "description": "Its key was destroyed."},
        },
        "additionalProperties": false,
    })
}

const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Safe => "safe",
        Channel::Unsafe => "unsafe",
        Channel::Unknown => "unknown",
    }
}

fn person(person: &MaskedPerson) -> Value {
    json!({
        "row": person.row,
        "address": person.address,
        "channel": channel(person.channel),
        "suppressed": person.suppressed,
    })
}

pub(super) fn person_schema() -> Value {
    let channels = [Channel::Safe, Channel::Unsafe, Channel::Unknown].map(channel);
    json!({
        "type": "object",
        "required": ["row", "address", "channel", "suppressed"],
        "properties": {
            "row": {"type": "integer", "description": "Of the spreadsheet."},
            "address": {"type": "string", "description": "Masked."},
            "channel": {
                "type": "string",
                "description": "Whether e-mail is safe for them.",
                "enum": channels,
            },
            "suppressed": {"type": "boolean", "description": "On the suppression list, in any scope."},
        },
        "additionalProperties": false,
    })
}
