//! The inbox, as pages for a browser: of this machine alone, complete without JavaScript, changing nothing.

mod page;
mod query;
mod view;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::task::JoinHandle;

use crate::loopback::Loopback;
use crate::mailbox::{Mailbox, Received};
use query::Query;

/// Nothing but our own style sheet, and the message in its frame.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; \
                           base-uri 'none'; frame-ancestors 'none'";
/// A message's HTML: no script, no form, no link that leads away, nothing fetched.
const MESSAGE_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                              base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
const STYLE: &str = include_str!("inbox/style.css");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What every page needs.
struct Shown {
    mailbox: Arc<Mailbox>,
    summary: Vec<(String, String)>,
}

/// Pages over a [`Mailbox`], on this machine; they end when this is dropped.
#[derive(Debug)]
pub struct Inbox {
    address: Loopback,
    serving: JoinHandle<()>,
}

impl Inbox {
    /// Starts on 127.0.0.1 and a free port, in the current tokio runtime. `summary` is shown on the first page: labels
    /// and values.
    ///
    /// # Errors
    /// No socket.
    pub async fn start(mailbox: Arc<Mailbox>, summary: Vec<(String, String)>) -> io::Result<Self> {
        Self::start_at(Loopback::v4(0), mailbox, summary).await
    }

    /// Starts at a place of the caller's.
    ///
    /// # Errors
    /// No socket there.
    pub async fn start_at(
        at: Loopback,
        mailbox: Arc<Mailbox>,
        summary: Vec<(String, String)>,
    ) -> io::Result<Self> {
        let (listener, address) = at.listen().await?;
        let router = Router::new()
            .route("/", get(list))
            .route("/message/{number}", get(message))
            .route("/message/{number}/html", get(html))
            .route("/message/{number}/source", get(source))
            .route("/style.css", get(style))
            .fallback(not_found)
            .layer(middleware::from_fn(guard))
            .with_state(Arc::new(Shown { mailbox, summary }));
        let serving = tokio::spawn(async move {
            // It returns when the task is aborted, and not before.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, serving })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address.address()
    }

    /// `http://127.0.0.1:PORT/`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/", self.address.address())
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Before and behind every page: reading alone, from this machine's own names alone, and nothing kept.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let body = page::error("This page can only be read");
        (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], html_page(body)).into_response()
    } else if !names_this_machine(&request) {
        // A page elsewhere whose name was pointed here (DNS rebinding) must not read the messages.
        (StatusCode::FORBIDDEN, html_page(page::error("This server has another name"))).into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    }
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CORP, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// One Host field, and the authority of an absolute request if there is one: both of this machine.
fn names_this_machine(request: &Request) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let authority = request.uri().authority().map(axum::http::uri::Authority::as_str);
    host.to_str().is_ok_and(is_this_machine) && authority.is_none_or(is_this_machine)
}

fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

fn html_page(body: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], body)
}

async fn list(State(shown): State<Arc<Shown>>, RawQuery(query): RawQuery) -> Response {
    let query = Query::read(query.as_deref().unwrap_or_default());
    html_page(view::list(&shown.mailbox, &shown.summary, &query)).into_response()
}

async fn message(State(shown): State<Arc<Shown>>, Path(number): Path<String>) -> Response {
    match find(&shown, &number) {
        Some(message) => html_page(view::message(&message)).into_response(),
        None => not_found().await,
    }
}

async fn html(State(shown): State<Arc<Shown>>, Path(number): Path<String>) -> Response {
    match find(&shown, &number).and_then(|message| view::html_part(&message)) {
        Some(html) => ([(CONTENT_SECURITY_POLICY, MESSAGE_POLICY)], html_page(html)).into_response(),
        None => not_found().await,
    }
}

async fn source(State(shown): State<Arc<Shown>>, Path(number): Path<String>) -> Response {
    let Some(message) = find(&shown, &number) else { return not_found().await };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("message/rfc822"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(MESSAGE_POLICY));
    let name = format!("attachment; filename=\"message-{}.eml\"", message.number);
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    (headers, message.bytes.clone()).into_response()
}

async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, html_page(page::error("There is no such page"))).into_response()
}

fn find(shown: &Shown, number: &str) -> Option<Arc<Received>> {
    shown.mailbox.message(number.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_and_others() {
        for host in ["127.0.0.1", "127.0.0.1:8025", "localhost", "LOCALHOST:1", "[::1]:80", "[::1]"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            "127.0.0.1.evil.test",
            "evil.test:80",
            "localhost.evil.test",
            "127.0.0.1:x",
            "::1",
            "0.0.0.0",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
