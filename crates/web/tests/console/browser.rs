//! A browser: keeps cookies, fills in forms, and follows nothing by itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use accounts::{FormToken, Token, TokenKind, TotpSecret};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::Response;
use data_encoding::BASE32_NOPAD;
use store::NewSession;
use tower::ServiceExt;

use crate::site::{Member, PASSWORD, Site, fine};

/// Between the parts of a form with a file.
const BOUNDARY: &str = "----boundary";
/// Octets of a page that are read.
const PAGE_OCTETS_MAX: usize = 1 << 20;

pub(crate) struct Browser<'a> {
    pub(crate) site: &'a Site,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) address: &'static str,
    pub(crate) agent: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = fine(axum::body::to_bytes(body, PAGE_OCTETS_MAX).await);
        Self { status: parts.status, headers: parts.headers, body: fine(String::from_utf8(body.to_vec())) }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| fine(value.to_str()))
    }

    /// Where it leads.
    pub(crate) fn to(&self) -> &str {
        self.header(LOCATION.as_str())
    }

    pub(crate) fn leads_to(&self, path: &str) -> bool {
        self.status == StatusCode::SEE_OTHER && self.to() == path
    }

    /// The text between two others.
    pub(crate) fn between(&self, before: &str, after: &str) -> &str {
        let (_, rest) =
            self.body.split_once(before).unwrap_or_else(|| panic!("no {before} in {}", self.body));
        rest.split_once(after).expect("an end").0
    }

    /// The page without what differs each time.
    pub(crate) fn without_token(&self) -> String {
        let token = self.between("name=\"form\" value=\"", "\"").to_owned();
        self.body.replace(&token, "TOKEN")
    }
}

impl<'a> Browser<'a> {
    pub(crate) fn new(site: &'a Site) -> Self {
        Self { site, cookies: BTreeMap::new(), address: "192.0.2.1:5000", agent: "Firefox" }
    }

    pub(crate) fn from(self, address: &'static str) -> Self {
        Self { address, ..self }
    }

    /// The same cookies, in a browser of its own.
    pub(crate) fn copy(&self) -> Self {
        Self { cookies: self.cookies.clone(), ..*self }
    }

    fn cookie_name(&self, name: &str) -> String {
        if self.site.origin.starts_with("https") { format!("__Host-{name}") } else { name.to_owned() }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&String> {
        self.cookies.get(&self.cookie_name(name))
    }

    pub(crate) fn forget(&mut self, name: &str) {
        let name = self.cookie_name(name);
        self.cookies.remove(&name);
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Builder {
        let host = self.site.origin.split_once("://").expect("an origin").1;
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let peer: SocketAddr = fine(self.address.parse());
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, host)
            .header(COOKIE, cookies.join("; "))
            .header("user-agent", self.agent)
            .extension(ConnectInfo(peer))
    }

    /// Sends a request, and keeps the cookies that come back.
    pub(crate) async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = fine(self.site.router.clone().oneshot(request).await);
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = fine(cookie.to_str());
            let (name, value) =
                cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer::of(response).await
    }

    pub(crate) async fn ask(&mut self, method: Method, path: &str) -> Answer {
        let request = fine(self.request(method, path).body(Body::empty()));
        self.send(request).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    /// The token for a form of this browser: that of a page, or as a page of its session would have it.
    pub(crate) async fn form_token(&mut self) -> String {
        let page = self.get("/sign-in").await;
        if page.status == StatusCode::OK {
            return page.between("name=\"form\" value=\"", "\"").to_owned();
        }
        let session = self.cookie("session").and_then(|text| Token::parse(TokenKind::Session, text));
        FormToken::issue(&session.expect("a session"), [9; 16]).as_str().to_owned()
    }

    /// The body of a form, without a token.
    pub(crate) fn fields(fields: &[(&str, &str)]) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
    }

    pub(crate) fn form(&self, path: &str, body: String) -> Request<Body> {
        let request = self
            .request(Method::POST, path)
            .header("origin", self.site.origin)
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        fine(request.body(Body::from(body)))
    }

    /// A form with a file, as it stands: names, file names and contents of its parts.
    pub(crate) fn with_file(&self, path: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Request<Body> {
        let mut body = Vec::new();
        for (name, file, content) in parts {
            let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            let head =
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let mut request = self.form(path, String::new());
        let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
        request.headers_mut().insert(CONTENT_TYPE, fine(media_type.parse()));
        *request.body_mut() = Body::from(body);
        request
    }

    /// Uploads a spreadsheet by its page.
    pub(crate) async fn upload(&mut self, name: &str, file: &str, content: &[u8]) -> Answer {
        let token = self.form_token().await;
        let parts = [
            ("form", None, token.as_bytes()),
            ("name", None, name.as_bytes()),
            ("spreadsheet", Some(file), content),
        ];
        let request = self.with_file("/audiences/new", &parts);
        self.send(request).await
    }

    /// Adds a file to a draft, as the page of that path does.
    pub(crate) async fn attach(&mut self, path: &str, version: &str, file: &str, content: &[u8]) -> Answer {
        let token = self.form_token().await;
        let parts = [
            ("form", None, token.as_bytes()),
            ("version", None, version.as_bytes()),
            ("file", Some(file), content),
        ];
        let request = self.with_file(path, &parts);
        self.send(request).await
    }

    /// Sends a form of a page.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.form_token().await;
        let body = Self::fields(&[fields, &[("form", token.as_str())]].concat());
        let request = self.form(path, body);
        self.send(request).await
    }

    /// Sets an account up by its link: the secret of the app, and the codes on paper.
    pub(crate) async fn set_up(&mut self, link: &str) -> (TotpSecret, Vec<String>) {
        let page = self.get(link).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let (secret, sealed) = secret_of(&page);
        let code = secret.code_at(self.site.now());
        let fields =
            [("secret", sealed.as_str()), ("password", PASSWORD), ("again", PASSWORD), ("code", &code)];
        let done = self.post(link, &fields).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        let codes = done.body.split("<li class=\"app-key\">").skip(1);
        (secret, codes.map(|rest| rest.split('<').next().expect("a code").to_owned()).collect())
    }

    /// The first step.
    pub(crate) async fn show_password(&mut self, member: &Member) -> Answer {
        self.post("/sign-in", &[("login", &member.login), ("password", PASSWORD)]).await
    }

    /// The second step, with the code of now.
    pub(crate) async fn show_code(&mut self, member: &Member) -> Answer {
        let code = member.secret.code_at(self.site.now());
        self.post("/sign-in/code", &[("code", &code)]).await
    }

    /// Both steps, by the pages; the clock goes on, so that the next code is another.
    pub(crate) async fn sign_in(mut self, member: &Member) -> Self {
        let first = self.show_password(member).await;
        assert!(first.leads_to("/sign-in/code"), "{}", first.body);
        let second = self.show_code(member).await;
        assert!(second.leads_to("/"), "{}", second.body);
        self.site.pass(jiff::SignedDuration::from_secs(30));
        self
    }

    /// A session that was begun behind the pages' back: with the password alone, or in full.
    pub(crate) async fn with_session(mut self, member: &Member, full: bool) -> Self {
        let (site, token) = (self.site, self.site.token(TokenKind::Session));
        let new = NewSession {
            digest: token.digest(),
            user: member.id,
            network: "192.0.2.0/24",
            agent: self.agent,
            at: site.now(),
        };
        fine(site.store.begin_session(&new).await);
        if full {
            assert!(fine(site.store.strengthen_session(token.digest(), token.digest(), site.now()).await));
        }
        self.cookies.insert(self.cookie_name("session"), token.reveal().to_owned());
        self
    }
}

/// The secret on a link's page, and as its form sends it back.
pub(crate) fn secret_of(page: &Answer) -> (TotpSecret, String) {
    let key = page.between("<span class=\"app-key\">", "<").replace(' ', "");
    let octets = fine(BASE32_NOPAD.decode(key.as_bytes()));
    let secret = TotpSecret::from_octets(fine(octets.as_slice().try_into()));
    (secret, page.between("name=\"secret\" value=\"", "\"").to_owned())
}
