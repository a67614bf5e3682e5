//! What watches the program is told the truth, and soon.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use crate::browser::Answer;
use crate::site::{Site, fine};

/// Longer than the program gives its database, and shorter than whoever watches waits.
const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn without_its_database_the_program_is_alive_and_not_ready() {
    let site = Site::postgres().await;
    let health = web::health(&site.store);
    let ask = async |path: &str| {
        let request = fine(Request::get(path).body(Body::empty()));
        let answer = tokio::time::timeout(SOON, health.clone().oneshot(request)).await;
        Answer::of(fine(answer.expect("an answer soon"))).await
    };
    assert_eq!(ask("/readyz").await.status, StatusCode::OK);
    let server = site.server.as_ref().expect("a server");
    server.stop();
    assert_eq!(ask("/healthz").await.status, StatusCode::OK);
    let down = ask("/readyz").await;
    assert_eq!(down.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!down.body.contains("127.0.0.1") && !down.body.contains("postgres"), "{}", down.body);
    server.start_again();
    assert_eq!(ask("/readyz").await.status, StatusCode::OK);
}
