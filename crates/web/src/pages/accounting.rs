//! The accounting of a campaign as a table: what became of whom, by the rows of the spreadsheet; and, for whoever may, with the
//! addresses, for a reason that is entered in the ledger. It is written as it is sent, so that it may be as long as it is.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use campaign::DeliveryState;
use futures_util::stream;
use store::{Audience, Campaign, CampaignId, DeliveryRow};

use crate::console::Console;
use crate::csv_file::{BYTE_ORDER_MARK, as_text, headers, octets, rows_behind};
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::campaign::found;
use crate::parts::{Errors, Textarea};
use crate::reason::{reason, reason_field};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// Deliveries that are read at once.
const ROWS_AT_ONCE: u32 = 1_000;

#[derive(Template)]
#[template(path = "accounting.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    id: i64,
    name: String,
    reason: Textarea,
}

/// What is left to write.
struct Accounting {
    console: Arc<Console>,
    campaign: CampaignId,
    /// Whose addresses are to stand in it.
    audience: Option<Audience>,
    /// The number of the last delivery that was written.
    after: u64,
    /// Heading, before the first rows.
    heading: Option<Vec<u8>>,
}

/// Rows alone: no address stands in it.
pub(crate) async fn rows(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    answer(&visitor, &campaign, None)
}

pub(crate) async fn ask(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    page(&visitor, campaign, &Form::default(), Errors::default())
}

fn page(visitor: &Visitor, campaign: Campaign, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    html(&Page {
        frame: Frame::of(visitor, "Download everybody’s address", "/campaigns")?
            .with_error(!errors.is_empty()),
        id: campaign.id.get(),
        name: campaign.name,
        reason: reason_field("reason", "Why?", sent.text("reason"), &errors),
        errors,
    })
}

/// With the addresses. The entry is durable before the first of them leaves.
pub(crate) async fn with_addresses(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    let mut errors = Errors::default();
    let why = reason(&sent, "reason", &mut errors);
    if !errors.is_empty() {
        return page(&visitor, campaign, &sent, errors);
    }
    let console = &visitor.console;
    let audience = console.store.audience_of(&campaign).await?;
    // Whether it can be read at all is known before anything is entered.
    console.lists.addresses(&audience, 0, 1).await?;
    let mut act = visitor.act("download-account", &campaign.name);
    act.reason = Some((&why, &audience));
    let entry = console.scribe.entry(&act)?;
    console.store.record(&entry).await?;
    answer(&visitor, &campaign, Some(audience))
}

fn answer(visitor: &Visitor, campaign: &Campaign, audience: Option<Audience>) -> Result<Response, Trouble> {
    let address = audience.is_some().then_some("address");
    let columns =
        ["row"].into_iter().chain(address).chain(["state", "attempts", "settled", "code", "enhanced"]);
    let mut heading = rows_behind(BYTE_ORDER_MARK.as_bytes().to_vec());
    heading.write_record(columns)?;
    let accounting = Accounting {
        console: visitor.console.clone(),
        campaign: campaign.id,
        audience,
        after: 0,
        heading: Some(octets(heading)?),
    };
    let body = Body::from_stream(stream::try_unfold(accounting, |mut accounting| async move {
        let rows = accounting.next_rows().await.map_err(|trouble| trouble.to_string())?;
        Ok::<_, String>(rows.map(|rows| (rows, accounting)))
    }));
    // The name of the file says nothing of the people: it is seen in lists of downloads.
    Ok((headers(&format!("accounting-{}.csv", campaign.id.get())), body).into_response())
}

impl Accounting {
    /// The next rows, or nothing behind the last. The database that fails breaks the download off: it cannot be taken for whole.
    async fn next_rows(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        let deliveries = self.console.store.deliveries(self.campaign, None, self.after, ROWS_AT_ONCE).await?;
        let heading = self.heading.take();
        let Some(last) = deliveries.last() else { return Ok(heading) };
        self.after = last.number;
        let addresses = match &self.audience {
            None => None,
            Some(audience) => Some(self.addresses(audience, &deliveries).await?),
        };
        let mut rows = rows_behind(heading.unwrap_or_default());
        for delivery in &deliveries {
            let address = addresses.as_ref().map(|all| {
                // Somebody who was erased since has none.
                all.get(&delivery.row).map_or_else(String::new, |address| as_text(address))
            });
            rows.write_record(cells(delivery, address))?;
        }
        Ok(Some(octets(rows)?))
    }

    async fn addresses(
        &self,
        audience: &Audience,
        deliveries: &[DeliveryRow],
    ) -> Result<HashMap<u64, String>, Trouble> {
        let (first, last) = match (
            deliveries.iter().map(|delivery| delivery.row).min(),
            deliveries.iter().map(|delivery| delivery.row).max(),
        ) {
            (Some(first), Some(last)) => (first, last),
            _ => return Ok(HashMap::new()),
        };
        let (mut found, mut after) = (HashMap::with_capacity(deliveries.len()), first.saturating_sub(1));
        while after < last {
            let people = self.console.lists.addresses(audience, after, ROWS_AT_ONCE).await?;
            let Some((row, _)) = people.last() else { break };
            after = *row;
            found.extend(people.into_iter().filter(|(row, _)| *row <= last));
        }
        Ok(found)
    }
}

fn cells(delivery: &DeliveryRow, address: Option<String>) -> Vec<String> {
    // What is in hand at this moment is neither settled nor in doubt yet.
    let state = match delivery.state {
        DeliveryState::Claimed => DeliveryState::Queued.word(),
        state => state.word(),
    };
    let code = if delivery.code == 0 { String::new() } else { delivery.code.to_string() };
    let settled =
        delivery.settled_at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let row = std::iter::once(delivery.row.to_string()).chain(address);
    row.chain([state.to_owned(), delivery.attempts.to_string(), settled, code, delivery.enhanced.clone()])
        .collect()
}
