//! A message that is being written: what is done, and what is still to do.

pub(crate) mod checks;
pub(crate) mod fields;
pub(crate) mod files;
pub(crate) mod languages;
pub(crate) mod preview;
pub(crate) mod remove;
pub(crate) mod submit;
pub(crate) mod test;
pub(crate) mod text;
pub(crate) mod time;

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use message::Composition;
use store::StoreError;

use crate::acts::drafts as acts;
pub(crate) use crate::acts::drafts::Opened;
use crate::drafting::{Checking, Standing};
use crate::page::{Frame, html};
use crate::pages::campaign::known_as;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// How far something is: its word, and the colour of its tag.
type Status = (String, &'static str);

const GREEN: &str = "govuk-tag--green";
const YELLOW: &str = "govuk-tag--yellow";
const RED: &str = "govuk-tag--red";
const GREY: &str = "govuk-tag--grey";

#[derive(Template)]
#[template(path = "draft/draft.html")]
struct Page {
    frame: Frame,
    id: i64,
    audience: String,
    people: u64,
    changed_by: String,
    changed_at: String,
    changes_campaign: bool,
    tasks: Vec<(&'static str, String, Status)>,
}

/// The draft of that number.
pub(crate) async fn opened(visitor: &Visitor, id: &str) -> Result<Opened, Trouble> {
    acts::opened(&visitor.console, id).await
}

impl Opened {
    pub(crate) fn path(&self) -> String {
        format!("/drafts/{}", self.draft.at.id.0)
    }

    pub(crate) fn back(&self) -> Response {
        Redirect::to(&self.path()).into_response()
    }
}

/// The version that a form was made of; 0, which no draft has, where it does not say.
pub(crate) fn version_of(form: &crate::form::Form) -> u64 {
    form.text("version").parse().unwrap_or_default()
}

/// Whether somebody else was faster.
pub(crate) const fn is_changed(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Store(StoreError::DraftChanged))
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    let draft = &opened.draft;
    html(&Page {
        frame: Frame::of(&visitor, &draft.name, "/campaigns")?,
        id: draft.at.id.0,
        audience: draft.audience.name.clone(),
        people: draft.audience.people,
        changed_by: known_as(&visitor, &draft.author).await?,
        changed_at: crate::pages::approval::when(draft.changed_at),
        changes_campaign: draft.campaign.is_some(),
        tasks: tasks(&visitor, &opened).await?,
    })
}

async fn tasks(visitor: &Visitor, opened: &Opened) -> Result<Vec<(&'static str, String, Status)>, Trouble> {
    let (draft, drafting, path) = (&opened.draft, &visitor.console.drafting, opened.path());
    let fault = drafting.fault(draft).await?;
    let checking = drafting.checking(draft.at).await?;
    let said = |text: &str, class| (text.to_owned(), class);
    let message = match &fault {
        None => said("Written", GREEN),
        Some(_) if opened.content == Composition::empty() => said("Not begun", GREY),
        Some(_) => said("Something is missing", YELLOW),
    };
    let languages = match opened.content.texts.len() {
        1 => said("None", GREY),
        n => ((n - 1).to_string(), GREEN),
    };
    let files = match opened.content.attachments.len() {
        0 => said("None", GREY),
        n => (n.to_string(), GREEN),
    };
    let when = draft.wanted_at.map_or_else(|| "As soon as approved".to_owned(), crate::pages::approval::when);
    let when = std::iter::once(when).chain(draft.limits.words()).collect::<Vec<_>>().join("; ");
    let first = format!("{path}/text/0");
    Ok(vec![
        ("Write the message", first, message),
        ("Other languages", format!("{path}/languages"), languages),
        ("Files that go with it", format!("{path}/files"), files),
        ("Look at it, person by person", format!("{path}/preview/1"), (String::new(), "")),
        ("Send a test to yourself", format!("{path}/test"), (String::new(), "")),
        ("When, and how fast", format!("{path}/time"), (when, GREY)),
        ("Check everything", format!("{path}/checks"), checked(&checking)),
        ("Submit it for approval", format!("{path}/submit"), (String::new(), "")),
    ])
}

fn checked(checking: &Checking) -> Status {
    match checking {
        Checking::NotYet => ("Not yet".to_owned(), GREY),
        Checking::Running { .. } => ("Under way".to_owned(), YELLOW),
        Checking::Failed(_) => ("Something is wrong".to_owned(), RED),
        Checking::Submitted(_) => ("Submitted".to_owned(), GREEN),
        Checking::Checked(list) => match list.checks.iter().map(|check| check.standing).max() {
            Some(Standing::Wrong) => ("Something is wrong".to_owned(), RED),
            Some(Standing::Warning) => ("Warnings".to_owned(), YELLOW),
            _ => ("All fine".to_owned(), GREEN),
        },
    }
}
