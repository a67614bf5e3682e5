//! A spreadsheet is uploaded: kept sealed as it comes in, and read at once.

use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::response::{IntoResponse, Redirect, Response};

use crate::acts::audiences::{NAME_OCTETS_MAX, begin_reading};
use crate::choosing::FileInput;
use crate::page::{Frame, html};
use crate::pages::upload::owner;
use crate::parts::{Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::upload_body::{Part, UploadForm};
use crate::uploads::{Arrival, NotTaken};
use crate::visitor::Visitor;

/// The name's field.
const NAME: &str = "name";
/// The file's field.
const SPREADSHEET: &str = "spreadsheet";
/// Octets that are sealed at once.
const PIECE_OCTETS: usize = 256 << 10;
/// A spreadsheet that is read in this time is shown at once; for others there is a page that says so.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Template)]
#[template(path = "audience_new.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    name: Input,
    spreadsheet: FileInput,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    form(&visitor, "", Errors::default())
}

fn form(visitor: &Visitor, name: &str, errors: Errors) -> Result<Response, Trouble> {
    html(&Page {
        frame: Frame::of(visitor, "Add an audience", "/audiences")?.with_error(!errors.is_empty()),
        name: Input::new(NAME, "Name of the audience", Kind::Text, &errors)
            .hint("Others see it in campaigns and in the ledger. You can still change it on the next page")
            .value(name),
        spreadsheet: FileInput::new(
            SPREADSHEET,
            "Spreadsheet",
            "CSV or Excel workbook (.xlsx), with headings in its first row and one person in each row",
            ".csv,.txt,.tsv,.xlsx",
            &errors,
        ),
        errors,
    })
}

pub(crate) async fn send(
    Extension(visitor): Extension<Visitor>,
    Extension(sent): Extension<UploadForm>,
) -> Result<Response, Trouble> {
    let uploads = &visitor.console.uploads;
    let _place = uploads.arriving.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let owner = owner(&visitor)?;
    let mut name = String::new();
    // In the form's own order: whatever else comes was sent by no page of ours.
    while let Some(part) = sent.next().await? {
        match part.name() {
            NAME if name.is_empty() => part.text().await?.trim().clone_into(&mut name),
            SPREADSHEET => {
                if name.is_empty() {
                    name = stem(part.file_name());
                }
                let refused = |not_taken: &NotTaken| wrong(&visitor, &name, not_taken.to_string());
                if !sent.fits {
                    return refused(&NotTaken::TooLarge(uploads.octets_max()));
                }
                let arrival = match uploads.begin(owner, visitor.at) {
                    Ok(arrival) => arrival,
                    Err(not_taken) => return refused(&not_taken),
                };
                return match received(arrival, part).await? {
                    Ok(arrival) if arrival.octets() == 0 => {
                        wrong(&visitor, &name, "Choose a spreadsheet with something in it".to_owned())
                    }
                    Ok(arrival) => kept(&visitor, arrival, name).await,
                    Err(not_taken) => refused(&not_taken),
                };
            }
            _ => return Err(Trouble::Form),
        }
    }
    wrong(&visitor, &name, "Choose a spreadsheet".to_owned())
}

fn wrong(visitor: &Visitor, name: &str, what: String) -> Result<Response, Trouble> {
    let mut errors = Errors::default();
    errors.add(SPREADSHEET, what);
    form(visitor, name, errors)
}

/// All of a file, piece by piece.
async fn received(mut arrival: Arrival, mut part: Part) -> Result<Result<Arrival, NotTaken>, Trouble> {
    let mut gathered = Vec::with_capacity(PIECE_OCTETS);
    loop {
        let piece = part.piece().await?;
        let last = piece.is_none();
        gathered.extend_from_slice(&piece.unwrap_or_default());
        if (last && !gathered.is_empty()) || gathered.len() >= PIECE_OCTETS {
            let full = std::mem::replace(&mut gathered, Vec::with_capacity(PIECE_OCTETS));
            if let Err(not_taken) = arrival.take(Bytes::from(full)).await {
                return Ok(Err(not_taken));
            }
        }
        if last {
            return Ok(Ok(arrival));
        }
    }
}

async fn kept(visitor: &Visitor, arrival: Arrival, name: String) -> Result<Response, Trouble> {
    // An upload takes its time: its hour begins when it is there.
    let now = visitor.console.now();
    let id = match arrival.keep(name.clone(), now).await {
        Ok(id) => id,
        Err(not_taken) => return wrong(visitor, &name, not_taken.to_string()),
    };
    begin_reading(&visitor.console, id, &Default::default(), now);
    visitor.console.uploads.settled(id, PATIENCE).await;
    Ok(Redirect::to(&format!("/audiences/uploads/{id}")).into_response())
}

/// What a file is called, without its folder and its ending; no longer than a name may be.
fn stem(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    let mut short = String::new();
    for c in stem.chars().filter(|c| !c.is_control()) {
        if short.len() + c.len_utf8() > NAME_OCTETS_MAX {
            break;
        }
        short.push(c);
    }
    short.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_name_without_folder_and_ending() {
        for (file, name) in [
            ("people.csv", "people"),
            ("C:\\Lists\\January 2012.xlsx", "January 2012"),
            ("../../etc/passwd", "passwd"),
            ("two.dots.csv", "two.dots"),
            ("a\r\nb.csv", "ab"),
            ("", ""),
        ] {
            assert_eq!(stem(file), name);
        }
        assert_eq!(stem(&"ä".repeat(101)).len(), NAME_OCTETS_MAX);
    }
}
