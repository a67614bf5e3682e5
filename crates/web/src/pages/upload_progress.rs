//! How far the reading or importing of a spreadsheet is, for whoever has the page open.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Extension;
use axum::extract::Path;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use crate::console::Console;
use crate::pages::upload::{found, owner};
use crate::trouble::Trouble;
use crate::uploads::{Owner, Stage, Upload, UploadId};
use crate::visitor::Visitor;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// A stream ends after so many looks: the browser opens another, and its session is looked at again.
const LOOKS_MAX: u32 = 600;

/// The stage in a word, and how many of how many people are done.
pub(crate) fn progress(upload: &Upload) -> (&'static str, u64, u64) {
    match &upload.stage {
        Stage::Arriving => ("Coming in", 0, 0),
        Stage::Reading => ("Being read", 0, 0),
        Stage::Importing { written, total } => ("Being imported", written.load(Ordering::Relaxed), *total),
        Stage::Unreadable(_) | Stage::Read(_) | Stage::Imported(_) => ("Ready", 0, 0),
    }
}

struct Watch {
    console: Arc<Console>,
    owner: Owner,
    id: UploadId,
    looks: u32,
    ended: bool,
}

impl Watch {
    async fn next(&mut self) -> Option<Event> {
        if self.ended || self.looks == LOOKS_MAX {
            return None;
        }
        if self.looks > 0 {
            tokio::time::sleep(LOOK).await;
        }
        self.looks += 1;
        let upload = self.console.uploads.of(self.owner, self.id, self.console.now())?;
        let (state, written, total) = progress(&upload);
        self.ended = !upload.is_busy();
        let told = format!("state {state}\nwritten {written}\ntotal {total}");
        Some(Event::default().event(if self.ended { "end" } else { "counts" }).data(told))
    }
}

pub(crate) async fn events(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (id, _) = found(&visitor, &id)?;
    let place = visitor.console.watching.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let owner = owner(&visitor)?;
    let watch = Watch { console: visitor.console.clone(), owner, id, looks: 0, ended: false };
    let events = stream::unfold((watch, place), |(mut watch, place)| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), (watch, place)))
    });
    Ok(([(CACHE_CONTROL, "no-store")], Sse::new(events).keep_alive(KeepAlive::default())).into_response())
}
