//! Doubts settled: by a relay's log or by somebody's word, from the command line or in the console (promise 3).

use jiff::SignedDuration;
use serde_json::json;
use store::{Campaign, DOUBTS_SETTLED_MAX, InDoubt, Settled, StoreError};

use crate::book::Act;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::relay_log::Conclusion;
use crate::sending;

/// How somebody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownBy {
    /// From the relay's log.
    Log,
    /// They say so.
    Assumption,
}

/// What an entry says of why doubts were settled.
pub(crate) struct Grounds<'a> {
    pub(crate) known_by: KnownBy,
    pub(crate) log_complete: bool,
    pub(crate) reason: Option<&'a str>,
    /// Who, where it is not the caller.
    pub(crate) by: Option<&'a str>,
}

/// What a dead sender left behind becomes in doubt first. A live one looks after its own.
pub(crate) async fn bury(installation: &Installation, campaign: &Campaign) -> Result<(), Failure> {
    let (store, lease) = (&installation.store, installation.settings.worker.lease.0);
    let presence = match store.enlist(campaign.id, sending::worker_id(installation)?, lease).await {
        Ok(presence) => presence,
        Err(StoreError::SenderPresent) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    store.take_over(campaign.id, &presence, installation.now()).await?;
    Ok(store.discharge(&presence, installation.now()).await?)
}

/// What somebody knows. Nobody can know that a message was not sent while the relay may still be deciding.
pub(crate) fn assume(
    installation: &Installation,
    doubts: &[InDoubt],
    assumed: Settled,
) -> Result<Vec<Conclusion>, Failure> {
    let settle_after = SignedDuration::try_from(installation.settings.doubt.settle_after.0)
        .map_err(|_| Failure::usage("settings", "doubt.settle_after is too long"))?;
    let now = installation.now();
    let conclusion = |doubt: &InDoubt| match assumed {
        Settled::Unsent if now.duration_since(doubt.until) < settle_after => Conclusion::Open(
            "the attempt is younger than doubt.settle_after: the relay may still be deciding".to_owned(),
        ),
        _ => Conclusion::Settled(doubt.number, assumed),
    };
    Ok(doubts.iter().map(conclusion).collect())
}

/// Settles them, each batch in one commit with its entry. Returns how many were still in doubt.
pub(crate) async fn settle(
    installation: &Installation,
    campaign: &Campaign,
    settled: &[(u64, Settled)],
    grounds: &Grounds<'_>,
) -> Result<u64, Failure> {
    let audience = installation.store.audience_of(campaign).await?;
    let known_by = match grounds.known_by {
        KnownBy::Log => "log",
        KnownBy::Assumption => "assumption",
    };
    let mut done = 0;
    for batch in settled.chunks(DOUBTS_SETTLED_MAX) {
        let numbers = |what| -> Vec<u64> {
            batch.iter().filter(|(_, settled)| *settled == what).map(|(number, _)| *number).collect()
        };
        let detail = json!({
            crate::account::CAMPAIGN: campaign.uid, "by": known_by, "log_complete": grounds.log_complete,
            "sent": numbers(Settled::Sent), "unsent": numbers(Settled::Unsent),
        });
        let act = Act::new("reconcile", &campaign.name, detail).because(grounds.reason, &audience);
        let entry = installation.entry(&Act { by: grounds.by, ..act }).await?;
        done += installation.store.settle_doubts(campaign.id, batch, installation.now(), &entry).await?;
    }
    Ok(done)
}
