//! Behind a link that works once: somebody sets up an account, with password and second factor, all of it or nothing.

use accounts::{
    EnrolmentUri, Password, PasswordFault, Roles, Token, TokenDigest, TokenKind, TotpSecret, TotpStep,
};
use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use store::{LinkPurpose, NewUser, StoreError};

use crate::console::Act;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::users::{LOGIN_TAKEN, NAME_CHARS_MAX, is_login, is_name};
use crate::parts::{Errors, Input, Kind};
use crate::second_factor::{self, Place};
use crate::set_up::SetUp;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// What the app on the telephone shows beside the code.
const ISSUER: &str = "Undisclosed";
/// Words that others would try first in a password here.
const SERVICE_WORDS: [&str; 1] = ["undisclosed"];

#[derive(Template)]
#[template(path = "link.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    /// The link itself, named: without it the form goes to the page's address with whatever fragment stands in it, and
    /// then the browser does not leave the focus where the errors are.
    action: String,
    lead: String,
    sealed: String,
    who: Option<(Input, Input)>,
    password: Input,
    again: Input,
    picture: String,
    key: String,
    code: Input,
}

#[derive(Template)]
#[template(path = "paper_codes.html")]
struct PaperCodes {
    frame: Frame,
    codes: Vec<String>,
}

/// Whom a link is for.
struct For {
    digest: TokenDigest,
    path: String,
    /// Login name and name; nothing for the first administrator, who says them.
    user: Option<(String, String)>,
}

async fn whom(visitor: &Visitor, token: &str) -> Result<For, Trouble> {
    let store = &visitor.console.store;
    let spent = || Trouble::Store(StoreError::LinkSpent);
    let token = Token::parse(TokenKind::Link, token).ok_or_else(spent)?;
    let digest = token.digest();
    let link = store.link(digest, visitor.at).await?;
    let user = match (link.purpose, link.user) {
        (LinkPurpose::FirstAdministrator, _) => None,
        (_, Some(id)) => {
            let user = store.user(id).await?;
            Some((user.login, user.name))
        }
        (_, None) => return Err(spent()),
    };
    Ok(For { digest, path: format!("/link/{}", token.reveal()), user })
}

/// Looks, and uses nothing up: a scanner that opens the link does no harm.
pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
) -> Result<Response, Trouble> {
    let whom = whom(&visitor, &token).await?;
    let secret = TotpSecret::from_octets(visitor.console.random.octets()?);
    page(&visitor, &whom, &secret, &Form::default(), Errors::default())
}

fn page(
    visitor: &Visitor,
    whom: &For,
    secret: &TotpSecret,
    form: &Form,
    errors: Errors,
) -> Result<Response, Trouble> {
    let login = whom.user.as_ref().map_or_else(|| form.text("login").to_owned(), |(login, _)| login.clone());
    let (lead, who) = match &whom.user {
        Some((login, name)) => (format!("This sets up the account of {name}, {login}."), None),
        None => {
            let login_input = Input::new("login", "Your e-mail address", Kind::Login, &errors)
                .hint("You sign in with it")
                .value(&login);
            let name = Input::new("name", "Your name", Kind::Name, &errors)
                .hint("As your colleagues see it")
                .value(form.text("name"));
            (
                "This makes the first administrator, who can then invite everybody else.".to_owned(),
                Some((login_input, name)),
            )
        }
    };
    // The first administrator's app shows no login name, for it was not typed yet when the picture is scanned.
    let label = if login.is_empty() { "administrator" } else { &login };
    html(&Page {
        frame: Frame::of(visitor, "Set up your account", "")?.with_error(!errors.is_empty()),
        action: whom.path.clone(),
        lead,
        sealed: second_factor::seal(&visitor.console.second_factors, &Place::Link(whom.digest), secret)?,
        who,
        password: Input::new("password", "Password", Kind::NewPassword, &errors)
            .hint("15 characters or more. Three or four words that do not belong together are easy to keep"),
        again: Input::new("again", "Password once more", Kind::NewPassword, &errors),
        picture: EnrolmentUri::new(ISSUER, label, secret)
            .svg("Picture for the app on your telephone")
            .unwrap_or_default(),
        key: secret.for_typing(),
        code: Input::new("code", "Code", Kind::Code, &errors)
            .hint("The 6 digits that the app shows now")
            .width("10"),
        errors,
    })
}

pub(crate) async fn send(
    Extension(visitor): Extension<Visitor>,
    Path(token): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let whom = whom(&visitor, &token).await?;
    let place = Place::Link(whom.digest);
    // Only what this link's own page handed out: nobody brings a secret of their own.
    let secret = second_factor::open(&visitor.console.second_factors, &place, form.text("secret"))
        .ok_or(Trouble::Form)?;
    let mut errors = Errors::default();
    let (login, name) = match &whom.user {
        Some((login, name)) => (login.clone(), name.clone()),
        None => new_user(&form, &mut errors),
    };
    let password = chosen_password(&form, &[&login, &name], &mut errors);
    let step = secret.verify(form.text("code"), TotpStep::NONE, visitor.at);
    if form.text("code").is_empty() {
        errors.add("code", "Enter the code that the app shows now");
    } else if step.is_none() {
        errors.add("code", "This code is wrong: enter the one that the app shows now");
    }
    let (Some(password), Some(step), true) = (password, step, errors.is_empty()) else {
        return page(&visitor, &whom, &secret, &form, errors);
    };
    let codes = match set_up(&visitor, &whom, (&login, &name), password, (&secret, step)).await {
        Err(Trouble::Store(StoreError::NameInUse)) => {
            errors.add("login", LOGIN_TAKEN);
            return page(&visitor, &whom, &secret, &form, errors);
        }
        codes => codes?,
    };
    html(&PaperCodes { frame: Frame::of(&visitor, "Write these codes down", "")?, codes })
}

fn new_user(form: &Form, errors: &mut Errors) -> (String, String) {
    let (login, name) = (form.text("login"), form.text("name"));
    if !is_login(login) {
        errors.add("login", "Enter an e-mail address, like name@example.org");
    }
    if !is_name(name) {
        errors.add("name", format!("Enter your name, of no more than {NAME_CHARS_MAX} characters"));
    }
    (login.to_owned(), name.to_owned())
}

/// The password that was chosen, if it may be one.
pub(crate) fn chosen_password(form: &Form, context: &[&str], errors: &mut Errors) -> Option<Password> {
    let (typed, again) = (form.get("password").unwrap_or_default(), form.get("again").unwrap_or_default());
    let context: Vec<&str> = SERVICE_WORDS.iter().chain(context).copied().collect();
    let chosen = Password::read(typed).and_then(|password| password.may_be_set(&context).map(|()| password));
    match chosen {
        Err(fault) => {
            let what = if typed.is_empty() { "Choose a password".to_owned() } else { said(fault) };
            errors.add("password", what);
            None
        }
        Ok(_) if typed != again => {
            errors.add("again", "The two passwords are not the same");
            None
        }
        Ok(password) => Some(password),
    }
}

fn said(fault: PasswordFault) -> String {
    let text = fault.to_string();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

async fn set_up(
    visitor: &Visitor,
    whom: &For,
    (login, name): (&str, &str),
    password: Password,
    (secret, totp_step): (&TotpSecret, TotpStep),
) -> Result<Vec<String>, Trouble> {
    let console = &visitor.console;
    let made = SetUp::new(console, login, password, secret).await?;
    let credentials = made.credentials(totp_step);
    let act =
        |act, detail| Act { actor: "link".to_owned(), act, subject: login, detail, reason: None, row: None };
    if whom.user.is_some() {
        let entry = console.scribe.entry(&act("set-up-account", Vec::new()))?;
        console.store.redeem_link(whom.digest, &credentials, visitor.at, &entry).await?;
    } else {
        let new = NewUser { login, name, roles: Roles::NONE, at: visitor.at };
        let entry = console.scribe.entry(&act("first-administrator", vec![("name", name.to_owned())]))?;
        console.store.make_first_administrator(whom.digest, &new, &credentials, &entry).await?;
    }
    Ok(made.codes)
}
