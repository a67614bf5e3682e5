//! Throwing a draft away: asked about first.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use super::opened;
use crate::acts;
use crate::page::{Frame, html};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "draft/remove.html")]
struct Page {
    frame: Frame,
    id: i64,
    name: String,
}

pub(crate) async fn ask(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let draft = opened(&visitor, &id).await?.draft;
    html(&Page {
        frame: Frame::of(&visitor, "Throw this draft away?", "/campaigns")?,
        id: draft.at.id.0,
        name: draft.name,
    })
}

pub(crate) async fn remove(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let draft = opened(&visitor, &id).await?.draft;
    acts::drafts::remove(&visitor.acting()?, &draft).await?;
    Ok(Redirect::to("/campaigns").into_response())
}
