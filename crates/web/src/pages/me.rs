//! One's own account: sessions, and the password.

use accounts::{Factor, Password, TokenKind};
use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use store::{Session, SessionId};

use crate::cookie::Cookie;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::link::chosen_password;
use crate::pages::user::{KnownAt, known_at};
use crate::pages::users::words;
use crate::parts::{Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

struct Row {
    id: i64,
    agent: String,
    network: String,
    last_seen: String,
    this: bool,
}

#[derive(Template)]
#[template(path = "me.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    name: String,
    login: String,
    roles: String,
    codes_left: u64,
    sign_ons: Vec<KnownAt>,
    sessions: Vec<Row>,
    current: Input,
    password: Input,
    again: Input,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    page(&visitor, Errors::default()).await
}

async fn page(visitor: &Visitor, errors: Errors) -> Result<Response, Trouble> {
    let (store, one) = (&visitor.console.store, visitor.somebody()?);
    let row = |session: Session| Row {
        id: session.id.0,
        this: session.id == one.session.id,
        agent: if session.agent.is_empty() { "A browser without a name".to_owned() } else { session.agent },
        network: session.network,
        last_seen: TimeZone::system()
            .to_datetime(session.times.last_seen)
            .strftime("%-d %B %Y, %H:%M")
            .to_string(),
    };
    html(&Page {
        frame: Frame::of(visitor, "Your account", "/me")?.with_error(!errors.is_empty()),
        name: one.user.name.clone(),
        login: one.user.login.clone(),
        roles: words(one.user.roles),
        sign_ons: known_at(visitor, one.user.id).await?,
        codes_left: store.recovery_codes_left(one.user.id).await?,
        sessions: visitor.sessions(one.user.id).await?.into_iter().map(row).collect(),
        current: Input::new("current", "The password you have now", Kind::CurrentPassword, &errors),
        password: Input::new("password", "New password", Kind::NewPassword, &errors)
            .hint("15 characters or more. Three or four words that do not belong together are easy to keep"),
        again: Input::new("again", "New password once more", Kind::NewPassword, &errors),
        errors,
    })
}

pub(crate) async fn change_password(
    Extension(visitor): Extension<Visitor>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (console, one) = (&visitor.console, visitor.somebody()?);
    let mut errors = Errors::default();
    // In the order of the fields. Nothing typed is no try.
    let current = form.get("current").unwrap_or_default();
    if current.is_empty() {
        errors.add("current", "Enter the password you have now");
    } else if !is_current(&visitor, current).await? {
        errors.add("current", "This is not the password you have now");
    }
    let new = chosen_password(&form, &[&one.user.login, &one.user.name], &mut errors);
    let (Some(new), true) = (new, errors.is_empty()) else { return page(&visitor, errors).await };
    let hash = console.hashing.make(new, &console.random).await?;
    let entry = console.scribe.entry(&visitor.act("change-password", &one.user.login))?;
    console.store.change_password(one.user.id, &hash, one.session.id, &entry).await?;
    // The session's token changes too: whoever had it has nothing.
    let token = console.token(TokenKind::Session)?;
    console.store.rotate_session(visitor.holder.digest(), token.digest()).await?;
    let mut response = Redirect::to("/me").into_response();
    if let Some(cookie) = Cookie::Session.set(token.reveal(), console.origin.is_secure()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Counted as at the login: an open browser is no place to guess a password.
async fn is_current(visitor: &Visitor, typed: &str) -> Result<bool, Trouble> {
    let (console, user) = (&visitor.console, &visitor.somebody()?.user);
    let attempt = visitor.attempt(&user.login, Factor::Password);
    console.admit(&attempt)?;
    let Ok(password) = Password::read(typed) else { return Ok(false) };
    let right = console.hashing.is_right(user.password_hash.clone(), password).await?;
    if right {
        console.succeeded(&attempt);
    }
    Ok(right)
}

pub(crate) async fn end_session(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::NotFound)?;
    visitor.console.store.end_session(visitor.somebody()?.user.id, SessionId(id)).await?;
    Ok(Redirect::to("/me").into_response())
}

pub(crate) async fn end_others(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let (console, one) = (&visitor.console, visitor.somebody()?);
    let entry = console.scribe.entry(&visitor.act("end-other-sessions", &one.user.login))?;
    console.store.end_all_sessions(one.user.id, Some(one.session.id), &entry).await?;
    Ok(Redirect::to("/me").into_response())
}
