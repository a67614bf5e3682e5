//! Unsubscribing with one click: by the mail program itself (RFC 8058), or by a button for who opens the link.

use askama::Template;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use crate::form::Form;
use crate::public::desk::Wish;
use crate::public::guard::{Guest, is_own_form};
use crate::public::limits::PUBLIC_FORM_OCTETS_MAX;
use crate::public::page::{Frame, html};
use crate::public::preferences::Choice;
use crate::public::trouble::Trouble;

/// The field of a one-click request, and its value (RFC 8058 §3.1).
const FIELD: &str = "List-Unsubscribe";
const ONE_CLICK: &str = "One-Click";
/// Fields of a multipart form that are looked at.
const PARTS_MAX: usize = 10;

#[derive(Template)]
#[template(path = "public/unsubscribe.html")]
struct Page {
    frame: Frame,
    action: String,
    other: String,
}

/// Looks, and changes nothing: a scanner that opens the link unsubscribes nobody.
pub(crate) async fn show(Extension(guest): Extension<Guest>) -> Response {
    let path = format!("/unsubscribe/{}", guest.token);
    let language = guest.switched.map(|tag| format!("?lang={tag}")).unwrap_or_default();
    html(&Page {
        frame: Frame::of(&guest, "unsubscribe-title", &path),
        action: format!("{path}{language}"),
        other: guest.here(),
    })
}

/// Takes a one-click request from wherever it comes: the link is the authority, and the answer is short (RFC 8058 §3.2).
/// Takes the page's own button too, and leads on to a page.
pub(crate) async fn send(Extension(guest): Extension<Guest>, request: Request) -> Response {
    let own = is_own_form(&guest.pages, request.headers());
    let asked = match read(request).await {
        Ok(asked) => asked,
        Err(trouble) => return trouble.in_words(&guest.pages, guest.words),
    };
    if asked == Asked::Nothing || (asked == Asked::OwnButton && !own) {
        return Trouble::Form.in_words(&guest.pages, guest.words);
    }
    if let Err(trouble) = guest.wishes(Wish::Stop).await {
        return trouble;
    }
    match asked {
        Asked::OwnButton => guest.behind(Choice::Stop),
        _ => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], "Unsubscribed.\n").into_response(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    OneClick,
    OwnButton,
    Nothing,
}

/// What a request asks for, in either form that a mail program may send (RFC 8058 §3.2).
async fn read(request: Request) -> Result<Asked, Trouble> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, PUBLIC_FORM_OCTETS_MAX).await.map_err(|_| Trouble::TooLarge)?;
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if content_type.trim().to_ascii_lowercase().starts_with("multipart/form-data") {
        return multipart(Request::from_parts(parts, body)).await;
    }
    let form = Form::read(&body).ok_or(Trouble::TooLarge)?;
    Ok(if is_one_click(form.text(FIELD)) {
        Asked::OneClick
    } else if form.text("confirm") == Choice::Stop.word() {
        Asked::OwnButton
    } else {
        Asked::Nothing
    })
}

async fn multipart(request: Request<Bytes>) -> Result<Asked, Trouble> {
    let mut form = Multipart::from_request(request.map(Body::from), &()).await.map_err(|_| Trouble::Form)?;
    for _ in 0..PARTS_MAX {
        let Some(part) = form.next_field().await.map_err(|_| Trouble::Form)? else { break };
        let is_it = part.name() == Some(FIELD);
        let text = part.text().await.map_err(|_| Trouble::Form)?;
        if is_it && is_one_click(&text) {
            return Ok(Asked::OneClick);
        }
    }
    Ok(Asked::Nothing)
}

fn is_one_click(text: &str) -> bool {
    text.trim() == ONE_CLICK
}
