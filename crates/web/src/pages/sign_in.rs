//! The first step of signing in: the password.

use accounts::{Factor, Password};
use askama::Template;
use axum::Extension;
use axum::response::{IntoResponse, Redirect, Response};
use store::User;

use crate::entering::Entered;
use crate::form::Form;
use crate::guard::CODE;
use crate::page::{Frame, html};
use crate::pages::users::is_login;
use crate::parts::{Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// The same for a login name that there is not, a wrong password, and a user who is disabled: nobody learns which.
const WRONG: &str = "Your e-mail address or your password is wrong";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    login: Input,
    password: Input,
    /// What the provider is called, where there is one.
    sign_on: Option<String>,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    if visitor.is_live() {
        return Ok(Redirect::to("/").into_response());
    }
    page(&visitor, "", Errors::default())
}

fn page(visitor: &Visitor, login: &str, errors: Errors) -> Result<Response, Trouble> {
    html(&Page {
        frame: Frame::of(visitor, "Sign in", "")?.with_error(!errors.is_empty()),
        login: Input::new("login", "E-mail address", Kind::Login, &errors).value(login),
        password: Input::new("password", "Password", Kind::CurrentPassword, &errors),
        errors,
        sign_on: visitor.console.sign_on.as_ref().map(|sign_on| sign_on.name().to_owned()),
    })
}

pub(crate) async fn send(
    Extension(visitor): Extension<Visitor>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (login, typed) = (form.text("login"), form.get("password").unwrap_or_default());
    let mut errors = Errors::default();
    if login.is_empty() {
        errors.add("login", "Enter your e-mail address");
    }
    if typed.is_empty() {
        errors.add("password", "Enter your password");
    }
    if !errors.is_empty() {
        return page(&visitor, login, errors);
    }
    match right_user(&visitor, login, typed).await? {
        Some(user) => Ok(Entered::with_first_factor(&visitor, &user).await?.leading_to(CODE)),
        None => {
            errors.add("login", WRONG);
            page(&visitor, login, errors)
        }
    }
}

/// The user, if the password is right.
async fn right_user(visitor: &Visitor, login: &str, typed: &str) -> Result<Option<User>, Trouble> {
    let console = &visitor.console;
    let attempt = visitor.attempt(login, Factor::Password);
    console.admit(&attempt)?;
    // One that is too long is as wrong as any other.
    let Ok(password) = Password::read(typed) else { return Ok(None) };
    // What nobody's login name can be is not looked for: a database may not even take it for a text.
    let user = if is_login(login) { console.store.find_user(login).await? } else { None };
    let user = user.filter(|user| !user.disabled);
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    if !console.hashing.is_right(hash, password).await? {
        return Ok(None);
    }
    console.succeeded(&attempt);
    Ok(user)
}
