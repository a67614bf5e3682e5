//! How much a stranger may have, one past each limit; and that nobody pays for another.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::{Method, StatusCode};
use web::{LINK_BURST, LINK_REFILL, NETWORK_BURST, NETWORK_REFILL};

use crate::site::{Site, fine, request};

#[tokio::test]
async fn wrong_links_slow_their_network_down_and_no_right_one() {
    let site = Site::new();
    for n in 0..NETWORK_BURST {
        assert_eq!(site.get(&format!("/preferences/wrong{n}")).await.status, StatusCode::NOT_FOUND);
    }
    let waits = site.get("/preferences/wrong").await;
    assert_eq!(waits.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(waits.headers.contains_key("retry-after"));
    assert_eq!(
        site.post("/unsubscribe/wrong", "List-Unsubscribe=One-Click").await.status,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(site.get("/preferences/right").await.status, StatusCode::OK, "from the same network");
    let mut elsewhere = request(Method::GET, "/preferences/wrong", &[], "");
    let peer: SocketAddr = fine("198.51.100.1:5000".parse());
    elsewhere.extensions_mut().insert(ConnectInfo(peer));
    assert_eq!(site.send(elsewhere).await.status, StatusCode::NOT_FOUND);
    site.pass(NETWORK_REFILL);
    assert_eq!(site.get("/preferences/wrong").await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/preferences/wrong").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn one_link_is_not_asked_for_without_end_and_the_others_do_not_notice() {
    let site = Site::new();
    for _ in 0..LINK_BURST {
        assert_eq!(site.get("/preferences/right").await.status, StatusCode::OK);
    }
    for path in ["/preferences/right", "/unsubscribe/RIGHT"] {
        assert_eq!(site.get(path).await.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    assert_eq!(site.get("/preferences/welsh").await.status, StatusCode::OK);
    site.pass(LINK_REFILL);
    assert_eq!(site.get("/preferences/right").await.status, StatusCode::OK);
}
