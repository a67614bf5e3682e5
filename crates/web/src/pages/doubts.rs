//! Deliveries in doubt, and somebody's word for what became of them (promise 3): nothing of this happens by itself.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use store::{Audience, Campaign, InDoubt, Settled};

use crate::choosing::Radios;
use crate::desk::Assumption;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::campaign::found;
use crate::pages::deliveries::masked;
use crate::parts::{Boxes, Errors, Textarea, Tick};
use crate::reason::{reason, reason_field};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

/// Doubts on a page: as many as somebody looks up in a log by hand, and as one form settles.
const SHOWN: u32 = 20;

const WHICH: &str = "delivery";
const BECAME: &str = "became";
const SENT: &str = "sent";
const UNSENT: &str = "unsent";

#[derive(Template)]
#[template(path = "doubts.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    id: i64,
    name: String,
    after: u64,
    which: Boxes,
    became: Radios,
    reason: Textarea,
    next: Option<u64>,
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    page(&visitor, campaign, &query, Errors::default()).await
}

/// The page; `sent` has what was typed, and behind which number its doubts begin.
async fn page(
    visitor: &Visitor,
    campaign: Campaign,
    sent: &Form,
    errors: Errors,
) -> Result<Response, Trouble> {
    let after: u64 = match sent.text("after") {
        "" => 0,
        number => number.parse().map_err(|_| Trouble::NotFound)?,
    };
    let store = &visitor.console.store;
    let mut doubts = store.doubts_after(campaign.id, after, SHOWN + 1).await?;
    let more = doubts.len() > SHOWN as usize;
    doubts.truncate(SHOWN as usize);
    let audience = store.audience_of(&campaign).await?;
    let mut items = Vec::with_capacity(doubts.len());
    for doubt in &doubts {
        items.push(tick(visitor, &audience, doubt, sent).await?);
    }
    let became = sent.text(BECAME);
    html(&Page {
        frame: Frame::of(visitor, "What became of those in doubt?", "/campaigns")?
            .with_error(!errors.is_empty()),
        id: campaign.id.get(),
        name: campaign.name,
        after,
        which: Boxes {
            id: WHICH,
            legend: "Whom do you know about?",
            hint: "Look each of them up in the mail server’s log, at the time that stands below",
            error: errors.of(WHICH),
            items,
        },
        became: Radios {
            id: BECAME,
            legend: "What became of their messages?",
            hint: String::new(),
            error: errors.of(BECAME),
            items: vec![
                (
                    SENT,
                    "The mail server took them".to_owned(),
                    "They count as accepted, and are not written to again",
                    became == SENT,
                ),
                (
                    UNSENT,
                    "The mail server did not take them".to_owned(),
                    "They wait again, and are written to when the campaign goes on. If that is wrong, they get it twice",
                    became == UNSENT,
                ),
            ],
        },
        reason: reason_field("reason", "How do you know?", sent.text("reason"), &errors),
        next: doubts.last().filter(|_| more).map(|doubt| doubt.number),
        errors,
    })
}

async fn tick(visitor: &Visitor, audience: &Audience, doubt: &InDoubt, sent: &Form) -> Result<Tick, Trouble> {
    let value = doubt.number.to_string();
    let address = masked(&visitor.console, audience, doubt.row).await?;
    let times = match (when(doubt.from), when(doubt.until)) {
        (from, until) if from == until => format!("Handed over at {from}"),
        (from, until) => format!("Handed over between {from} and {until}, if at all"),
    };
    Ok(Tick {
        label: match address {
            Some(address) => format!("Row {}: {address}", doubt.row),
            None => format!("Row {}: not kept any more", doubt.row),
        }
        .into(),
        hint: times.into(),
        ticked: sent.all(WHICH).any(|one| one == value),
        value: value.into(),
    })
}

pub(crate) async fn settle(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    let mut errors = Errors::default();
    let deliveries: Vec<u64> =
        sent.all(WHICH).filter_map(|one| one.parse().ok()).take(SHOWN as usize).collect();
    if deliveries.is_empty() {
        errors.add(WHICH, "Tick those whose message you looked up");
    }
    let settled = match sent.text(BECAME) {
        SENT => Some(Settled::Sent),
        UNSENT => Some(Settled::Unsent),
        _ => None,
    };
    if settled.is_none() {
        errors.add(BECAME, "Say what became of their messages");
    }
    let why = reason(&sent, "reason", &mut errors);
    let Some(settled) = settled.filter(|_| errors.is_empty()) else {
        return page(&visitor, campaign, &sent, errors).await;
    };
    let by = actor(&visitor.somebody()?.user);
    let assumption =
        Assumption { campaign: &campaign, deliveries: &deliveries, settled, reason: &why, by: &by };
    let assumed = visitor.console.desk.assume(&assumption).await?;
    if assumed.undecided > 0 {
        let text = format!(
            "The mail server may still be deciding about {} of them, and nobody can know yet that it did not take them. Try \
             again later",
            assumed.undecided
        );
        errors.add(BECAME, text);
        return page(&visitor, campaign, &sent, errors).await;
    }
    Ok(Redirect::to(&format!("/campaigns/{}/deliveries?state=in_doubt", campaign.id.get())).into_response())
}
