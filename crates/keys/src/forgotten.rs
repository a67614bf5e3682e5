//! The list of keys that were destroyed on purpose. It lies beside the keys and not in the database, so that a backup of
//! the database from before cannot undo what was forgotten since.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;

use crate::{KeyFolder, KeyName};

/// The file: a line for each key, its name and when it was destroyed, in microseconds since 1970, UTC.
const FILE_NAME: &str = "forgotten";
/// Octets of the list that are read: some sixty a key, so more keys than an installation ever has.
const LIST_OCTETS_MAX: u64 = 16 * 1024 * 1024;

impl KeyFolder {
    /// Whether the key of that name is there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn has(&self, name: &KeyName) -> io::Result<bool> {
        self.file(name).try_exists()
    }

    /// Destroys a key for good: it is on the list of forgotten keys first, durably. Can be done again.
    ///
    /// # Errors
    /// What the file system says.
    pub fn forget(&self, name: &KeyName, at_microseconds: i64) -> io::Result<()> {
        if !self.forgotten()?.contains_key(name) {
            let mut list = fs::OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(self.path.join(FILE_NAME))?;
            // The line break comes first: a line that a power cut left half is ended by it, and read as none.
            list.write_all(format!("\n{} {at_microseconds}\n", name.as_str()).as_bytes())?;
            list.sync_all()?;
            self.sync()?;
        }
        self.destroy(name)
    }

    /// Keys that were destroyed on purpose, and when.
    ///
    /// # Errors
    /// What the file system says; a list longer than 16 MiB is refused.
    pub fn forgotten(&self) -> io::Result<BTreeMap<KeyName, i64>> {
        let file = match fs::File::open(self.path.join(FILE_NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        let read = file.take(LIST_OCTETS_MAX + 1).read_to_string(&mut text)?;
        if read as u64 > LIST_OCTETS_MAX {
            return Err(io::Error::other("the list of forgotten keys is too long"));
        }
        let line = |line: &str| {
            let (name, at) = line.split_once(' ')?;
            Some((KeyName::parse(name)?, at.parse().ok()?))
        };
        Ok(text.lines().filter_map(line).collect())
    }
}
