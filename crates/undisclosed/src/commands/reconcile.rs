//! `undisclosed reconcile`: settles what is in doubt, by the relay's log or by what somebody knows (promise 3).

use std::collections::BTreeMap;

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::json;
use store::{Settled, StoreError};

use crate::answer::{answer, note};
use crate::campaign_object::CampaignObject;
use crate::cli::{Assumed, General, ReconcileArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::reconciling::{Grounds, KnownBy, assume, bury, settle};
use crate::relay_log::{Conclusion, Conclusions, Reading, conclude};

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
            let assumed = match assumed {
                Assumed::Sent => Settled::Sent,
                Assumed::Unsent => Settled::Unsent,
            };
            let all = assume(&installation, &doubts, assumed)?;
            Conclusions { all, taken_twice: 0 }
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
    let grounds = Grounds {
        known_by: if args.assume.is_some() { KnownBy::Assumption } else { KnownBy::Log },
        log_complete: args.log_complete,
        reason: args.reason.as_deref(),
        by: None,
    };
    settle(&installation, &campaign, &settled, &grounds).await?;
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
