//! The second step of signing in: the code of an app, or one on paper. The same page once more before what is dangerous.

use accounts::{Factor, RecoveryCode};
use askama::Template;
use axum::Extension;
use axum::extract::RawQuery;
use axum::response::Response;

use crate::entering::{Entered, Shown};
use crate::form::Form;
use crate::page::{Frame, html};
use crate::parts::{Errors, Input, Kind};
use crate::second_factor::{self, Place};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "code.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    again: bool,
    to: String,
    code: Input,
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    page(&visitor, own_path(query.text("to")), Errors::default())
}

/// A page of this console; anything else is the first page. So the link that brought somebody here leads nowhere else.
fn own_path(to: &str) -> &str {
    let own = to.starts_with('/') && !to.starts_with("//");
    let plain = to.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_".contains(&b));
    if own && plain { to } else { "/" }
}

fn page(visitor: &Visitor, to: &str, errors: Errors) -> Result<Response, Trouble> {
    let title = if visitor.is_live() { "Show your code again" } else { "Enter your code" };
    html(&Page {
        frame: Frame::of(visitor, title, "")?.with_error(!errors.is_empty()),
        again: visitor.is_live(),
        to: to.to_owned(),
        code: Input::new("code", "Code", Kind::AnyCode, &errors)
            .hint("The 6 digits that the app on your telephone shows now")
            .width("20"),
        errors,
    })
}

pub(crate) async fn send(
    Extension(visitor): Extension<Visitor>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (code, to) = (form.text("code"), own_path(form.text("to")));
    let mut errors = Errors::default();
    if code.is_empty() {
        errors.add("code", "Enter the code");
        return page(&visitor, to, errors);
    }
    let user = &visitor.somebody()?.user;
    let attempt = visitor.attempt(&user.login, Factor::Second);
    visitor.console.admit(&attempt)?;
    if !is_right(&visitor, code).await? {
        errors
            .add("code", "This code is wrong, too old, or was used already: enter the one that is shown now");
        return page(&visitor, to, errors);
    }
    visitor.console.succeeded(&attempt);
    let entered = Entered::with_second_factor(&visitor, user, visitor.holder.digest(), Shown::Here).await?;
    Ok(entered.leading_to(to))
}

async fn is_right(visitor: &Visitor, code: &str) -> Result<bool, Trouble> {
    let (console, user) = (&visitor.console, &visitor.somebody()?.user);
    if let Some(paper) = RecoveryCode::read(code) {
        let entry = console.scribe.entry(&visitor.act("use-recovery-code", &user.login))?;
        return Ok(console.store.use_recovery_code(user.id, paper.digest(), &entry).await?);
    }
    let place = Place::User(&user.login);
    let secret =
        second_factor::open(&console.second_factors, &place, &user.totp_sealed).ok_or_else(|| {
            Trouble::Failed("a second factor does not open under this installation's key".to_owned())
        })?;
    match secret.verify(code, user.totp_step, visitor.at) {
        Some(step) => Ok(console.store.use_totp_step(user.id, step).await?),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn leads_nowhere_else() {
        assert_eq!(own_path("/users/7"), "/users/7");
        for to in [
            "",
            "//evil.example",
            "//evil",
            "https://evil.example",
            "/\\evil.example",
            "/a?b",
            "/a\r\nb",
            "javascript:1",
        ] {
            assert_eq!(own_path(to), "/", "{to}");
        }
    }
}
