//! The ledger: what was done and by whom, whether all of it is as it was recorded, and the checkpoint to keep elsewhere.

use std::collections::HashMap;

use askama::Template;
use axum::Extension;
use axum::extract::RawQuery;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};

use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::campaign::known_as;
use crate::pages::senders::sentence;
use crate::parts::{Errors, Textarea};
use crate::safekeeping::{Errand, LedgerEntry, Verified};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

const HERE: &str = "/ledger";
/// Entries on a page.
const SHOWN: u32 = 50;

struct Row {
    number: u64,
    at: String,
    who: String,
    act: String,
    subject: String,
    detail: Vec<(String, String)>,
    is_altered: bool,
}

#[derive(Template)]
#[template(path = "ledger.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    running: Option<String>,
    verified: Option<(String, Verified)>,
    failed: Option<(String, String)>,
    compared: Option<Result<u64, String>>,
    checkpoint: Textarea,
    entries: Vec<Row>,
    size: u64,
    /// The number before which the earlier ones are.
    earlier: Option<u64>,
    is_latest: bool,
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let before = query.text("before").parse().ok();
    page(&visitor, before, "", None, Errors::default()).await
}

async fn page(
    visitor: &Visitor,
    before: Option<u64>,
    typed: &str,
    compared: Option<Result<u64, String>>,
    errors: Errors,
) -> Result<Response, Trouble> {
    let safekeeping = &visitor.console.safekeeping;
    let (mut running, mut verified, mut failed) = (None, None, None);
    match safekeeping.verification().await? {
        Errand::NotYet => {}
        Errand::Running { since } => running = Some(when(since)),
        Errand::Ended { at, outcome: Ok(all) } => verified = Some((when(at), all)),
        Errand::Ended { at, outcome: Err(why) } => failed = Some((when(at), sentence(&why))),
    }
    let page = safekeeping.entries(before, SHOWN).await?;
    html(&Page {
        frame: Frame::of(visitor, "Ledger", HERE)?.with_error(!errors.is_empty()),
        running,
        verified,
        failed,
        compared: compared.map(|held| held.map_err(|why| sentence(&why))),
        checkpoint: Textarea {
            id: "checkpoint",
            label: "Checkpoint",
            hint: "All of its lines, as they were kept",
            value: typed.to_owned(),
            error: errors.of("checkpoint"),
            rows: 6,
            bold: false,
        },
        is_latest: before.is_none_or(|before| before >= page.size),
        earlier: (page.from > 0).then_some(page.from),
        size: page.size,
        entries: rows(visitor, page.entries).await?,
        errors,
    })
}

/// Each user is looked up once for the page.
async fn rows(visitor: &Visitor, entries: Vec<LedgerEntry>) -> Result<Vec<Row>, Trouble> {
    let (mut names, mut rows) = (HashMap::<String, String>::new(), Vec::with_capacity(entries.len()));
    for entry in entries {
        let who = match names.get(&entry.actor) {
            Some(name) => name.clone(),
            None => {
                let name = known_as(visitor, &entry.actor).await?;
                names.insert(entry.actor.clone(), name.clone());
                name
            }
        };
        rows.push(Row {
            number: entry.number,
            at: entry.at.map_or_else(String::new, when),
            who,
            act: entry.act,
            subject: entry.subject,
            detail: entry.detail,
            is_altered: entry.is_altered,
        });
    }
    Ok(rows)
}

pub(crate) async fn verify(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    visitor.console.safekeeping.verify().await?;
    Ok(Redirect::to(HERE).into_response())
}

/// The checkpoint of the last verification: it was signed then, and looking signs nothing.
pub(crate) async fn checkpoint(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let Errand::Ended { outcome: Ok(verified), .. } = visitor.console.safekeeping.verification().await?
    else {
        return Err(Trouble::NotFound);
    };
    let name = format!("attachment; filename=\"undisclosed-checkpoint-{}.txt\"", verified.entries);
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, verified.checkpoint).into_response())
}

pub(crate) async fn compare(
    Extension(visitor): Extension<Visitor>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (typed, mut errors) = (form.text("checkpoint"), Errors::default());
    if typed.is_empty() {
        errors.add("checkpoint", "Paste a checkpoint");
        return page(&visitor, None, typed, None, errors).await;
    }
    match visitor.console.safekeeping.compare(typed).await {
        Ok(held) => page(&visitor, None, typed, Some(held), errors).await,
        Err(why) => {
            errors.add("checkpoint", sentence(&why.0));
            page(&visitor, None, typed, None, errors).await
        }
    }
}
