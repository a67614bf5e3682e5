//! Campaigns: where each stands. The object is that of the command line, with a number.

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use campaign::CampaignState;
use serde_json::{Value, json};
use store::Campaign;

use crate::api::caller::Asked;
use crate::api::json;
use crate::api::paging::{List, Page, page};
use crate::api::problem::Problem;
use crate::console::Console;
use crate::pages::campaign::watch;

pub(super) async fn list(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let (store, wanted) = (&asked.console.store, Page::of(List::Campaigns, &asked.query)?);
    let found = store.campaigns_before(wanted.after.unwrap_or(i64::MAX), wanted.look_up()).await?;
    let (found, next) = wanted.cut(found, |campaign| campaign.id.get());
    let mut items = Vec::with_capacity(found.len());
    for campaign in &found {
        items.push(object(&asked.console, campaign).await?);
    }
    Ok(page(&items, next.as_deref()))
}

pub(super) async fn show(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(json(&object(&asked.console, &found(&asked, &id).await?).await?))
}

/// As a page that somebody has open gets it.
pub(super) async fn events(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let campaign = found(&asked, &id).await?;
    Ok(watch(&asked.console, campaign)?)
}

/// The campaign of that number.
pub(super) async fn found(asked: &Asked, id: &str) -> Result<Campaign, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    Ok(asked.console.store.campaign_numbered(id).await?)
}

pub(super) async fn object(console: &Console, campaign: &Campaign) -> Result<Value, Problem> {
    let counts = console.store.counts(campaign.id).await?;
    let audience = console.store.audience_of(campaign).await?;
    let (bounced, complained) = console.store.bounced_and_complained(Some(campaign.id)).await?;
    Ok(json!({
        "id": campaign.id.get(),
        "campaign": campaign.name,
        "state": campaign.state.word(),
        "reason": campaign.reason,
        "audience": {"id": audience.number(), "name": audience.name},
        "total": counts.total,
        "accepted": counts.accepted,
        "failed": counts.failed,
        "deferred": counts.deferred,
        "in_doubt": counts.in_doubt,
        "suppressed": counts.suppressed,
        "held": counts.held,
        "queued": counts.queued,
        "bounced": bounced,
        "complained": complained,
        "duplicates_folded": audience.folded,
        "rows_skipped": audience.skipped,
        // Of a process that sends, and this one answers.
        "messages_per_second": null,
        "created_at": campaign.created_at.to_string(),
        "start_at": campaign.start_at.to_string(),
    }))
}

pub(super) fn schema() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object",
        "description": "The counts up to `queued` are disjoint and sum to `total`; what a sender has in hand counts as queued. `bounced` and `complained` are among those accepted.",
        "required": [
            "id", "campaign", "state", "reason", "audience", "total", "accepted", "failed", "deferred", "in_doubt", "suppressed",
            "held", "queued", "bounced", "complained", "duplicates_folded", "rows_skipped", "messages_per_second", "created_at", "start_at",
        ],
        "properties": {
            "id": {"type": "integer"},
            "campaign": {"type": "string", "description": "Its name."},
            "state": {"type": "string", "enum": CampaignState::ALL.map(CampaignState::word)},
            "reason": {"type": "string", "description": "Why it stands there, for people."},
            "audience": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
                "additionalProperties": false,
            },
            "total": number, "accepted": number, "failed": number, "deferred": number, "in_doubt": number,
            "suppressed": number, "held": number, "queued": number, "bounced": number, "complained": number,
            "duplicates_folded": number, "rows_skipped": number,
            "messages_per_second": {"type": ["number", "null"], "description": "Always null here."},
            "created_at": {"type": "string", "format": "date-time"},
            "start_at": {"type": "string", "format": "date-time", "description": "Not before this."},
        },
        "additionalProperties": false,
    })
}
