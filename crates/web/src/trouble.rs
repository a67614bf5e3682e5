//! What goes wrong, as a page: what happened, and what to do next. Nothing of it names a person.

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use keys::NoRandomness;
use store::StoreError;

use crate::console::ScribeError;
use crate::desk::DeskError;
use crate::page::{Notice, OtherHost, html};
use crate::sign_on::SignOnError;

/// Why a request is not answered with its page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// There is no such page, or nothing of that number.
    #[error("not found")]
    NotFound,
    /// The user's roles do not allow it.
    #[error("forbidden")]
    Forbidden,
    /// The form is from another session, or from another site.
    #[error("a form that is out of date")]
    Form,
    /// The form is larger than any of ours.
    #[error("a form that is too large")]
    TooLarge,
    /// The request was sent to another name.
    #[error("another host")]
    OtherHost,
    /// Too many tries: when to come again.
    #[error("too many tries")]
    Wait(SignedDuration),
    /// An upload that is not there: imported, removed, over, or of a process before this one. Or another user's.
    #[error("no such upload")]
    UploadGone,
    /// Approving without having looked.
    #[error("not looked at")]
    NotLooked,
    /// The program behind the console cannot do it, and says why.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The provider signed nobody in, or is away.
    #[error(transparent)]
    SignOn(#[from] SignOnError),
    /// A sign-on that was used, took too long, or never began in this browser.
    #[error("no such sign-on")]
    SignOnSpent,
    /// It took too long, and was given up at some point.
    #[error("too slow")]
    TooSlow,
    /// Too much to do at once.
    #[error("too busy")]
    Busy,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something that is nobody's input.
    #[error("{0}")]
    Failed(String),
}

impl From<NoRandomness> for Trouble {
    fn from(error: NoRandomness) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<ScribeError> for Trouble {
    fn from(error: ScribeError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<accounts::PasswordHashError> for Trouble {
    fn from(error: accounts::PasswordHashError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<csv::Error> for Trouble {
    fn from(error: csv::Error) -> Self {
        Self::Failed(format!("a table could not be written: {error}"))
    }
}

impl From<askama::Error> for Trouble {
    fn from(error: askama::Error) -> Self {
        Self::Failed(format!("a page could not be written: {error}"))
    }
}

impl Trouble {
    fn words(&self) -> (StatusCode, &'static str, String) {
        let said = |status, title, text: &str| (status, title, text.to_owned());
        match self {
            Self::NotFound | Self::Store(StoreError::NotFound) => said(
                StatusCode::NOT_FOUND,
                "Page not found",
                "If you typed the address, check it. If you followed a link, what it led to may be gone.",
            ),
            Self::Forbidden => said(
                StatusCode::FORBIDDEN,
                "You cannot do this",
                "Your roles do not allow it. Nothing was changed. An administrator gives roles.",
            ),
            Self::Form => said(
                StatusCode::FORBIDDEN,
                "This form is out of date",
                "You may have signed in again since it was opened. Nothing was changed. Go back, load the page again, and \
                 send it once more.",
            ),
            Self::TooLarge => said(
                StatusCode::PAYLOAD_TOO_LARGE,
                "Too much at once",
                "The form is larger than this page takes. Nothing was changed.",
            ),
            Self::OtherHost => said(
                StatusCode::MISDIRECTED_REQUEST,
                "This server has another name",
                "The address you used is not the one that this console is set up for.",
            ),
            Self::Wait(wait) => (
                StatusCode::TOO_MANY_REQUESTS,
                "Wait before you try again",
                format!(
                    "There were too many wrong tries. Try again in {}. Whoever else tries does not keep you out on a device on \
                     which you have signed in before.",
                    in_words(*wait)
                ),
            ),
            Self::UploadGone => said(
                StatusCode::NOT_FOUND,
                "This spreadsheet is not waiting any more",
                "Spreadsheets wait for an hour, and not beyond a restart of this server. What is not in the list of audiences was \
                 not imported: upload it once more.",
            ),
            Self::NotLooked => said(
                StatusCode::CONFLICT,
                "Open the messages first",
                "Whoever approves has looked at the messages that were picked. Nothing was approved.",
            ),
            Self::Desk(error) => {
                (StatusCode::CONFLICT, "This cannot be done now", format!("Nothing was changed: {error}"))
            }
            Self::SignOn(error) => nobody_signed_on(error),
            Self::SignOnSpent => said(
                StatusCode::GONE,
                "Begin to sign in again",
                "What you came back with was used already, took longer than 10 minutes, or belongs to another browser.",
            ),
            Self::Busy => said(
                StatusCode::SERVICE_UNAVAILABLE,
                "Try again in a moment",
                "Too many people are here at once. Nothing was changed.",
            ),
            Self::TooSlow => said(
                StatusCode::SERVICE_UNAVAILABLE,
                "This took too long",
                "It was given up. Look whether it was done before you try once more.",
            ),
            Self::Store(error) => in_the_database(error),
            Self::Failed(_) => failed(),
        }
    }
}

/// What the database would not do, and what went wrong with it.
fn in_the_database(error: &StoreError) -> (StatusCode, &'static str, String) {
    match error {
        StoreError::LinkSpent => (
            StatusCode::GONE,
            "This link cannot be used",
            "It was used already, or it is too old. Ask an administrator for a new one.".to_owned(),
        ),
        StoreError::LastAdministrator
        | StoreError::AdministratorThere
        | StoreError::OwnAccount
        | StoreError::SamePerson
        | StoreError::Edited
        | StoreError::DraftChanged
        | StoreError::TooMany(_)
        | StoreError::SignOnInUse
        | StoreError::Forgotten
        | StoreError::HeldSince
        | StoreError::Left
        | StoreError::Transition(_) => {
            (StatusCode::CONFLICT, "This cannot be done", format!("Nothing was changed: {error}."))
        }
        _ => failed(),
    }
}

fn nobody_signed_on(error: &SignOnError) -> (StatusCode, &'static str, String) {
    let status = if error.away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::FORBIDDEN };
    (status, "You are not signed in", format!("{error}. You can sign in with your password."))
}

fn failed() -> (StatusCode, &'static str, String) {
    let text = "It is not your fault, and nothing was changed. Try again in a moment; if it stays, tell your administrator \
                the time.";
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here", text.to_owned())
}

/// `2 seconds`, `3 minutes`: rounded up, so that nobody comes too early.
fn in_words(wait: SignedDuration) -> String {
    let seconds = wait.as_secs() + 1;
    match seconds {
        1 => "1 second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_euclid(60) + 1),
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, title, text) = self.words();
        let page = match self {
            Self::OtherHost => html(&OtherHost { title, text }),
            _ => html(&Notice::new(title, text)),
        };
        let page = page.unwrap_or_else(|_| title.into_response());
        let mut response = (status, page).into_response();
        if let Self::Wait(wait) = &self
            && let Ok(value) = (wait.as_secs() + 1).to_string().parse()
        {
            response.headers_mut().insert(RETRY_AFTER, value);
        }
        response
    }
}
