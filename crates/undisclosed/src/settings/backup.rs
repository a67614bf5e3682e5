//! Where backups made in the console go.

use std::path::PathBuf;

use serde::Deserialize;

use crate::failure::Failure;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BackupSettings {
    /// For copies of the database.
    pub(crate) folder: Option<PathBuf>,
    /// For sets of wrapped keys.
    pub(crate) keys_folder: Option<PathBuf>,
}

impl BackupSettings {
    /// Who has a copy of the database and the keys of then can read what was forgotten since: they do not lie together.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let together = match (&self.folder, &self.keys_folder) {
            (Some(folder), Some(keys)) => folder.starts_with(keys) || keys.starts_with(folder),
            _ => false,
        };
        if together {
            return Err(Failure::usage(
                "settings",
                "backup.folder and backup.keys_folder lie in one another: whoever copies the one has both, and can read what \
                 was forgotten",
            ));
        }
        Ok(())
    }
}
