//! Everybody of a campaign, one by one: what became of whom, addresses masked (promise 9).

use accounts::Right;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use campaign::DeliveryState;
use store::{Audience, DeliveryRow};

use crate::console::Console;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::campaign::found;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// Deliveries on a page.
const SHOWN: u32 = 50;

struct Row {
    row: u64,
    /// Nothing for somebody whose row is gone.
    address: Option<String>,
    state: &'static str,
    attempts: u32,
    settled: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "deliveries.html")]
struct Page {
    frame: Frame,
    id: i64,
    name: String,
    /// Key of a state, its name, and whether it is the one that is shown.
    states: Vec<(&'static str, &'static str, bool)>,
    state: &'static str,
    in_doubt: bool,
    can_settle: bool,
    can_download: bool,
    rows: Vec<Row>,
    first: bool,
    next: Option<u64>,
}

/// States that are told apart here: what is claimed counts as waiting.
pub(crate) const STATES: [(DeliveryState, &str, &str); 7] = [
    (DeliveryState::Queued, "queued", "Waiting"),
    (DeliveryState::Accepted, "accepted", "Accepted"),
    (DeliveryState::Deferred, "deferred", "To be tried again"),
    (DeliveryState::Failed, "failed", "Failed"),
    (DeliveryState::InDoubt, "in_doubt", "In doubt"),
    (DeliveryState::Suppressed, "suppressed", "Suppressed"),
    (DeliveryState::Held, "held", "Held"),
];

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let chosen = match query.text("state") {
        "" => None,
        key => Some(STATES.into_iter().find(|(_, one, _)| *one == key).ok_or(Trouble::NotFound)?),
    };
    let after: u64 = match query.text("after") {
        "" => 0,
        number => number.parse().map_err(|_| Trouble::NotFound)?,
    };
    let store = &visitor.console.store;
    let mut deliveries =
        store.deliveries(campaign.id, chosen.map(|(state, _, _)| state), after, SHOWN + 1).await?;
    let more = deliveries.len() > SHOWN as usize;
    deliveries.truncate(SHOWN as usize);
    let next = deliveries.last().filter(|_| more).map(|delivery| delivery.number);
    let audience = store.audience_of(&campaign).await?;
    let mut rows = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        rows.push(row(&visitor, &audience, delivery).await?);
    }
    html(&Page {
        frame: Frame::of(&visitor, "Everybody, one by one", "/campaigns")?,
        id: campaign.id.get(),
        name: campaign.name,
        states: STATES.map(|one| (one.1, one.2, Some(one) == chosen)).to_vec(),
        state: chosen.map_or("", |(_, key, _)| key),
        in_doubt: chosen.is_some_and(|(state, _, _)| state == DeliveryState::InDoubt),
        can_settle: visitor.may(Right::SettleDoubts),
        can_download: visitor.may(Right::DownloadAccount),
        rows,
        first: after == 0,
        next,
    })
}

/// Somebody's address, masked. Nothing for somebody whose row is gone.
pub(crate) async fn masked(
    console: &Console,
    audience: &Audience,
    row: u64,
) -> Result<Option<String>, Trouble> {
    if audience.forgotten_at.is_some() {
        return Ok(None);
    }
    // The next behind the row before: the row itself, if it is still there.
    let person = console.lists.people(audience, row.saturating_sub(1), 1).await?.pop();
    Ok(person.filter(|person| person.row == row).map(|person| person.address))
}

async fn row(visitor: &Visitor, audience: &Audience, delivery: DeliveryRow) -> Result<Row, Trouble> {
    let address = masked(&visitor.console, audience, delivery.row).await?;
    let answer = match (delivery.code, delivery.enhanced.as_str()) {
        (0, _) => String::new(),
        (code, enhanced) => format!("{code} {enhanced}"),
    };
    Ok(Row {
        row: delivery.row,
        address,
        state: STATES
            .into_iter()
            .find(|(state, _, _)| *state == delivery.state)
            .map_or("In hand at this moment", |(_, _, name)| name),
        attempts: delivery.attempts,
        settled: delivery.settled_at.map_or_else(String::new, when),
        answer,
    })
}
