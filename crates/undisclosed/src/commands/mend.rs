//! `undisclosed mend`: a corrected message for a paused or halted campaign. Those who were written to, or may have
//! been, get nothing more.

use serde_json::json;
use store::{Audience, Campaign, CorrectedMessage, Resubmission};

use crate::answer::answer;
use crate::book::Act;
use crate::campaign_object::CampaignObject;
use crate::check;
use crate::cli::{General, MendArgs};
use crate::commands::approval;
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::preparation::of_message;
use crate::sending;
use crate::submission::Submitted;
use crate::warnings::acknowledge;

pub(crate) async fn run(general: &General, args: MendArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let campaign = store.campaign(&args.name).await?;
    let audience = store.audience_of(&campaign).await?;
    let files = MessageFiles::read(&args.message, args.from.as_deref(), &installation.settings)?;
    files.template.check_fields(&audience.fields)?;
    let acknowledged = acknowledge(
        &of_message(&files, &installation.settings.discretion_words()),
        &args.acknowledge.acknowledge,
    )?;
    let (bundle, digest) = (files.bundle()?, data_encoding::HEXLOWER.encode(&files.template.digest()));
    let domain = files.template.from().address().domain().to_owned();
    let identity = CampaignIdentity { number: campaign.id.get(), uid: &campaign.uid, test: false };
    let letters = letters(&installation, &audience, files, &identity)?;
    // Nobody may be sending while the message changes.
    let presence = sending::enlist(&installation, &campaign).await?;
    store.take_over(campaign.id, &presence, installation.now()).await?;
    keeps_its_domain(&installation, &campaign, &domain).await?;
    check::everybody(store, &audience, &letters, installation.now()).await?;
    if installation.needs_approval(&campaign) {
        let message = CorrectedMessage {
            bundle: &bundle,
            digest: &digest,
            acknowledged: &json!({"warnings": acknowledged}).to_string(),
        };
        return submit_mended(general, &installation, &campaign, &audience, message).await;
    }
    let detail = json!({"message_digest": digest, "acknowledged": acknowledged});
    let entry = installation.entry(&Act::new("mend", &args.name, detail)).await?;
    store.mend_campaign(campaign.id, &bundle, &digest, &entry).await?;
    let object = CampaignObject::load(store, &args.name).await?;
    answer(
        general.json,
        &object.to_json(),
        &format!("{}\n`undisclosed resume` goes on with it.", object.table()),
    );
    Ok(Exit::Done)
}

/// Message-IDs are of the sender's domain, and the relay's log is searched by them.
pub(crate) async fn keeps_its_domain(
    installation: &Installation,
    campaign: &Campaign,
    domain: &str,
) -> Result<(), Failure> {
    let before = MessageFiles::stored(&campaign.message, &installation.settings)?;
    let in_doubt = installation.store.counts(campaign.id).await?.in_doubt;
    if in_doubt == 0 || before.template.from().address().domain() == domain {
        return Ok(());
    }
    Err(Failure::usage(
        "in_doubt",
        format!(
            "{in_doubt} messages are in doubt, and would not be found in the relay's log under another sender's domain: \
             `undisclosed reconcile` first. Nothing was changed"
        ),
    ))
}

/// An edit voids what was agreed: the corrected message waits for a second person.
async fn submit_mended(
    general: &General,
    installation: &Installation,
    campaign: &Campaign,
    audience: &Audience,
    message: CorrectedMessage<'_>,
) -> Result<Exit, Failure> {
    let wanted_at = campaign.approval.wanted_at.filter(|at| *at > installation.now());
    let submitted =
        Submitted { message: message.digest, at: wanted_at, ..Submitted::stored(campaign, audience) };
    let new = Resubmission {
        author: installation.caller.person()?,
        message: Some(message),
        relay: &campaign.relay,
        connections: campaign.connections,
        wanted_at,
        limits: campaign.limits,
        submission: submitted.digest(&installation.settings),
        draft: None,
        now: installation.now(),
    };
    let detail = json!({"message_digest": message.digest, "submission": new.submission.to_string()});
    let entry = installation.entry(&Act::new("mend", &campaign.name, detail)).await?;
    installation.store.resubmit(campaign.id, &new, &entry).await?;
    approval::waits(general, installation, &campaign.name).await
}
