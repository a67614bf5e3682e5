//! A GET changes nothing (promise 8), and every answer keeps the link's secret.

use axum::http::{Method, StatusCode};
use web::{LINK_REFILL, Wish};

use crate::site::{BROKEN, ERASED, Site, TOKEN, WELSH, request};

#[tokio::test]
async fn looking_asks_for_nothing() {
    let site = Site::new();
    for route in web::public_routes() {
        for token in [TOKEN, WELSH, ERASED, BROKEN, "forged"] {
            let path = route.path.replace("{token}", token);
            for query in ["", "?lang=cy", "?confirm=stop", "?choice=unsafe", "?List-Unsubscribe=One-Click"] {
                for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::DELETE] {
                    site.ask(method, &format!("{path}{query}")).await;
                    // No limit is to answer in the place of a page.
                    site.pass(LINK_REFILL);
                }
            }
        }
    }
    assert_eq!(site.wishes(), []);
    site.post(&format!("/preferences/{TOKEN}"), "confirm=stop").await;
    assert_eq!(site.wishes(), [(0, Wish::Stop)], "and what is to change something would be seen");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    for (origin, secure) in [("https://surveys.example", true), ("http://127.0.0.1:8082", false)] {
        let site = Site::at(origin);
        let host = origin.split_once("://").expect("a scheme").1;
        let mut seen = std::collections::BTreeSet::new();
        let paths =
            ["/preferences/right", "/unsubscribe/right", "/preferences/forged", "/", "/assets/none", "/%ff"];
        for path in paths.into_iter().chain(["/preferences/%ff", "/preferences/broken"]) {
            for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT] {
                for host in [host, "other.example"] {
                    let got = site.send(request(method.clone(), path, &[("host", host)], "")).await;
                    let what = format!("{method} {path} {host}");
                    let policy = got.header("content-security-policy");
                    for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"] {
                        assert!(policy.contains(part) && !policy.contains("script-src"), "{what}: {policy}");
                    }
                    assert_eq!(got.header("referrer-policy"), "no-referrer", "{what}");
                    assert_eq!(got.header("cache-control"), "no-store", "{what}");
                    assert_eq!(got.header("x-content-type-options"), "nosniff", "{what}");
                    assert!(got.header("x-robots-tag").contains("noindex"), "{what}");
                    assert!(!got.headers.contains_key("set-cookie"), "{what}");
                    assert_eq!(got.headers.contains_key("strict-transport-security"), secure, "{what}");
                    assert!(!got.body.contains("<script"), "{what}");
                    assert_eq!(
                        got.status == StatusCode::MISDIRECTED_REQUEST,
                        host == "other.example",
                        "{what}"
                    );
                    seen.insert(got.status.as_u16());
                }
            }
        }
        for status in [200, 400, 404, 405, 421, 503] {
            assert!(seen.contains(&status), "{status} is among {seen:?}");
        }
    }
}

#[tokio::test]
async fn a_forged_link_an_old_one_and_one_of_nobody_look_alike() {
    let site = Site::new();
    let forged = site.get("/preferences/forged").await;
    assert_eq!(forged.status, StatusCode::NOT_FOUND);
    forged.says("This link does not work");
    forged.says("office@unit.example");
    for path in ["/preferences/erased", "/unsubscribe/erased", "/unsubscribe/forged", "/", "/preferences/%ff"]
    {
        let got = site.get(path).await;
        assert_eq!((got.status, &got.body), (forged.status, &forged.body), "{path}");
        let headers = |got: &crate::site::Got| format!("{:?}", got.headers);
        assert_eq!(headers(&got), headers(&forged), "{path}");
    }
    for path in ["/preferences/erased", "/unsubscribe/erased", "/unsubscribe/forged"] {
        let got = site.post(path, "confirm=stop&List-Unsubscribe=One-Click").await;
        assert_eq!((got.status, &got.body), (forged.status, &forged.body), "{path}");
    }
    assert_eq!(site.wishes(), []);
}
