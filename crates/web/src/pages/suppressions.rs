//! The suppression list: how many are on it, and one address put on it or taken off. It holds keyed fingerprints alone, so
//! nobody can read an address from it.

use askama::Template;
use axum::Extension;
use axum::response::Response;
use store::Scope;

use crate::acts;
use crate::choosing::Radios;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::person::suppressed;
use crate::parts::{Errors, Input, Kind, Textarea};
use crate::reason::{reason, reason_field};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "suppressions.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    said: &'static str,
    counts: Vec<(&'static str, u64)>,
    address: Input,
    scope: Radios,
    reason: Textarea,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    page(&visitor, &Form::default(), Errors::default(), "").await
}

async fn page(
    visitor: &Visitor,
    sent: &Form,
    errors: Errors,
    said: &'static str,
) -> Result<Response, Trouble> {
    let counts = visitor.console.store.suppressions_by_scope().await?;
    let item = |scope: Scope| {
        let hint = match scope {
            Scope::Surveys => "A legal notice still comes",
            Scope::Address => "Nothing arrives there",
            Scope::Unsafe => "No e-mail at all: somebody may read it",
        };
        (scope.word(), suppressed(scope).to_owned(), hint, sent.text("scope") == scope.word())
    };
    html(&Page {
        frame: Frame::of(visitor, "Suppression list", "/suppressions")?.with_error(!errors.is_empty()),
        said,
        counts: counts.into_iter().map(|(scope, number)| (suppressed(scope), number)).collect(),
        address: Input::new("address", "E-mail address", Kind::Text, &errors)
            .hint("It is not kept: its keyed fingerprint is")
            .value(sent.text("address")),
        scope: Radios {
            id: "scope",
            legend: "Why are they not written to?",
            hint: String::new(),
            error: errors.of("scope"),
            items: Scope::ALL.into_iter().map(item).collect(),
        },
        reason: reason_field("reason", "Why do you change the list?", sent.text("reason"), &errors),
        errors,
    })
}

/// From the same commit on nobody writes to the address.
pub(crate) async fn add(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    change(&visitor, &sent, true).await
}

/// From then on a campaign may write to it again; what was suppressed stays so.
pub(crate) async fn remove(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    change(&visitor, &sent, false).await
}

async fn change(visitor: &Visitor, sent: &Form, add: bool) -> Result<Response, Trouble> {
    let mut errors = Errors::default();
    let (address, word) = (sent.text("address"), sent.text("scope"));
    if address.is_empty() {
        errors.add("address", "Enter an e-mail address, like name@example.org");
    }
    let scope = Scope::ALL.into_iter().find(|scope| scope.word() == word);
    if scope.is_none() {
        errors.add("scope", "Choose why they are not written to");
    }
    let why = reason(sent, "reason", &mut errors);
    let Some(scope) = scope.filter(|_| errors.is_empty()) else {
        return page(visitor, sent, errors, "").await;
    };
    let done = acts::suppressions::change(&visitor.acting()?, add, address, scope, &why).await?;
    let said = match (done, add) {
        (None, _) => {
            errors.add("address", "Enter an e-mail address, like name@example.org");
            return page(visitor, sent, errors, "").await;
        }
        (Some(true), true) => "The address is on the list: nobody writes to it any more.",
        (Some(false), true) => "The address was on the list already.",
        (Some(true), false) => "The address is off the list for this reason.",
        (Some(false), false) => "The address was not on the list for this reason.",
    };
    page(visitor, &Form::default(), errors, said).await
}
