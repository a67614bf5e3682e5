//! The message, person by person, as each would get it: the address masked, and links dead. Whoever looks says so first, once a
//! draft: the ledger has it.

use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use store::DraftReader;

use crate::acts;
use crate::api::caller::Asked;
use crate::api::drafts::opened;
use crate::api::json;
use crate::api::problem::{Kind, Problem};
use crate::trouble::Trouble;

pub(super) async fn look(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let opened = opened(&asked, &id).await?;
    acts::drafts::note_look(&asked.acting(), DraftReader::Key(asked.key.id), &opened.draft).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn show(
    Extension(asked): Extension<Asked>,
    Path((id, place)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let draft = opened(&asked, &id).await?.draft;
    let place: u64 = place.parse().map_err(|_| Problem::not_found())?;
    if !(1..=draft.audience.people).contains(&place) {
        return Err(Problem::not_found());
    }
    let reader = DraftReader::Key(asked.key.id);
    if !asked.console.store.looked_at_draft(draft.at.id, reader).await? {
        let detail = "POST /drafts/{id}/preview first: the ledger then knows that this key looks at people's messages.";
        return Err(Problem::new(Kind::LookFirst, detail));
    }
    let rendered = asked.console.drafting.preview(&draft, place).await.map_err(Trouble::from)?;
    Ok(json(&json!({
        "place": place,
        "row": rendered.row,
        "language": rendered.language,
        "fell_back": rendered.fell_back,
        "sender": rendered.sender,
        "headers": rendered.headers,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
    })))
}

pub(super) fn schema() -> Value {
    let text = json!({"type": "string"});
    json!({
        "type": "object",
        "required": ["place", "row", "language", "fell_back", "sender", "headers", "subject", "text", "html"],
        "properties": {
            "place": {"type": "integer", "description": "Of the person in the audience, from 1."},
            "row": {"type": "integer", "description": "Of the spreadsheet."},
            "language": text,
            "fell_back": {"type": "boolean", "description": "The person's own language is none of the message's."},
            "sender": text, "headers": text, "subject": text, "text": text, "html": text,
        },
        "additionalProperties": false,
    })
}
