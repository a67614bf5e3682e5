//! The files that go with a message: everybody gets them.

use axum::Extension;
use axum::extract::{Path, Request};
use axum::response::Response;

use crate::acts::drafts::{FILES_TOO_LARGE, attached};
use crate::api::body::next_piece;
use crate::api::caller::Asked;
use crate::api::drafts::{as_it_is_now, opened, version_of};
use crate::api::problem::{Kind, Problem};
use crate::trouble::Trouble;

/// In the place of one of that name.
pub(super) async fn put(
    Extension(asked): Extension<Asked>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    // Each is in memory until it is kept.
    let uploads = &asked.console.uploads;
    let _place = uploads.arriving.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let version = version_of(request.headers())?;
    let mut opened = opened(&asked, &id).await?;
    let room = opened.room_for(&asked.console, &name).await?;
    let room = room.map_err(|what| Problem::new(Kind::NotNow, format!("Nothing was changed: {what}.")))?;
    let octets = octets_of(request, room).await?;
    let file = attached(&name, octets).map_err(|what| Problem::invalid("name", what))?;
    opened.add_file(&asked.acting(), version, &file).await?;
    Ok(as_it_is_now(&opened.draft))
}

/// The file, if it is no larger.
async fn octets_of(request: Request, max: usize) -> Result<Vec<u8>, Problem> {
    let (mut octets, mut body) = (Vec::new(), request.into_body().into_data_stream());
    while let Some(piece) = next_piece(&mut body).await? {
        if octets.len() + piece.len() > max {
            return Err(Problem::new(Kind::TooLarge, format!("Nothing was changed. {FILES_TOO_LARGE}.")));
        }
        octets.extend_from_slice(&piece);
    }
    Ok(octets)
}

pub(super) async fn delete(
    Extension(asked): Extension<Asked>,
    Path((id, name)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let version = version_of(request.headers())?;
    let mut opened = opened(&asked, &id).await?;
    opened.remove_file(&asked.acting(), version, &name).await?;
    Ok(as_it_is_now(&opened.draft))
}
