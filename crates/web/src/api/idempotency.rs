//! A creation that is sent again gets the same answer, and nothing is made twice (draft-ietf-httpapi-idempotency-key-header).

use axum::body::Bytes;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use ring::hmac;
use serde_json::Value;
use store::{ApiKey, ApiRequest, Begun};

use crate::api::problem::{Kind, Problem};
use crate::console::Console;

/// What a program calls a creation.
const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Octets of that.
const NAME_OCTETS_MAX: usize = 255;
/// Octets of an answer that is kept: numbers, names, and a hundred bad rows.
const ANSWER_OCTETS_MAX: usize = 256 * 1024;
/// A key with too many creations: some of them are a day old by then.
const COME_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// A creation that comes in: its octets are hashed under a key as they come, so that nobody can try out from the database what
/// was in them.
pub(super) struct Creation {
    name: [u8; 32],
    key: ApiKey,
    request: hmac::Context,
}

impl Creation {
    /// From what stands before its body.
    pub(super) fn of(
        console: &Console,
        key: &ApiKey,
        headers: &HeaderMap,
        (method, target): (&str, &str),
    ) -> Result<Self, Problem> {
        let missing = || {
            let detail = "Choose one of 1 to 255 visible characters, a UUID say, anew for each creation. Nothing was changed.";
            Problem::new(Kind::IdempotencyKeyMissing, detail)
        };
        let mut all = headers.get_all(&HEADER).iter();
        let (Some(name), None) = (all.next(), all.next()) else { return Err(missing()) };
        let name = name.as_bytes();
        let visible = (1..=NAME_OCTETS_MAX).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
        if !visible {
            return Err(missing());
        }
        let mut request = hmac::Context::with_key(&console.request_key);
        for part in [method, target] {
            // Each with its length, so that no two requests are the same octets.
            request.update(&(part.len() as u64).to_be_bytes());
            request.update(part.as_bytes());
        }
        Ok(Self { name: octets(&hmac::sign(&console.request_key, name)), key: key.clone(), request })
    }

    /// More of its body.
    pub(super) fn take(&mut self, octets: &[u8]) {
        self.request.update(octets);
    }

    /// Does it, if it is new. It goes on when whoever asked does not wait: its answer is there when they ask again.
    pub(super) async fn once(
        self,
        console: &std::sync::Arc<Console>,
        work: impl Future<Output = Response> + Send + 'static,
    ) -> Result<Response, Problem> {
        let asked = ApiRequest { key: self.key.id, name: self.name, request: octets(&self.request.sign()) };
        match console.store.begin_api_request(&asked, console.now()).await? {
            Begun::New => {}
            Begun::Running => {
                return Err(Problem::new(
                    Kind::StillRunning,
                    "Ask again in a moment, with the same request.",
                ));
            }
            Begun::Other => {
                let detail = "This Idempotency-Key came with another request before. Nothing was changed. Choose another one.";
                return Err(Problem::new(Kind::OtherRequest, detail));
            }
            Begun::Done { status, answer } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return Ok(answered(status, answer));
            }
            Begun::Full => return Err(Problem::wait(COME_AGAIN)),
        }
        let store = console.store.clone();
        let doing = tokio::spawn(async move {
            let response = work.await;
            let status = response.status();
            let body = axum::body::to_bytes(response.into_body(), ANSWER_OCTETS_MAX).await;
            let body = body.ok().and_then(|body: Bytes| String::from_utf8(body.to_vec()).ok());
            match body {
                // Whatever is nobody's fault is done again.
                Some(body) if !status.is_server_error() => {
                    store.answer_api_request(&asked, status.as_u16(), &body).await?;
                    Ok(answered(status, body))
                }
                body => {
                    store.drop_api_request(&asked).await?;
                    Ok(answered(status, body.unwrap_or_default()))
                }
            }
        });
        match doing.await {
            Ok(done) => done,
            Err(_) => {
                console.store.drop_api_request(&asked).await?;
                Err(Problem::new(Kind::Failed, "Look whether it was done before you try again."))
            }
        }
    }
}

fn octets(tag: &hmac::Tag) -> [u8; 32] {
    let mut octets = [0; 32];
    for (to, from) in octets.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    octets
}

/// An answer, the first time and every other: what its headers say follows from its body.
fn answered(status: StatusCode, body: String) -> Response {
    let is_problem = status.is_client_error() || status.is_server_error();
    let media_type = if is_problem { "application/problem+json" } else { "application/json" };
    let made: Value = if is_problem { Value::Null } else { serde_json::from_str(&body).unwrap_or_default() };
    let mut response = (status, [(CONTENT_TYPE, media_type)], body).into_response();
    let mut set = |name, value: Option<String>| {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            response.headers_mut().insert(name, value);
        }
    };
    set(LOCATION, made["href"].as_str().map(ToOwned::to_owned));
    set(ETAG, made["version"].as_u64().map(super::drafts::tag));
    response
}
