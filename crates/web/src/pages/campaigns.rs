//! The campaigns: where each stands.

use accounts::Right;
use askama::Template;
use axum::Extension;
use axum::response::{IntoResponse, Redirect, Response};
use campaign::CampaignState;

use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::campaign::known_as;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// Campaigns on the page, the newest first: each is counted for it.
const SHOWN_MAX: usize = 50;

struct Row {
    id: i64,
    name: String,
    state: &'static str,
    class: &'static str,
    total: u64,
    accepted: u64,
    to_look_at: u64,
}

#[derive(Template)]
#[template(path = "campaigns.html")]
struct Page {
    frame: Frame,
    campaigns: Vec<Row>,
    more: bool,
    can_write: bool,
    drafts: Vec<DraftRow>,
}

struct DraftRow {
    id: i64,
    name: String,
    audience: String,
    changed_by: String,
    changed_at: String,
}

/// What is being written, for those who write.
async fn drafts(visitor: &Visitor) -> Result<Vec<DraftRow>, Trouble> {
    if !visitor.may(Right::Compose) {
        return Ok(Vec::new());
    }
    let mut rows = Vec::new();
    for draft in visitor.console.store.drafts().await? {
        rows.push(DraftRow {
            id: draft.at.id.0,
            changed_by: known_as(visitor, &draft.author).await?,
            changed_at: when(draft.changed_at),
            name: draft.name,
            audience: draft.audience.name,
        });
    }
    Ok(rows)
}

/// The first page: what somebody's roles show.
pub(crate) async fn start(Extension(visitor): Extension<Visitor>) -> Response {
    Redirect::to(if visitor.may(Right::SeeCampaigns) { "/campaigns" } else { "/me" }).into_response()
}

pub(crate) async fn list(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let store = &visitor.console.store;
    let all = store.campaigns().await?;
    let more = all.len() > SHOWN_MAX;
    let mut campaigns = Vec::with_capacity(all.len().min(SHOWN_MAX));
    for campaign in all.into_iter().take(SHOWN_MAX) {
        let counts = store.counts(campaign.id).await?;
        campaigns.push(Row {
            id: campaign.id.get(),
            state: word(campaign.state),
            class: class(campaign.state),
            name: campaign.name,
            total: counts.total,
            accepted: counts.accepted,
            to_look_at: counts.failed + counts.in_doubt + counts.held,
        });
    }
    html(&Page {
        frame: Frame::of(&visitor, "Campaigns", "/campaigns")?,
        campaigns,
        more,
        can_write: visitor.may(Right::Compose),
        drafts: drafts(&visitor).await?,
    })
}

/// The state, as a page says it.
pub(crate) const fn word(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Draft => "Draft",
        CampaignState::Submitted => "Waits for approval",
        CampaignState::Approved => "Approved",
        CampaignState::Waiting => "About to begin",
        CampaignState::Sending => "Sending",
        CampaignState::Paused => "Paused",
        CampaignState::Halted => "Halted",
        CampaignState::Done => "Done",
        CampaignState::Cancelled => "Cancelled",
    }
}

/// The colour of its tag; its word says the same.
pub(crate) const fn class(state: CampaignState) -> &'static str {
    match state {
        CampaignState::Draft | CampaignState::Cancelled => "govuk-tag--grey",
        CampaignState::Submitted | CampaignState::Waiting | CampaignState::Paused => "govuk-tag--yellow",
        CampaignState::Approved | CampaignState::Sending => "govuk-tag--blue",
        CampaignState::Halted => "govuk-tag--red",
        CampaignState::Done => "govuk-tag--green",
    }
}
