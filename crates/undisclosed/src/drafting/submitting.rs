//! A draft becomes a campaign, or a campaign's other message, that waits for a second person.

use serde_json::json;
use store::{CampaignId, CorrectedMessage, Draft, NewCampaign, Resubmission};

use super::checklist::{Proved, check};
use super::jobs::Job;
use crate::book::Act;
use crate::commands::mend::keeps_its_domain;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::sending;
use crate::settings::connections;
use crate::submission::Submitted;

/// Checks everything once more, and submits exactly this version of the draft.
pub(super) async fn submit(
    installation: &Installation,
    draft: &Draft,
    accepted: &[String],
    by: &str,
    job: &Job,
) -> Result<CampaignId, Failure> {
    let (list, proved) = check(installation, draft, job).await?;
    let Some(proved) = proved else {
        return Err(Failure::usage("check", "something is wrong with it now. Check everything again"));
    };
    let open = list.warnings().any(|(word, _)| !accepted.iter().any(|accepted| accepted == word));
    if open {
        return Err(Failure::usage(
            "warning",
            "there is a warning now that was not there before. Check everything again",
        ));
    }
    match draft.campaign {
        None => make(installation, draft, accepted, by, &proved).await,
        Some(id) => change(installation, draft, (id, accepted), by, &proved).await,
    }
}

async fn make(
    installation: &Installation,
    draft: &Draft,
    accepted: &[String],
    by: &str,
    proved: &Proved,
) -> Result<CampaignId, Failure> {
    let uid = data_encoding::HEXLOWER.encode(&installation.random.octets::<16>()?);
    let submitted = Submitted {
        campaign: &uid,
        message: &proved.digest,
        audience: &draft.audience,
        relay: &proved.relay,
        at: draft.wanted_at,
        limits: draft.limits,
    };
    let submission = submitted.digest(&installation.settings);
    let again = accepted.iter().any(|word| word == "again");
    let new = NewCampaign {
        uid: &uid,
        name: &draft.name,
        message: &proved.bundle,
        message_digest: &proved.digest,
        relay: &proved.relay,
        connections: connections(installation.settings.delivery.connections)?,
        acknowledged: &json!({"warnings": accepted, "again": again}).to_string(),
        author: by,
        submission: Some(submission),
        at: installation.now(),
        wanted_at: draft.wanted_at,
        limits: draft.limits,
        suppressed_rows: &proved.suppressed,
        draft: Some(draft.at),
    };
    let detail = json!({
        "people": draft.audience.people, "audience_digest": draft.audience.digest,
        "message_digest": proved.digest, "acknowledged": accepted, "again": again, "approval": true,
        "submission": submission.to_string(),
    });
    let act = Act { by: Some(by), ..Act::new("submit", &draft.name, detail) };
    let entry = installation.entry(&act).await?;
    Ok(installation.store.create_campaign(&new, &draft.audience, false, &entry).await?)
}

async fn change(
    installation: &Installation,
    draft: &Draft,
    (id, accepted): (CampaignId, &[String]),
    by: &str,
    proved: &Proved,
) -> Result<CampaignId, Failure> {
    let store = &installation.store;
    let campaign = store.campaign_numbered(id.get()).await?;
    // Nobody may be sending while the message changes.
    let presence = sending::enlist(installation, &campaign).await?;
    store.take_over(id, &presence, installation.now()).await?;
    keeps_its_domain(installation, &campaign, &proved.domain).await?;
    let submitted = Submitted {
        message: &proved.digest,
        at: draft.wanted_at,
        limits: draft.limits,
        ..Submitted::stored(&campaign, &draft.audience)
    };
    let new = Resubmission {
        author: by,
        message: Some(CorrectedMessage {
            bundle: &proved.bundle,
            digest: &proved.digest,
            acknowledged: &json!({"warnings": accepted}).to_string(),
        }),
        relay: &campaign.relay,
        connections: campaign.connections,
        wanted_at: draft.wanted_at,
        limits: draft.limits,
        submission: submitted.digest(&installation.settings),
        draft: Some(draft.at),
        now: installation.now(),
    };
    let detail = json!({"message_digest": proved.digest, "submission": new.submission.to_string(), "acknowledged": accepted});
    let act = Act { by: Some(by), ..Act::new("mend", &campaign.name, detail) };
    let entry = installation.entry(&act).await?;
    store.resubmit(id, &new, &entry).await?;
    Ok(id)
}
