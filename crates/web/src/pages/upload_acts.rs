//! What is done with an uploaded spreadsheet: read again in another way, imported, removed.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use audience::SharedAddress;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use crate::console::Console;
use crate::form::Form;
use crate::lists::{Choices, Chosen, ReadList, Wanted};
use crate::pages::audience_new::{NAME_OCTETS_MAX, PATIENCE};
use crate::pages::upload::{
    ACKNOWLEDGED, BAD_ROWS, CHANNEL, EMAIL, LANGUAGE, LEAVE_OUT, NAME, SHARED, Sent, found, in_force, review,
    shared_word, warning_values,
};
use crate::pages::users::is_unseen;
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::uploads::{Stage, Upload, UploadId};
use crate::visitor::{Visitor, actor};

/// Reads a spreadsheet in the background, a few at once.
pub(crate) fn begin_reading(console: &Arc<Console>, id: UploadId, choices: &Choices, now: Timestamp) {
    let uploads = console.uploads.clone();
    let Some(file) = uploads.begin_reading(id, choices, now) else { return };
    let (console, choices) = (console.clone(), choices.clone());
    tokio::spawn(async move {
        let reading = async {
            let _pass = uploads.passes.acquire().await;
            console.lists.read(file, choices).await
        };
        let (stage, trouble) = match reading.await {
            Ok(Ok(list)) => (Stage::Read(list), None),
            Ok(Err(error)) => (Stage::Unreadable(Some(Arc::new(error))), None),
            Err(error) => (Stage::Unreadable(None), Some(error.to_string())),
        };
        uploads.settle(id, stage, trouble, console.now());
    });
}

fn back_to(id: UploadId) -> Response {
    Redirect::to(&format!("/audiences/uploads/{id}")).into_response()
}

/// What a form chose. What it left as it is in force stays as it was chosen: several columns may say whether e-mail is
/// safe, and the page can show one of them.
fn chosen(form: &Form, upload: &Upload) -> Choices {
    let before = &upload.choices;
    let now = match &upload.stage {
        Stage::Read(list) => in_force(list.inspection(), before),
        _ => before.clone(),
    };
    let column = |field: &str, now: &Chosen, before: &Chosen| {
        let sent = match form.get(field) {
            None => return before.clone(),
            Some("") => Chosen::Nowhere,
            Some(name) => Chosen::Named(name.to_owned()),
        };
        if sent == *now { before.clone() } else { sent }
    };
    let email = form.get(EMAIL).filter(|name| !name.is_empty()).map(ToOwned::to_owned);
    let shared = [SharedAddress::Refuse, SharedAddress::Each, SharedAddress::Skip];
    let shared = shared.into_iter().find(|choice| form.get(SHARED) == Some(shared_word(*choice)));
    Choices {
        email: if email.is_none() || email == now.email { before.email.clone() } else { email },
        language: column(LANGUAGE, &now.language, &before.language),
        channel: column(CHANNEL, &now.channel, &before.channel),
        shared: shared.unwrap_or(before.shared),
    }
}

pub(crate) async fn read(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (id, upload) = found(&visitor, &id)?;
    read_again(&visitor, id, &form, &chosen(&form, &upload)).await
}

async fn read_again(
    visitor: &Visitor,
    id: UploadId,
    form: &Form,
    choices: &Choices,
) -> Result<Response, Trouble> {
    let uploads = &visitor.console.uploads;
    if let Some(name) = form.get(NAME) {
        uploads.name(id, name.trim());
    }
    begin_reading(&visitor.console, id, choices, visitor.at);
    uploads.settled(id, PATIENCE).await;
    Ok(back_to(id))
}

pub(crate) async fn remove(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (id, _) = found(&visitor, &id)?;
    visitor.console.uploads.remove(visitor.somebody()?.user.id, id);
    Ok(Redirect::to("/audiences").into_response())
}

pub(crate) async fn import(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (id, upload) = found(&visitor, &id)?;
    // Sent twice, or from a page that is out of date: the page says how far it is.
    let Stage::Read(list) = &upload.stage else { return Ok(back_to(id)) };
    let choices = chosen(&form, &upload);
    if choices != upload.choices {
        // Nobody imports what they have not seen.
        return read_again(&visitor, id, &form, &choices).await;
    }
    let (name, errors) = (form.text(NAME), errors(&visitor, list, &form).await?);
    if !errors.is_empty() {
        let sent = Sent {
            name: name.to_owned(),
            bad_rows: form.text(BAD_ROWS).to_owned(),
            acknowledged: form.all(ACKNOWLEDGED).map(ToOwned::to_owned).collect(),
        };
        return review(&visitor, id, &upload, list, &sent, errors);
    }
    let mut acknowledged: Vec<String> =
        list.inspection().warnings.iter().map(|warning| warning.code().to_owned()).collect();
    acknowledged.sort_unstable();
    acknowledged.dedup();
    let wanted = Wanted {
        name: name.to_owned(),
        acknowledged,
        actor: actor(&visitor.somebody()?.user),
        written: Arc::new(AtomicU64::new(0)),
    };
    begin_import(&visitor, id, wanted);
    visitor.console.uploads.settled(id, PATIENCE).await;
    Ok(back_to(id))
}

async fn errors(visitor: &Visitor, list: &Arc<dyn ReadList>, form: &Form) -> Result<Errors, Trouble> {
    let (mut errors, inspection) = (Errors::default(), list.inspection());
    let (store, name) = (&visitor.console.store, form.text(NAME));
    if name.is_empty() || name.len() > NAME_OCTETS_MAX || name.chars().any(is_unseen) {
        errors.add(NAME, format!("Enter a name, of no more than {NAME_OCTETS_MAX} letters and digits"));
    } else if store.find_audience(name).await?.is_some() {
        errors.add(NAME, "There is an audience of this name; enter another one");
    } else if store.was_forgotten(name).await? {
        errors.add(
            NAME,
            "An audience of this name was forgotten, and the ledger speaks of it; enter another one",
        );
    }
    if inspection.people == 0 {
        errors.add(
            EMAIL,
            "There is nobody in the spreadsheet who can be written to; choose the column of the addresses",
        );
    }
    if inspection.bad_rows > 0 && form.text(BAD_ROWS) != LEAVE_OUT {
        errors.add(
            BAD_ROWS,
            "Leave the bad rows out, or correct them in the spreadsheet and upload that in the place of this one",
        );
    }
    let ticked: Vec<&str> = form.all(ACKNOWLEDGED).collect();
    if !warning_values(inspection).iter().all(|value| ticked.contains(&value.as_str())) {
        errors.add(ACKNOWLEDGED, "Tick each box, to say that you know of it, or correct the spreadsheet");
    }
    Ok(errors)
}

/// Imports in the background: who began it need not stay.
fn begin_import(visitor: &Visitor, id: UploadId, wanted: Wanted) {
    let (console, uploads) = (visitor.console.clone(), visitor.console.uploads.clone());
    let written = wanted.written.clone();
    let Some(list) = uploads.begin_import(id, &wanted.name, written, visitor.at) else { return };
    tokio::spawn(async move {
        let (importing, passes) = (list.clone(), uploads.clone());
        // A task of its own: also if it panics, somebody is told.
        let imported = tokio::spawn(async move {
            let _pass = passes.passes.acquire().await;
            importing.import(wanted).await
        });
        let (stage, trouble) = match imported.await {
            Ok(Ok(number)) => (Stage::Imported(number), None),
            Ok(Err(error)) => (Stage::Read(list), Some(error.to_string())),
            Err(_) => (Stage::Read(list), Some("something went wrong here; try again".to_owned())),
        };
        uploads.settle(id, stage, trouble, console.now());
    });
}
