//! The second person does not agree: the campaign goes back to its author, with a remark.

use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use store::StoreError;

use crate::form::Form;
use crate::pages::approval::{page, waiting};
use crate::pages::campaign::back_to;
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::visitor::{Visitor, actor};

/// Characters of a remark: what somebody reads, and the ledger takes (`ledger::CONTENT_OCTETS_MAX`).
const REMARK_CHARS_MAX: usize = 2_000;

pub(crate) async fn send(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let waiting = waiting(&visitor, &id).await?;
    let (console, campaign, digest) = (&visitor.console, &waiting.campaign, waiting.submitted.digest);
    if form.text("digest") != digest.to_string() {
        return Err(StoreError::Edited.into());
    }
    let remark = form.text("remark").replace("\r\n", "\n");
    let mut errors = Errors::default();
    if remark.is_empty() {
        errors.add("remark", "Enter what is to be changed");
    } else if remark.chars().count() > REMARK_CHARS_MAX {
        errors.add("remark", format!("Say it in no more than {REMARK_CHARS_MAX} characters"));
    }
    if !errors.is_empty() {
        return page(&visitor, &waiting, &remark, errors).await;
    }
    let audience = console.store.audience_of(campaign).await?;
    let mut act = visitor.act("return", &campaign.name);
    act.detail = vec![("submission", digest.to_string()), ("author", campaign.approval.author.clone())];
    act.reason = Some((&remark, &audience));
    let entry = console.scribe.entry(&act)?;
    let approver = actor(&visitor.somebody()?.user);
    console.store.return_campaign(campaign.id, digest, &approver, &entry).await?;
    Ok(back_to(campaign))
}
