//! What stands before every public page: the right host, a link that is one of ours, and no more work than is good for the
//! people who come by.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError};

use accounts::Network;
use axum::extract::{ConnectInfo, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Extension, http::HeaderMap};

use crate::public::PublicPages;
use crate::public::desk::{Link, Reader};
use crate::public::trouble::Trouble;
use crate::public::words::Words;
use crate::serving::REQUEST_MAX;

/// Somebody with a link that is one of ours.
#[derive(Clone)]
pub(crate) struct Guest {
    pub(crate) pages: Arc<PublicPages>,
    pub(crate) link: Link,
    pub(crate) token: String,
    pub(crate) reader: Reader,
    pub(crate) words: &'static Words,
    /// The language that the page was switched to; it stays in its addresses.
    pub(crate) switched: Option<&'static str>,
}

/// Answers nothing to a name that is not the pages' own.
pub(crate) async fn named(
    Extension(pages): Extension<Arc<PublicPages>>,
    request: Request,
    next: Next,
) -> Response {
    if pages.origin.is_named(request.headers()) {
        return next.run(request).await;
    }
    // Without a name of the host nothing is asked of us in particular; a page would have links that lead astray.
    let status = if request.headers().contains_key(HOST) {
        StatusCode::MISDIRECTED_REQUEST
    } else {
        StatusCode::BAD_REQUEST
    };
    (status, "This server has another name.\n").into_response()
}

/// No request is worked on for longer than [`REQUEST_MAX`], its body included.
pub(crate) async fn in_time(
    Extension(pages): Extension<Arc<PublicPages>>,
    request: Request,
    next: Next,
) -> Response {
    let words = Words::choose(switched(&request), None, request.headers());
    tokio::time::timeout(REQUEST_MAX, next.run(request))
        .await
        .unwrap_or_else(|_| Trouble::TooSlow.in_words(&pages, words))
}

/// Lets a request through to its page, with the [`Guest`]. A wrong link is told by its tag, before anything is looked up.
pub(crate) async fn guard(
    Extension(pages): Extension<Arc<PublicPages>>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let token = Path::<String>::from_request_parts(&mut parts, &()).await;
    let mut request = Request::from_parts(parts, body);
    let found = token.ok().and_then(|Path(token)| Some((pages.desk.opens(&token)?, token)));
    let now = (pages.now)();
    let Some((link, token)) = found else {
        let may = lock(&pages).wrong(network(&request), now);
        let trouble = if may { Trouble::Gone } else { Trouble::Wait };
        return trouble.page(&pages, &request);
    };
    if !lock(&pages).right(link, now) {
        return Trouble::Wait.page(&pages, &request);
    }
    // Not for longer: a form that comes slowly takes nobody's turn.
    let working = pages.work.acquire().await;
    let found = pages.desk.reader(link).await;
    drop(working);
    let reader = match found {
        Ok(Some(reader)) => reader,
        Ok(None) => return Trouble::Gone.page(&pages, &request),
        Err(_) => return Trouble::Failed.page(&pages, &request),
    };
    let switched = switched(&request);
    let words = Words::choose(switched, reader.language.as_deref(), request.headers());
    let guest = Guest {
        pages: pages.clone(),
        link,
        token: token.to_ascii_lowercase(),
        reader,
        words,
        switched: switched.map(|_| words.tag),
    };
    request.extensions_mut().insert(guest);
    next.run(request).await
}

fn lock(pages: &PublicPages) -> std::sync::MutexGuard<'_, super::limits::Buckets> {
    pages.buckets.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The language that a page was switched to by its link: one of ours.
pub(crate) fn switched(request: &Request) -> Option<&'static str> {
    let tag = parameter(request, "lang")?;
    Words::of(&tag).map(|words| words.tag)
}

/// A parameter of the address.
pub(crate) fn parameter(request: &Request, name: &str) -> Option<String> {
    let query = request.uri().query()?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Whether a form came from a page of ours, as far as the browser says. Under `no-referrer` browsers name no origin for a form
/// (`Origin: null`); then Sec-Fetch-Site says it, and where an old browser has neither, the link itself is the authority.
pub(crate) fn is_own_form(pages: &PublicPages, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.as_bytes());
    if let Some(site) = text("sec-fetch-site") {
        return site == b"same-origin";
    }
    text("origin").is_none_or(|origin| origin == b"null" || origin == pages.origin.as_str().as_bytes())
}

/// Where the connection comes from: the proxy, where one stands before the pages.
fn network(request: &Request) -> Network {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    Network::of(peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip()))
}
