//! What goes wrong, for a program: `application/problem+json` (RFC 9457). Nothing of it holds an address or a name, and nothing
//! repeats what was sent.

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use store::StoreError;

use crate::desk::DeskError;
use crate::trouble::Trouble;

/// What each kind's name stands behind in `type`. It does not change.
const NAMESPACE: &str = "urn:undisclosed:problem:";

/// What can go wrong. The names are for programs and do not change; docs/api.md has each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    IdempotencyKeyMissing,
    NoKey,
    WrongKey,
    MissingScope,
    OtherOrigin,
    NotFound,
    Method,
    TooSlow,
    NotNow,
    StillRunning,
    LookFirst,
    Changed,
    TooLarge,
    MediaType,
    OtherHost,
    Invalid,
    NotImported,
    OtherRequest,
    VersionMissing,
    Wait,
    Failed,
    Busy,
    GivenUp,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 24] = [
        Self::Malformed,
        Self::IdempotencyKeyMissing,
        Self::NoKey,
        Self::WrongKey,
        Self::MissingScope,
        Self::OtherOrigin,
        Self::NotFound,
        Self::Method,
        Self::TooSlow,
        Self::NotNow,
        Self::StillRunning,
        Self::LookFirst,
        Self::Changed,
        Self::TooLarge,
        Self::MediaType,
        Self::OtherHost,
        Self::Invalid,
        Self::NotImported,
        Self::OtherRequest,
        Self::VersionMissing,
        Self::Wait,
        Self::Failed,
        Self::Busy,
        Self::GivenUp,
    ];

    /// Its status, its name, and what it is in a few words.
    pub(crate) const fn said(self) -> (StatusCode, &'static str, &'static str) {
        use StatusCode as S;
        match self {
            Self::Malformed => (S::BAD_REQUEST, "malformed", "The request cannot be read"),
            Self::IdempotencyKeyMissing => {
                (S::BAD_REQUEST, "idempotency-key-missing", "A creation needs an Idempotency-Key")
            }
            Self::NoKey => (S::UNAUTHORIZED, "no-key", "This takes an API key"),
            Self::WrongKey => (S::UNAUTHORIZED, "wrong-key", "This API key does not work"),
            Self::MissingScope => (S::FORBIDDEN, "missing-scope", "The API key has not the scope for this"),
            Self::OtherOrigin => (S::FORBIDDEN, "other-origin", "Sent by a page of another site"),
            Self::NotFound => (S::NOT_FOUND, "not-found", "There is nothing here"),
            Self::Method => (S::METHOD_NOT_ALLOWED, "method-not-allowed", "This cannot be done here"),
            Self::TooSlow => (S::REQUEST_TIMEOUT, "too-slow", "The request came too slowly"),
            Self::NotNow => (S::CONFLICT, "not-now", "This cannot be done now"),
            Self::StillRunning => (S::CONFLICT, "still-running", "The same request is being worked on"),
            Self::LookFirst => (S::CONFLICT, "look-first", "Say first that you look at people's messages"),
            Self::Changed => (S::PRECONDITION_FAILED, "changed", "It was changed meanwhile"),
            Self::TooLarge => (S::PAYLOAD_TOO_LARGE, "too-large", "The request is too large"),
            Self::MediaType => (S::UNSUPPORTED_MEDIA_TYPE, "media-type", "Another media type is needed"),
            Self::OtherHost => (S::MISDIRECTED_REQUEST, "other-host", "This server has another name"),
            Self::Invalid => (S::UNPROCESSABLE_ENTITY, "invalid", "Something in the request is wrong"),
            Self::NotImported => {
                (S::UNPROCESSABLE_ENTITY, "not-imported", "The spreadsheet was not imported")
            }
            Self::OtherRequest => {
                (S::UNPROCESSABLE_ENTITY, "other-request", "The Idempotency-Key is of another request")
            }
            Self::VersionMissing => (S::PRECONDITION_REQUIRED, "version-missing", "A change needs If-Match"),
            Self::Wait => (S::TOO_MANY_REQUESTS, "wait", "Wait before you try again"),
            Self::Failed => (S::INTERNAL_SERVER_ERROR, "failed", "Something went wrong here"),
            Self::Busy => (S::SERVICE_UNAVAILABLE, "busy", "Too much at once"),
            Self::GivenUp => (S::SERVICE_UNAVAILABLE, "given-up", "This took too long"),
        }
    }
}

/// Why a request is not answered with what it asks for.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    detail: String,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, String)>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), more: Map::new(), headers: Vec::new() }
    }

    /// With one more member (RFC 9457 §3.2).
    pub(crate) fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.more.insert(member.to_owned(), value.into());
        self
    }

    /// With a header of its own.
    fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn not_found() -> Self {
        Self::new(Kind::NotFound, "There is no such address, or nothing of that number.")
    }

    /// A field that is not as the description says.
    pub(crate) fn invalid(field: &str, detail: &str) -> Self {
        Self::new(Kind::Invalid, "Nothing was changed. See `errors`.")
            .with("errors", json!([{"field": field, "detail": detail}]))
    }

    /// No key was sent: no more is said (RFC 6750 §3.1).
    pub(crate) fn no_key() -> Self {
        Self::new(Kind::NoKey, "Send it as `Authorization: Bearer KEY`. Cookies are not looked at.")
            .header(WWW_AUTHENTICATE, "Bearer")
    }

    /// Not one of ours, revoked, or over: which of them is for nobody to know.
    pub(crate) fn wrong_key() -> Self {
        let detail =
            "It is none of this installation's, or it was revoked, or its time is over. Nothing was changed.";
        Self::new(Kind::WrongKey, detail).header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
    }

    /// The key has none of these.
    pub(crate) fn missing_scope(scopes: &[&str]) -> Self {
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", scopes.join(" "));
        let detail = format!(
            "It takes a key with {}. Nothing was changed. An administrator makes keys.",
            scopes.join(" or ")
        );
        Self::new(Kind::MissingScope, detail).with("scopes", scopes).header(WWW_AUTHENTICATE, challenge)
    }

    pub(crate) fn wait(wait: SignedDuration) -> Self {
        let seconds = wait.as_secs() + 1;
        Self::new(Kind::Wait, format!("Nothing was changed. Try again in {seconds} seconds."))
            .header(RETRY_AFTER, seconds.to_string())
    }

    /// What can be done here instead (RFC 9110 §15.5.6).
    pub(crate) fn method(allowed: &str) -> Self {
        Self::new(Kind::Method, format!("Nothing was changed. Here there is {allowed}."))
            .header(ALLOW, allowed)
    }

    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(Kind::Busy, detail).header(RETRY_AFTER, "5")
    }

    pub(crate) fn given_up() -> Self {
        let detail = "It was given up. Look whether it was done before you try once more; a creation can be sent again with the \
                      same Idempotency-Key.";
        Self::new(Kind::GivenUp, detail).header(RETRY_AFTER, "5")
    }

    pub(crate) fn body(&self) -> Value {
        let (status, name, title) = self.kind.said();
        let mut body = json!({
            "type": format!("{NAMESPACE}{name}"),
            "title": title,
            "status": status.as_u16(),
            "detail": self.detail,
        });
        if let Some(members) = body.as_object_mut() {
            members.extend(self.more.clone());
        }
        body
    }

    pub(crate) fn schema() -> Value {
        json!({
            "type": "object",
            "description": "What went wrong (RFC 9457). docs/api.md has every `type`. It never holds an address or a name.",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "enum": Kind::ALL.map(|kind| format!("{NAMESPACE}{}", kind.said().1))},
                "title": {"type": "string"},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {"type": "string"},
                "scopes": {"type": "array", "items": {"type": "string"}},
                "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
                "bad_rows": {"type": "integer", "minimum": 0},
                "rows": {"type": "array", "items": {"$ref": "#/components/schemas/BadRow"}},
                "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/Warning"}},
            },
            "additionalProperties": false,
        })
    }
}

/// What `errors`, `rows` and `warnings` are made of.
pub(crate) fn field_error() -> Value {
    json!({
        "type": "object",
        "required": ["field", "detail"],
        "properties": {
            "field": {"type": "string", "description": "The name of a field or parameter of the API."},
            "detail": {"type": "string"},
        },
        "additionalProperties": false,
    })
}

pub(crate) fn bad_row() -> Value {
    json!({
        "type": "object",
        "required": ["row", "column", "detail"],
        "properties": {
            "row": {"type": "integer", "description": "As a spreadsheet program numbers it."},
            "column": {"type": ["string", "null"], "description": "The heading, where it is one cell and the heading is none."},
            "detail": {"type": "string", "description": "What is wrong; never what stands in the cell."},
        },
        "additionalProperties": false,
    })
}

pub(crate) fn warning() -> Value {
    json!({
        "type": "object",
        "required": ["code", "detail"],
        "properties": {
            "code": {"type": "string", "description": "The word that acknowledges it."},
            "detail": {"type": "string"},
        },
        "additionalProperties": false,
    })
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        Trouble::from(error).into()
    }
}

impl From<Trouble> for Problem {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::NotFound | Trouble::UploadGone | Trouble::Store(StoreError::NotFound) => {
                Self::not_found()
            }
            Trouble::Desk(error) => Self::new(Kind::NotNow, format!("Nothing was changed: {error}")),
            Trouble::Store(StoreError::DraftChanged) => Self::new(
                Kind::Changed,
                "Somebody else has changed it meanwhile, and yours is not saved. Get it again, and decide.",
            ),
            Trouble::Store(
                error @ (StoreError::NameInUse
                | StoreError::TooMany(_)
                | StoreError::Forgotten
                | StoreError::Left
                | StoreError::Transition(_)),
            ) => Self::new(Kind::NotNow, format!("Nothing was changed: {error}.")),
            Trouble::TooLarge => Self::new(Kind::TooLarge, "Nothing was changed."),
            Trouble::Form => Self::new(Kind::Malformed, "Nothing was changed."),
            Trouble::Wait(wait) => Self::wait(wait),
            Trouble::TooSlow => Self::given_up(),
            Trouble::Busy => Self::busy("Nothing was changed. Try again in a moment."),
            Trouble::Forbidden
            | Trouble::OtherHost
            | Trouble::NotLooked
            | Trouble::SignOn(_)
            | Trouble::SignOnSpent
            | Trouble::Store(_)
            | Trouble::Failed(_) => Self::new(
                Kind::Failed,
                "Nothing was changed, as far as is known. Try again in a moment; if it stays, tell your administrator the time.",
            ),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Trouble::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.kind.said().0;
        let media_type = [(CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, media_type, self.body().to_string()).into_response();
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
