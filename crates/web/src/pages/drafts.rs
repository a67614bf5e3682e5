//! Beginning a message: a name and who it is for; or a campaign that there is, to be changed.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use campaign::{CampaignEvent, CampaignState, CampaignTransitionError};
use message::Composition;
use store::{Audience, Campaign, DraftId, NewDraft, StoreError};

use crate::choosing::Select;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::campaign::found;
use crate::parts::{Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

/// Octets of a campaign's name: it stands in tables and on pages.
const NAME_OCTETS_MAX: usize = 200;

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

/// Audiences that somebody can still write to.
async fn audiences(visitor: &Visitor) -> Result<Vec<Audience>, Trouble> {
    let mut all = visitor.console.store.audiences().await?;
    all.retain(|audience| audience.forgotten_at.is_none());
    Ok(all)
}

async fn form(visitor: &Visitor, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    let audiences = audiences(visitor).await?;
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

pub(crate) fn is_campaign_name(text: &str) -> bool {
    (1..=NAME_OCTETS_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

pub(crate) async fn create(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let name = sent.text("name");
    let mut errors = Errors::default();
    if !is_campaign_name(name) {
        errors.add("name", "Enter a name, in one line and not too long");
    }
    let chosen = audiences(&visitor).await?.into_iter().find(|one| one.name == sent.text("audience"));
    if chosen.is_none() {
        errors.add("audience", "Choose who it is for");
    }
    let Some(audience) = chosen.filter(|_| errors.is_empty()) else {
        return form(&visitor, &sent, errors).await;
    };
    match begin(&visitor, name, &audience, None, (Composition::empty(), Vec::new())).await {
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

async fn begin(
    visitor: &Visitor,
    name: &str,
    audience: &Audience,
    campaign: Option<&Campaign>,
    (content, files): (Composition, Vec<store::DraftFile>),
) -> Result<DraftId, Trouble> {
    let console = &visitor.console;
    let mut act = visitor.act("draft", name);
    act.detail = vec![("audience", audience.name.clone())];
    let entry = console.scribe.entry(&act)?;
    let author = actor(&visitor.somebody()?.user);
    let new = NewDraft {
        name,
        campaign: campaign.map(|campaign| campaign.id),
        content: &super::draft::written(&content)?,
        wanted_at: campaign.and_then(|campaign| campaign.approval.wanted_at),
        author: &author,
        now: visitor.at,
    };
    Ok(console.store.create_draft(&new, audience, &files, &entry).await?)
}

fn to(id: DraftId) -> Response {
    Redirect::to(&format!("/drafts/{}", id.0)).into_response()
}

/// Whether its message can be changed: not while it is being sent, and not when nothing is left to send.
pub(crate) fn can_change(state: CampaignState) -> bool {
    CampaignState::before(CampaignEvent::Edit).contains(&state)
}

/// A draft of a campaign that there is. The campaign stays as it is until the draft is submitted.
pub(crate) async fn change(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let campaign = found(&visitor, &id).await?;
    let console = &visitor.console;
    if let Some(draft) = console.store.draft_of(campaign.id).await? {
        return Ok(to(draft));
    }
    if !can_change(campaign.state) {
        let error = CampaignTransitionError { from: campaign.state, event: CampaignEvent::Edit };
        return Err(StoreError::Transition(error).into());
    }
    let audience = console.store.audience_of(&campaign).await?;
    let written = console.drafting.written(&campaign).await?;
    Ok(to(begin(&visitor, &campaign.name, &audience, Some(&campaign), written).await?))
}
