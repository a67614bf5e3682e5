//! `undisclosed backup`: the database alone, or the wrapped keys alone, never both in one place by one command's doing.

use serde_json::json;

use crate::answer::answer;
use crate::backing_up::{database, keys};
use crate::cli::{BackupArgs, General};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;

pub(crate) async fn run(general: &General, args: BackupArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    // The keys last: a key is durable before anything is sealed under it, so the set opens all of the backup.
    let mut object = json!({});
    let mut words = Vec::new();
    if let Some(file) = &args.file {
        let at = database(&installation, file, None).await?;
        object["at"] = at.to_string().into();
        words.push(format!("The database of {}, without its keys.", at.strftime("%Y-%m-%d %H:%M:%S UTC")));
    }
    if let Some(folder) = &args.keys {
        let set = keys(&installation, folder, None).await?;
        words.push(set.to_string());
        object["keys"] = json!({"keys": set.keys, "set": set.name, "removed": set.removed});
    }
    answer(general.json, &object, &words.join("\n"));
    Ok(Exit::Done)
}
