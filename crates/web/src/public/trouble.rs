//! What goes wrong on a public page. A forged link, an old one and one of somebody who was erased get the same answer.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use crate::public::PublicPages;
use crate::public::guard::switched;
use crate::public::page::Notice;
use crate::public::words::Words;

/// Seconds after which somebody who was sent away may come again.
const COME_AGAIN: &str = "5";

/// Why a request is not answered with its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing is behind the address.
    Gone,
    /// Too many requests.
    Wait,
    /// A form from another site, or one that is none of ours.
    Form,
    /// A form larger than any of ours.
    TooLarge,
    /// The program behind the pages cannot do it now.
    Failed,
    /// It was given up.
    TooSlow,
}

impl Trouble {
    const fn said(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Gone => (StatusCode::NOT_FOUND, "gone-title", "gone-text"),
            Self::Wait => (StatusCode::TOO_MANY_REQUESTS, "wait-title", "wait-text"),
            Self::Form => (StatusCode::BAD_REQUEST, "form-title", "form-text"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "large-title", "large-text"),
            Self::Failed => (StatusCode::SERVICE_UNAVAILABLE, "failed-title", "failed-text"),
            Self::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "slow-title", "slow-text"),
        }
    }

    /// As a page, in the language that the browser asks for.
    pub(crate) fn page(self, pages: &PublicPages, request: &Request) -> Response {
        self.in_words(pages, Words::choose(switched(request), None, request.headers()))
    }

    /// As a page in this language.
    pub(crate) fn in_words(self, pages: &PublicPages, words: &'static Words) -> Response {
        let (status, title, text) = self.said();
        let mut response = (status, Notice::page(pages, words, title, text)).into_response();
        if matches!(self, Self::Wait | Self::Failed | Self::TooSlow) {
            response.headers_mut().insert(RETRY_AFTER, axum::http::HeaderValue::from_static(COME_AGAIN));
        }
        response
    }
}
