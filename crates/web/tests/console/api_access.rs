//! Every route of the API, with every key: what comes of it follows from the table alone.

use accounts::{Right, Scope, Scopes, TOUCH_INTERVAL};
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use web::{ApiAccess, ApiRoute, ApiVerb, Takes};

use crate::access::Filling;
use crate::api_client::{Program, every_scope};
use crate::browser::Answer;
use crate::on_both;
use crate::site::{Site, entry, fine};

on_both! { what_comes_of_a_request_follows_from_the_table_of_the_api, a_get_changes_nothing }

/// With which key somebody asks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Which {
    None,
    Wrong,
    Revoked,
    Expired,
    With(Option<Scope>),
}

fn all() -> Vec<Which> {
    let mut all = vec![Which::None, Which::Wrong, Which::Revoked, Which::Expired, Which::With(None)];
    all.extend(Scope::ALL.map(|scope| Which::With(Some(scope))));
    all
}

/// What stands for the parameters of a path.
///
/// # Panics
/// For a route whose parameters nobody told this test about.
fn path(route: &ApiRoute, filling: &Filling) -> String {
    let id = match route.path.split('/').nth(1) {
        Some("campaigns") => filling.campaign,
        Some("audiences") => filling.audience,
        Some("drafts") => filling.draft,
        _ => 0,
    };
    let path = route.path.replace("{id}", &id.to_string()).replace("{place}", "1").replace("{name}", "a.txt");
    assert!(!path.contains('{') && (id > 0 || !route.path.contains("{id}")), "{path}");
    path
}

async fn ask(program: &Program<'_>, route: &ApiRoute, path: &str) -> Answer {
    let method: Method = fine(route.verb.method().parse());
    let method = if route.verb == ApiVerb::Watch { Method::HEAD } else { method };
    let request = program.request(method, path);
    let request = match route.takes {
        // Of nothing that any of them takes: what else comes of it has tests of its own.
        Takes::Json(_) => request.header(CONTENT_TYPE, "application/json").body(Body::from("[]")),
        Takes::File(_) | Takes::Nothing => request.body(Body::empty()),
    };
    program.send(fine(request)).await
}

async fn what_comes_of_a_request_follows_from_the_table_of_the_api(site: Site) {
    let victim = site.administrator("victim@staff.example").await;
    let filling = Filling::of(&site, &victim).await;
    let (revoked, gone) = site.key("revoked", every_scope(), None).await;
    fine(site.store.revoke_api_key(revoked, site.now(), &entry()).await);
    let (_, expired) = site.key("expired", every_scope(), Some(site.now())).await;
    let mut programs = Vec::new();
    for which in all() {
        let key = match which {
            Which::None => None,
            Which::Wrong => Some(site.token(accounts::TokenKind::ApiKey).reveal().to_owned()),
            Which::Revoked => Some(gone.clone()),
            Which::Expired => Some(expired.clone()),
            Which::With(scope) => {
                let name = scope.map_or("none", Scope::word);
                Some(site.key(name, scope.into_iter().collect(), None).await.1)
            }
        };
        programs.push((which, site.program_with(key)));
    }
    for route in web::api_routes() {
        let path = path(route, &filling);
        for (which, program) in &programs {
            // So that nobody has to wait for what others got wrong.
            site.pass(SignedDuration::from_hours(24));
            let answer = ask(program, route, &path).await;
            let may = |right| match which {
                Which::With(Some(scope)) => scope.rights().contains(&right) && !right.needs_a_person(),
                _ => false,
            };
            let through = match route.access {
                ApiAccess::Anyone => true,
                ApiAccess::May(right) => may(right),
            };
            let wanted = match which {
                _ if through => None,
                Which::None | Which::Wrong | Which::Revoked | Which::Expired => {
                    Some(StatusCode::UNAUTHORIZED)
                }
                Which::With(_) => Some(StatusCode::FORBIDDEN),
            };
            let refused = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status);
            let found = refused.then_some(answer.status);
            assert_eq!(found, wanted, "{} {} with {which:?}: {answer:?}", route.verb.method(), route.path);
            assert!(answer.status.as_u16() < 500, "{} with {which:?}: {answer:?}", route.path);
        }
    }
}

async fn a_get_changes_nothing(site: Site) {
    let victim = site.administrator("victim@staff.example").await;
    let filling = Filling::of(&site, &victim).await;
    let (id, key) = site.key("reader", every_scope(), None).await;
    let program = site.program_with(Some(key));
    let used = async || {
        let keys = fine(site.store.api_keys().await);
        keys.into_iter().find(|key| key.id == id).expect("it").last_used
    };
    for route in web::api_routes().iter().filter(|route| route.verb == ApiVerb::Get) {
        let path = path(route, &filling);
        // Of all that looking does, a key's last use alone is written, at most once a minute.
        program.get("/campaigns").await;
        let (entries, acts, at) = (site.entries().await, site.acts().len(), used().await);
        let octets = site.server.is_none().then(|| site.database());
        for method in [Method::GET, Method::HEAD] {
            assert!(program.ask(method, &path).await.status.as_u16() < 500, "{path}");
        }
        assert_eq!((site.entries().await, site.acts().len(), used().await), (entries, acts, at), "{path}");
        assert!(site.server.is_some() || octets == Some(site.database()), "{path} wrote to the database");
    }
    let before = used().await;
    site.pass(TOUCH_INTERVAL);
    program.ask(Method::HEAD, "/campaigns").await;
    assert_eq!(used().await, before);
    program.get("/campaigns").await;
    assert_eq!(used().await, Some(site.now()));
}

#[test]
fn no_route_takes_a_person_and_none_approves() {
    for route in web::api_routes() {
        let ApiAccess::May(right) = route.access else { continue };
        assert!(!right.needs_a_person() && right != Right::Approve, "{}", route.path);
        assert!(every_scope().may(right), "no key can ever do {}", route.path);
    }
    assert!(!every_scope().may(Right::Approve));
}

#[tokio::test]
async fn approving_is_impossible_with_every_scope() {
    let site = Site::sqlite().await;
    let id = site.submitted("January", "user 1").await.get();
    let program = site.program("everything", every_scope()).await;
    for path in ["approve", "return", "messages/1", "doubts"] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            let answer = program.ask(method, &format!("/campaigns/{id}/{path}")).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
    // Nor on the page: a key is no session.
    let (key, mut browser) = (program.key.clone().expect("a key"), site.browser());
    for (path, method) in [("approve", Method::GET), ("approve", Method::POST), ("", Method::GET)] {
        let path = format!("/campaigns/{id}/{path}");
        let request = browser
            .request(method, path.trim_end_matches('/'))
            .header(AUTHORIZATION, format!("Bearer {key}"))
            .header(COOKIE, format!("__Host-session={key}"));
        let answer = browser.send(fine(request.body(Body::empty()))).await;
        assert!(answer.leads_to("/sign-in") || answer.status == StatusCode::FORBIDDEN, "{answer:?}");
    }
    let campaign = fine(site.store.campaign_numbered(id).await);
    assert_eq!(campaign.state, campaign::CampaignState::Submitted);
}

#[tokio::test]
async fn a_session_is_no_key() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", accounts::Role::ALL.into_iter().collect()).await;
    let mut browser = site.browser().with_session(&anna, true).await;
    let answer = browser.get("/api/v1/campaigns").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let token = browser.cookie("session").expect("one").clone();
    let program = site.program_with(Some(token));
    assert_eq!(program.get("/campaigns").await.problem(), "wrong-key");
}

#[tokio::test]
async fn who_has_no_scope_is_told_which_would_do() {
    let site = Site::sqlite().await;
    let program = site.program("looks", Scopes::NONE.with(Scope::Read)).await;
    let id = site.campaign("January").await.get();
    let answer = program.post(&format!("/campaigns/{id}/pause")).await;
    assert_eq!(answer.json()["scopes"], serde_json::json!(["send-control"]));
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer error=\"insufficient_scope\", scope=\"send-control\""
    );
    assert_eq!(fine(site.store.campaign_numbered(id).await).state, campaign::CampaignState::Sending);
}
