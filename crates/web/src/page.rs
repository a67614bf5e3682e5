//! The frame of every page, and how a page becomes a response.

use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use accounts::Right;

use crate::assets;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// What stands around a page.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) style: &'static str,
    pub(crate) script: &'static str,
    /// Links for somebody who has signed in: where, what, and whether this page belongs there.
    pub(crate) navigation: Vec<(&'static str, &'static str, bool)>,
    /// Somebody is there, and can sign out.
    pub(crate) somebody: bool,
    /// The form token.
    pub(crate) form: String,
    /// Something is wrong with what was sent: the title says so first.
    pub(crate) error: bool,
}

impl Frame {
    /// The frame of a visitor's page; `section` is where in the navigation it belongs.
    pub(crate) fn of(visitor: &Visitor, title: &str, section: &str) -> Result<Self, Trouble> {
        let all = [
            ("/campaigns", "Campaigns", visitor.may(Right::SeeCampaigns)),
            ("/audiences", "Audiences", visitor.may(Right::SeeAudiences)),
            ("/requests", "Requests", visitor.may(Right::AnswerAccessRequest)),
            ("/people", "People", visitor.may(Right::AnswerAccessRequest)),
            ("/suppressions", "Suppression list", visitor.may(Right::ManageSuppressions)),
            ("/retention", "Retention", visitor.may(Right::SetRetention)),
            ("/users", "Users", visitor.may(Right::ManageUsers)),
            ("/api-keys", "API keys", visitor.may(Right::ManageApiKeys)),
            ("/senders", "Senders", visitor.may(Right::ChangeSettings)),
            ("/mail-server", "Mail server", visitor.may(Right::ChangeSettings)),
            ("/backups", "Backups", visitor.may(Right::Backup)),
            ("/ledger", "Ledger", visitor.may(Right::ReadLedger)),
            ("/me", "Your account", visitor.is_live()),
        ];
        let shown = all.into_iter().filter(|(_, _, shown)| *shown);
        Ok(Self {
            navigation: shown.map(|(path, word, _)| (path, word, path == section)).collect(),
            somebody: visitor.signed_in.is_some(),
            form: visitor.form_token()?.as_str().to_owned(),
            ..Self::bare(title)
        })
    }

    fn bare(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            style: assets::style(),
            script: assets::script(),
            navigation: Vec::new(),
            somebody: false,
            form: String::new(),
            error: false,
        }
    }

    /// The frame of a page that says what is wrong with what was sent.
    pub(crate) fn with_error(self, error: bool) -> Self {
        Self { error, ..self }
    }
}

/// A page that says one thing.
#[derive(Template)]
#[template(path = "notice.html")]
pub(crate) struct Notice {
    frame: Frame,
    text: String,
}

impl Notice {
    pub(crate) fn new(title: &str, text: String) -> Self {
        Self { frame: Frame::bare(title), text }
    }
}

/// The one page under a name that is not the console's: by that name there is no style sheet either, and nothing to go to.
#[derive(Template)]
#[template(path = "other_host.html")]
pub(crate) struct OtherHost {
    pub(crate) title: &'static str,
    pub(crate) text: String,
}

/// A page as a response.
pub(crate) fn html(page: &impl Template) -> Result<Response, Trouble> {
    Ok(([(CONTENT_TYPE, "text/html; charset=utf-8")], page.render()?).into_response())
}
