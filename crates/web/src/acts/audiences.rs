//! Lists of people: read, looked over, imported.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use audience::Warning;
use jiff::Timestamp;

use crate::acts::Acting;
use crate::console::Console;
use crate::lists::{Choices, ReadList, Wanted};
use crate::pages::upload::{ACKNOWLEDGED, BAD_ROWS, EMAIL, NAME};
use crate::pages::users::is_unseen;
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::uploads::{Stage, UploadId};

/// Octets of an audience's name, as the command line has it.
pub(crate) const NAME_OCTETS_MAX: usize = 200;

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

/// What somebody decided about a list before it is imported.
pub(crate) struct Decided<'a> {
    pub(crate) name: &'a str,
    /// Bad rows are left out.
    pub(crate) leave_out: bool,
    /// Whether the warning at this place is known and accepted.
    pub(crate) accepts: &'a (dyn Fn(usize, &Warning) -> bool + Sync),
}

/// What stands in the way of importing it, by field.
pub(crate) async fn hindrances(
    console: &Console,
    list: &Arc<dyn ReadList>,
    decided: &Decided<'_>,
) -> Result<Errors, Trouble> {
    let (mut errors, inspection) = (Errors::default(), list.inspection());
    let (store, name) = (&console.store, decided.name);
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
    if inspection.bad_rows > 0 && !decided.leave_out {
        errors.add(
            BAD_ROWS,
            "Leave the bad rows out, or correct them in the spreadsheet and upload that in the place of this one",
        );
    }
    if !inspection.warnings.iter().enumerate().all(|(place, warning)| (decided.accepts)(place, warning)) {
        errors.add(ACKNOWLEDGED, "Tick each box, to say that you know of it, or correct the spreadsheet");
    }
    Ok(errors)
}

/// Imports in the background: who began it need not stay.
pub(crate) fn begin_import(by: &Acting, id: UploadId, list: &dyn ReadList, name: &str) {
    let mut acknowledged: Vec<String> =
        list.inspection().warnings.iter().map(|warning| warning.code().to_owned()).collect();
    acknowledged.sort_unstable();
    acknowledged.dedup();
    let written = Arc::new(AtomicU64::new(0));
    let wanted =
        Wanted { name: name.to_owned(), acknowledged, actor: by.actor.clone(), written: written.clone() };
    let (console, uploads) = (by.console.clone(), by.console.uploads.clone());
    let Some(list) = uploads.begin_import(id, name, written, by.at) else { return };
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
