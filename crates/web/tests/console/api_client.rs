//! Another program: it has a key and nothing else, and holds every answer against the OpenAPI document.

use accounts::{Scope, Scopes, TokenKind};
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::request::Builder;
use axum::http::{Method, Request};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{ApiKeyId, NewApiKey};
use tower::ServiceExt;
use web::ApiRoute;

use crate::browser::Answer;
use crate::site::{Site, entry, fine};

/// Every scope that there is.
pub(crate) fn every_scope() -> Scopes {
    Scope::ALL.into_iter().collect()
}

pub(crate) struct Program<'a> {
    pub(crate) site: &'a Site,
    pub(crate) key: Option<String>,
    pub(crate) address: &'static str,
}

impl Site {
    /// A key, made behind the pages' back: its number, and the key itself.
    pub(crate) async fn key(
        &self,
        name: &str,
        scopes: Scopes,
        expires_at: Option<Timestamp>,
    ) -> (ApiKeyId, String) {
        let token = self.token(TokenKind::ApiKey);
        let new = NewApiKey {
            digest: token.digest(),
            name,
            scopes,
            created_by: "user 1",
            at: self.now(),
            expires_at,
        };
        let id = fine(self.store.create_api_key(&new, &entry()).await);
        (id, token.reveal().to_owned())
    }

    /// A program with a key of these scopes.
    pub(crate) async fn program(&self, name: &str, scopes: Scopes) -> Program<'_> {
        self.program_with(Some(self.key(name, scopes, None).await.1))
    }

    pub(crate) fn program_with(&self, key: Option<String>) -> Program<'_> {
        Program { site: self, key, address: "192.0.2.1:5000" }
    }
}

impl Program<'_> {
    pub(crate) fn from(self, address: &'static str) -> Self {
        Self { address, ..self }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> Builder {
        let host = self.site.origin.split_once("://").expect("an origin").1;
        let peer: std::net::SocketAddr = fine(self.address.parse());
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(HOST, host)
            .extension(ConnectInfo(peer));
        match &self.key {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {key}")),
            None => request,
        }
    }

    /// Sends a request, and holds what comes back against the document.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = Answer::of(fine(self.site.router.clone().oneshot(request).await)).await;
        if method != Method::HEAD {
            holds(&method, &path, &answer);
        }
        answer
    }

    pub(crate) async fn ask(&self, method: Method, path: &str) -> Answer {
        self.send(fine(self.request(method, path).body(Body::empty()))).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.ask(Method::POST, path).await
    }

    /// A request with this as its body.
    pub(crate) async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header(CONTENT_TYPE, "application/json");
        self.send(fine(request.body(Body::from(body.to_string())))).await
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        fine(serde_json::from_str(&self.body))
    }

    /// The last part of a problem's type.
    pub(crate) fn problem(&self) -> String {
        let body = self.json();
        let kind = body["type"].as_str().expect("a type").to_owned();
        kind.strip_prefix("urn:undisclosed:problem:").expect("one of ours").to_owned()
    }
}

/// The document that the router serves is made of the same table.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: std::sync::LazyLock<Value> =
        std::sync::LazyLock::new(|| fine(serde_json::from_str(web::openapi())));
    &DOCUMENT
}

/// Whether a value is as the schema of that name says.
pub(crate) fn valid(schema: &str, value: &Value) -> Result<(), String> {
    let whole = json!({
        "$ref": format!("#/components/schemas/{schema}"),
        "components": document()["components"],
    });
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&whole);
    validator
        .expect("a schema")
        .validate(value)
        .map_err(|error| format!("{error} at {}", error.instance_path()))
}

/// The route of a request.
pub(crate) fn route_of(method: &Method, path: &str) -> Option<&'static ApiRoute> {
    let path = path.strip_prefix("/api/v1")?;
    let fits = |route: &&ApiRoute| {
        let mut both = route.path.split('/').zip(path.split('/'));
        route.path.split('/').count() == path.split('/').count()
            && both.all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
            && route.verb.method() == method.as_str()
    };
    web::api_routes().iter().find(fits)
}

/// Holds an answer against what the document says of its route.
fn holds(method: &Method, path: &str, answer: &Answer) {
    if answer.status.is_client_error() || answer.status.is_server_error() {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}: {answer:?}");
        let problem = answer.json();
        assert_eq!(problem["status"], answer.status.as_u16());
        valid("Problem", &problem).unwrap_or_else(|error| panic!("{method} {path}: {error} in {problem}"));
        // A reason may say "there is no @ in it".
        let mut behind = answer.body.split('@').skip(1);
        let address = behind.any(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['));
        assert!(!address, "an address in {}", answer.body);
        return;
    }
    let route = route_of(method, path).unwrap_or_else(|| panic!("no route for {method} {path}"));
    assert_eq!(answer.status.as_u16(), route.status, "{method} {path}: {answer:?}");
    if let Some(schema) = route.answer {
        assert_eq!(answer.header("content-type"), "application/json");
        valid(schema, &answer.json())
            .unwrap_or_else(|error| panic!("{method} {path}: {error} in {}", answer.body));
    } else if route.status == 204 {
        assert_eq!(answer.body, "");
    }
}
