//! Public pages before a program of three links, with a clock that is set by hand.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, HOST, LOCATION};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use tower::ServiceExt;
use web::{Answer, DeskError, Link, Origin, PublicDesk, PublicPages, PublicParts, Reader, Wish};

/// Somebody's link; that of a message in two languages to a reader of Welsh; that of somebody who was erased.
pub(crate) const TOKEN: &str = "right";
pub(crate) const WELSH: &str = "welsh";
pub(crate) const ERASED: &str = "erased";
/// A link behind which the program fails.
pub(crate) const BROKEN: &str = "broken";
const START: Timestamp = Timestamp::constant(1_800_000_000, 0);
const PAGE_OCTETS_MAX: usize = 1 << 20;

pub(crate) fn fine<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("it does")
}

#[derive(Default)]
pub(crate) struct TestDesk(Mutex<Vec<(i64, Wish)>>);

const TOKENS: [&str; 4] = [TOKEN, WELSH, ERASED, BROKEN];

impl PublicDesk for TestDesk {
    fn opens(&self, token: &str) -> Option<Link> {
        let place = TOKENS.iter().position(|known| known.eq_ignore_ascii_case(token))?;
        Some(Link { campaign: fine(i64::try_from(place)), delivery: 1 })
    }

    fn reader(&self, link: Link) -> Answer<'_, Option<Reader>> {
        let languages = vec!["en".to_owned(), "cy".to_owned(), "fr".to_owned()];
        let found = match link.campaign {
            0 => Ok(Some(Reader { language: None, languages: vec!["en".to_owned()] })),
            1 => Ok(Some(Reader { language: Some("cy-GB".to_owned()), languages })),
            2 => Ok(None),
            _ => Err(DeskError("no database".to_owned())),
        };
        Box::pin(async move { found })
    }

    fn fulfil(&self, link: Link, wish: Wish) -> Answer<'_, bool> {
        fine(self.0.lock()).push((link.campaign, wish));
        Box::pin(async move { Ok(true) })
    }
}

pub(crate) struct Site {
    router: Router,
    desk: Arc<TestDesk>,
    clock: Arc<Mutex<Timestamp>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| fine(value.to_str()))
    }

    pub(crate) fn to(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        assert!(self.body.contains(text), "no {text} in {}", self.body);
    }
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::at("https://surveys.example")
    }

    pub(crate) fn at(origin: &str) -> Self {
        let (desk, clock) = (Arc::new(TestDesk::default()), Arc::new(Mutex::new(START)));
        let hands = clock.clone();
        let pages = PublicPages::new(PublicParts {
            desk: desk.clone(),
            origin: fine(Origin::parse(origin)),
            contact: Some("office@unit.example".to_owned()),
            receipt_key: [9; 32],
            now: Arc::new(move || *fine(hands.lock())),
        });
        Self { router: web::public_router(&pages), desk, clock }
    }

    pub(crate) fn pass(&self, time: SignedDuration) {
        *fine(self.clock.lock()) += time;
    }

    /// What was asked of the program.
    pub(crate) fn wishes(&self) -> Vec<(i64, Wish)> {
        fine(self.desk.0.lock()).clone()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Got {
        let response = fine(self.router.clone().oneshot(request).await);
        let (parts, body) = response.into_parts();
        let body = fine(axum::body::to_bytes(body, PAGE_OCTETS_MAX).await);
        Got { status: parts.status, headers: parts.headers, body: fine(String::from_utf8(body.to_vec())) }
    }

    pub(crate) async fn ask(&self, method: Method, path: &str) -> Got {
        self.send(request(method, path, &[], "")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Got {
        self.ask(Method::GET, path).await
    }

    /// A form as a browser sends it from one of the pages.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Got {
        let headers = [("sec-fetch-site", "same-origin"), ("origin", "null")];
        self.send(request(Method::POST, path, &headers, body)).await
    }
}

/// A request from the network 192.0.2.0/24.
pub(crate) fn request(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let peer: SocketAddr = fine("192.0.2.1:5000".parse());
    let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
    if !headers.iter().any(|(name, _)| *name == HOST.as_str()) {
        request = request.header(HOST, "surveys.example");
    }
    if !headers.iter().any(|(name, _)| *name == CONTENT_TYPE.as_str()) {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    fine(request.body(Body::from(body.to_owned())))
}
