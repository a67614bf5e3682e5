//! API keys: which programs may do something here, and what. A key is shown once, as the answer to the form that makes it.

use accounts::{Scope, Scopes, TokenKind};
use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use store::{ApiKey, ApiKeyId, NewApiKey, StoreError};

use crate::choosing::Radios;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::audiences::on;
use crate::pages::campaign::known_as;
use crate::pages::users::{NAME_CHARS_MAX, is_name};
use crate::parts::{Boxes, Errors, Input, Kind, Tick};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

const HERE: &str = "/api-keys";
/// How long a key works: its word in the form, in days, and what it is for.
const LIVES: [(&str, Option<i64>, &str, &str); 4] = [
    ("month", Some(30), "30 days", "For something that is done once"),
    ("quarter", Some(90), "90 days", "Another is made before it ends"),
    ("year", Some(365), "365 days", ""),
    ("always", None, "Until somebody revokes it", "Nobody notices when it is not needed any more"),
];

struct Row {
    id: i64,
    name: String,
    scopes: String,
    made: String,
    used: String,
    /// Its word and the colour of its tag.
    state: (String, &'static str),
    works: bool,
}

#[derive(Template)]
#[template(path = "api_keys.html")]
struct Keys {
    frame: Frame,
    keys: Vec<Row>,
}

#[derive(Template)]
#[template(path = "api_key_new.html")]
struct New {
    frame: Frame,
    errors: Errors,
    name: Input,
    scopes: Boxes,
    life: Radios,
}

#[derive(Template)]
#[template(path = "api_key_made.html")]
struct Made {
    frame: Frame,
    name: String,
    key: String,
}

pub(crate) async fn list(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let mut keys = Vec::new();
    for key in visitor.console.store.api_keys().await? {
        let by = known_as(&visitor, &key.created_by).await?;
        let state = state(&key, visitor.at);
        keys.push(Row {
            id: key.id.0,
            scopes: words(key.scopes),
            made: format!("{}, by {by}", on(key.created_at)),
            used: key.last_used.map_or_else(|| "never".to_owned(), on),
            works: key.revoked_at.is_none(),
            state,
            name: key.name,
        });
    }
    html(&Keys { frame: Frame::of(&visitor, "API keys", HERE)?, keys })
}

fn state(key: &ApiKey, now: Timestamp) -> (String, &'static str) {
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => (format!("Revoked on {}", on(at)), "govuk-tag--grey"),
        (None, Some(at)) if at <= now => (format!("Over since {}", on(at)), "govuk-tag--grey"),
        (None, Some(at)) => (format!("Until {}", on(at)), "govuk-tag--green"),
        (None, None) => ("Until it is revoked".to_owned(), "govuk-tag--yellow"),
    }
}

fn words(scopes: Scopes) -> String {
    scopes.iter().map(Scope::word).collect::<Vec<_>>().join(", ")
}

pub(crate) async fn new(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    form(&visitor, &Form::default(), Errors::default())
}

fn form(visitor: &Visitor, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    let life = |(word, _, shown, hint): (&'static str, Option<i64>, &str, &'static str)| {
        (word, shown.to_owned(), hint, sent.text("life") == word)
    };
    html(&New {
        frame: Frame::of(visitor, "Make an API key", HERE)?.with_error(!errors.is_empty()),
        name: Input::new("name", "Name", Kind::Text, &errors)
            .hint("The program, and where it runs. The key acts under it in the ledger. For example: case system, import")
            .value(sent.text("name")),
        scopes: scope_boxes(scopes_of(sent), &errors),
        life: Radios {
            id: "life",
            legend: "How long does it work?",
            hint: String::new(),
            error: errors.of("life"),
            items: LIVES.map(life).to_vec(),
        },
        errors,
    })
}

fn scope_boxes(scopes: Scopes, errors: &Errors) -> Boxes {
    let tick = |scope: Scope| {
        let hint = match scope {
            Scope::Read => "Looks at campaigns, audiences and deliveries, addresses masked",
            Scope::Import => "Imports spreadsheets",
            Scope::Compose => "Writes messages, and looks at what people would get",
            Scope::Submit => "Asks a person to approve; it never approves",
            Scope::SendControl => {
                "Pauses campaigns, lets them go on, takes them back, and stops them for good"
            }
            Scope::Suppress => "Puts addresses on the suppression list, and takes them off",
        };
        Tick {
            value: scope.word().into(),
            label: scope.word().into(),
            hint: hint.into(),
            ticked: scopes.has(scope),
        }
    };
    Boxes {
        id: "scopes",
        legend: "What may it do?",
        hint: "Tick what the program needs, and no more. What takes a person no key may do",
        error: errors.of("scopes"),
        items: Scope::ALL.into_iter().map(tick).collect(),
    }
}

fn scopes_of(form: &Form) -> Scopes {
    form.all("scopes").filter_map(Scope::from_word).collect()
}

pub(crate) async fn make(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let (name, scopes) = (sent.text("name"), scopes_of(&sent));
    let mut errors = Errors::default();
    // It stands in the ledger for good, and in front of whatever the key does.
    if !is_name(name) || name.contains('@') {
        errors.add("name", format!("Enter a name without @, of no more than {NAME_CHARS_MAX} characters"));
    }
    if scopes == Scopes::NONE {
        errors.add("scopes", "Tick at least one thing");
    }
    let life = LIVES.into_iter().find(|(word, ..)| *word == sent.text("life"));
    if life.is_none() {
        errors.add("life", "Choose how long it works");
    }
    let Some((_, days, ..)) = life.filter(|_| errors.is_empty()) else {
        return form(&visitor, &sent, errors);
    };
    let console = &visitor.console;
    let expires_at = days.map(|days| visitor.at + SignedDuration::from_hours(24 * days));
    let until = expires_at.map_or_else(|| "revoked".to_owned(), |at| at.to_string());
    let mut act = visitor.act("make-api-key", name);
    act.detail = vec![("scopes", words(scopes)), ("until", until)];
    let entry = console.scribe.entry(&act)?;
    let (key, created_by) = (console.token(TokenKind::ApiKey)?, actor(&visitor.somebody()?.user));
    let new =
        NewApiKey { digest: key.digest(), name, scopes, created_by: &created_by, at: visitor.at, expires_at };
    match console.store.create_api_key(&new, &entry).await {
        Err(StoreError::NameInUse) => {
            errors.add("name", "Another key has this name: choose another one, or revoke that key first");
            return form(&visitor, &sent, errors);
        }
        made => made?,
    };
    html(&Made {
        frame: Frame::of(&visitor, "The key is made", HERE)?,
        name: name.to_owned(),
        key: key.reveal().to_owned(),
    })
}

pub(crate) async fn revoke(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (store, id) = (&visitor.console.store, id.parse().map_err(|_| Trouble::NotFound)?);
    let key = store.api_keys().await?.into_iter().find(|key| key.id == ApiKeyId(id));
    let key = key.filter(|key| key.revoked_at.is_none()).ok_or(Trouble::NotFound)?;
    let entry = visitor.console.scribe.entry(&visitor.act("revoke-api-key", &key.name))?;
    store.revoke_api_key(key.id, visitor.at, &entry).await?;
    Ok(Redirect::to(HERE).into_response())
}
