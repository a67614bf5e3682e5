//! The users: who there is, and who is invited.

use accounts::{Role, Roles, TokenKind};
use askama::Template;
use axum::Extension;
use axum::response::Response;
use store::{NewUser, StoreError, User};

use crate::console::LINK_LIFE;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::parts::{Boxes, Errors, Input, Kind, Tick};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// Characters of a user's name.
pub(crate) const NAME_CHARS_MAX: usize = 100;
/// A login name is one person's.
pub(crate) const LOGIN_TAKEN: &str = "Somebody has an account with this e-mail address already";
/// Octets of a login name: an address is no longer (RFC 5321 §4.5.3.1.3).
const LOGIN_OCTETS_MAX: usize = 254;

/// Whether somebody can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Active,
    Invited,
    Disabled,
}

impl State {
    pub(crate) fn of(user: &User) -> Self {
        match (user.disabled, &user.password_hash) {
            (true, _) => Self::Disabled,
            (false, None) => Self::Invited,
            (false, Some(_)) => Self::Active,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Invited => "Invited",
            Self::Disabled => "Disabled",
        }
    }

    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Active => "govuk-tag--green",
            Self::Invited => "govuk-tag--yellow",
            Self::Disabled => "govuk-tag--grey",
        }
    }
}

struct Row {
    id: i64,
    name: String,
    login: String,
    roles: String,
    state: State,
}

#[derive(Template)]
#[template(path = "users.html")]
struct Users {
    frame: Frame,
    users: Vec<Row>,
}

#[derive(Template)]
#[template(path = "user_new.html")]
struct New {
    frame: Frame,
    errors: Errors,
    login: Input,
    name: Input,
    roles: Boxes,
}

/// A link that was made, shown once.
#[derive(Template)]
#[template(path = "link_made.html")]
pub(crate) struct LinkMade {
    pub(crate) frame: Frame,
    pub(crate) name: String,
    pub(crate) link: String,
}

pub(crate) async fn list(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let users = visitor.console.store.users().await?;
    let row = |user: User| Row {
        id: user.id.0,
        roles: words(user.roles),
        state: State::of(&user),
        name: user.name,
        login: user.login,
    };
    html(&Users {
        frame: Frame::of(&visitor, "Users", "/users")?,
        users: users.into_iter().map(row).collect(),
    })
}

pub(crate) fn words(roles: Roles) -> String {
    let words: Vec<&str> = roles.iter().map(Role::word).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

pub(crate) async fn new(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    form(&visitor, &Form::default(), Errors::default())
}

fn form(visitor: &Visitor, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    html(&New {
        frame: Frame::of(visitor, "Invite somebody", "/users")?.with_error(!errors.is_empty()),
        login: Input::new("login", "E-mail address", Kind::Text, &errors)
            .hint("Of a colleague. Nobody can have two accounts: whoever writes a message is not the one who approves it")
            .value(sent.text("login")),
        name: Input::new("name", "Name", Kind::Text, &errors).value(sent.text("name")),
        roles: role_boxes(roles_of(sent), &errors),
        errors,
    })
}

pub(crate) fn role_boxes(roles: Roles, errors: &Errors) -> Boxes {
    let tick = |role: Role| {
        Tick {
        value: role.word().into(),
        label: match role {
            Role::Author => "Author",
            Role::Approver => "Approver",
            Role::Officer => "Officer",
            Role::Administrator => "Administrator",
            Role::Reader => "Reader",
        }
        .into(),
        hint: match role {
            Role::Author => "Writes messages, and sends them once a second person agreed",
            Role::Approver => "Is the second person, for messages of others",
            Role::Officer => {
                "Protects the people on the lists: answers them, erases them, sees an address where there is a reason"
            }
            Role::Administrator => "Invites users and looks after the installation; sees no addresses",
            Role::Reader => "Looks at what is sent and at the ledger, and changes nothing",
        }
        .into(),
        ticked: roles.has(role),
    }
    };
    Boxes {
        id: "roles",
        legend: "Roles",
        hint: "Tick all that apply",
        error: errors.of("roles"),
        items: Role::ALL.into_iter().map(tick).collect(),
    }
}

pub(crate) fn roles_of(form: &Form) -> Roles {
    form.all("roles").filter_map(Role::from_word).collect()
}

/// Whether it has the form of an address: who it belongs to is for the administrator to know.
pub(crate) fn is_login(text: &str) -> bool {
    let named = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    named && text.len() <= LOGIN_OCTETS_MAX && !text.chars().any(|c| c.is_whitespace() || is_unseen(c))
}

/// Whether it can be somebody's name.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(is_unseen)
}

/// What nobody sees and what turns a line around (UAX #9 §2): with it one name looks like another. The joiners, with which
/// some languages are written, are not among them.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

pub(crate) async fn invite(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<Form>,
) -> Result<Response, Trouble> {
    let (login, name, roles) = (sent.text("login"), sent.text("name"), roles_of(&sent));
    let mut errors = Errors::default();
    if !is_login(login) {
        errors.add("login", "Enter an e-mail address, like name@example.org");
    }
    if !is_name(name) {
        errors.add("name", format!("Enter a name, of no more than {NAME_CHARS_MAX} characters"));
    }
    if roles == Roles::NONE {
        errors.add("roles", "Tick at least one role");
    }
    if !errors.is_empty() {
        return form(&visitor, &sent, errors);
    }
    let console = &visitor.console;
    let mut act = visitor.act("invite-user", login);
    act.detail = vec![("name", name.to_owned()), ("roles", words(roles))];
    let entry = console.scribe.entry(&act)?;
    let link = console.token(TokenKind::Link)?;
    let new = NewUser { login, name, roles, at: visitor.at };
    match console.store.invite_user(&new, (link.digest(), visitor.at + LINK_LIFE), &entry).await {
        Err(StoreError::NameInUse) => {
            errors.add("login", LOGIN_TAKEN);
            return form(&visitor, &sent, errors);
        }
        invited => invited?,
    };
    html(&LinkMade {
        frame: Frame::of(&visitor, "The invitation is made", "/users")?,
        name: name.to_owned(),
        link: console.link_url(&link),
    })
}
