//! What stands before every route: a key that works, its scope, and a body no larger than any of ours.

use std::sync::Arc;
use std::time::Duration;

use accounts::{Network, Scope, Token, TokenKind};
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use store::ApiKey;

use crate::api::body::{parsed, with_json};
use crate::api::caller::Asked;
use crate::api::idempotency::Creation;
use crate::api::problem::{Kind, Problem};
use crate::api::routes::{ApiAccess, ApiRoute, Takes};
use crate::console::Console;
use crate::form::Form;
use crate::guard::network;

/// No request is worked on for longer than this, its body included.
pub(super) async fn in_time(limit: Duration, answering: impl Future<Output = Response>) -> Response {
    tokio::time::timeout(limit, answering).await.unwrap_or_else(|_| Problem::given_up().into_response())
}

/// Lets a request through to its handler, with what was [`Asked`].
pub(super) async fn guard(
    console: Arc<Console>,
    route: &'static ApiRoute,
    request: Request,
    next: Next,
) -> Response {
    let_through(console, route, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn let_through(
    console: Arc<Console>,
    route: &'static ApiRoute,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    // A page of another site could have got hold of a key; no program sends an origin.
    if !console.origin.sent_this(request.headers()) {
        return Err(Problem::new(Kind::OtherOrigin, "The API is for programs. Nothing was changed."));
    }
    let ApiAccess::May(right) = route.access else { return Ok(next.run(request).await) };
    let from = network(&request);
    let sent = bearer(request.headers()).ok_or_else(Problem::no_key)?.to_owned();
    let key = key_of(&console, &sent, from).await?;
    if !key.scopes.may(right) {
        let scopes: Vec<&str> = route.scopes().map(Scope::word).collect();
        return Err(Problem::missing_scope(&scopes));
    }
    let at = console.now();
    if *request.method() != Method::HEAD {
        console.store.touch_api_key(key.id, at).await?;
    }
    let query = query_of(route, &request)?;
    let (mut request, octets) = match route.takes {
        Takes::Json(_) => with_json(request).await?,
        Takes::Nothing | Takes::File(_) => (request, Bytes::new()),
    };
    let body = if octets.is_empty() { Value::Null } else { parsed(&octets)? };
    // A file is hashed by its own handler, as it comes.
    let creation = match route.takes {
        _ if !route.creates => None,
        Takes::File(_) => None,
        Takes::Json(_) | Takes::Nothing => Some(creation(&console, &key, &request, &octets)?),
    };
    let asked = Asked { console: console.clone(), key, query, body: Arc::new(body), at };
    request.extensions_mut().insert(asked);
    match creation {
        Some(creation) => creation.once(&console, next.run(request)).await,
        None => Ok(next.run(request).await),
    }
}

fn creation(console: &Console, key: &ApiKey, request: &Request, octets: &[u8]) -> Result<Creation, Problem> {
    let target = request.uri().to_string();
    let mut creation = Creation::of(console, key, request.headers(), (request.method().as_str(), &target))?;
    creation.take(octets);
    Ok(creation)
}

/// The key that was sent, if it works. Nobody guesses one, so one that works is never kept waiting for what others got wrong:
/// only who is wrong waits.
async fn key_of(console: &Console, sent: &str, from: Network) -> Result<ApiKey, Problem> {
    if let Some(token) = Token::parse(TokenKind::ApiKey, sent)
        && let Some(key) = console.store.find_api_key(token.digest(), console.now()).await?
    {
        return Ok(key);
    }
    console.wrong_key(from)?;
    Err(Problem::wrong_key())
}

/// What stands in the one Authorization header, if that is of this scheme (RFC 6750 §2.1; RFC 9110 §11.1: in any case).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(one), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The parameters: one that the route does not have is refused, for a filter that is misspelt must not show everything.
fn query_of(route: &ApiRoute, request: &Request) -> Result<Form, Problem> {
    let query = request.uri().query().unwrap_or_default();
    let known = |name: &str| route.query.iter().any(|parameter| parameter.name == name);
    if form_urlencoded::parse(query.as_bytes()).all(|(name, _)| known(&name))
        && let Some(query) = Form::read(query.as_bytes())
    {
        return Ok(query);
    }
    let names: Vec<&str> = route.query.iter().map(|parameter| parameter.name).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(Problem::new(Kind::Malformed, format!("A parameter is not known. Here there are: {names}.")))
}
