//! One user: roles, sessions, and whether the account can be used.

use accounts::{Roles, TokenKind};
use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::tz::TimeZone;
use store::{User, UserId};

use crate::console::LINK_LIFE;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::user_command_line::PREFIX;
use crate::pages::users::{LinkMade, State, role_boxes, roles_of, words};
use crate::parts::{Boxes, Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "user.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    id: i64,
    name: String,
    login: String,
    state: State,
    sessions: usize,
    roles: Boxes,
    own: bool,
    disabled: bool,
    sign_ons: Vec<KnownAt>,
    /// The number of the account at the command line.
    account: Input,
    /// The provider's name and the field for an identifier there, where this user can be tied to one.
    tie: Option<(String, Input)>,
}

/// A provider that a user is known at.
pub(crate) struct KnownAt {
    /// What it is called now; one that was left is called by its address.
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) since: String,
}

/// The providers that a user is known at.
pub(crate) async fn known_at(visitor: &Visitor, user: UserId) -> Result<Vec<KnownAt>, Trouble> {
    let console = &visitor.console;
    let name = |issuer: &str| match &console.sign_on {
        Some(sign_on) if sign_on.issuer() == issuer => sign_on.name().to_owned(),
        _ => issuer.to_owned(),
    };
    let known = console.store.sign_ons(user).await?.into_iter().map(|known| KnownAt {
        name: name(&known.issuer),
        since: TimeZone::system().to_datetime(known.created_at).strftime("%-d %B %Y").to_string(),
        issuer: known.issuer,
    });
    Ok(known.collect())
}

/// The field for an identifier at the provider, while this user has none there.
fn tie(visitor: &Visitor, user: &User, known: &[KnownAt], errors: &Errors) -> Option<(String, Input)> {
    let sign_on = visitor.console.sign_on.as_ref()?;
    let can = State::of(user) == State::Active && !known.iter().any(|known| known.issuer == sign_on.issuer());
    let input = || {
        Input::new("subject", "Identifier at the provider", Kind::Text, errors)
            .hint("As the console shows it to whoever tries to sign in that way and cannot")
    };
    can.then(|| (sign_on.name().to_owned(), input()))
}

pub(crate) async fn found(visitor: &Visitor, id: &str) -> Result<User, Trouble> {
    let id = id.parse().map_err(|_| Trouble::NotFound)?;
    Ok(visitor.console.store.user(UserId(id)).await?)
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let user = found(&visitor, &id).await?;
    page(&visitor, &user, user.roles, Errors::default()).await
}

pub(crate) async fn page(
    visitor: &Visitor,
    user: &User,
    roles: Roles,
    errors: Errors,
) -> Result<Response, Trouble> {
    let sign_ons = known_at(visitor, user.id).await?;
    let account = visitor.console.store.command_line_of(user.id).await?;
    let number = account.as_deref().and_then(|account| account.strip_prefix(PREFIX)).unwrap_or_default();
    html(&Page {
        frame: Frame::of(visitor, &user.name, "/users")?.with_error(!errors.is_empty()),
        id: user.id.0,
        name: user.name.clone(),
        login: user.login.clone(),
        state: State::of(user),
        sessions: visitor.sessions(user.id).await?.len(),
        roles: role_boxes(roles, &errors),
        own: visitor.somebody()?.user.id == user.id,
        disabled: user.disabled,
        account: Input::new("account", "Number of the account on this machine", Kind::Text, &errors)
            .hint("As `id -u` prints it; empty for none")
            .width("10")
            .value(number),
        tie: tie(visitor, user, &sign_ons, &errors),
        sign_ons,
        errors,
    })
}

pub(crate) fn back_to(user: &User) -> Response {
    Redirect::to(&format!("/users/{}", user.id.0)).into_response()
}

pub(crate) async fn set_roles(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (user, roles) = (found(&visitor, &id).await?, roles_of(&form));
    if roles == Roles::NONE {
        let mut errors = Errors::default();
        errors.add("roles", "Tick at least one role; to keep somebody out, disable the account");
        return page(&visitor, &user, roles, errors).await;
    }
    let mut act = visitor.act("set-roles", &user.login);
    act.detail = vec![("before", words(user.roles)), ("roles", words(roles))];
    let entry = visitor.console.scribe.entry(&act)?;
    visitor.console.store.set_roles(user.id, roles, &entry).await?;
    Ok(back_to(&user))
}

pub(crate) async fn disable(visitor: Extension<Visitor>, id: Path<String>) -> Result<Response, Trouble> {
    set_disabled(visitor, id, true, "disable-user").await
}

pub(crate) async fn enable(visitor: Extension<Visitor>, id: Path<String>) -> Result<Response, Trouble> {
    set_disabled(visitor, id, false, "enable-user").await
}

async fn set_disabled(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    disabled: bool,
    act: &'static str,
) -> Result<Response, Trouble> {
    let user = found(&visitor, &id).await?;
    let entry = visitor.console.scribe.entry(&visitor.act(act, &user.login))?;
    visitor.console.store.set_disabled(user.id, disabled, &entry).await?;
    Ok(back_to(&user))
}

pub(crate) async fn recover(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (user, console) = (found(&visitor, &id).await?, &visitor.console);
    let entry = console.scribe.entry(&visitor.act("recover-user", &user.login))?;
    let link = console.token(TokenKind::Link)?;
    let by = visitor.somebody()?.user.id;
    let offered = (link.digest(), visitor.at + LINK_LIFE);
    console.store.recover_user(user.id, by, offered, visitor.at, &entry).await?;
    html(&LinkMade {
        frame: Frame::of(&visitor, "The link is made", "/users")?,
        name: user.name,
        link: console.link_url(&link),
    })
}

pub(crate) async fn end_sessions(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let user = found(&visitor, &id).await?;
    let entry = visitor.console.scribe.entry(&visitor.act("end-sessions", &user.login))?;
    visitor.console.store.end_all_sessions(user.id, None, &entry).await?;
    Ok(back_to(&user))
}
