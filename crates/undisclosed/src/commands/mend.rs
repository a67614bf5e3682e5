//! `undisclosed mend`: a corrected message for a paused or halted campaign. Those who were written to, or may have
//! been, get nothing more.

use serde_json::json;

use crate::answer::answer;
use crate::campaign_object::CampaignObject;
use crate::check;
use crate::cli::{General, MendArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::preparation::of_message;
use crate::sending;
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
    let identity = CampaignIdentity { number: campaign.id.get(), uid: &campaign.uid, test: false };
    let letters = letters(&installation, &audience, files, &identity)?;
    // Nobody may be sending while the message changes.
    let presence = sending::enlist(&installation, &campaign).await?;
    store.take_over(campaign.id, &presence, installation.now()).await?;
    check::everybody(store, &audience, &letters, installation.now()).await?;
    store.mend_campaign(campaign.id, &bundle, &digest).await?;
    installation
        .record("mend", &args.name, json!({"message_digest": digest, "acknowledged": acknowledged}))
        .await?;
    let campaign = store.campaign(&args.name).await?;
    let object = CampaignObject::new(&campaign, &audience, store.counts(campaign.id).await?, None);
    answer(
        general.json,
        &object.to_json(),
        &format!("{}\n`undisclosed resume` goes on with it.", object.table()),
    );
    Ok(Exit::Done)
}
