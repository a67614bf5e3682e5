//! `undisclosed retention`: what is erased because its time is over; listed, or erased.

use jiff::Timestamp;
use serde_json::json;

use crate::answer::answer;
use crate::cli::{General, RetentionArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::retention::Item;

pub(crate) async fn run(general: &General, args: RetentionArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let now = installation.now();
    if args.run.is_some() {
        let gone = installation.run_retention(now).await?;
        let named: Vec<_> = gone.iter().map(|(what, name)| json!({"what": what, "name": name})).collect();
        let words: Vec<String> = gone.iter().map(|(what, name)| format!("{what}: {name}: erased")).collect();
        let words = if words.is_empty() { "Nothing was due.".to_owned() } else { words.join("\n") };
        answer(general.json, &json!({"erased": named}), &words);
        return Ok(Exit::Done);
    }
    let plan = installation.retention_plan(now).await?;
    let object = |item: &Item| {
        let (what, name) = item.named();
        json!({
            "what": what, "name": name, "due": item.at.map(|at| at.to_string()), "holds": item.holds, "goes": item.goes(now),
        })
    };
    let listed: Vec<_> = plan.iter().map(object).collect();
    let lines: Vec<String> = plan.iter().map(|item| line(item, now)).collect();
    let words =
        if lines.is_empty() { "Nothing is kept that has an end.".to_owned() } else { lines.join("\n") };
    answer(general.json, &json!({"kept": listed}), &words);
    Ok(Exit::Done)
}

fn line(item: &Item, now: Timestamp) -> String {
    let (what, name) = item.named();
    let when = match item.at {
        None => "kept while a campaign to it is open".to_owned(),
        Some(at) if item.goes(now) => {
            format!("due since {}: `undisclosed retention run` erases it", at.strftime("%Y-%m-%d"))
        }
        Some(at) => format!("kept until {}", at.strftime("%Y-%m-%d")),
    };
    let held =
        if item.holds.is_empty() { String::new() } else { format!("; held: {}", item.holds.join("; ")) };
    format!("{what}: {name}: {when}{held}")
}
