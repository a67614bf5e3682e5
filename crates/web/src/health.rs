//! For what watches the program: whether it lives, whether it can work, and how it goes. On a listener of its own.

use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::metrics::{self, Sources};

/// How long the database may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(2);

/// `/healthz`: the process answers. `/readyz`: its database does too. `/metrics`: numbers for Prometheus.
pub fn health(sources: &Sources) -> Router {
    const AWAY: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n");
    let store = sources.store.clone();
    let ready = move || {
        let store = store.clone();
        async move {
            match tokio::time::timeout(ANSWER_MAX, store.ledger_head()).await {
                Ok(Ok(_)) => (StatusCode::OK, "ready\n"),
                _ => AWAY,
            }
        }
    };
    let sources = sources.clone();
    let numbers = move || {
        let sources = sources.clone();
        async move {
            let shown = tokio::time::timeout(ANSWER_MAX, metrics::show(&sources)).await;
            shown.unwrap_or_else(|_| AWAY.into_response())
        }
    };
    Router::new()
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
}
