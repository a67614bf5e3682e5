//! `undisclosed resume`: goes on with a campaign, in the foreground.

use campaign::{CampaignEvent, CampaignState};
use serde_json::json;

use crate::answer::answer;
use crate::book::Act;
use crate::campaign_object::CampaignObject;
use crate::cli::{General, ResumeArgs};
use crate::commands::approval;
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::relay::ReadyRelay;
use crate::sending;
use crate::settings::connections;

pub(crate) async fn run(general: &General, args: ResumeArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let mut campaign = store.campaign(&args.name).await?;
    let audience = store.audience_of(&campaign).await?;
    if campaign.state.is_final() {
        let object = CampaignObject::of(store, &campaign).await?;
        answer(general.json, &object.to_json(), &object.table());
        return Ok(object.exit());
    }
    if campaign.state == CampaignState::Halted {
        return Err(Failure::usage(
            "halted",
            "the campaign is halted: the proof refused a message. Correct the message file and give it with \
             `undisclosed mend`, then resume; only those who were not written to will be",
        ));
    }
    match campaign.state {
        CampaignState::Draft => {
            return Err(Failure::usage(
                "draft",
                "the campaign is a draft: `undisclosed submit` asks for approval; nothing was sent",
            ));
        }
        CampaignState::Submitted => return approval::waits(general, &installation, &args.name).await,
        _ => {}
    }
    campaign.relay = args.smtp.clone().unwrap_or(campaign.relay);
    campaign.connections = connections(args.connections.unwrap_or(campaign.connections))?;
    let relay = ReadyRelay::find(Some(&campaign.relay), &installation.settings)?;
    campaign.relay = relay.relay.url.to_string();
    installation.check_approval(&campaign, &audience)?;
    // First: what another process is sending is not changed under its hands.
    let presence = sending::enlist(&installation, &campaign).await?;
    store.set_relay(campaign.id, &campaign.relay, campaign.connections).await?;
    let detail = json!({"relay": campaign.relay, "connections": campaign.connections});
    let entry = installation.entry(&Act::new("resume", &args.name, detail)).await?;
    if matches!(campaign.state, CampaignState::Approved | CampaignState::Waiting) {
        store.record(&entry).await?;
    } else {
        store.act_on_campaign(campaign.id, CampaignEvent::Resume, "", installation.now(), &entry).await?;
    }
    let stop = sending::stop_signals()?;
    let sent = sending::run(&installation, campaign, presence, &audience, relay, stop, true).await?;
    answer(general.json, &sent.object.to_json(), &sent.object.table());
    Ok(sent.exit())
}
