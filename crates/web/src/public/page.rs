//! The frame of every public page, and how a page becomes a response.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::assets;
use crate::public::PublicPages;
use crate::public::guard::Guest;
use crate::public::words::Words;

/// What stands around a page.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) words: &'static Words,
    pub(crate) style: &'static str,
    /// Something is wrong with what was sent: the title says so first.
    pub(crate) error: bool,
    /// The same page in other languages: where, tag, and name.
    pub(crate) others: Vec<(String, &'static str, String)>,
    /// How to reach whoever sent the message.
    pub(crate) contact: String,
}

impl Frame {
    /// The frame of a page behind a link; `path` is where it is looked at.
    pub(crate) fn of(guest: &Guest, title: &str, path: &str) -> Self {
        let others = Words::all().iter().filter(|words| words.tag != guest.words.tag);
        Self {
            others: others
                .map(|words| (format!("{path}?lang={}", words.tag), words.tag, words.say("language-name")))
                .collect(),
            ..Self::bare(&guest.pages, guest.words, title)
        }
    }

    fn bare(pages: &PublicPages, words: &'static Words, title: &str) -> Self {
        let contact = match &pages.contact {
            Some(address) => words.say_with("contact-at", "address", address),
            None => words.say("contact"),
        };
        Self {
            title: words.say(title),
            words,
            style: assets::style(),
            error: false,
            others: Vec::new(),
            contact,
        }
    }

    pub(crate) fn with_error(self, error: bool) -> Self {
        Self { error, ..self }
    }
}

/// A page that says one thing, behind no link.
#[derive(Template)]
#[template(path = "public/notice.html")]
pub(crate) struct Notice {
    frame: Frame,
    text: String,
}

impl Notice {
    pub(crate) fn page(pages: &PublicPages, words: &'static Words, title: &str, text: &str) -> Response {
        html(&Self { frame: Frame::bare(pages, words, title), text: words.say(text) })
    }
}

/// A page as a response.
pub(crate) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
