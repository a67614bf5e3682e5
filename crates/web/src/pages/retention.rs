//! What is kept and until when, what would be erased now, and what is held.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use store::Hold;

use crate::choosing::Select;
use crate::form::Form;
use crate::officer::Due;
use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::campaign::known_as;
use crate::parts::{Errors, Textarea};
use crate::reason::reason_field;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

struct Row {
    what: &'static str,
    name: String,
    when: String,
    tag: Option<(&'static str, &'static str)>,
    holds: Vec<String>,
}

impl Row {
    fn of(due: Due) -> Self {
        let tag = match (due.now, due.holds.is_empty()) {
            (true, true) => Some(("goes with the next run", "govuk-tag--red")),
            (_, false) => Some(("held", "govuk-tag--yellow")),
            (false, true) => None,
        };
        Self {
            what: if due.what == "audience" { "Audience" } else { "Words of the mail server" },
            name: due.name,
            when: due.at.map_or_else(|| "a campaign is open".to_owned(), when),
            tag,
            holds: due.holds,
        }
    }
}

#[derive(Template)]
#[template(path = "retention.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    audiences_kept: String,
    messages_kept: String,
    due: Vec<Row>,
    /// Number, what is held, by whom, since when.
    holds: Vec<(i64, String, String, String)>,
    audience: Select,
    reason: Textarea,
}

#[derive(Template)]
#[template(path = "lift_hold.html")]
struct Lift {
    frame: Frame,
    errors: Errors,
    id: i64,
    what: String,
    reason: Textarea,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    page(&visitor, &Form::default(), Errors::default()).await
}

pub(crate) async fn page(visitor: &Visitor, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    let console = &visitor.console;
    let retained = console.officer.retention().await?;
    let mut holds = Vec::new();
    for hold in console.store.holds().await? {
        holds.push((hold.id.0, named(&hold), known_as(visitor, &hold.actor).await?, when(hold.since)));
    }
    let chosen = sent.text("audience");
    let choose = (String::new(), "Choose an audience".to_owned(), chosen.is_empty());
    let audiences = console.store.audiences().await?;
    let items = audiences.into_iter().map(|audience| {
        let id = audience.number().to_string();
        let is_chosen = id == chosen;
        (id, audience.name, is_chosen)
    });
    html(&Page {
        frame: Frame::of(visitor, "Retention", "/retention")?.with_error(!errors.is_empty()),
        audiences_kept: retained.audiences_kept,
        messages_kept: retained.messages_kept,
        due: retained.due.into_iter().map(Row::of).collect(),
        holds,
        audience: Select {
            id: "audience",
            label: "Audience",
            hint: "",
            error: errors.of("audience"),
            items: std::iter::once(choose).chain(items).collect(),
        },
        reason: reason_field("hold_reason", "Why is it held?", sent.text("hold_reason"), &errors),
        errors,
    })
}

fn named(hold: &Hold) -> String {
    match hold.row {
        Some(row) => format!("{}, row {row}", hold.audience_name),
        None => hold.audience_name.clone(),
    }
}

pub(crate) fn lifting(
    visitor: &Visitor,
    hold: &Hold,
    sent: &Form,
    errors: Errors,
) -> Result<Response, Trouble> {
    html(&Lift {
        frame: Frame::of(visitor, "Lift this hold?", "/retention")?.with_error(!errors.is_empty()),
        id: hold.id.0,
        what: named(hold),
        reason: reason_field(
            "lift_reason",
            "Why is it not held any more?",
            sent.text("lift_reason"),
            &errors,
        ),
        errors,
    })
}
