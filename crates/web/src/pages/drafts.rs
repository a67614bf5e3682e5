//! Beginning a message: a name and who it is for; or a campaign that there is, to be changed.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use store::{Audience, DraftId, StoreError};

use crate::acts::drafts::{self as acts, Beginning};
use crate::choosing::Select;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::campaign::found;
use crate::parts::{Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "draft/new.html")]
struct New {
    frame: Frame,
    errors: Errors,
    name: Input,
    audience: Select,
    /// There is nobody to write to yet.
    nobody: bool,
}

pub(crate) async fn new(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    form(&visitor, &Form::default(), Errors::default()).await
}

async fn form(visitor: &Visitor, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    let audiences = acts::audiences(&visitor.console).await?;
    let chosen = sent.text("audience");
    let item = |audience: &Audience| {
        let shown = format!("{} ({} people)", audience.name, audience.people);
        (audience.name.clone(), shown, audience.name == chosen)
    };
    let mut items = vec![(String::new(), "Choose an audience".to_owned(), chosen.is_empty())];
    items.extend(audiences.iter().map(item));
    html(&New {
        frame: Frame::of(visitor, "Write a message", "/campaigns")?.with_error(!errors.is_empty()),
        name: Input::new("name", "Name", Kind::Text, &errors)
            .hint("For yourselves: nobody on the list sees it. For example: January survey")
            .value(sent.text("name")),
        audience: Select {
            id: "audience",
            label: "Who is it for?",
            hint: "Everybody on the list gets a message of their own",
            error: errors.of("audience"),
            items,
        },
        nobody: audiences.is_empty(),
        errors,
    })
}

pub(crate) async fn create(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let name = sent.text("name");
    let mut errors = Errors::default();
    if !acts::is_campaign_name(name) {
        errors.add("name", "Enter a name, in one line and not too long");
    }
    let mut all = acts::audiences(&visitor.console).await?.into_iter();
    let chosen = all.find(|one| one.name == sent.text("audience"));
    if chosen.is_none() {
        errors.add("audience", "Choose who it is for");
    }
    let Some(audience) = chosen.filter(|_| errors.is_empty()) else {
        return form(&visitor, &sent, errors).await;
    };
    match acts::begin(&visitor.acting()?, &Beginning::empty(name, &audience)).await {
        Ok(id) => Ok(to(id)),
        Err(Trouble::Store(StoreError::NameInUse)) => {
            errors.add("name", "Another campaign or draft has this name: choose another one");
            form(&visitor, &sent, errors).await
        }
        Err(Trouble::Store(StoreError::TooMany(_))) => {
            errors.add("name", "There are too many drafts: finish some, or throw some away");
            form(&visitor, &sent, errors).await
        }
        Err(trouble) => Err(trouble),
    }
}

fn to(id: DraftId) -> Response {
    Redirect::to(&format!("/drafts/{}", id.0)).into_response()
}

/// A draft of a campaign that there is.
pub(crate) async fn change(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    Ok(to(acts::change(&visitor.acting()?, &campaign).await?))
}
