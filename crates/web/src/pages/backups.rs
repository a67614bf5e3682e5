//! Backups: what there is, and two buttons. The database and the keys go to two places, never to one (promise 11).

use askama::Template;
use axum::Extension;
use axum::response::{IntoResponse, Redirect, Response};

use crate::page::{Frame, html};
use crate::pages::approval::when;
use crate::pages::senders::sentence;
use crate::safekeeping::{BackupFolder, BackupOf, Copied, Errand};
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

const HERE: &str = "/backups";

/// A folder: name, time and size of each backup in it, or that it cannot be read.
struct Folder {
    path: String,
    copies: Option<Vec<(String, String, String)>>,
}

/// A kind of backup as the page shows it.
struct Shown {
    id: &'static str,
    title: &'static str,
    what: String,
    setting: &'static str,
    button: &'static str,
    folder: Option<Folder>,
}

#[derive(Template)]
#[template(path = "backups.html")]
struct Page {
    frame: Frame,
    running: Option<String>,
    ended: Option<(String, Result<String, String>)>,
    kinds: [Shown; 2],
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let backups = visitor.console.safekeeping.backups().await?;
    let (running, ended) = match backups.under_way {
        Errand::NotYet => (None, None),
        Errand::Running { since } => (Some(when(since)), None),
        Errand::Ended { at, outcome } => (None, Some((when(at), outcome.map_err(|why| sentence(&why))))),
    };
    let keys = format!(
        "The wrapped keys, one for each audience. A set is kept for {} days: until then an audience that was forgotten could be \
         read with it. So it lies in another place than the database, and is copied nowhere else.",
        backups.keys_days
    );
    html(&Page {
        frame: Frame::of(&visitor, "Backups", HERE)?,
        running,
        ended,
        kinds: [
            Shown {
                id: "database",
                title: "The database",
                what: "Everything but the keys: who has it alone can read no address.".to_owned(),
                setting: "backup.folder",
                button: "Back up the database",
                folder: backups.database.map(shown),
            },
            Shown {
                id: "keys",
                title: "The keys",
                what: keys,
                setting: "backup.keys_folder",
                button: "Back up the keys",
                folder: backups.keys.map(shown),
            },
        ],
    })
}

fn shown(folder: BackupFolder) -> Folder {
    let row = |Copied { name, at, octets }| {
        let size = octets.map_or_else(String::new, |octets: u64| format!("{} kB", octets.div_ceil(1000)));
        (name, when(at), size)
    };
    Folder { path: folder.path, copies: folder.copies.map(|copies| copies.into_iter().map(row).collect()) }
}

pub(crate) async fn database(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    begin(&visitor, BackupOf::Database).await
}

pub(crate) async fn keys(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    begin(&visitor, BackupOf::Keys).await
}

async fn begin(visitor: &Visitor, what: BackupOf) -> Result<Response, Trouble> {
    let by = actor(&visitor.somebody()?.user);
    visitor.console.safekeeping.back_up(what, &by).await?;
    Ok(Redirect::to(HERE).into_response())
}
