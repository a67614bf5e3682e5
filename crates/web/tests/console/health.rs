//! What watches the program is told the truth, and soon.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use tower::ServiceExt;
use web::{SendingTotals, Sources};

use crate::browser::Answer;
use crate::site::{Site, fine};

/// Longer than the program gives its database, and shorter than whoever watches waits.
const SOON: Duration = Duration::from_secs(5);

fn sources(site: &Site) -> Sources {
    let (now, totals) = (site.now(), SendingTotals { accepted: 3, in_doubt: 1, ..SendingTotals::default() });
    Sources { store: site.store.clone(), totals: Arc::new(move || totals), now: Arc::new(move || now) }
}

#[tokio::test]
async fn numbers_for_prometheus_name_nobody() {
    for site in [Site::sqlite().await, Site::postgres().await] {
        site.campaign("Canary").await;
        site.submitted("Submitted", "uid 1").await;
        site.pass(jiff::SignedDuration::from_secs(90));
        let request = fine(Request::get("/metrics").body(Body::empty()));
        let answer = Answer::of(fine(web::health(&sources(&site)).oneshot(request).await)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
        for line in [
            "undisclosed_campaigns{state=\"sending\"} 1",
            "undisclosed_campaigns{state=\"submitted\"} 1",
            "undisclosed_deliveries{state=\"queued\"} 5",
            "undisclosed_queue_age_seconds 90",
            "undisclosed_attempts_total{outcome=\"accepted\"} 3",
            "undisclosed_attempts_total{outcome=\"in_doubt\"} 1",
            "undisclosed_relay_reply_time_seconds_total 0",
            "# EOF",
        ] {
            assert!(answer.body.lines().any(|one| one.starts_with(line)), "{line} in {}", answer.body);
        }
        assert!(!answer.body.contains("Canary") && !answer.body.contains('@'), "{}", answer.body);
    }
}

#[tokio::test]
async fn without_its_database_the_program_is_alive_and_not_ready() {
    let site = Site::postgres().await;
    let health = web::health(&sources(&site));
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
