//! The message in one language: its form, and beside it what a person will get.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse, Response};
use message::{ComposedText, SourceKind};

use super::fields::errors_of;
use super::preview::note_look;
use super::{Opened, is_changed, opened, version_of};
use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::approval::{FRAME_POLICY, MESSAGE_POLICY};
use crate::parts::{Errors, Input, Kind, Textarea};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "draft/text.html")]
struct Page {
    frame: Frame,
    id: i64,
    number: usize,
    version: u64,
    errors: Errors,
    saved: bool,
    default: bool,
    kind: &'static str,
    from: Input,
    reply_to: Input,
    contacts: Textarea,
    subject: Input,
    body: Textarea,
    /// What the columns are called in a text.
    fields: Vec<String>,
    people: u64,
}

/// A message that was not saved, as one person would get it.
#[derive(Template)]
#[template(path = "draft/live.html")]
struct Live {
    subject: String,
    text: String,
    problem: String,
}

fn numbered(opened: &Opened, number: &str) -> Result<usize, Trouble> {
    number.parse().ok().filter(|n| *n < opened.content.texts.len()).ok_or(Trouble::NotFound)
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    let number = numbered(&opened, &number)?;
    page(&visitor, &opened, number, Errors::default(), false)
}

fn page(
    visitor: &Visitor,
    opened: &Opened,
    number: usize,
    errors: Errors,
    saved: bool,
) -> Result<Response, Trouble> {
    let (draft, content, text) = (&opened.draft, &opened.content, &opened.content.texts[number]);
    let title = match number {
        0 => "Write the message".to_owned(),
        _ => format!("The message in {}", text.language),
    };
    let sender = visitor.console.drafting.default_sender();
    let sender = sender.map_or_else(String::new, |sender| format!(". Leave it empty for {sender}"));
    let mut from = Input::new("from", "Sender", Kind::Text, &errors).value(&content.from);
    from = from.hint_text(format!(
        "As everybody sees it, on a locked telephone too: for example Survey team <survey@unit.example>{sender}"
    ));
    let page = html(&Page {
        frame: Frame::of(visitor, &title, "/campaigns")?.with_error(!errors.is_empty()),
        id: draft.at.id.0,
        number,
        version: draft.at.version,
        saved,
        default: number == 0,
        kind: match text.kind {
            SourceKind::Markdown => "Markdown",
            SourceKind::Html => "HTML",
            SourceKind::Mjml => "MJML",
        },
        from,
        reply_to: Input::new("reply_to", "Answers go to", Kind::Text, &errors)
            .hint("Leave it empty for the sender")
            .value(&content.reply_to),
        contacts: Textarea {
            id: "contacts",
            label: "Other addresses in the text",
            hint: "One a line. Any address that stands in the message and is not the person's own must stand here: a helpline, \
                   say. Everybody sees these",
            value: content.contacts.join("\n"),
            error: errors.of("contacts"),
            rows: 2,
            bold: false,
        },
        subject: Input::new("subject", "Subject", Kind::Text, &errors)
            .hint("It shows on a locked telephone: nothing that says what somebody has to do with you")
            .value(&text.subject),
        body: Textarea {
            id: "body",
            label: "Message",
            hint: "An empty line begins a new paragraph. [Words](https://survey.unit.example) make a link, ## a heading, - a \
                   list",
            value: text.body.clone(),
            error: errors.of("body"),
            rows: 16,
            bold: false,
        },
        fields: draft.audience.fields.clone(),
        people: draft.audience.people,
        errors,
    })?;
    Ok(([(CONTENT_SECURITY_POLICY, FRAME_POLICY)], page).into_response())
}

/// What the form says, in the place of what is kept.
fn read(opened: &mut Opened, number: usize, form: &Form) {
    let content = &mut opened.content;
    if number == 0 {
        form.text("from").clone_into(&mut content.from);
        form.text("reply_to").clone_into(&mut content.reply_to);
        let lines = form.text("contacts").lines().map(str::trim).filter(|line| !line.is_empty());
        content.contacts = lines.map(ToOwned::to_owned).collect();
    }
    let text: &mut ComposedText = &mut content.texts[number];
    form.text("subject").clone_into(&mut text.subject);
    text.body = form.get("body").unwrap_or_default().replace("\r\n", "\n");
}

/// Keeps it, right or wrong: a draft may be unfinished. Then it says what is wrong.
pub(crate) async fn save(
    Extension(visitor): Extension<Visitor>,
    Path((id, number)): Path<(String, String)>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut opened = opened(&visitor, &id).await?;
    let number = numbered(&opened, &number)?;
    read(&mut opened, number, &form);
    match opened.save(&visitor.acting()?, version_of(&form)).await {
        Ok(()) => {}
        Err(trouble) if is_changed(&trouble) => {
            let mut errors = Errors::default();
            errors.add(
                "body",
                "Somebody else has changed this draft meanwhile, and yours is not saved. Open it in another window and compare: \
                 if you save once more, yours takes the place of theirs",
            );
            return page(&visitor, &opened, number, errors, false);
        }
        Err(trouble) => return Err(trouble),
    }
    let fault = visitor.console.drafting.fault(&opened.draft).await?;
    let errors = errors_of(fault.as_ref(), number);
    if errors.is_empty() { Ok(opened.back()) } else { page(&visitor, &opened, number, errors, true) }
}

/// The message of one person, of what stands in the form. Nothing is kept.
pub(crate) async fn live(
    Extension(visitor): Extension<Visitor>,
    Path((id, number)): Path<(String, String)>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut opened = opened(&visitor, &id).await?;
    let number = numbered(&opened, &number)?;
    read(&mut opened, number, &form);
    let people = opened.draft.audience.people.max(1);
    let place = form.text("place").parse::<u64>().unwrap_or(1).clamp(1, people);
    note_look(&visitor, &opened.draft).await?;
    let rendered = visitor.console.drafting.live(&opened.draft, &opened.content, place).await;
    let policy = [(CONTENT_SECURITY_POLICY, MESSAGE_POLICY)];
    let problem = |text: String| Live { subject: String::new(), text: String::new(), problem: text };
    let answer = match rendered {
        Err(error) => html(&problem(error.to_string()))?,
        Ok(rendered) if form.text("view") == "text" => {
            html(&Live { subject: rendered.subject, text: rendered.text, problem: String::new() })?
        }
        Ok(rendered) => Html(rendered.html).into_response(),
    };
    Ok((policy, answer).into_response())
}
