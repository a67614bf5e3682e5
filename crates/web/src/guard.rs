//! What stands before every page: the right host, the right person, and for a form the right page it came from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use accounts::{FormToken, Network, SessionAllows, SessionLimits};
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::Method;
use axum::http::header::SET_COOKIE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use crate::api::{self, Problem};
use crate::console::Console;
use crate::cookie::Cookie;
use crate::form::{FORM_OCTETS_MAX, Form, TEXT_FORM_OCTETS_MAX, TOKEN_FIELD};
use crate::routes::{Access, Route, Verb, page_of};
use crate::trouble::Trouble;
use crate::upload_body::UploadForm;
use crate::visitor::Visitor;

/// Where one signs in.
pub(crate) const SIGN_IN: &str = "/sign-in";
/// Where one shows the second factor.
pub(crate) const CODE: &str = "/sign-in/code";

/// Answers nothing to a name that is not the console's: a name of somebody else's can be pointed here (DNS rebinding).
pub(crate) async fn named(console: Arc<Console>, request: Request, next: Next) -> Response {
    if console.origin.is_named(request.headers()) {
        next.run(request).await
    } else if api::is_ours(request.uri().path()) {
        let detail =
            "The name you used is not the one that this installation is set up for. Nothing was changed.";
        Problem::new(api::Kind::OtherHost, detail).into_response()
    } else {
        Trouble::OtherHost.into_response()
    }
}

/// No request is worked on for longer than this, its body included.
pub(crate) async fn in_time(limit: Duration, answering: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(limit, answering).await.unwrap_or_else(|_| Trouble::TooSlow.into_response())
}

/// Lets a request through to its page, with a [`Visitor`] and, for a POST, its [`Form`] or [`UploadForm`].
pub(crate) async fn guard(
    console: Arc<Console>,
    route: &'static Route,
    request: Request,
    next: Next,
) -> Response {
    let network = network(&request);
    let visitor = match Visitor::of(&console, request.headers(), network).await {
        Ok(visitor) => visitor,
        Err(trouble) => return trouble.into_response(),
    };
    // A form from elsewhere is refused before anything is said about who may.
    let is_form = request.method() == Method::POST;
    let (request, rest) = match route.verb {
        Verb::Upload if is_form => {
            let (request, rest) = UploadForm::of(request, &visitor).await;
            (request, Some(rest))
        }
        _ if is_form => (with_form(request, &visitor, octets_max(&visitor, route)).await, None),
        _ => (Ok(request), None),
    };
    let response = match request {
        Ok(request) => let_through(visitor, route, request, next).await,
        Err(trouble) => trouble.into_response(),
    };
    if let Some(rest) = rest {
        rest.linger().await;
    }
    response
}

async fn let_through(visitor: Visitor, route: &'static Route, mut request: Request, next: Next) -> Response {
    if let Some(elsewhere) = elsewhere(&visitor, route.access, &request) {
        return elsewhere;
    }
    // Only a person's own acts and pages count: a HEAD is neither, and a stream is opened again by itself.
    if *request.method() != Method::HEAD
        && route.verb != Verb::Watch
        && let Err(trouble) = touch(&visitor).await
    {
        return trouble.into_response();
    }
    let secure = visitor.console.origin.is_secure();
    // Who comes back from elsewhere may have a visit whose cookie the browser keeps back: it is not written over.
    let is_new = visitor.new_visit && route.verb != Verb::Return;
    let visit = is_new.then(|| Cookie::Visit.set(visitor.holder.reveal(), secure));
    request.extensions_mut().insert(visitor);
    let mut response = next.run(request).await;
    if let Some(cookie) = visit.flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

/// Where the request goes instead, if this visitor may not do it now.
fn elsewhere(visitor: &Visitor, access: Access, request: &Request) -> Option<Response> {
    let sign_in = || Some(Redirect::to(SIGN_IN).into_response());
    match (access, &visitor.signed_in) {
        (Access::Anyone, _) | (Access::PasswordShown, Some(_)) => None,
        (_, None) => sign_in(),
        (Access::SignedIn, Some(_)) if visitor.is_live() => None,
        (Access::May(_) | Access::SignedIn, Some(_)) if !visitor.is_live() => {
            Some(Redirect::to(CODE).into_response())
        }
        (Access::May(right), Some(one)) => {
            if !one.user.roles.may(right) {
                return Some(Trouble::Forbidden.into_response());
            }
            match one.session.times.allows(right, &SessionLimits::default(), visitor.at) {
                SessionAllows::Yes => None,
                SessionAllows::AfterStepUp => Some(step_up(request)),
                SessionAllows::No => sign_in(),
            }
        }
        (Access::SignedIn, Some(_)) => sign_in(),
    }
}

/// To the second factor, and behind it back to the page. What a form said is not kept: it is filled in once more.
fn step_up(request: &Request) -> Response {
    let path = page_of(request.uri().path());
    Redirect::to(&format!(
        "{CODE}?to={}",
        form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>()
    ))
    .into_response()
}

/// A session that is used does not become idle.
async fn touch(visitor: &Visitor) -> Result<(), Trouble> {
    if let Some(one) = &visitor.signed_in
        && one.session.times.touch_due(visitor.at)
    {
        visitor.console.store.touch_session(one.session.id, visitor.at).await?;
    }
    Ok(())
}

/// Octets of a form that are read: of a stranger's, few, wherever it goes.
fn octets_max(visitor: &Visitor, route: &Route) -> usize {
    match (route.verb, route.access) {
        (Verb::Write, Access::May(right)) if visitor.may(right) => TEXT_FORM_OCTETS_MAX,
        _ => FORM_OCTETS_MAX,
    }
}

async fn with_form(request: Request, visitor: &Visitor, octets_max: usize) -> Result<Request, Trouble> {
    if !visitor.console.origin.sent_this(request.headers()) {
        return Err(Trouble::Form);
    }
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, octets_max).await.map_err(|_| Trouble::TooLarge)?;
    let form = Form::read(&body).ok_or(Trouble::TooLarge)?;
    if !FormToken::verify(&visitor.holder, form.get(TOKEN_FIELD).unwrap_or_default()) {
        return Err(Trouble::Form);
    }
    let mut request = Request::from_parts(parts, Body::empty());
    request.extensions_mut().insert(form);
    Ok(request)
}

/// Where the request comes from: that of the proxy, where one stands before the console that is not trusted.
pub(crate) fn network(request: &Request) -> Network {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    Network::of(peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip()))
}
