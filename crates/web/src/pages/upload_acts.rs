//! What is done with an uploaded spreadsheet: read again in another way, imported, removed.

use audience::{SharedAddress, Warning};
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use crate::acts::audiences::{Decided, begin_import, begin_reading, hindrances};
use crate::form::Form;
use crate::lists::{Choices, Chosen};
use crate::pages::audience_new::PATIENCE;
use crate::pages::upload::{
    ACKNOWLEDGED, BAD_ROWS, CHANNEL, EMAIL, LANGUAGE, LEAVE_OUT, NAME, SHARED, Sent, found, in_force, owner,
    review, shared_word, warning_values,
};
use crate::trouble::Trouble;
use crate::uploads::{Stage, Upload, UploadId};
use crate::visitor::Visitor;

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
    visitor.console.uploads.remove(owner(&visitor)?, id);
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
    let (name, values) = (form.text(NAME), warning_values(list.inspection()));
    let ticked: Vec<&str> = form.all(ACKNOWLEDGED).collect();
    let accepts = |place: usize, _: &Warning| values.get(place).is_some_and(|v| ticked.contains(&v.as_str()));
    let decided = Decided { name, leave_out: form.text(BAD_ROWS) == LEAVE_OUT, accepts: &accepts };
    let errors = hindrances(&visitor.console, list, &decided).await?;
    if !errors.is_empty() {
        let sent = Sent {
            name: name.to_owned(),
            bad_rows: form.text(BAD_ROWS).to_owned(),
            acknowledged: form.all(ACKNOWLEDGED).map(ToOwned::to_owned).collect(),
        };
        return review(&visitor, id, &upload, list, &sent, errors);
    }
    begin_import(&visitor.acting()?, id, &**list, name);
    visitor.console.uploads.settled(id, PATIENCE).await;
    Ok(back_to(id))
}
