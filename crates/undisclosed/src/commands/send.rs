//! `undisclosed send`: the whole of the main job.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::{NewCampaign, StoreError};

use crate::answer::{answer, note};
use crate::cli::{General, SendArgs};
use crate::failure::{Exit, Failure};
use crate::installation::{Installation, checked_name};
use crate::preparation::{Prepared, Wanted, prepare};
use crate::relay::ReadyRelay;
use crate::sending;
use crate::settings::connections;

/// A time given by hand may have passed while the command was typed.
const PAST_MAX: SignedDuration = SignedDuration::from_secs(60);

pub(crate) async fn run(general: &General, args: SendArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    installation.sweep().await?;
    checked_name(&args.name)?;
    match installation.store.campaign(&args.name).await {
        Ok(_) => return Err(StoreError::NameInUse.into()),
        Err(StoreError::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    let relay = ReadyRelay::find(args.smtp.as_deref(), &installation.settings)?;
    let connections = connections(args.connections.unwrap_or(installation.settings.delivery.connections))?;
    let start_at = args
        .at
        .as_deref()
        .map(|text| start_time(text, &installation.settings.delivery.time_zone))
        .transpose()?;
    if start_at.is_some_and(|at| installation.now().duration_since(at) > PAST_MAX) {
        return Err(Failure::usage("time", "--at is a time that has passed; nothing was sent"));
    }
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
    let made = create(&installation, &args, &uid, &prepared, &relay, connections, start_at).await;
    if let Err(failure) = made {
        if prepared.draft {
            installation.discard(&prepared.audience).await?;
        }
        return Err(failure);
    }
    let detail = json!({
        "people": prepared.audience.people, "message_digest": prepared.digest, "acknowledged": prepared.acknowledged,
        "reason": args.reason, "approval": installation.settings.approval.required,
    });
    installation.record("send", &args.name, detail).await?;
    let campaign = installation.store.campaign(&args.name).await?;
    let presence = sending::enlist(&installation, &campaign).await?;
    let sent = sending::run(&installation, campaign, presence, &prepared.audience, relay).await?;
    answer(general.json, &sent.object.to_json(), &sent.object.table());
    Ok(sent.exit())
}

async fn create(
    installation: &Installation,
    args: &SendArgs,
    uid: &str,
    prepared: &Prepared,
    relay: &ReadyRelay,
    connections: u32,
    start_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let store = &installation.store;
    if let Some(before) = store.sent_before(&prepared.digest, &prepared.audience.digest).await?
        && !args.again
    {
        return Err(Failure::usage(
            "sent_before",
            format!(
                "the campaign \"{before}\" had the same message for the same people; nothing was sent. If they are \
                     to get it twice: --again --reason TEXT"
            ),
        ));
    }
    let now = installation.now();
    let mut acknowledged = prepared.acknowledged.clone();
    acknowledged.extend(args.again.then(|| "again".to_owned()));
    let acknowledged = json!({"warnings": acknowledged, "reason": args.reason}).to_string();
    let new = NewCampaign {
        uid,
        name: &args.name,
        message: &prepared.bundle,
        message_digest: &prepared.digest,
        relay: &relay.relay.url.to_string(),
        connections,
        acknowledged: &acknowledged,
        at: now,
        start_at: start_at.unwrap_or(now),
        suppressed_rows: &prepared.checked.suppressed,
    };
    store.create_campaign(&new, &prepared.audience, prepared.draft).await?;
    Ok(())
}

/// A time with its offset, or one of the clock on the wall in `delivery.time_zone`.
fn start_time(text: &str, zone: &str) -> Result<Timestamp, Failure> {
    let form = || Failure::usage("time", "--at takes a time like 2026-12-01T09:00 or 2026-12-01T09:00Z");
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    let local: DateTime = text.replacen(' ', "T", 1).parse().map_err(|_| form())?;
    let zone = TimeZone::get(zone)
        .map_err(|_| Failure::usage("settings", "delivery.time_zone is not the name of a time zone"))?;
    Ok(local.to_zoned_datetime(zone).map_err(|_| form())?.timestamp())
}
