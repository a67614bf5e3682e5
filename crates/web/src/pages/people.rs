//! One person is looked for by their address: what did you send me? (UK GDPR Art. 15). The address stands in a form alone, never
//! in an address of the console.

use askama::Template;
use axum::Extension;
use axum::response::Response;

use crate::form::Form;
use crate::officer::Known;
use crate::page::{Frame, html};
use crate::pages::person::{Facts, place_of};
use crate::parts::{Errors, Input, Kind, Textarea};
use crate::reason::{reason, reason_field};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// Characters of an address (RFC 5321 §4.5.3.1.3), with room for blanks around it.
const ADDRESS_CHARS_MAX: usize = 400;

#[derive(Template)]
#[template(path = "people.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    address: Input,
    reason: Textarea,
}

#[derive(Template)]
#[template(path = "found.html")]
struct Found {
    frame: Frame,
    nobody: bool,
    known: Known,
    facts: Facts,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    page(&visitor, &Form::default(), Errors::default())
}

fn page(visitor: &Visitor, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    html(&Page {
        frame: Frame::of(visitor, "Find a person", "/people")?.with_error(!errors.is_empty()),
        address: Input::new("address", "E-mail address", Kind::Text, &errors)
            .hint("Of the person who asks. It is not kept, and not in the ledger")
            .value(sent.text("address")),
        reason: reason_field("reason", "Why do you look?", sent.text("reason"), &errors),
        errors,
    })
}

/// Looks, and enters that somebody looked: also when nobody was found.
pub(crate) async fn find(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let console = &visitor.console;
    let mut errors = Errors::default();
    let address = sent.text("address");
    let known = match address.chars().count() {
        1..=ADDRESS_CHARS_MAX => console.officer.find(address).await?,
        _ => None,
    };
    if known.is_none() {
        errors.add("address", "Enter an e-mail address, like name@example.org");
    }
    let why = reason(&sent, "reason", &mut errors);
    let Some(known) = known.filter(|_| errors.is_empty()) else { return page(&visitor, &sent, errors) };
    let first = known.lists.first();
    let mut act = visitor.act("find person", first.map_or("", |list| list.audience.as_str()));
    act.detail = vec![("lists", known.lists.len().to_string())];
    let audience = match first {
        Some(list) => Some(console.store.audience_numbered(list.place.audience).await?),
        None => None,
    };
    match (&audience, first) {
        (Some(audience), Some(list)) => {
            act.detail.push(("row", list.place.row.to_string()));
            act.reason = Some((&why, audience));
            act.row = Some(list.place.row);
        }
        // There is no key under which it could lie.
        _ => act.detail.push(("reason", why.clone())),
    }
    let entry = console.scribe.entry(&act)?;
    console.store.record(&entry).await?;
    let title = if known.is_nobody() { "Nobody was found" } else { "A person was found" };
    html(&Found {
        frame: Frame::of(&visitor, title, "/people")?,
        nobody: known.is_nobody(),
        facts: Facts::of(&known, first.map(|list| place_of(list.place))),
        known,
    })
}
