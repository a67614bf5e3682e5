//! The preference page: one choice at a time, each explained before it is confirmed. It says nothing of what was chosen before.

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect, Response};

use crate::form::Form;
use crate::public::desk::Wish;
use crate::public::guard::{Guest, is_own_form, parameter};
use crate::public::limits::PUBLIC_FORM_OCTETS_MAX;
use crate::public::page::{Frame, html};
use crate::public::trouble::Trouble;
use crate::public::words::Words;

/// What can be chosen, in the order of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Stop,
    Again,
    Language,
    Unsafe,
    Telephone,
    Access,
    Erasure,
}

impl Choice {
    pub(crate) const ALL: [Self; 7] =
        [Self::Stop, Self::Unsafe, Self::Telephone, Self::Language, Self::Access, Self::Erasure, Self::Again];

    /// In forms.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Again => "again",
            Self::Language => "language",
            Self::Unsafe => "unsafe",
            Self::Telephone => "telephone",
            Self::Access => "access",
            Self::Erasure => "erasure",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.word() == word)
    }

    /// Label and hint on the first page.
    const fn offered(self) -> (&'static str, &'static str) {
        match self {
            Self::Stop => ("choice-stop", "choice-stop-hint"),
            Self::Again => ("choice-again", "choice-again-hint"),
            Self::Language => ("choice-language", "choice-language-hint"),
            Self::Unsafe => ("choice-unsafe", "choice-unsafe-hint"),
            Self::Telephone => ("choice-telephone", "choice-telephone-hint"),
            Self::Access => ("choice-access", "choice-access-hint"),
            Self::Erasure => ("choice-erasure", "choice-erasure-hint"),
        }
    }

    /// Title, texts and button of the page that asks once more.
    const fn explained(self) -> (&'static str, &'static [&'static str], &'static str) {
        match self {
            Self::Stop => ("stop-title", &["stop-text", "stop-more"], "stop-button"),
            Self::Again => ("again-title", &["again-text", "again-more"], "again-button"),
            Self::Language => ("language-title", &["language-text"], "language-button"),
            Self::Unsafe => {
                ("unsafe-title", &["unsafe-text", "unsafe-more", "unsafe-history"], "unsafe-button")
            }
            Self::Telephone => ("telephone-title", &["telephone-text", "telephone-more"], "telephone-button"),
            Self::Access => ("access-title", &["access-text", "access-more"], "access-button"),
            Self::Erasure => ("erasure-title", &["erasure-text", "erasure-more"], "erasure-button"),
        }
    }

    /// What the page says behind it. That e-mail is not safe it does not say, not even for a moment.
    const fn done(self) -> Option<&'static str> {
        match self {
            Self::Unsafe => None,
            Self::Stop => Some("done-stop"),
            Self::Again => Some("done-again"),
            Self::Telephone => Some("done-telephone"),
            Self::Access => Some("done-access"),
            Self::Erasure => Some("done-erasure"),
            Self::Language => Some("done-language"),
        }
    }
}

/// One of several: value, label, hint.
struct Item {
    value: &'static str,
    label: String,
    hint: String,
    language: &'static str,
}

#[derive(Template)]
#[template(path = "public/start.html")]
struct Start {
    frame: Frame,
    action: String,
    items: Vec<Item>,
}

#[derive(Template)]
#[template(path = "public/confirm.html")]
struct Confirm {
    frame: Frame,
    action: String,
    back: String,
    choice: &'static str,
    warning: bool,
    texts: Vec<String>,
    button: String,
    languages: Vec<Item>,
}

#[derive(Template)]
#[template(path = "public/done.html")]
struct Done {
    frame: Frame,
    text: Option<String>,
    back: String,
}

impl Guest {
    /// Where the page is, without the language it was switched to.
    pub(crate) fn path(&self) -> String {
        format!("/preferences/{}", self.token)
    }

    /// Where its forms and links lead: the language stays.
    pub(crate) fn here(&self) -> String {
        let path = self.path();
        self.switched.map_or_else(|| path.clone(), |tag| format!("{path}?lang={tag}"))
    }

    /// Behind an act: the page that says what was done, for a moment.
    pub(crate) fn behind(&self, choice: Choice) -> Response {
        let receipt = self.pages.receipt(&self.token, choice);
        let language = self.switched.map(|tag| format!("&lang={tag}")).unwrap_or_default();
        Redirect::to(&format!("{}?r={receipt}{language}", self.path())).into_response()
    }

    /// Does it; `Err` is the page that says why not.
    pub(crate) async fn wishes(&self, wish: Wish) -> Result<(), Response> {
        // Never closed, so this only waits for a turn, and no longer than any request may take.
        let _working = self.pages.work.acquire().await;
        match self.pages.desk.fulfil(self.link, wish).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trouble::Gone.in_words(&self.pages, self.words)),
            Err(_) => Err(Trouble::Failed.in_words(&self.pages, self.words)),
        }
    }

    /// The message's languages that the pages are written in too.
    fn languages(&self) -> Vec<&'static Words> {
        let written = |words: &&Words| {
            self.reader.languages.iter().filter_map(|tag| Words::of(tag)).any(|known| known.tag == words.tag)
        };
        Words::all().iter().filter(written).collect()
    }

    fn start(&self, error: bool) -> Response {
        let items = Choice::ALL.into_iter().map(|choice| {
            let (label, hint) = choice.offered();
            let (label, hint) = (self.words.say(label), self.words.say(hint));
            Item { value: choice.word(), label, hint, language: self.words.tag }
        });
        html(&Start {
            frame: Frame::of(self, "start-title", &self.path()).with_error(error),
            action: self.here(),
            items: items.collect(),
        })
    }

    fn confirm(&self, choice: Choice, error: bool) -> Response {
        let (title, texts, button) = choice.explained();
        let languages = if choice == Choice::Language { self.languages() } else { Vec::new() };
        let only = choice == Choice::Language && languages.len() < 2;
        let texts = if only { &["language-one"] } else { texts };
        let named = |words: &'static Words| Item {
            value: words.tag,
            label: words.say("language-name"),
            hint: String::new(),
            language: words.tag,
        };
        html(&Confirm {
            frame: Frame::of(self, title, &self.path()).with_error(error),
            action: self.here(),
            back: self.here(),
            choice: choice.word(),
            warning: choice == Choice::Unsafe,
            texts: texts.iter().map(|id| self.words.say(id)).collect(),
            button: if only { String::new() } else { self.words.say(button) },
            languages: if only { Vec::new() } else { languages.into_iter().map(named).collect() },
        })
    }

    fn done(&self, choice: Choice) -> Response {
        html(&Done {
            frame: Frame::of(self, "done-title", &self.path()),
            text: choice.done().map(|id| self.words.say(id)),
            back: self.here(),
        })
    }
}

/// Looks, and changes nothing.
pub(crate) async fn show(Extension(guest): Extension<Guest>, request: Request) -> Response {
    match parameter(&request, "r").and_then(|receipt| guest.pages.receipted(&guest.token, &receipt)) {
        Some(choice) => guest.done(choice),
        None => guest.start(false),
    }
}

/// Takes a choice and asks once more; takes the answer and does it.
pub(crate) async fn send(Extension(guest): Extension<Guest>, request: Request) -> Response {
    let form = match own_form(&guest, request).await {
        Ok(form) => form,
        Err(trouble) => return trouble.in_words(&guest.pages, guest.words),
    };
    let Some(confirmed) = form.get("confirm") else {
        return match Choice::parse(form.text("choice")) {
            Some(choice) => guest.confirm(choice, false),
            None => guest.start(true),
        };
    };
    let Some(choice) = Choice::parse(confirmed) else {
        return Trouble::Form.in_words(&guest.pages, guest.words);
    };
    let wish = match choice {
        Choice::Stop => Wish::Stop,
        Choice::Again => Wish::Again,
        Choice::Unsafe => Wish::Unsafe,
        Choice::Telephone => Wish::Telephone,
        Choice::Access => Wish::Access,
        Choice::Erasure => Wish::Erasure,
        Choice::Language => {
            let known = guest.languages().into_iter().find(|words| words.tag == form.text("language"));
            let Some(words) = known else { return guest.confirm(choice, true) };
            Wish::Language(words.tag.to_owned())
        }
    };
    match guest.wishes(wish).await {
        Ok(()) => guest.behind(choice),
        Err(trouble) => trouble,
    }
}

/// The form of a page of ours, read up to its limit.
async fn own_form(guest: &Guest, request: Request<Body>) -> Result<Form, Trouble> {
    if !is_own_form(&guest.pages, request.headers()) {
        return Err(Trouble::Form);
    }
    let body = axum::body::to_bytes(request.into_body(), PUBLIC_FORM_OCTETS_MAX).await;
    Form::read(&body.map_err(|_| Trouble::TooLarge)?).ok_or(Trouble::TooLarge)
}
