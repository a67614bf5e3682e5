//! `undisclosed check-sender`: what a sender's domain publishes, and what it must.

use alignment::{Alignment, Record, Report, Standing, What};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use crate::answer::answer;
use crate::cli::{CheckSenderArgs, General};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::mail_set_up::{look_up, senders};

pub(crate) async fn run(general: &General, args: CheckSenderArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let domain = args.domain.or_else(|| senders(&installation).into_iter().next()).ok_or_else(|| {
        Failure::usage("domain", "name a domain, or set sender.from: `undisclosed check-sender unit.example`")
    })?;
    let report = look_up(&installation, &domain).await?;
    answer(general.json, &to_json(&report), &words(&report));
    let is_aligned = matches!(report.alignment, Alignment::Aligned { .. });
    Ok(if is_aligned && !report.is_lacking() { Exit::Done } else { Exit::Somebody })
}

fn to_json(report: &Report) -> Value {
    let (aligned, by_spf, by_dkim) = match report.alignment {
        Alignment::Aligned { by_spf, by_dkim } => (json!(true), by_spf, by_dkim),
        Alignment::NotAligned => (json!(false), false, false),
        Alignment::Unknown => (Value::Null, false, false),
    };
    let record = |record: &Record| {
        json!({
            "what": what(record.what), "name": record.name, "type": record.kind, "standing": standing(record.standing),
            "found": record.found, "publish": record.publish, "said": record.said,
        })
    };
    json!({
        "domain": report.from, "aligned": aligned, "by_spf": by_spf, "by_dkim": by_dkim,
        "records": report.records.iter().map(record).collect::<Vec<_>>(),
    })
}

fn words(report: &Report) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    for record in &report.records {
        table.add_row([
            what(record.what),
            standing(record.standing),
            &format!("{} {}", record.name, record.kind),
        ]);
        table.add_row(["", "", &record.said]);
    }
    let mut text = table.trim_fmt();
    // In lines of their own, so that they can be copied.
    for record in report.records.iter().filter(|record| record.publish.is_some()) {
        let publish = record.publish.as_deref().unwrap_or_default();
        text += &format!("\n\nPublish at {}, as {}:\n{publish}", record.name, record.kind);
    }
    let verdict = match report.alignment {
        Alignment::Aligned { by_spf: true, by_dkim: true } => "Its mail passes, by address and by signature.",
        Alignment::Aligned { by_dkim: true, .. } => "Its mail passes by its signature.",
        Alignment::Aligned { .. } => "Its mail passes by the mail server's address; forwarded mail does not.",
        Alignment::NotAligned => {
            "Its mail does not pass: large mailbox providers refuse it, or take it for spam."
        }
        Alignment::Unknown => "Whether its mail passes cannot be told.",
    };
    format!("{text}\n\n{verdict}")
}

const fn what(what: What) -> &'static str {
    match what {
        What::Spf => "spf",
        What::Dkim => "dkim",
        What::Dmarc => "dmarc",
        What::Replies => "replies",
        What::Bounces => "bounces",
    }
}

const fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Right => "right",
        Standing::Remark => "remark",
        Standing::Missing => "missing",
        Standing::Wrong => "wrong",
        Standing::Unknown => "unknown",
    }
}
