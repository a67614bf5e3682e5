//! `undisclosed status`: where campaigns stand, without anybody's address.

use std::io::IsTerminal;
use std::time::Duration;

use campaign::DeliveryState;
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use store::{Campaign, DeliveryRow, Store};

use crate::answer::answer;
use crate::campaign_object::CampaignObject;
use crate::cli::{General, StatusArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;

/// How often `--watch` looks.
const WATCH: Duration = Duration::from_secs(1);
/// Rows read at once.
const PAGE: u32 = 1_000;
/// Rows listed at most.
const ROWS_MAX: usize = 10_000;

pub(crate) async fn run(general: &General, args: StatusArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let Some(name) = &args.name else { return list(general, store).await };
    loop {
        let campaign = store.campaign(name).await?;
        let object = CampaignObject::of(store, &campaign).await?;
        let (mut json, mut words) = (object.to_json(), object.table());
        if args.rows {
            let rows = rows(store, &campaign).await?;
            json["rows"] = rows.iter().map(row_json).collect::<Vec<_>>().into();
            words = format!("{words}\n{}", rows_table(&rows));
        }
        show(general.json, args.watch, &json, &words);
        if !args.watch || campaign.state.is_final() {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(WATCH).await;
    }
}

/// With `--watch` on a terminal, over what stood there before.
#[expect(clippy::print_stdout, reason = "clears the terminal between two looks")]
fn show(as_json: bool, watch: bool, json: &Value, words: &str) {
    if watch && !as_json && std::io::stdout().is_terminal() {
        print!("\x1b[H\x1b[2J");
    }
    answer(as_json, json, words);
}

async fn list(general: &General, store: &Store) -> Result<Exit, Failure> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["campaign", "state", "accepted", "of"]);
    let mut objects = Vec::new();
    for campaign in store.campaigns().await? {
        let object = CampaignObject::of(store, &campaign).await?;
        table.add_row([
            object.name.clone(),
            object.state.word().to_owned(),
            object.counts.accepted.to_string(),
            object.counts.total.to_string(),
        ]);
        objects.push(object.to_json());
    }
    let words = if objects.is_empty() { "There is no campaign yet.".to_owned() } else { table.to_string() };
    answer(general.json, &json!({"campaigns": objects}), &words);
    Ok(Exit::Done)
}

/// Deliveries that were not accepted, by their rows.
async fn rows(store: &Store, campaign: &Campaign) -> Result<Vec<DeliveryRow>, Failure> {
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let page = store.deliveries(campaign.id, None, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(rows) };
        after = last.number;
        for mut row in page.into_iter().filter(|row| row.state != DeliveryState::Accepted) {
            // As in the counts: an intent without a live sender is in doubt.
            if row.state == DeliveryState::Intended && !store.is_alive(campaign.id, row.worker).await? {
                row.state = DeliveryState::InDoubt;
            }
            rows.push(row);
        }
        if rows.len() >= ROWS_MAX {
            rows.truncate(ROWS_MAX);
            return Ok(rows);
        }
    }
}

fn row_json(row: &DeliveryRow) -> Value {
    json!({
        "row": row.row, "state": row.state.word(), "attempts": row.attempts, "code": row.code, "enhanced": row.enhanced,
        "settled_at": row.settled_at.map(|at| at.to_string()),
    })
}

fn rows_table(rows: &[DeliveryRow]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["row", "state", "attempts", "reply"]);
    for row in rows {
        let reply = if row.code == 0 { String::new() } else { format!("{} {}", row.code, row.enhanced) };
        table.add_row([row.row.to_string(), row.state.word().to_owned(), row.attempts.to_string(), reply]);
    }
    table.to_string()
}
