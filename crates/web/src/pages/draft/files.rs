//! The files that go with a message: everybody gets them.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};
use message::{ATTACHMENTS_MAX, ATTACHMENTS_OCTETS_MAX, Attachment, content_type_of};
use store::{DraftFile, DraftVersion, NewDraft};

use super::{Opened, is_changed, opened, version_of, written};
use crate::choosing::FileInput;
use crate::form::Form;
use crate::page::{Frame, html};
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::upload_body::{Part, UploadForm};
use crate::visitor::{Visitor, actor};

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
    let files = visitor.console.store.draft_files(opened.draft.at.id).await?;
    let others = files.iter().filter(|file| file.name != name);
    let (number, octets) = others.fold((0, 0), |(n, octets), file| (n + 1, octets + file.octets.len()));
    if number >= ATTACHMENTS_MAX {
        return Ok(Err(format!("There can be no more than {ATTACHMENTS_MAX} files")));
    }
    let Some(octets) = octets_of(part, ATTACHMENTS_OCTETS_MAX - octets.min(ATTACHMENTS_OCTETS_MAX)).await?
    else {
        return Ok(Err(
            "The files are larger than 16 MiB together: many mailboxes would refuse them".to_owned()
        ));
    };
    if octets.is_empty() {
        return Ok(Err("Choose a file with something in it".to_owned()));
    }
    let content_type = content_type_of(&name);
    let attachment = match Attachment::new(&name, content_type, octets) {
        Ok(attachment) => attachment,
        Err(_) => return Ok(Err("Give the file a shorter name, without signs that nobody sees".to_owned())),
    };
    let names = &mut opened.content.attachments;
    if !names.contains(&name) {
        names.push(name.clone());
    }
    let file = DraftFile { name, content_type: content_type.to_owned(), octets: attachment.bytes().to_vec() };
    match changed(visitor, &opened, version, Change::Add(&file)).await {
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

enum Change<'a> {
    Add(&'a DraftFile),
    Remove(&'a str),
}

async fn changed(
    visitor: &Visitor,
    opened: &Opened,
    version: u64,
    change: Change<'_>,
) -> Result<(), Trouble> {
    let (console, draft) = (&visitor.console, &opened.draft);
    let author = actor(&visitor.somebody()?.user);
    let entry = console.scribe.entry(&visitor.act("draft-change", &draft.name))?;
    let content = written(&opened.content)?;
    let new = NewDraft {
        name: &draft.name,
        campaign: draft.campaign,
        content: &content,
        wanted_at: draft.wanted_at,
        author: &author,
        now: visitor.at,
    };
    let at = DraftVersion { version, ..draft.at };
    match change {
        Change::Add(file) => console.store.add_draft_file(at, &new, file, &entry).await?,
        Change::Remove(name) => console.store.remove_draft_file(at, &new, name, &entry).await?,
    };
    Ok(())
}

pub(crate) async fn remove(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut opened = opened(&visitor, &id).await?;
    let name = form.get("name").unwrap_or_default();
    if !opened.content.attachments.iter().any(|file| file == name) {
        return Err(Trouble::NotFound);
    }
    opened.content.attachments.retain(|file| file != name);
    match changed(&visitor, &opened, version_of(&form), Change::Remove(name)).await {
        Ok(()) => Ok(Redirect::to(&format!("{}/files", opened.path())).into_response()),
        Err(trouble) if is_changed(&trouble) => page(&visitor, &id, wrong(CHANGED)).await,
        Err(trouble) => Err(trouble),
    }
}
