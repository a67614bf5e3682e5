//! Stopping a campaign and letting it go on.

use campaign::{CampaignEvent, CampaignState};
use store::Campaign;

use crate::acts::Acting;
use crate::trouble::Trouble;

pub(crate) async fn pause(by: &Acting, campaign: &Campaign) -> Result<(), Trouble> {
    if campaign.state == CampaignState::Paused {
        // Why it is paused, by a rule it may be, stays as it was said.
        return Ok(());
    }
    step(by, campaign, CampaignEvent::Pause, "pause", "paused by hand").await
}

/// Goes on with exactly what was approved; a worker takes it up.
pub(crate) async fn resume(by: &Acting, campaign: &Campaign) -> Result<(), Trouble> {
    by.console.desk.may_be_sent(campaign).await?;
    step(by, campaign, CampaignEvent::Resume, "resume", "").await
}

pub(crate) async fn cancel(by: &Acting, campaign: &Campaign) -> Result<(), Trouble> {
    step(by, campaign, CampaignEvent::Cancel, "cancel", "cancelled by hand").await
}

async fn step(
    by: &Acting,
    campaign: &Campaign,
    event: CampaignEvent,
    act: &'static str,
    reason: &str,
) -> Result<(), Trouble> {
    let entry = by.console.scribe.entry(&by.act(act, &campaign.name))?;
    by.console.store.act_on_campaign(campaign.id, event, reason, by.at, &entry).await?;
    Ok(())
}

/// As long as no message has left.
pub(crate) async fn take_back(by: &Acting, campaign: &Campaign) -> Result<(), Trouble> {
    let entry = by.console.scribe.entry(&by.act("take-back", &campaign.name))?;
    by.console.store.take_back(campaign.id, &entry).await?;
    Ok(())
}
