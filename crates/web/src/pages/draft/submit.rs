//! Asking a second person: what will happen, and the warnings that somebody has to decide about.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use super::checks::Shown;
use super::{Opened, opened};
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::approval::{asked_for, when};
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// A warning to be accepted.
struct Warning {
    word: &'static str,
    shown: Shown,
    accepted: bool,
}

#[derive(Template)]
#[template(path = "draft/submit.html")]
struct Page {
    frame: Frame,
    id: i64,
    version: u64,
    errors: Errors,
    facts: Vec<(&'static str, String)>,
    warnings: Vec<Warning>,
    /// Everything was checked, and nothing is in the way.
    ready: bool,
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    page(&visitor, &opened, &Form::default(), Errors::default()).await
}

async fn page(visitor: &Visitor, opened: &Opened, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    let draft = &opened.draft;
    let list = opened.checklist(&visitor.console).await?;
    let (mut facts, mut warnings) = (Vec::new(), Vec::new());
    if let Some(list) = &list {
        facts = vec![
            ("Campaign", draft.name.clone()),
            ("Audience", draft.audience.name.clone()),
            ("People who will be written to", list.written_to.to_string()),
            ("People who will not", (list.people - list.written_to.min(list.people)).to_string()),
            ("Pace and quiet hours", asked_for(&draft.limits)),
            ("To begin", draft.wanted_at.map_or_else(|| "as soon as it is approved".to_owned(), when)),
        ];
        let warning = |(word, check)| Warning {
            word,
            shown: Shown::of(check),
            accepted: sent.all("accept").any(|accepted| accepted == word),
        };
        warnings = list.warnings().map(warning).collect();
    }
    html(&Page {
        frame: Frame::of(visitor, "Submit it for approval", "/campaigns")?.with_error(!errors.is_empty()),
        id: draft.at.id.0,
        version: draft.at.version,
        errors,
        facts,
        warnings,
        ready: list.is_some(),
    })
}

pub(crate) async fn submit(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    // What is submitted is what the page was about.
    let list = match super::version_of(&form) == opened.draft.at.version {
        true => opened.checklist(&visitor.console).await?,
        false => None,
    };
    let Some(list) = list else {
        return page(&visitor, &opened, &form, Errors::default()).await;
    };
    let accepted: Vec<String> = form.all("accept").map(ToOwned::to_owned).collect();
    if !opened.submit(&visitor.acting()?, &list, accepted).await?.is_empty() {
        let mut errors = Errors::default();
        errors.add("accept", "Tick each of them: you have looked at it, and it is meant to be so");
        return page(&visitor, &opened, &form, errors).await;
    }
    Ok(Redirect::to(&format!("{}/checks", opened.path())).into_response())
}
