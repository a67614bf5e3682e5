//! Forms: from a page of ours, as far as the browser says, and no larger than they are.

use axum::http::{Method, StatusCode};
use web::PUBLIC_FORM_OCTETS_MAX;

use crate::site::{Site, TOKEN, request};

#[tokio::test]
async fn without_a_choice_the_page_says_so_in_its_own_place() {
    let site = Site::new();
    for body in ["", "choice=", "choice=other"] {
        let again = site.post(&format!("/preferences/{TOKEN}"), body).await;
        again.says("<title>Error:");
        again.says("<a href=\"#choice\">Choose what you would like to do</a>");
        again.says("id=\"choice-error\"");
    }
    let odd = site.post(&format!("/preferences/{TOKEN}"), "confirm=other").await;
    assert_eq!((odd.status, site.wishes().len()), (StatusCode::BAD_REQUEST, 0));
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let site = Site::new();
    let send = async |headers: &[(&str, &str)]| {
        let path = format!("/preferences/{TOKEN}");
        site.send(request(Method::POST, &path, headers, "confirm=stop")).await.status
    };
    for foreign in [
        &[("sec-fetch-site", "cross-site"), ("origin", "null")][..],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://evil.example")],
    ] {
        assert_eq!(send(foreign).await, StatusCode::BAD_REQUEST, "{foreign:?}");
    }
    assert_eq!(site.wishes(), []);
    // An old browser says nothing, or that it will not say.
    for own in [&[][..], &[("origin", "null")], &[("origin", "https://surveys.example")]] {
        assert_eq!(send(own).await, StatusCode::SEE_OTHER, "{own:?}");
    }
}

#[tokio::test]
async fn a_form_one_octet_too_large_is_refused() {
    let site = Site::new();
    for (path, fits) in
        [("/preferences/right", StatusCode::SEE_OTHER), ("/unsubscribe/right", StatusCode::SEE_OTHER)]
    {
        let long = |octets: usize| format!("confirm=stop&x={}", "x".repeat(octets - 15));
        assert_eq!(site.post(path, &long(PUBLIC_FORM_OCTETS_MAX)).await.status, fits);
        let refused = site.post(path, &long(PUBLIC_FORM_OCTETS_MAX + 1)).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
    }
    assert_eq!(site.wishes().len(), 2);
    let many = "a=&".repeat(300);
    assert_eq!(site.post("/preferences/right", &many).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_the_program_cannot_do_is_said_and_not_taken_for_done() {
    let site = Site::new();
    let failed = site.post("/preferences/broken", "confirm=stop").await;
    assert_eq!(failed.status, StatusCode::SERVICE_UNAVAILABLE);
    failed.says("Something went wrong here");
    assert!(failed.headers.contains_key("retry-after"));
}
