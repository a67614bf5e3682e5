//! A form that is not from a page of this console, in this session, is refused before anything else; so is one that is
//! too large; and nothing answers to another name.

use accounts::{FormToken, Role, Token, TokenKind};
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Method, Request, StatusCode};
use web::{Route, Verb};

use crate::access::Filling;
use crate::browser::{Answer, Browser};
use crate::site::{Member, Site};

/// As the console has it: octets of a form.
const FORM_OCTETS_MAX: usize = 64 * 1024;
/// As the console has it: octets of a form with a text that somebody wrote.
const TEXT_FORM_OCTETS_MAX: usize = 512 * 1024;
/// As the console has it: fields of a form.
const FIELDS_MAX: usize = 200;

struct Bench {
    site: Site,
    /// With every role.
    anna: Member,
    filling: Filling,
}

impl Bench {
    async fn new() -> Self {
        let site = Site::sqlite().await;
        let anna = site.member("anna@staff.example", Role::ALL.into_iter().collect()).await;
        let victim = site.administrator("victim@staff.example").await;
        let filling = Filling::of(&site, &victim).await;
        Self { site, anna, filling }
    }

    async fn browser(&self) -> Browser<'_> {
        self.site.browser().with_session(&self.anna, true).await
    }

    /// Sends a request to every form's route, as somebody who may all of it, and sees that nothing comes of it.
    async fn refused(
        &self,
        what: &str,
        status: StatusCode,
        change: impl Fn(&Browser<'_>, &str) -> Request<Body>,
    ) {
        for route in posts() {
            let path = self.filling.path(route);
            let mut browser = self.browser().await;
            let (before, acts) = (self.site.database(), self.site.acts().len());
            let request = change(&browser, &path);
            let answer = browser.send(request).await;
            assert_eq!(answer.status, status, "{what}, {path}: {answer:?}");
            assert!(self.site.database() == before && self.site.acts().len() == acts, "{what}, {path}");
        }
    }
}

fn posts() -> impl Iterator<Item = &'static Route> {
    web::all_routes().iter().filter(|route| matches!(route.verb, Verb::Post | Verb::Write))
}

fn own_token(browser: &Browser<'_>) -> String {
    let session = browser.cookie("session").and_then(|text| Token::parse(TokenKind::Session, text));
    FormToken::issue(&session.expect("a session"), [9; 16]).as_str().to_owned()
}

fn own(browser: &Browser<'_>, path: &str) -> Request<Body> {
    browser.form(path, Browser::fields(&[("form", &own_token(browser)), ("roles", "reader")]))
}

#[tokio::test]
async fn without_the_token_of_this_very_session_nothing_is_done() {
    let bench = Bench::new().await;
    let with = |token: &str| Browser::fields(&[("form", token), ("roles", "reader")]);
    let forbidden = StatusCode::FORBIDDEN;
    bench.refused("no token", forbidden, |b, path| b.form(path, "roles=reader".to_owned())).await;
    let query = |b: &Browser<'_>, path: &str| {
        b.form(&format!("{path}?form={}", own_token(b)), "roles=reader".to_owned())
    };
    bench.refused("a token in the query", forbidden, query).await;
    let other = own_token(&bench.browser().await);
    bench.refused("another session's", forbidden, |b, path| b.form(path, with(&other))).await;
    let mut stranger = bench.site.browser();
    let visit = stranger.form_token().await;
    let strangers = stranger.cookie("visit").expect("a visit").clone();
    let of_visit = |b: &Browser<'_>, path: &str| {
        let mut browser = b.copy();
        browser.cookies.insert("__Host-visit".to_owned(), strangers.clone());
        browser.form(path, with(&visit))
    };
    bench.refused("of the visit before", forbidden, of_visit).await;
}

#[tokio::test]
async fn a_form_that_comes_from_another_site_is_refused_with_the_right_token_too() {
    let bench = Bench::new().await;
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "http://console.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ] {
        let change = |b: &Browser<'_>, path: &str| {
            let mut request = own(b, path);
            request.headers_mut().insert(name, value.parse().expect("a value"));
            request
        };
        bench.refused(value, StatusCode::FORBIDDEN, change).await;
    }
}

#[tokio::test]
async fn a_form_past_its_limits_is_refused() {
    let bench = Bench::new().await;
    let filled = |b: &Browser<'_>, octets: usize| {
        let start = Browser::fields(&[("form", &own_token(b)), ("roles", "reader")]) + "&x=";
        let rest = octets - start.len();
        start + &"x".repeat(rest)
    };
    let many = |b: &Browser<'_>, fields: usize| {
        Browser::fields(&[("form", &own_token(b)), ("roles", "reader")]) + &"&x=1".repeat(fields - 2)
    };
    let large = StatusCode::PAYLOAD_TOO_LARGE;
    let limit = |path: &str| if path.contains("/text/") { TEXT_FORM_OCTETS_MAX } else { FORM_OCTETS_MAX };
    bench.refused("octets", large, |b, path| b.form(path, filled(b, limit(path) + 1))).await;
    bench.refused("fields", large, |b, path| b.form(path, many(b, FIELDS_MAX + 1))).await;
    let mut browser = bench.browser().await;
    for body in [filled(&browser, FORM_OCTETS_MAX), many(&browser, FIELDS_MAX)] {
        let request = browser.form("/users/new", body);
        let answer = browser.send(request).await;
        assert!(answer.status == StatusCode::OK && answer.body.contains("There is a problem"), "{answer:?}");
    }
}

#[tokio::test]
async fn other_methods_do_nothing() {
    let bench = Bench::new().await;
    for route in web::all_routes() {
        let path = bench.filling.path(route);
        let both = web::all_routes().iter().filter(|other| other.path == route.path).count() == 2;
        let mut methods = vec![Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS];
        match route.verb {
            Verb::Get | Verb::Return | Verb::Watch if !both => methods.push(Method::POST),
            Verb::Post | Verb::Upload | Verb::Write if !both => methods.extend([Method::GET, Method::HEAD]),
            _ => {}
        }
        for method in methods {
            let mut browser = bench.browser().await;
            let before = bench.site.database();
            let mut request = own(&browser, &path);
            *request.method_mut() = method.clone();
            let answer = browser.send(request).await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert!(bench.site.database() == before, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn nothing_answers_to_another_name() {
    let bench = Bench::new().await;
    let everywhere = web::all_routes().iter().map(|route| (route.verb, bench.filling.path(route)));
    let style = bench.site.browser().get("/sign-in").await.between("href=\"/assets/", "\"").to_owned();
    let beside = [(Verb::Get, format!("/assets/{style}")), (Verb::Get, "/nowhere".to_owned())];
    for (verb, path) in everywhere.chain(beside) {
        for hosts in [
            vec![],
            vec!["evil.example"],
            vec!["console.example", "console.example"],
            vec!["console.example", "evil.example"],
            vec!["console.example:8443"],
            vec!["console.example."],
            vec!["console.example@evil.example"],
        ] {
            let mut browser = bench.browser().await;
            let mut request = own(&browser, &path);
            if !matches!(verb, Verb::Post | Verb::Write) {
                *request.method_mut() = Method::GET;
            }
            request.headers_mut().remove(HOST);
            for host in &hosts {
                request.headers_mut().append(HOST, host.parse().expect("a value"));
            }
            let before = bench.site.database();
            let answer: Answer = browser.send(request).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path} at {hosts:?}");
            assert!(answer.body.contains("This server has another name") && !answer.body.contains("<form"));
            assert!(bench.site.database() == before && !answer.headers.contains_key("set-cookie"));
        }
    }
}
