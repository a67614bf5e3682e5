//! The files that go with a message: everybody gets them.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use super::{Opened, is_changed, opened, version_of};
use crate::acts::drafts as acts;
use crate::choosing::FileInput;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::upload_body::{Part, UploadForm};
use crate::visitor::Visitor;

const FILE: &str = "file";
const CHANGED: &str = "Somebody else has changed this draft meanwhile. Look at it, and try again";

#[derive(Template)]
#[template(path = "draft/files.html")]
struct Page {
    frame: Frame,
    id: i64,
    version: u64,
    errors: Errors,
    /// Name, and size in kilobytes.
    files: Vec<(String, usize)>,
    file: FileInput,
}

async fn page(visitor: &Visitor, id: &str, errors: Errors) -> Result<Response, Trouble> {
    let opened = opened(visitor, id).await?;
    let files = visitor.console.store.draft_files(opened.draft.at.id).await?;
    html(&Page {
        frame: Frame::of(visitor, "Files that go with it", "/campaigns")?.with_error(!errors.is_empty()),
        id: opened.draft.at.id.0,
        version: opened.draft.at.version,
        files: files.into_iter().map(|file| (file.name, file.octets.len().div_ceil(1024))).collect(),
        file: FileInput::new(
            FILE,
            "Add a file",
            "A leaflet, say: everybody on the list gets the same",
            "",
            &errors,
        ),
        errors,
    })
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    page(&visitor, &id, Errors::default()).await
}

fn wrong(text: impl Into<String>) -> Errors {
    let mut errors = Errors::default();
    errors.add(FILE, text);
    errors
}

pub(crate) async fn add(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(sent): Extension<UploadForm>,
) -> Result<Response, Trouble> {
    // Each is in memory until it is kept.
    let _place = visitor.console.uploads.arriving.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let opened = opened(&visitor, &id).await?;
    let mut version = 0;
    while let Some(part) = sent.next().await? {
        match part.name() {
            "version" => version = part.text().await?.trim().parse().unwrap_or_default(),
            FILE => {
                return match kept(&visitor, opened, version, part).await? {
                    Ok(files) => Ok(files),
                    Err(what) => page(&visitor, &id, wrong(what)).await,
                };
            }
            _ => return Err(Trouble::Form),
        }
    }
    page(&visitor, &id, wrong("Choose a file")).await
}

/// Keeps the file with the draft; says what is wrong with it otherwise.
async fn kept(
    visitor: &Visitor,
    mut opened: Opened,
    version: u64,
    part: Part,
) -> Result<Result<Response, String>, Trouble> {
    let name = part.file_name().rsplit(['/', '\\']).next().unwrap_or_default().trim().to_owned();
    let room = match opened.room_for(&visitor.console, &name).await? {
        Ok(room) => room,
        Err(what) => return Ok(Err(what)),
    };
    let Some(octets) = octets_of(part, room).await? else { return Ok(Err(acts::FILES_TOO_LARGE.to_owned())) };
    let file = match acts::attached(&name, octets) {
        Ok(file) => file,
        Err(what) => return Ok(Err(what.to_owned())),
    };
    match opened.add_file(&visitor.acting()?, version, &file).await {
        Ok(()) => Ok(Ok(Redirect::to(&format!("{}/files", opened.path())).into_response())),
        Err(trouble) if is_changed(&trouble) => Ok(Err(CHANGED.to_owned())),
        Err(trouble) => Err(trouble),
    }
}

/// The file, if it is no larger.
async fn octets_of(mut part: Part, max: usize) -> Result<Option<Vec<u8>>, Trouble> {
    let mut octets = Vec::new();
    while let Some(piece) = part.piece().await? {
        if octets.len() + piece.len() > max {
            return Ok(None);
        }
        octets.extend_from_slice(&piece);
    }
    Ok(Some(octets))
}

pub(crate) async fn remove(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut opened = opened(&visitor, &id).await?;
    let name = form.get("name").unwrap_or_default();
    match opened.remove_file(&visitor.acting()?, version_of(&form), name).await {
        Ok(()) => Ok(Redirect::to(&format!("{}/files", opened.path())).into_response()),
        Err(trouble) if is_changed(&trouble) => page(&visitor, &id, wrong(CHANGED)).await,
        Err(trouble) => Err(trouble),
    }
}
