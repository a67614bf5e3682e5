//! `undisclosed send`: the whole of the main job.

use campaign::CampaignLimits;
use serde_json::json;
use store::{NewCampaign, Store, StoreError};

use crate::answer::{answer, note};
use crate::book::Act;
use crate::cli::{General, SendArgs};
use crate::commands::approval;
use crate::failure::{Exit, Failure};
use crate::installation::{Installation, checked_name};
use crate::preparation::{Prepared, Wanted, prepare};
use crate::relay::ReadyRelay;
use crate::sending;
use crate::settings::connections;
use crate::start_time::start_time;
use crate::submission::Submitted;

pub(crate) async fn run(general: &General, args: SendArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    installation.sweep().await?;
    checked_name(&args.name)?;
    name_is_free(&installation.store, &args.name).await?;
    let relay = ReadyRelay::find(args.smtp.as_deref(), &installation.settings)?;
    let connections = connections(args.connections.unwrap_or(installation.settings.delivery.connections))?;
    let wanted_at = args.at.as_deref().map(|text| start_time(text, &installation)).transpose()?;
    // A second person is asked for by somebody: not by a service.
    let author = if installation.settings.approval.required {
        installation.caller.person()?
    } else {
        installation.caller.actor()
    };
    let uid = data_encoding::HEXLOWER.encode(&installation.random.octets::<16>()?);
    let wanted = Wanted {
        audience: &args.audience,
        message: &args.message,
        from: args.from.as_deref(),
        reading: &args.reading,
        acknowledge: &args.acknowledge,
        uid: &uid,
        name: &args.name,
    };
    let prepared = prepare(&installation, &wanted).await?;
    note(general.json, &prepared.words());
    let submitted = Submitted {
        campaign: &uid,
        message: &prepared.digest,
        audience: &prepared.audience,
        relay: &relay.relay.url.to_string(),
        at: wanted_at,
        limits: args.limits.over(CampaignLimits::default()),
    };
    let required = installation.settings.approval.required;
    let submission = required.then(|| submitted.digest(&installation.settings));
    let new = NewCampaign {
        uid: &uid,
        name: &args.name,
        message: &prepared.bundle,
        message_digest: &prepared.digest,
        relay: submitted.relay,
        connections,
        acknowledged: &json!({"warnings": prepared.acknowledged, "again": args.again}).to_string(),
        author,
        submission,
        at: installation.now(),
        wanted_at,
        limits: submitted.limits,
        suppressed_rows: &prepared.checked.suppressed,
        draft: None,
    };
    let detail = json!({
        "people": prepared.audience.people, "audience_digest": prepared.audience.digest,
        "message_digest": prepared.digest, "acknowledged": prepared.acknowledged, "again": args.again,
        "approval": required, "submission": submission.map(|digest| digest.to_string()),
    });
    let act = Act::new(if required { "submit" } else { "send" }, &args.name, detail);
    let act = act.because(args.reason.as_deref(), &prepared.audience);
    let made = create(&installation, args.again, &prepared, &new, &act).await;
    if let Err(failure) = made {
        if prepared.draft {
            installation.discard(&prepared.audience).await?;
        }
        return Err(failure);
    }
    if required {
        return approval::waits(general, &installation, &args.name).await;
    }
    send(general, &installation, &args.name, relay).await
}

/// Sends what has just been made, to the end.
async fn send(
    general: &General,
    installation: &Installation,
    name: &str,
    relay: ReadyRelay,
) -> Result<Exit, Failure> {
    let campaign = installation.store.campaign(name).await?;
    let audience = installation.store.audience_of(&campaign).await?;
    let presence = sending::enlist(installation, &campaign).await?;
    let sent =
        sending::run(installation, campaign, presence, &audience, relay, sending::stop_signals()?, true)
            .await?;
    answer(general.json, &sent.object.to_json(), &sent.object.table());
    Ok(sent.exit())
}

/// Found out before everybody's message is built; the database sees to it in the end.
async fn name_is_free(store: &Store, name: &str) -> Result<(), StoreError> {
    match store.campaign(name).await {
        Ok(_) => Err(StoreError::NameInUse),
        Err(StoreError::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn create(
    installation: &Installation,
    again: bool,
    prepared: &Prepared,
    new: &NewCampaign<'_>,
    act: &Act<'_>,
) -> Result<(), Failure> {
    let store = &installation.store;
    if let Some(before) = store.sent_before(&prepared.digest, &prepared.audience.digest).await?
        && !again
    {
        return Err(Failure::usage(
            "sent_before",
            format!(
                "the campaign \"{before}\" had the same message for the same people; nothing was sent. If they are \
                     to get it twice: --again --reason TEXT"
            ),
        ));
    }
    let entry = installation.entry(act).await?;
    store.create_campaign(new, &prepared.audience, prepared.draft, &entry).await?;
    Ok(())
}
