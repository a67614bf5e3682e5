//! As whom a user is known at the provider: tied by hand, where it does not say whose an address is, and taken away.

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use store::{SignOn as Known, StoreError};

use crate::form::Form;
use crate::pages::sign_on::is_subject;
use crate::pages::user::{back_to, found, page};
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

pub(crate) async fn tie(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (user, console) = (found(&visitor, &id).await?, &visitor.console);
    let (issuer, subject) = (console.sign_on()?.issuer().to_owned(), form.text("subject").to_owned());
    let mut errors = Errors::default();
    if !is_subject(&subject) {
        errors.add("subject", "Enter the identifier that the page showed to whoever tried to sign in");
        return page(&visitor, &user, user.roles, errors).await;
    }
    let mut act = visitor.act("link-sign-on", &user.login);
    act.detail = vec![("issuer", issuer.clone()), ("subject", subject.clone()), ("by", "hand".to_owned())];
    let entry = console.scribe.entry(&act)?;
    match console
        .store
        .link_sign_on(user.id, &Known { issuer, subject, created_at: visitor.at }, &entry)
        .await
    {
        Err(StoreError::SignOnInUse) => {
            errors.add("subject", "This account, or this identifier, is tied already: take that away first");
            page(&visitor, &user, user.roles, errors).await
        }
        Err(StoreError::NotFound) => {
            errors.add("subject", "The account is not in use: it has to be set up, and not disabled");
            page(&visitor, &user, user.roles, errors).await
        }
        tied => {
            tied?;
            Ok(back_to(&user))
        }
    }
}

pub(crate) async fn take_away(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (user, console) = (found(&visitor, &id).await?, &visitor.console);
    let known = console.store.sign_ons(user.id).await?;
    // Of one that is there: what a form says goes into no entry.
    let issuer = form.get("issuer").unwrap_or_default();
    let known = known.into_iter().find(|known| known.issuer == issuer).ok_or(Trouble::NotFound)?;
    let mut act = visitor.act("unlink-sign-on", &user.login);
    act.detail = vec![("issuer", known.issuer.clone()), ("subject", known.subject)];
    let entry = console.scribe.entry(&act)?;
    console.store.unlink_sign_on(user.id, &known.issuer, &entry).await?;
    Ok(back_to(&user))
}
