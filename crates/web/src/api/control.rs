//! Stopping a campaign, letting it go on, taking it back: as its page does, with the same entry in the ledger.

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use store::Campaign;

use crate::acts::{self, Acting};
use crate::api::caller::Asked;
use crate::api::campaigns::{found, object};
use crate::api::json;
use crate::api::problem::Problem;

type Asking = Extension<Asked>;

pub(super) async fn pause(asked: Asking, id: Path<String>) -> Result<Response, Problem> {
    let (by, campaign) = acting_on(&asked, &id).await?;
    acts::campaigns::pause(&by, &campaign).await?;
    now(&asked, &id).await
}

pub(super) async fn resume(asked: Asking, id: Path<String>) -> Result<Response, Problem> {
    let (by, campaign) = acting_on(&asked, &id).await?;
    acts::campaigns::resume(&by, &campaign).await?;
    now(&asked, &id).await
}

pub(super) async fn cancel(asked: Asking, id: Path<String>) -> Result<Response, Problem> {
    let (by, campaign) = acting_on(&asked, &id).await?;
    acts::campaigns::cancel(&by, &campaign).await?;
    now(&asked, &id).await
}

pub(super) async fn take_back(asked: Asking, id: Path<String>) -> Result<Response, Problem> {
    let (by, campaign) = acting_on(&asked, &id).await?;
    acts::campaigns::take_back(&by, &campaign).await?;
    now(&asked, &id).await
}

async fn acting_on(asked: &Asked, id: &str) -> Result<(Acting, Campaign), Problem> {
    Ok((asked.acting(), found(asked, id).await?))
}

/// The campaign as it is behind that.
async fn now(asked: &Asked, id: &str) -> Result<Response, Problem> {
    Ok(json(&object(&asked.console, &found(asked, id).await?).await?))
}
