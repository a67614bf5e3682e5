//! A test to oneself: the message with the values of nobody.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;

use super::{Opened, opened};
use crate::page::{Frame, html};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

#[derive(Template)]
#[template(path = "draft/test.html")]
struct Page {
    frame: Frame,
    id: i64,
    to: String,
    domains: Vec<String>,
    allowed: bool,
    sent: String,
    problem: String,
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    page(&visitor, &opened, Ok(String::new()))
}

fn page(visitor: &Visitor, opened: &Opened, outcome: Result<String, String>) -> Result<Response, Trouble> {
    let to = visitor.somebody()?.user.login.clone();
    let domains = visitor.console.drafting.test_domains();
    let domain = to.rsplit_once('@').map_or("", |(_, domain)| domain);
    let problem = outcome.as_ref().err().cloned().unwrap_or_default();
    html(&Page {
        frame: Frame::of(visitor, "Send a test to yourself", "/campaigns")?.with_error(!problem.is_empty()),
        id: opened.draft.at.id.0,
        allowed: domains.iter().any(|allowed| allowed.eq_ignore_ascii_case(domain)),
        to,
        domains,
        sent: outcome.unwrap_or_default(),
        problem,
    })
}

pub(crate) async fn send(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    let user = &visitor.somebody()?.user;
    let sent = visitor.console.drafting.test(&opened.draft, &user.login, &actor(user)).await;
    page(&visitor, &opened, sent.map_err(|error| error.to_string()))
}
