//! The message, person by person, as each would get it: the address masked, and links dead.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse, Redirect, Response};

use store::{Draft, DraftReader};

use super::opened;
use crate::acts;
use crate::desk::Rendered;
use crate::page::{Frame, html};
use crate::pages::approval::{FRAME_POLICY, MESSAGE_POLICY};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "draft/preview.html")]
struct Page {
    frame: Frame,
    id: i64,
    place: u64,
    people: u64,
    rendered: Option<Rendered>,
    problem: String,
    /// This visitor has said that they want to look.
    looked: bool,
}

/// Notes that this visitor looks at people's messages of this draft: once, in the ledger.
pub(crate) async fn note_look(visitor: &Visitor, draft: &Draft) -> Result<(), Trouble> {
    acts::drafts::note_look(&visitor.acting()?, reader(visitor)?, draft).await
}

fn reader(visitor: &Visitor) -> Result<DraftReader, Trouble> {
    Ok(DraftReader::User(visitor.somebody()?.user.id))
}

async fn looked(visitor: &Visitor, draft: &Draft) -> Result<bool, Trouble> {
    Ok(visitor.console.store.looked_at_draft(draft.at.id, reader(visitor)?).await?)
}

pub(crate) async fn look(
    Extension(visitor): Extension<Visitor>,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    let place = placed(&place, opened.draft.audience.people)?;
    note_look(&visitor, &opened.draft).await?;
    Ok(Redirect::to(&format!("{}/preview/{place}", opened.path())).into_response())
}

fn placed(place: &str, people: u64) -> Result<u64, Trouble> {
    place.parse().ok().filter(|place| (1..=people).contains(place)).ok_or(Trouble::NotFound)
}

/// The person that was typed in: the nearest that there is.
pub(crate) async fn find(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    let query = query.unwrap_or_default();
    let typed = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "person");
    let typed = typed.and_then(|(_, text)| text.trim().parse::<u64>().ok()).unwrap_or(1);
    let place = typed.clamp(1, opened.draft.audience.people.max(1));
    Ok(Redirect::to(&format!("{}/preview/{place}", opened.path())).into_response())
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    let people = opened.draft.audience.people;
    let place = placed(&place, people)?;
    let looked = looked(&visitor, &opened.draft).await?;
    let (rendered, problem) = match looked {
        true => match visitor.console.drafting.preview(&opened.draft, place).await {
            Ok(rendered) => (Some(rendered), String::new()),
            Err(error) => (None, error.to_string()),
        },
        false => (None, String::new()),
    };
    let page = html(&Page {
        frame: Frame::of(&visitor, &format!("The message of person {place}"), "/campaigns")?,
        id: opened.draft.at.id.0,
        place,
        people,
        rendered,
        problem,
        looked,
    })?;
    Ok(([(CONTENT_SECURITY_POLICY, FRAME_POLICY)], page).into_response())
}

/// Its HTML, for the frames.
pub(crate) async fn show_html(
    Extension(visitor): Extension<Visitor>,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    let place = placed(&place, opened.draft.audience.people)?;
    if !looked(&visitor, &opened.draft).await? {
        return Err(Trouble::NotFound);
    }
    let rendered = visitor.console.drafting.preview(&opened.draft, place).await?;
    Ok(([(CONTENT_SECURITY_POLICY, MESSAGE_POLICY)], Html(rendered.html)).into_response())
}
