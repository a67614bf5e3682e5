//! The mail server that everything is handed to, and a button that tries it.

use askama::Template;
use axum::Extension;
use axum::response::Response;

use crate::mail_set_up::{MailServer, Tried};
use crate::page::{Frame, html};
use crate::pages::senders::sentence;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

const HERE: &str = "/mail-server";

#[derive(Template)]
#[template(path = "mail_server.html")]
struct Page {
    frame: Frame,
    set: Result<MailServer, String>,
    tried: Option<Result<Vec<(&'static str, String)>, String>>,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    page(&visitor, None)
}

pub(crate) async fn try_it(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let tried = visitor.console.mail_set_up.try_mail_server().await;
    page(&visitor, Some(tried.map(|tried| facts(&tried)).map_err(|why| sentence(&why.0))))
}

fn page(
    visitor: &Visitor,
    tried: Option<Result<Vec<(&'static str, String)>, String>>,
) -> Result<Response, Trouble> {
    html(&Page {
        frame: Frame::of(visitor, "Mail server", HERE)?,
        set: visitor.console.mail_set_up.mail_server().map_err(|why| sentence(&why.0)),
        tried,
    })
}

fn facts(tried: &Tried) -> Vec<(&'static str, String)> {
    const MEGABYTE: u64 = 1_000_000;
    let size = tried.size_max.map_or_else(
        || "It names none".to_owned(),
        |octets| match octets / MEGABYTE {
            0 => format!("{octets} octets"),
            megabytes => format!("{megabytes} MB"),
        },
    );
    vec![
        ("Ready after", format!("{} ms", tried.took.as_millis())),
        ("Protection", tried.tls.unwrap_or("None").to_owned()),
        ("Signed in", if tried.signed_in { "Yes" } else { "Not asked for" }.to_owned()),
        ("Largest message", size),
        ("It offers", if tried.offers.is_empty() { "–".to_owned() } else { tried.offers.join(", ") }),
    ]
}
