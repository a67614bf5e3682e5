//! `undisclosed reconcile`: settles what is in doubt, by the relay's log or by what somebody knows (promise 3).

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use jiff::SignedDuration;
use serde_json::json;
use store::{Audience, Campaign, DOUBTS_SETTLED_MAX, InDoubt, Settled, StoreError};

use crate::answer::{answer, note};
use crate::book::Act;
use crate::campaign_object::CampaignObject;
use crate::cli::{Assumed, General, ReconcileArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::relay_log::{Conclusion, Conclusions, Reading, conclude};
use crate::sending;

pub(crate) async fn run(general: &General, args: ReconcileArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let campaign = store.campaign(&args.name).await?;
    let audience = store.audience_of(&campaign).await?;
    if audience.forgotten_at.is_some() {
        return Err(StoreError::Forgotten.into());
    }
    bury(&installation, &campaign).await?;
    let mut doubts = store.doubts(campaign.id).await?;
    if let Some(row) = args.row {
        doubts.retain(|doubt| doubt.row == row);
    }
    let conclusions = match args.assume {
        Some(assumed) => {
            installation.caller.person()?;
            assume(&installation, &doubts, assumed)?
        }
        None => {
            let reading = Reading {
                files: &args.log,
                time_zone: args.time_zone.as_deref(),
                complete: args.log_complete,
            };
            conclude(&installation, &campaign, &doubts, &reading).await?
        }
    };
    let (settled, open) = sorted(conclusions.all);
    for batch in settled.chunks(DOUBTS_SETTLED_MAX) {
        settle(&installation, &campaign, &audience, batch, &args).await?;
    }
    installation.close_accounts().await?;
    let object = CampaignObject::load(store, &args.name).await?;
    let number = |what: Settled| settled.iter().filter(|(_, settled)| *settled == what).count();
    let (sent, unsent) = (number(Settled::Sent), number(Settled::Unsent));
    let mut json = object.to_json();
    json["settled"] = json!({"sent": sent, "unsent": unsent});
    json["undecided"] = json!(open);
    json["taken_twice"] = json!(conclusions.taken_twice);
    answer(general.json, &json, &words(sent, unsent, &open, &object));
    if conclusions.taken_twice > 0 {
        let text = format!(
            "{} messages were taken by the relay more than once: somebody got them twice.",
            conclusions.taken_twice
        );
        note(general.json, &text);
    }
    if unsent > 0 {
        note(general.json, "Who was not written to is written to by `undisclosed resume`.");
    }
    Ok(if object.counts.in_doubt == 0 { Exit::Done } else { Exit::Somebody })
}

/// What a dead sender left behind becomes in doubt first. A live one looks after its own.
async fn bury(installation: &Installation, campaign: &Campaign) -> Result<(), Failure> {
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
fn assume(installation: &Installation, doubts: &[InDoubt], assumed: Assumed) -> Result<Conclusions, Failure> {
    let settle_after = SignedDuration::try_from(installation.settings.doubt.settle_after.0)
        .map_err(|_| Failure::usage("settings", "doubt.settle_after is too long"))?;
    let now = installation.now();
    let all = doubts
        .iter()
        .map(|doubt| match assumed {
            Assumed::Sent => Conclusion::Settled(doubt.number, Settled::Sent),
            Assumed::Unsent if now.duration_since(doubt.until) >= settle_after => {
                Conclusion::Settled(doubt.number, Settled::Unsent)
            }
            Assumed::Unsent => Conclusion::Open(
                "the attempt is younger than doubt.settle_after: the relay may still be deciding".to_owned(),
            ),
        })
        .collect();
    Ok(Conclusions { all, taken_twice: 0 })
}

/// The settled ones, and why the others are not, by how many.
fn sorted(all: Vec<Conclusion>) -> (Vec<(u64, Settled)>, BTreeMap<String, u64>) {
    let (mut settled, mut open) = (Vec::new(), BTreeMap::new());
    for conclusion in all {
        match conclusion {
            Conclusion::Settled(number, what) => settled.push((number, what)),
            Conclusion::Open(why) => *open.entry(why).or_insert(0) += 1,
        }
    }
    (settled, open)
}

async fn settle(
    installation: &Installation,
    campaign: &Campaign,
    audience: &Audience,
    batch: &[(u64, Settled)],
    args: &ReconcileArgs,
) -> Result<(), Failure> {
    let numbers = |what| -> Vec<u64> {
        batch.iter().filter(|(_, settled)| *settled == what).map(|(number, _)| *number).collect()
    };
    let by = if args.assume.is_some() { "assumption" } else { "log" };
    let detail = json!({
        crate::account::CAMPAIGN: campaign.uid, "by": by, "log_complete": args.log_complete,
        "sent": numbers(Settled::Sent), "unsent": numbers(Settled::Unsent),
    });
    let act = Act::new("reconcile", &campaign.name, detail).because(args.reason.as_deref(), audience);
    let entry = installation.entry(&act).await?;
    installation.store.settle_doubts(campaign.id, batch, installation.now(), &entry).await?;
    Ok(())
}

fn words(sent: usize, unsent: usize, open: &BTreeMap<String, u64>, object: &CampaignObject) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.add_row(["the relay took".to_owned(), sent.to_string()]);
    table.add_row(["the relay did not take".to_owned(), unsent.to_string()]);
    for (why, number) in open {
        table.add_row([format!("still in doubt: {why}"), number.to_string()]);
    }
    format!("{}\n\n{}", table.trim_fmt(), object.table())
}
