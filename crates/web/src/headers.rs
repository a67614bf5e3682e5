//! What every response says to the browser: nothing from elsewhere, nothing kept, nobody's frame.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// Our own style sheet and script, our own pictures and streams of events; forms go here alone; no frame holds a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A year, for a console that is reached by TLS (RFC 6797 §6.1.1).
const TRANSPORT: &str = "max-age=31536000";
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// The public pages': no script at all.
const PUBLIC_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                             frame-ancestors 'none'";
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// Sets them on public pages: whose address is a secret, so that it goes nowhere, not to the pages themselves either; how a
/// form is then told to be ours says `public::guard`.
pub(crate) async fn set_public(secure: bool, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(PUBLIC_POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex, nofollow, noarchive"));
    add(secure, headers);
    response
}

/// Sets them where the page has not set its own.
pub(crate) async fn set(secure: bool, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    add(secure, response.headers_mut());
    response
}

fn add(secure: bool, headers: &mut HeaderMap) {
    let own = |headers: &mut HeaderMap, name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    own(headers, CONTENT_SECURITY_POLICY, POLICY);
    // Pages show who works here and what is being sent: no cache keeps one, the browser's neither.
    own(headers, CACHE_CONTROL, "no-store");
    own(headers, X_CONTENT_TYPE_OPTIONS, "nosniff");
    // A link's token stands in its path: no other site learns it. Not `no-referrer`: by that, a browser names no origin for
    // its own forms either (Fetch, "append a request `Origin` header").
    own(headers, REFERRER_POLICY, "same-origin");
    own(headers, OPENER, "same-origin");
    own(headers, RESOURCE, "same-origin");
    own(headers, PERMISSIONS, "camera=(), geolocation=(), microphone=()");
    if secure {
        own(headers, STRICT_TRANSPORT_SECURITY, TRANSPORT);
    }
}
