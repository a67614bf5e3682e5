//! The keys' own backup: dated sets in a folder apart, each removed after some days. A key that was destroyed is gone
//! from its backups when the last set with it is (promise 11).

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::KeyFolder;

/// Largest file that is taken for a wrapped key or the list of forgotten ones.
const FILE_OCTETS_MAX: u64 = 16 * 1024 * 1024;

/// The name of a set, `keys-20261123T233421Z`: later ones sort behind earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeySetName(String);

impl KeySetName {
    /// The set of a time in UTC, as `20261123T233421Z`.
    #[must_use]
    pub fn of_time(time: &str) -> Option<Self> {
        Self::parse(&format!("keys-{time}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let time = text.strip_prefix("keys-")?.as_bytes();
        let fits = |(place, octet): (usize, &u8)| match place {
            8 => *octet == b'T',
            15 => *octet == b'Z',
            _ => octet.is_ascii_digit(),
        };
        (time.len() == 16 && time.iter().enumerate().all(fits)).then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyFolder {
    /// Copies the wrapped keys, and the lists of what was forgotten and erased, into a new set below `to`. Never the instance key.
    /// Returns how many keys.
    ///
    /// # Errors
    /// What the file system says; then there is no set of that name.
    pub fn back_up(&self, to: &Path, set: &KeySetName) -> io::Result<u64> {
        let folder = |path: &Path| fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        folder(to)?;
        if to.canonicalize()?.starts_with(self.path.canonicalize()?) {
            return Err(io::Error::other("a backup of the keys does not lie among the keys"));
        }
        // Under another name first: a set is whole or it is not there.
        let partial = to.join(format!(".{}.new", set.as_str()));
        folder(&partial)?;
        let mut keys = 0;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_key = Path::new(&name).extension().is_some_and(|extension| extension == "key");
            if !(is_key || name == "forgotten" || name == "erased")
                || entry.metadata()?.len() > FILE_OCTETS_MAX
            {
                continue;
            }
            let octets = match fs::read(entry.path()) {
                Ok(octets) => octets,
                // Destroyed in this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(partial.join(&name))?;
            file.write_all(&octets)?;
            file.sync_all()?;
            keys += u64::from(is_key);
        }
        fs::File::open(&partial)?.sync_all()?;
        fs::rename(&partial, to.join(set.as_str()))?;
        fs::File::open(to)?.sync_all()?;
        Ok(keys)
    }
}

/// Removes the sets below `folder` that are older than `before`, and what a killed process left of one. Returns how many
/// sets.
///
/// # Errors
/// What the file system says.
pub fn remove_key_sets(folder: &Path, before: &KeySetName) -> io::Result<u64> {
    let mut removed = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let partial = name.strip_prefix('.').and_then(|name| name.strip_suffix(".new"));
        let Some(set) = KeySetName::parse(partial.unwrap_or(name)) else { continue };
        if set < *before {
            fs::remove_dir_all(entry.path())?;
            removed += u64::from(partial.is_none());
        }
    }
    fs::File::open(folder)?.sync_all()?;
    Ok(removed)
}
