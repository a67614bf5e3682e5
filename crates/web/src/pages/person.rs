//! One person: what is known of them, masked; everything in full with a reason; and the same to take away for them (UK GDPR
//! Art. 15(3)). What is shown in full is the answer to a form, and at no address.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use store::{Audience, RequestKind, Scope};

use crate::dossier::{Document, json};
use crate::form::Form;
use crate::officer::{Delivered, Dossier, Known, PersonPlace};
use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::campaign::returned;
use crate::parts::{Errors, Textarea};
use crate::reason::{reason, reason_field};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// What stands in the tables of a person's pages.
pub(crate) struct Facts {
    /// Where: audience, row, imported when, and the page.
    pub(crate) lists: Vec<(String, u64, String, String)>,
    /// Campaign, its number, state, when, status.
    pub(crate) deliveries: Vec<(String, i64, String, String, String)>,
    pub(crate) suppressions: Vec<(&'static str, String)>,
    /// What was asked, when, and when handled.
    pub(crate) requests: Vec<(&'static str, String, String)>,
    /// The person's own page.
    pub(crate) page: Option<String>,
}

impl Facts {
    pub(crate) fn of(known: &Known, page: Option<String>) -> Self {
        let list = |list: &crate::officer::OnList| {
            (list.audience.clone(), list.place.row, when(list.imported_at), place_of(list.place))
        };
        Self {
            lists: known.lists.iter().map(list).collect(),
            deliveries: known
                .deliveries
                .iter()
                .map(|d| {
                    (
                        d.name.clone(),
                        d.campaign,
                        standing(d),
                        d.at.map_or_else(String::new, when),
                        d.status.clone(),
                    )
                })
                .collect(),
            suppressions: known
                .suppressions
                .iter()
                .map(|(scope, at)| (suppressed(*scope), when(*at)))
                .collect(),
            requests: known
                .requests
                .iter()
                .map(|r| {
                    (asked(r.kind), when(r.made_at), r.handled_at.map_or_else(|| "open".to_owned(), when))
                })
                .collect(),
            page,
        }
    }
}

/// What is suppressed, in words.
pub(crate) const fn suppressed(scope: Scope) -> &'static str {
    match scope {
        Scope::Surveys => "Wants no more surveys",
        Scope::Address => "The mailbox is bad",
        Scope::Unsafe => "E-mail is not safe for them",
    }
}

/// Where a message to somebody stands, and what came back about it.
fn standing(delivered: &Delivered) -> String {
    let came_back = delivered.came_back.iter().map(|one| returned(one.kind, one.code));
    std::iter::once(delivered.state.word().to_owned()).chain(came_back).collect::<Vec<_>>().join("; ")
}

/// What was asked for, in words.
pub(crate) const fn asked(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Access => "What is held about them",
        RequestKind::Erasure => "To be erased",
        RequestKind::Telephone => "To be telephoned instead",
        RequestKind::NotSafe => "E-mail is not safe: another way is needed",
    }
}

/// The address of a person's page: nothing of theirs stands in it.
pub(crate) fn place_of(place: PersonPlace) -> String {
    format!("/people/{}/{}", place.audience, place.row)
}

#[derive(Template)]
#[template(path = "person.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    known: Known,
    facts: Facts,
    at: String,
    held_here: bool,
    reveal: Textarea,
}

#[derive(Template)]
#[template(path = "revealed.html")]
struct Revealed {
    frame: Frame,
    at: String,
    dossier: Dossier,
}

/// Somebody, by the address of their page.
pub(crate) struct Person {
    pub(crate) place: PersonPlace,
    pub(crate) audience: Audience,
    pub(crate) known: Known,
}

pub(crate) async fn found(visitor: &Visitor, id: &str, row: &str) -> Result<Person, Trouble> {
    let (Ok(audience), Ok(row)) = (id.parse(), row.parse()) else { return Err(Trouble::NotFound) };
    let place = PersonPlace { audience, row };
    let audience = visitor.console.store.audience_numbered(audience).await?;
    let known = visitor.console.officer.known(place).await?.ok_or(Trouble::NotFound)?;
    Ok(Person { place, audience, known })
}

impl Person {
    /// Enters an act about this person, with the reason: it goes when they do.
    async fn enter(
        &self,
        visitor: &Visitor,
        act: &'static str,
        why: &str,
        more: &str,
    ) -> Result<(), Trouble> {
        let mut act = visitor.act(act, &self.audience.name);
        act.detail = vec![("row", self.place.row.to_string())];
        if !more.is_empty() {
            act.detail.push(("as", more.to_owned()));
        }
        act.reason = Some((why, &self.audience));
        act.row = Some(self.place.row);
        let entry = visitor.console.scribe.entry(&act)?;
        visitor.console.store.record(&entry).await?;
        Ok(())
    }
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path((id, row)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let person = found(&visitor, &id, &row).await?;
    page(&visitor, person, &Form::default(), Errors::default()).await
}

pub(crate) async fn page(
    visitor: &Visitor,
    person: Person,
    sent: &Form,
    errors: Errors,
) -> Result<Response, Trouble> {
    let at = place_of(person.place);
    let holds = visitor.console.store.holds_on(&person.audience, Some(person.place.row)).await?;
    html(&Page {
        frame: Frame::of(visitor, &person.known.address, "/people")?.with_error(!errors.is_empty()),
        facts: Facts::of(&person.known, None),
        held_here: holds.iter().any(|hold| hold.row == Some(person.place.row)),
        reveal: reason_field("reason", "Why?", sent.text("reason"), &errors),
        known: person.known,
        at,
        errors,
    })
}

/// The address, the values and the messages in full, once: as the answer to the form.
pub(crate) async fn reveal(
    Extension(visitor): Extension<Visitor>,
    Path((id, row)): Path<(String, String)>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let person = found(&visitor, &id, &row).await?;
    let mut errors = Errors::default();
    let why = reason(&sent, "reason", &mut errors);
    if !errors.is_empty() {
        return page(&visitor, person, &sent, errors).await;
    }
    let dossier = visitor.console.officer.dossier(person.place).await?.ok_or(Trouble::NotFound)?;
    person.enter(&visitor, "reveal", &why, "").await?;
    html(&Revealed {
        frame: Frame::of(&visitor, "Everything about one person", "/people")?,
        at: place_of(person.place),
        dossier,
    })
}

/// The same as a file for the person.
pub(crate) async fn export(
    Extension(visitor): Extension<Visitor>,
    Path((id, row)): Path<(String, String)>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let person = found(&visitor, &id, &row).await?;
    let mut errors = Errors::default();
    let why = reason(&sent, "reason", &mut errors);
    if !errors.is_empty() {
        return page(&visitor, person, &sent, errors).await;
    }
    let as_json = sent.text("format") == "json";
    let dossier = visitor.console.officer.dossier(person.place).await?.ok_or(Trouble::NotFound)?;
    person.enter(&visitor, "export", &why, if as_json { "json" } else { "html" }).await?;
    file(dossier, as_json, visitor.at)
}

fn file(dossier: Dossier, as_json: bool, at: Timestamp) -> Result<Response, Trouble> {
    // The name of the file says nothing of the person: it is seen in lists of downloads.
    let (kind, name, body) = if as_json {
        ("application/json", "attachment; filename=\"personal-data.json\"", json(&dossier, at).to_string())
    } else {
        let document = Document { dossier, made_at: when(at) };
        ("text/html; charset=utf-8", "attachment; filename=\"personal-data.html\"", document.render()?)
    };
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], body).into_response())
}
