//! The audiences: what lists of people there are.

use accounts::Right;
use askama::Template;
use axum::Extension;
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::page::{Frame, html};
use crate::pages::upload::owner;
use crate::trouble::Trouble;
use crate::uploads::UploadId;
use crate::visitor::Visitor;

/// Audiences on the page, the newest first.
const SHOWN_MAX: usize = 100;

struct Row {
    id: i64,
    name: String,
    people: u64,
    skipped: u64,
    folded: u64,
    made: String,
    forgotten: bool,
    campaigns: u64,
}

#[derive(Template)]
#[template(path = "audiences.html")]
struct Page {
    frame: Frame,
    audiences: Vec<Row>,
    more: bool,
    may_import: bool,
    waiting: Vec<(UploadId, String)>,
}

pub(crate) async fn list(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let limit = u32::try_from(SHOWN_MAX + 1).unwrap_or(u32::MAX);
    let all = visitor.console.store.newest_audiences(limit).await?;
    let more = all.len() > SHOWN_MAX;
    let audiences = all.into_iter().take(SHOWN_MAX).map(|(audience, campaigns)| Row {
        id: audience.number(),
        people: audience.people,
        skipped: audience.skipped,
        folded: audience.folded,
        made: on(audience.created_at),
        forgotten: audience.forgotten_at.is_some(),
        name: audience.name,
        campaigns,
    });
    html(&Page {
        frame: Frame::of(&visitor, "Audiences", "/audiences")?,
        audiences: audiences.collect(),
        more,
        may_import: visitor.may(Right::ImportAudience),
        waiting: visitor.console.uploads.waiting(owner(&visitor)?, visitor.at),
    })
}

/// A day, as people write it.
pub(crate) fn on(at: Timestamp) -> String {
    TimeZone::system().to_datetime(at).strftime("%-d %B %Y").to_string()
}
