//! Checking a message for everybody, and submitting it: both go on by themselves, and are asked about.

use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use store::{DraftVersion, StoreError};

use crate::api::caller::Asked;
use crate::api::drafts::{numbered, opened, version_of};
use crate::api::fields::Fields;
use crate::api::json;
use crate::api::problem::{Kind, Problem};
use crate::drafting::{Check, Checking, Checklist, Standing};
use crate::trouble::Trouble;

const ACCEPT: &str = "accept";
const STATES: [&str; 5] = ["not-yet", "running", "checked", "failed", "submitted"];
const STANDINGS: [&str; 3] = ["fine", "warning", "wrong"];

/// Whoever asks for the same version twice gets it once.
pub(super) async fn begin(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let draft = opened(&asked, &id).await?.draft;
    asked.console.drafting.check(&draft).await.map_err(Trouble::from)?;
    Ok((StatusCode::ACCEPTED, now(&asked, draft.at).await?).into_response())
}

pub(super) async fn show(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = numbered(&id)?;
    let at = match asked.console.store.draft(id).await {
        Ok(draft) => draft.at,
        // Submitted meanwhile: the version does not matter for what is a campaign already.
        Err(StoreError::NotFound) => DraftVersion { id, version: 0 },
        Err(error) => return Err(error.into()),
    };
    let checking = asked.console.drafting.checking(at).await.map_err(Trouble::from)?;
    if at.version == 0 && !matches!(checking, Checking::Submitted(_)) {
        return Err(Problem::not_found());
    }
    Ok(json(&object(&checking)))
}

async fn now(asked: &Asked, at: DraftVersion) -> Result<Response, Problem> {
    Ok(json(&object(&asked.console.drafting.checking(at).await.map_err(Trouble::from)?)))
}

/// Asks a person to approve exactly this version, which was checked.
pub(super) async fn submit(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let accepted = Fields::of(&asked.body, &[ACCEPT])?.texts(ACCEPT)?;
    let opened = opened(&asked, &id).await?;
    if version_of(&headers)? != opened.draft.at.version {
        return Err(Trouble::Store(StoreError::DraftChanged).into());
    }
    let Some(list) = opened.checklist(&asked.console).await? else {
        let detail = "Nothing was submitted. Check this version first (POST /drafts/{id}/check), until nothing is wrong with it.";
        return Err(Problem::new(Kind::NotNow, detail));
    };
    let open = opened.submit(&asked.acting(), &list, accepted).await?;
    if !open.is_empty() {
        let detail = format!("Decide about each warning, and name it: {}.", open.join(", "));
        return Err(Problem::invalid(ACCEPT, &detail));
    }
    Ok((StatusCode::ACCEPTED, now(&asked, opened.draft.at).await?).into_response())
}

fn object(checking: &Checking) -> Value {
    match checking {
        Checking::NotYet => json!({"state": "not-yet"}),
        Checking::Running { done, of, submits } => {
            json!({"state": "running", "done": done, "of": of, "submits": submits})
        }
        Checking::Checked(list) => checked(list),
        Checking::Failed(why) => json!({"state": "failed", "detail": why}),
        Checking::Submitted(campaign) => json!({"state": "submitted", "campaign": campaign.get()}),
    }
}

fn checked(list: &Checklist) -> Value {
    let check = |check: &Check| {
        let standing = match check.standing {
            Standing::Fine => "fine",
            Standing::Warning => "warning",
            Standing::Wrong => "wrong",
        };
        json!({"standing": standing, "title": check.title, "findings": check.findings, "word": check.word})
    };
    json!({
        "state": "checked",
        "can_be_submitted": list.can_be_submitted(),
        "checks": list.checks.iter().map(check).collect::<Vec<_>>(),
        "written_to": list.written_to,
        "people": list.people,
        "at": list.at.to_string(),
    })
}

pub(super) fn to_submit() -> Value {
    json!({
        "type": "object",
        "properties": {
            ACCEPT: {
                "type": "array",
                "items": {"type": "string"},
                "description": "The `word` of each warning that somebody has decided about.",
            },
        },
        "additionalProperties": false,
    })
}

pub(super) fn schema() -> Value {
    let number = json!({"type": "integer", "minimum": 0});
    json!({
        "type": "object",
        "required": ["state"],
        "properties": {
            "state": {"type": "string", "enum": STATES},
            "done": number, "of": number,
            "submits": {"type": "boolean", "description": "It is submitted when that is done."},
            "can_be_submitted": {"type": "boolean", "description": "Nothing is wrong; warnings have to be accepted."},
            "checks": {"type": "array", "items": {
                "type": "object",
                "required": ["standing", "title", "findings", "word"],
                "properties": {
                    "standing": {"type": "string", "enum": STANDINGS},
                    "title": {"type": "string"},
                    "findings": {"type": "array", "items": {"type": "string"}},
                    "word": {"type": ["string", "null"], "description": "Under which a warning is accepted."},
                },
                "additionalProperties": false,
            }},
            "written_to": number, "people": number,
            "at": {"type": "string", "format": "date-time"},
            "detail": {"type": "string"},
            "campaign": {"type": "integer", "description": "What the draft has become."},
        },
        "additionalProperties": false,
    })
}
