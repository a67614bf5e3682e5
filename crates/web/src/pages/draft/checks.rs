//! Everything that is checked before a message can be submitted, as a list; everybody's message is built and proved for it.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use store::{DraftId, DraftVersion};

use super::{GREEN, RED, YELLOW, opened};
use crate::drafting::{Check, Checking, Checklist, Standing};
use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// What a page shows of it.
pub(crate) struct Shown {
    title: &'static str,
    word: &'static str,
    class: &'static str,
    findings: Vec<String>,
}

#[derive(Template)]
#[template(path = "draft/checks.html")]
struct Page {
    frame: Frame,
    id: i64,
    running: Option<(u64, u64, bool)>,
    failed: String,
    checked: Option<(Vec<Shown>, String, bool)>,
}

impl Shown {
    pub(crate) fn of(check: &Check) -> Self {
        let (word, class) = match check.standing {
            Standing::Fine => ("Fine", GREEN),
            Standing::Warning => ("Look at this", YELLOW),
            Standing::Wrong => ("Wrong", RED),
        };
        Self { title: check.title, word, class, findings: check.findings.clone() }
    }

    pub(crate) const fn title(&self) -> &'static str {
        self.title
    }

    pub(crate) fn findings(&self) -> &[String] {
        &self.findings
    }
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let opened = match opened(&visitor, &id).await {
        // It was submitted while somebody looked: it is a campaign now.
        Err(Trouble::Store(store::StoreError::NotFound)) => return became(&visitor, &id).await,
        opened => opened?,
    };
    let (mut running, mut failed, mut checked) = (None, String::new(), None);
    match visitor.console.drafting.checking(opened.draft.at).await? {
        Checking::NotYet => {}
        Checking::Running { done, of, submits } => running = Some((done, of, submits)),
        Checking::Failed(text) => failed = text,
        Checking::Submitted(campaign) => return Ok(to_campaign(campaign)),
        Checking::Checked(list) => checked = Some(shown(&list)),
    }
    html(&Page {
        frame: Frame::of(&visitor, "Check everything", "/campaigns")?,
        id: opened.draft.at.id.0,
        running,
        failed,
        checked,
    })
}

fn shown(list: &Checklist) -> (Vec<Shown>, String, bool) {
    (list.checks.iter().map(Shown::of).collect(), when(list.at), list.can_be_submitted())
}

fn to_campaign(id: store::CampaignId) -> Response {
    Redirect::to(&format!("/campaigns/{}", id.get())).into_response()
}

async fn became(visitor: &Visitor, id: &str) -> Result<Response, Trouble> {
    let id = DraftId(id.parse().map_err(|_| Trouble::NotFound)?);
    // The version does not matter for what is a campaign already.
    match visitor.console.drafting.checking(DraftVersion { id, version: 0 }).await? {
        Checking::Submitted(campaign) => Ok(to_campaign(campaign)),
        _ => Err(Trouble::NotFound),
    }
}

pub(crate) async fn begin(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    visitor.console.drafting.check(&opened.draft).await?;
    Ok(Redirect::to(&format!("{}/checks", opened.path())).into_response())
}
