//! `undisclosed import`: a spreadsheet becomes an audience.

use std::sync::atomic::AtomicU64;

use crate::answer::answer;
use crate::audience_import::Inspected;
use crate::cli::{General, ImportArgs};
use crate::failure::{Exit, Failure};
use crate::installation::{Installation, checked_name};
use crate::warnings::acknowledge;

pub(crate) async fn run(general: &General, args: ImportArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    installation.sweep().await?;
    checked_name(&args.audience)?;
    if installation.store.find_audience(&args.audience).await?.is_some() {
        return Err(store::StoreError::NameInUse.into());
    }
    if !args.file.is_file() {
        return Err(Failure::usage("file", "the spreadsheet is not there; nothing was imported"));
    }
    let inspected = Inspected::read(&installation, &args.file, &args.reading).await?;
    let warnings = inspected.warnings();
    let acknowledged = acknowledge(&warnings, &args.acknowledge.acknowledge)?;
    let object = inspected.to_json(&args.audience, &acknowledged);
    let written = AtomicU64::default();
    let audience =
        inspected.import_and_complete(&installation, &args.audience, &acknowledged, None, &written).await?;
    let mut words = format!("{}: {} people", audience.name, audience.people);
    for (number, what) in [(audience.folded, "equal rows folded"), (audience.skipped, "bad rows left out")] {
        if number > 0 {
            words.push_str(&format!(", {number} {what}"));
        }
    }
    answer(general.json, &object, &words);
    Ok(Exit::Done)
}
