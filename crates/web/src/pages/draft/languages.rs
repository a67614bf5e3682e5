//! The languages of a message: whose language is none of them gets the first.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use message::{ComposedText, TRANSLATIONS_MAX, is_language_tag};

use super::{is_changed, opened, version_of};
use crate::form::Form;
use crate::page::{Frame, html};
use crate::parts::{Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "draft/languages.html")]
struct Page {
    frame: Frame,
    id: i64,
    version: u64,
    errors: Errors,
    /// Tag and subject.
    texts: Vec<(String, String)>,
    /// The list says who reads what.
    known: bool,
    language: Input,
}

async fn page(visitor: &Visitor, id: &str, sent: &Form, errors: Errors) -> Result<Response, Trouble> {
    let opened = opened(visitor, id).await?;
    let texts = opened.content.texts.iter().map(|text| (text.language.clone(), text.subject.clone()));
    html(&Page {
        frame: Frame::of(visitor, "Languages", "/campaigns")?.with_error(!errors.is_empty()),
        id: opened.draft.at.id.0,
        version: opened.draft.at.version,
        texts: texts.collect(),
        known: opened.draft.audience.language_field.is_some(),
        language: Input::new("language", "Add a language", Kind::Text, &errors)
            .hint(
                "Its tag, as the spreadsheet has it: cy for Welsh, pl for Polish, en-GB for British English",
            )
            .value(sent.text("language"))
            .width("10"),
        errors,
    })
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    page(&visitor, &id, &Form::default(), Errors::default()).await
}

pub(crate) async fn add(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut opened = opened(&visitor, &id).await?;
    let (tag, texts) = (form.text("language"), &mut opened.content.texts);
    let mut errors = Errors::default();
    if !is_language_tag(tag) {
        errors.add("language", "Enter a language tag such as cy or en-GB");
    } else if texts.iter().any(|text| text.language.eq_ignore_ascii_case(tag)) {
        errors.add("language", "There is a text in this language already");
    } else if texts.len() > TRANSLATIONS_MAX {
        errors.add("language", format!("There can be no more than {TRANSLATIONS_MAX} other languages"));
    } else {
        let kind = texts.first().map_or(message::SourceKind::Markdown, |text| text.kind);
        texts.push(ComposedText { kind, ..ComposedText::empty(tag) });
        let number = texts.len() - 1;
        match opened.save(&visitor.acting()?, version_of(&form)).await {
            Ok(()) => {
                let text = format!("{}/text/{number}", opened.path());
                return Ok(Redirect::to(&text).into_response());
            }
            Err(trouble) if is_changed(&trouble) => {
                errors.add(
                    "language",
                    "Somebody else has changed this draft meanwhile. Look at it, and try again",
                );
            }
            Err(trouble) => return Err(trouble),
        }
    }
    page(&visitor, &id, &form, errors).await
}

/// Takes a language away. The first stays: everybody gets one.
pub(crate) async fn remove(
    Extension(visitor): Extension<Visitor>,
    Path((id, number)): Path<(String, String)>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut opened = opened(&visitor, &id).await?;
    let number: usize = number.parse().map_err(|_| Trouble::NotFound)?;
    if number == 0 || number >= opened.content.texts.len() {
        return Err(Trouble::NotFound);
    }
    opened.content.texts.remove(number);
    opened.save(&visitor.acting()?, version_of(&form)).await?;
    Ok(Redirect::to(&format!("{}/languages", opened.path())).into_response())
}
