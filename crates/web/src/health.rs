//! For what watches the program: whether it lives, and whether it can work. On a listener of its own.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use store::Store;

/// How long the database may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// `/healthz`: the process answers. `/readyz`: its database does too.
pub fn health(store: &Store) -> Router {
    let store = store.clone();
    let ready = move || {
        let store = store.clone();
        async move {
            match tokio::time::timeout(ANSWER_MAX, store.ledger_head()).await {
                Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
                _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
            }
        }
    };
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready))
}
