//! One person is erased (UK GDPR Art. 17): what goes and what stays is said first, and a reason is asked for.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;

use crate::choosing::Radios;
use crate::form::Form;
use crate::officer::ErasureOrder;
use crate::page::{Frame, html};
use crate::pages::person::{Person, found, place_of};
use crate::parts::{Errors, Textarea};
use crate::reason::{reason, reason_field};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

#[derive(Template)]
#[template(path = "person_erase.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    at: String,
    address: String,
    lists: Vec<String>,
    messages: usize,
    holds: Vec<String>,
    unreadable: usize,
    suppression: Radios,
    reason: Textarea,
    overriding: Textarea,
}

#[derive(Template)]
#[template(path = "person_erased.html")]
struct Erased {
    frame: Frame,
    rows: usize,
    stopped: u64,
    kept: bool,
}

pub(crate) async fn ask(
    Extension(visitor): Extension<Visitor>,
    Path((id, row)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let person = found(&visitor, &id, &row).await?;
    page(&visitor, person, &Form::default(), Errors::default())
}

fn page(visitor: &Visitor, person: Person, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    let chosen = |value: &str| sent.text("suppression") == value;
    html(&Page {
        frame: Frame::of(visitor, "Erase this person?", "/people")?.with_error(!errors.is_empty()),
        at: place_of(person.place),
        lists: person.known.lists.iter().map(|list| list.audience.clone()).collect(),
        messages: person.known.deliveries.len(),
        unreadable: person.known.unreadable,
        suppression: Radios {
            id: "suppression",
            legend: "If another list has them again",
            hint: String::new(),
            error: errors.of("suppression"),
            items: vec![
                (
                    "keep",
                    "Do not write to them".to_owned(),
                    "A keyed fingerprint of the address stays in the suppression list. Nobody can read the address from it",
                    chosen("keep"),
                ),
                (
                    "remove",
                    "Forget that too".to_owned(),
                    "They are written to again, also where they said that they want no more or that e-mail is not safe",
                    chosen("remove"),
                ),
            ],
        },
        reason: reason_field("reason", "Why are they erased?", sent.text("reason"), &errors),
        overriding: reason_field("overriding", "Why in spite of that?", sent.text("overriding"), &errors),
        address: person.known.address,
        holds: person.known.holds,
        errors,
    })
}

pub(crate) async fn erase(
    Extension(visitor): Extension<Visitor>,
    Path((id, row)): Path<(String, String)>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let person = found(&visitor, &id, &row).await?;
    let mut errors = Errors::default();
    let keep_suppressed = match sent.text("suppression") {
        "keep" => true,
        "remove" => false,
        _ => {
            errors.add("suppression", "Choose what is to happen if another list has them again");
            true
        }
    };
    let why = reason(&sent, "reason", &mut errors);
    let overridden = match person.known.holds.is_empty() {
        true => None,
        false => Some(reason(&sent, "overriding", &mut errors)),
    };
    if !errors.is_empty() {
        return page(&visitor, person, &sent, errors);
    }
    let by = actor(&visitor.somebody()?.user);
    let order = ErasureOrder { keep_suppressed, reason: why, overridden, by };
    let done = visitor.console.officer.erase(person.place, order).await?.ok_or(Trouble::NotFound)?;
    html(&Erased {
        frame: Frame::of(&visitor, "The person is erased", "/people")?,
        rows: done.rows,
        stopped: done.stopped,
        kept: keep_suppressed,
    })
}
