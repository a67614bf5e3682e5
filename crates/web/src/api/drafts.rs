//! Messages that are being written. One that is changed is changed as it was got: `If-Match` names the version.

use axum::Extension;
use axum::extract::Path;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use message::{ComposedField, Composition, TRANSLATIONS_MAX, is_language_tag};
use serde_json::{Value, json};
use store::{Draft, DraftId, DraftVersion};

use crate::acts::drafts::{self as acts, Beginning, Opened};
use crate::api::caller::Asked;
use crate::api::campaigns;
use crate::api::fields::Fields;
use crate::api::json;
use crate::api::limits::{self, PER_MINUTE, QUIET_HOURS};
use crate::api::paging::{List, Page, page};
use crate::api::problem::{Kind, Problem};
use crate::api::routes::PREFIX;
use crate::trouble::Trouble;

const NAME: &str = "name";
const AUDIENCE: &str = "audience";
const CONTENT: &str = "content";
const WANTED_AT: &str = "wanted_at";

pub(super) async fn list(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let wanted = Page::of(List::Drafts, &asked.query)?;
    let before = wanted.after.unwrap_or(i64::MAX);
    let found = asked.console.store.drafts_before(before, wanted.look_up()).await?;
    let (found, next) = wanted.cut(found, |draft| draft.at.id.0);
    Ok(page(&found.iter().map(summary).collect::<Vec<_>>(), next.as_deref()))
}

pub(super) async fn create(Extension(asked): Extension<Asked>) -> Result<Response, Problem> {
    let fields = Fields::of(&asked.body, &[NAME, AUDIENCE, CONTENT, WANTED_AT, PER_MINUTE, QUIET_HOURS])?;
    let name = fields.text(NAME)?.trim();
    if !acts::is_campaign_name(name) {
        return Err(Problem::invalid(NAME, "A text of 1 to 200 octets, in one line."));
    }
    let number = fields.value(AUDIENCE).and_then(Value::as_i64);
    let mut audiences = acts::audiences(&asked.console).await?.into_iter();
    let audience = audiences.find(|audience| Some(audience.number()) == number);
    let audience =
        audience.ok_or_else(|| Problem::invalid(AUDIENCE, "The `id` of an audience that there is."))?;
    let mut beginning = Beginning::empty(name, &audience);
    if let Some(content) = fields.value(CONTENT) {
        beginning.content = composition(content, Vec::new())?;
    }
    beginning.wanted_at = wanted_at(&fields, None, asked.at)?;
    beginning.limits = limits::read(&fields)?;
    let id = acts::begin(&asked.acting(), &beginning).await?;
    Ok(made(DraftVersion { id, version: FIRST_VERSION }))
}

/// The version of a draft that nobody has changed.
const FIRST_VERSION: u64 = 1;

/// A draft of a campaign that there is: the one that there is already, where somebody began it.
pub(super) async fn change(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let campaign = campaigns::found(&asked, &id).await?;
    let id = acts::change(&asked.acting(), &campaign).await?;
    Ok(made(asked.console.store.draft(id).await?.at))
}

/// What was made, in numbers: an answer that is kept holds nothing that somebody wrote.
fn made(at: DraftVersion) -> Response {
    (StatusCode::CREATED, json(&handle(at))).into_response()
}

fn handle(at: DraftVersion) -> Value {
    json!({"id": at.id.0, "version": at.version, "href": format!("{PREFIX}/drafts/{}", at.id.0)})
}

pub(super) async fn show(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let opened = opened(&asked, &id).await?;
    whole(&asked, &opened).await
}

pub(super) async fn put(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let fields = Fields::of(&asked.body, &[CONTENT, WANTED_AT, PER_MINUTE, QUIET_HOURS])?;
    let mut opened = opened(&asked, &id).await?;
    let content = fields.value(CONTENT).ok_or_else(|| Problem::invalid(CONTENT, "It is needed."))?;
    opened.content = composition(content, std::mem::take(&mut opened.content.attachments))?;
    opened.draft.wanted_at = wanted_at(&fields, opened.draft.wanted_at, asked.at)?;
    opened.draft.limits = limits::read(&fields)?;
    opened.save(&asked.acting(), version_of(&headers)?).await?;
    whole(&asked, &opened).await
}

pub(super) async fn delete(
    Extension(asked): Extension<Asked>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    acts::remove(&asked.acting(), &opened(&asked, &id).await?.draft).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn opened(asked: &Asked, id: &str) -> Result<Opened, Problem> {
    Ok(acts::opened(&asked.console, id).await?)
}

/// The entity tag of a version (RFC 9110 §8.8.3).
pub(super) fn tag(version: u64) -> String {
    format!("\"{version}\"")
}

/// The version that a change was made of. A tag that is none of ours is of no version.
pub(super) fn version_of(headers: &HeaderMap) -> Result<u64, Problem> {
    let mut all = headers.get_all(IF_MATCH).iter();
    let (Some(one), None) = (all.next(), all.next()) else {
        let detail = "Send the ETag of what you change as If-Match. Nothing was changed.";
        return Err(Problem::new(Kind::VersionMissing, detail));
    };
    let version = one.to_str().ok().and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    Ok(version.unwrap_or_default())
}

/// What the draft says, without the files, which are put and deleted by themselves.
fn composition(content: &Value, attachments: Vec<String>) -> Result<Composition, Problem> {
    let wrong = |detail| Problem::invalid(CONTENT, detail);
    let mut content = content.as_object().cloned().ok_or_else(|| wrong("An object."))?;
    if content.insert("attachments".to_owned(), attachments.into()).is_some() {
        return Err(wrong("No attachments: put them as files."));
    }
    // The parser's words can quote a value.
    let content: Composition = serde_json::from_value(Value::Object(content))
        .map_err(|_| wrong("As the description has it: from, reply_to, contacts and texts."))?;
    let languages: Vec<String> =
        content.texts.iter().map(|text| text.language.to_ascii_lowercase()).collect();
    let distinct: std::collections::BTreeSet<&String> = languages.iter().collect();
    if !(1..=TRANSLATIONS_MAX + 1).contains(&languages.len()) || distinct.len() != languages.len() {
        return Err(wrong("A text at least, and each in a language of its own."));
    }
    if !content.texts.iter().all(|text| is_language_tag(&text.language)) {
        return Err(wrong("A language tag such as cy or en-GB with each text."));
    }
    Ok(content)
}

/// A time that has not passed; one that stands there already may have.
fn wanted_at(
    fields: &Fields<'_>,
    before: Option<Timestamp>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Problem> {
    let wrong =
        || Problem::invalid(WANTED_AT, "A time that has not passed, such as 2027-03-27T09:00:00Z, or null.");
    let Some(text) = fields.text_or_none(WANTED_AT)? else { return Ok(None) };
    let at: Timestamp = text.parse().map_err(|_| wrong())?;
    if at > now || Some(at) == before { Ok(Some(at)) } else { Err(wrong()) }
}

fn summary(draft: &Draft) -> Value {
    let mut summary = handle(draft.at);
    summary["name"] = draft.name.clone().into();
    summary["audience"] =
        json!({"id": draft.audience.number(), "name": draft.audience.name, "people": draft.audience.people});
    summary["campaign"] = draft.campaign.map(store::CampaignId::get).into();
    summary["wanted_at"] = draft.wanted_at.map(|at| at.to_string()).into();
    limits::write(&draft.limits, &mut summary);
    summary["changed_by"] = draft.author.clone().into();
    summary["changed_at"] = draft.changed_at.to_string().into();
    summary
}

/// All of a draft, and its tag.
async fn whole(asked: &Asked, opened: &Opened) -> Result<Response, Problem> {
    let (console, draft) = (&asked.console, &opened.draft);
    let mut whole = summary(draft);
    let content = serde_json::to_value(&opened.content);
    whole[CONTENT] = content.map_err(|_| Trouble::Failed("a draft cannot be written".to_owned()))?;
    let files = console.store.draft_files(draft.at.id).await?;
    let file = |file: &store::DraftFile| json!({"name": file.name, "content_type": file.content_type, "octets": file.octets.len()});
    whole["files"] = files.iter().map(file).collect();
    if let Some(content) = whole[CONTENT].as_object_mut() {
        content.remove("attachments");
    }
    let fault = console.drafting.fault(draft).await.map_err(Trouble::from)?;
    whole["fault"] = fault.map_or(
        Value::Null,
        |fault| json!({"text": fault.text, "field": word(fault.field), "detail": fault.words}),
    );
    Ok(([(ETAG, tag(draft.at.version))], json(&whole)).into_response())
}

const fn word(field: ComposedField) -> &'static str {
    match field {
        ComposedField::From => "from",
        ComposedField::ReplyTo => "reply_to",
        ComposedField::Contacts => "contacts",
        ComposedField::Language => "language",
        ComposedField::Subject => "subject",
        ComposedField::Body => "body",
        ComposedField::Attachments => "attachments",
    }
}

/// The draft behind an act on it: its number, and the version it has now.
pub(super) fn as_it_is_now(draft: &Draft) -> Response {
    ([(ETAG, tag(draft.at.version))], json(&handle(draft.at))).into_response()
}

/// The number that a path gives, for whoever asks about a draft that may be a campaign by now.
pub(super) fn numbered(id: &str) -> Result<DraftId, Problem> {
    id.parse().map(DraftId).map_err(|_| Problem::not_found())
}

pub(super) mod schema {
    use super::*;

    fn object(properties: &Value) -> Value {
        let required: Vec<&String> = properties.as_object().into_iter().flat_map(|all| all.keys()).collect();
        json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
    }

    fn text() -> Value {
        json!({"type": "string"})
    }

    fn of_handle() -> Value {
        json!({"id": {"type": "integer"}, "version": {"type": "integer", "minimum": 1}, "href": text()})
    }

    fn of_summary() -> Value {
        let mut properties = of_handle();
        properties["name"] = text();
        properties["audience"] =
            object(&json!({"id": {"type": "integer"}, "name": text(), "people": {"type": "integer"}}));
        properties["campaign"] =
            json!({"type": ["integer", "null"], "description": "The campaign whose message it changes."});
        properties["wanted_at"] = json!({"type": ["string", "null"], "format": "date-time"});
        limits::describe(&mut properties);
        properties["changed_by"] = json!({"type": "string", "description": "As the ledger names them."});
        properties["changed_at"] = json!({"type": "string", "format": "date-time"});
        properties
    }

    pub(in crate::api) fn made() -> Value {
        object(&of_handle())
    }

    pub(in crate::api) fn summary() -> Value {
        object(&of_summary())
    }

    pub(in crate::api) fn whole() -> Value {
        let mut properties = of_summary();
        properties[CONTENT] = json!({"$ref": "#/components/schemas/Content"});
        let file = object(&json!({"name": text(), "content_type": text(), "octets": {"type": "integer"}}));
        properties["files"] = json!({"type": "array", "items": file});
        let fault = object(&json!({"text": {"type": "integer"}, "field": text(), "detail": text()}));
        properties["fault"] = json!({"description": "The first thing that is wrong with it, if anything is.", "anyOf": [fault, {"type": "null"}]});
        object(&properties)
    }

    pub(in crate::api) fn content() -> Value {
        let body = object(&json!({
            "language": {"type": "string", "description": "Its tag; the first text is everybody's whose language is none."},
            "kind": {"type": "string", "enum": ["markdown", "html", "mjml"]},
            "subject": text(),
            "body": text(),
        }));
        object(&json!({
            "from": {"type": "string", "description": "Empty: the sender of the settings."},
            "reply_to": {"type": "string", "description": "Empty: as the sender."},
            "contacts": {"type": "array", "items": text(), "description": "Other addresses that everybody may see."},
            "texts": {"type": "array", "items": body, "minItems": 1},
        }))
    }

    pub(in crate::api) fn to_create() -> Value {
        let mut properties = json!({
            NAME: {"type": "string", "description": "Of the campaign that it becomes."},
            AUDIENCE: {"type": "integer", "description": "The `id` of an audience."},
            CONTENT: {"$ref": "#/components/schemas/Content"},
            WANTED_AT: {"type": ["string", "null"], "format": "date-time"},
        });
        limits::describe(&mut properties);
        sent(&[NAME, AUDIENCE], &properties)
    }

    /// An object that is sent, of which some members may be left out.
    fn sent(required: &[&str], properties: &Value) -> Value {
        json!({
            "type": "object", "required": required, "properties": properties, "additionalProperties": false,
        })
    }

    pub(in crate::api) fn to_put() -> Value {
        let mut properties = json!({
            CONTENT: {"$ref": "#/components/schemas/Content"},
            WANTED_AT: {"type": ["string", "null"], "format": "date-time", "description": "Left out: none."},
        });
        limits::describe(&mut properties);
        sent(&[CONTENT], &properties)
    }
}
