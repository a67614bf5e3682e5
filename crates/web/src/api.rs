//! The API for other programs: JSON under `/api/v1`, on the console's listener.
//!
//! [`routes`](crate::api::routes) is the one table of what there is, what scope it takes, and what the OpenAPI document says of it:
//! the document is made of the table that serves. [`guard`](crate::api::guard) stands before each route. What changes something
//! is done by the functions that pages use ([`acts`](crate::acts)).
//!
//! An API key is a program, and no person: what takes one ([`accounts::Right::needs_a_person`]) is not here.

mod audiences;
mod body;
mod caller;
mod campaigns;
mod checks;
mod control;
mod deliveries;
mod draft_files;
mod drafts;
mod fields;
mod guard;
mod idempotency;
mod importing;
mod ledger;
mod limits;
mod openapi;
mod paging;
mod preview;
mod problem;
mod routes;
mod suppressions;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

pub use openapi::openapi;
pub(crate) use problem::{Kind, Problem};
pub use routes::{ApiAccess, ApiRoute, ApiVerb, Takes, api_routes};
pub(crate) use routes::{PREFIX, router};

/// Whether somebody who asks for this is a program: it is answered as one, whatever is wrong.
pub(crate) fn is_ours(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// Something as JSON.
fn json(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
