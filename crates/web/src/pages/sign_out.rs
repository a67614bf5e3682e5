//! The end of a session.

use axum::Extension;
use axum::http::HeaderValue;
use axum::http::header::{HeaderName, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};

use crate::cookie::Cookie;
use crate::guard::SIGN_IN;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// Browsers keep whole pages to go back to, `no-store` or not. This drops them (W3C Clear Site Data §3.1).
const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");

pub(crate) async fn send(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let session = &visitor.somebody()?.session;
    visitor.console.store.end_session(session.user, session.id).await?;
    let mut response = Redirect::to(SIGN_IN).into_response();
    response.headers_mut().insert(CLEAR, HeaderValue::from_static("\"cache\""));
    if let Some(cookie) = Cookie::Session.remove(visitor.console.origin.is_secure()) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}
