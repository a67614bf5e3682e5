//! What people asked of the officer by the public pages, with the clock (UK GDPR Art. 12(3)).

use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use store::{PersonAt, REQUEST_PAGE_MAX, RequestId, RequestKind, SubjectRequest};

use crate::form::Form;
use crate::officer::PersonPlace;
use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::person::{asked, place_of};
use crate::parts::{Errors, Textarea};
use crate::reason::{reason, reason_field};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

struct Row {
    id: i64,
    what: &'static str,
    at: String,
    due: String,
    overdue: bool,
    campaign: String,
    row: u64,
}

impl Row {
    fn of(visitor: &Visitor, request: &SubjectRequest) -> Self {
        let zone = TimeZone::system();
        let due = request.due(&zone);
        let today = visitor.at.to_zoned_datetime(zone).date();
        Self {
            id: request.id.0,
            what: asked(request.kind),
            at: when(request.made_at),
            due: due.map_or_else(
                || "as soon as possible".to_owned(),
                |due| due.strftime("%-d %B %Y").to_string(),
            ),
            overdue: due.is_some_and(|due| due < today),
            campaign: request.campaign.clone(),
            row: request.row,
        }
    }
}

#[derive(Template)]
#[template(path = "requests.html")]
struct List {
    frame: Frame,
    requests: Vec<Row>,
    /// Behind which request the next page begins.
    next: Option<i64>,
}

#[derive(Template)]
#[template(path = "request.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    request: Row,
    advice: &'static str,
    /// The person, masked, and their page; nothing where they are erased.
    person: Option<(String, String)>,
    remark: Textarea,
}

pub(crate) async fn list(
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let after = match query.text("after") {
        "" => 0,
        text => text.parse().map_err(|_| Trouble::NotFound)?,
    };
    let requests = visitor.console.store.open_requests(RequestId(after), REQUEST_PAGE_MAX).await?;
    let full = requests.len() == REQUEST_PAGE_MAX as usize;
    html(&List {
        frame: Frame::of(&visitor, "Requests", "/requests")?,
        requests: requests.iter().map(|request| Row::of(&visitor, request)).collect(),
        next: requests.last().filter(|_| full).map(|request| request.id.0),
    })
}

async fn found(visitor: &Visitor, id: &str) -> Result<(SubjectRequest, Option<PersonAt>), Trouble> {
    let id = RequestId(id.parse().map_err(|_| Trouble::NotFound)?);
    let request = visitor.console.store.open_request(id).await?;
    let place = visitor.console.store.place_of_request(id).await?;
    Ok((request, place))
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    page(&visitor, found(&visitor, &id).await?, "", Errors::default()).await
}

async fn page(
    visitor: &Visitor,
    (request, place): (SubjectRequest, Option<PersonAt>),
    remark: &str,
    errors: Errors,
) -> Result<Response, Trouble> {
    let person = match place {
        None => None,
        Some(at) => {
            let place = PersonPlace { audience: at.audience.number(), row: at.row };
            let known = visitor.console.officer.known(place).await?;
            known.map(|known| (known.address, place_of(place)))
        }
    };
    html(&Page {
        frame: Frame::of(visitor, asked(request.kind), "/requests")?.with_error(!errors.is_empty()),
        request: Row::of(visitor, &request),
        advice: advice(request.kind),
        person,
        remark: reason_field("remark", "What was done?", remark, &errors),
        errors,
    })
}

/// What there is to do.
const fn advice(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Access => {
            "Export everything about the person and send it to them by a way that is safe. Until this is handled they are not erased"
        }
        RequestKind::Erasure => {
            "Erase the person, or tell them why not. They are not written to any more already"
        }
        RequestKind::Telephone => {
            "Tell whoever telephones. Show everything about the person to see whether there is a number"
        }
        RequestKind::NotSafe => {
            "Somebody may read their mailbox: do not answer by e-mail. They are not written to any more already"
        }
    }
}

/// Handled: the remark lies under the audience's key, and goes with the person.
pub(crate) async fn handle(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let (request, place) = found(&visitor, &id).await?;
    let mut errors = Errors::default();
    let remark = reason(&sent, "remark", &mut errors);
    if !errors.is_empty() {
        return page(&visitor, (request, place), sent.text("remark"), errors).await;
    }
    let mut act = visitor.act("handle request", &request.campaign);
    act.detail = vec![
        ("request", request.id.0.to_string()),
        ("kind", request.kind.word().to_owned()),
        ("row", request.row.to_string()),
    ];
    match &place {
        Some(at) => {
            act.reason = Some((&remark, &at.audience));
            act.row = Some(at.row);
        }
        // The person is erased: there is nothing that it could tell of them.
        None => act.detail.push(("reason", remark.clone())),
    }
    let entry = visitor.console.scribe.entry(&act)?;
    visitor.console.store.handle_request(request.id, visitor.at, &entry).await?;
    Ok(Redirect::to("/requests").into_response())
}
