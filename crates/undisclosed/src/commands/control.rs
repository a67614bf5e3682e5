//! `undisclosed pause` and `undisclosed cancel`: after they return, at most those in flight leave.

use campaign::CampaignEvent;
use serde_json::json;

use crate::answer::answer;
use crate::book::Act;
use crate::campaign_object::CampaignObject;
use crate::cli::General;
use crate::failure::{Exit, Failure};
use crate::installation::Installation;

pub(crate) async fn pause(general: &General, name: &str) -> Result<Exit, Failure> {
    step(general, name, CampaignEvent::Pause, "pause", "paused by hand").await
}

pub(crate) async fn cancel(general: &General, name: &str) -> Result<Exit, Failure> {
    step(general, name, CampaignEvent::Cancel, "cancel", "cancelled by hand").await
}

async fn step(
    general: &General,
    name: &str,
    event: CampaignEvent,
    act: &str,
    reason: &str,
) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let campaign = store.campaign(name).await?;
    let entry = installation.entry(&Act::new(act, name, json!({}))).await?;
    store.act_on_campaign(campaign.id, event, reason, installation.now(), &entry).await?;
    installation.close_accounts().await?;
    let object = CampaignObject::load(store, name).await?;
    answer(general.json, &object.to_json(), &object.table());
    Ok(Exit::Done)
}
