//! The end of a session.

use axum::Extension;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};

use crate::cookie::Cookie;
use crate::guard::SIGN_IN;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

pub(crate) async fn send(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let session = &visitor.somebody()?.session;
    visitor.console.store.end_session(session.user, session.id).await?;
    let mut response = Redirect::to(SIGN_IN).into_response();
    if let Some(cookie) = Cookie::Session.remove(visitor.console.origin.is_secure()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
