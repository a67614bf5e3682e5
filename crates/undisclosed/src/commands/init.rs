//! `undisclosed init`: an installation in the current folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use keys::{InstanceKey, KEY_FILE_NAME, Random};
use serde_json::json;

use crate::answer::answer;
use crate::caller::Caller;
use crate::cli::General;
use crate::failure::{Exit, Failure};
use crate::settings::SETTINGS_FILE_NAME;

/// The settings file as it begins: what most have to edit, with what it means.
const SETTINGS: &str = include_str!("../../undisclosed.toml");

pub(crate) fn run(general: &General) -> Result<Exit, Failure> {
    Caller::find()?;
    for name in [SETTINGS_FILE_NAME, KEY_FILE_NAME, "keys", "data"] {
        if Path::new(name).exists() {
            return Err(Failure::usage(
                "exists",
                format!(
                    "there is a {name} here already; nothing was changed. Another installation needs another folder"
                ),
            ));
        }
    }
    let cannot = |_| Failure::usage("folder", "this folder cannot be written to; nothing was made");
    let folder = |name: &str| fs::DirBuilder::new().mode(0o700).create(name).map_err(cannot);
    InstanceKey::create(Path::new(KEY_FILE_NAME), &Random::default())
        .map_err(|error| Failure::usage("key_file", error.to_string()))?;
    folder("keys")?;
    folder("data")?;
    // Last: a folder is an installation when it has its settings.
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o640)
        .open(SETTINGS_FILE_NAME)
        .map_err(cannot)?;
    file.write_all(SETTINGS.as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
    answer(
        general.json,
        &json!({"settings": SETTINGS_FILE_NAME, "key": KEY_FILE_NAME, "keys": "keys", "data": "data"}),
        "Made here:\n  undisclosed.toml  settings: edit relay.url and sender.from first\n  undisclosed.key   opens everything: \
         keep a copy apart from the data, and let nobody else read it\n  keys/             one key for each audience: \
         back it up apart from data/\n  data/             the database",
    );
    Ok(Exit::Done)
}
