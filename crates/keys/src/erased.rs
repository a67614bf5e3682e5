//! The list of people who were erased, by the names of their audiences' keys and their rows. It lies beside the keys and not
//! in the database, so that a backup of the database from before brings nobody back.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;

use crate::{KeyFolder, KeyName};

/// The file: a line for each person, the name of their audience's key, their row, when in microseconds since 1970, UTC, and
/// 1 where their suppression stays, else 0.
const FILE_NAME: &str = "erased";
/// Octets of the list that are read: some seventy a person, so a quarter of a million people.
const LIST_OCTETS_MAX: u64 = 16 * 1024 * 1024;

/// Where somebody stood who was erased: the name of their audience's key, and their row.
pub type ErasedPlace = (KeyName, u64);

/// How somebody was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasedAt {
    /// When, in microseconds since 1970, UTC.
    pub at_microseconds: i64,
    /// Whether their address's fingerprint was kept in the suppression list.
    pub keep_suppressed: bool,
}

impl KeyFolder {
    /// Adds people to the list, durably. Who is on it already stays as they are.
    ///
    /// # Errors
    /// What the file system says.
    pub fn list_erased(&self, people: &[(ErasedPlace, ErasedAt)]) -> io::Result<()> {
        let known = self.erased()?;
        // The line break comes first: a line that a power cut left half is ended by it, and read as none.
        let lines: String = people
            .iter()
            .filter(|(place, _)| !known.contains_key(place))
            .map(|((key, row), how)| {
                let kept = u8::from(how.keep_suppressed);
                format!("\n{} {row} {} {kept}\n", key.as_str(), how.at_microseconds)
            })
            .collect();
        if lines.is_empty() {
            return Ok(());
        }
        let mut list =
            fs::OpenOptions::new().append(true).create(true).mode(0o600).open(self.path.join(FILE_NAME))?;
        list.write_all(lines.as_bytes())?;
        list.sync_all()?;
        self.sync()
    }

    /// People who were erased.
    ///
    /// # Errors
    /// What the file system says; a list longer than 16 MiB is refused.
    pub fn erased(&self) -> io::Result<BTreeMap<ErasedPlace, ErasedAt>> {
        let file = match fs::File::open(self.path.join(FILE_NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(error),
        };
        let mut text = String::new();
        let read = file.take(LIST_OCTETS_MAX + 1).read_to_string(&mut text)?;
        if read as u64 > LIST_OCTETS_MAX {
            return Err(io::Error::other("the list of erased people is too long"));
        }
        Ok(text.lines().filter_map(line).collect())
    }
}

fn line(line: &str) -> Option<(ErasedPlace, ErasedAt)> {
    let mut words = line.split(' ');
    let (key, row) = (KeyName::parse(words.next()?)?, words.next()?.parse().ok()?);
    let at_microseconds = words.next()?.parse().ok()?;
    let keep_suppressed = match words.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    words.next().is_none().then_some(((key, row), ErasedAt { at_microseconds, keep_suppressed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_kept_and_a_half_line_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyFolder::open(folder.path()).unwrap();
        assert!(keys.erased().unwrap().is_empty());
        let place = |row| (KeyName::parse("abc").unwrap(), row);
        let how = ErasedAt { at_microseconds: 5, keep_suppressed: true };
        keys.list_erased(&[(place(2), how)]).unwrap();
        // A power cut in the middle of a line.
        let path = folder.path().join(FILE_NAME);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{text}\nabc 3 5")).unwrap();
        let later = ErasedAt { at_microseconds: 6, keep_suppressed: false };
        keys.list_erased(&[(place(2), later), (place(4), later)]).unwrap();
        let listed = keys.erased().unwrap();
        assert_eq!(listed.into_iter().collect::<Vec<_>>(), [(place(2), how), (place(4), later)]);
        for text in ["", "abc", "abc 2", "abc 2 5", "abc 2 5 2", "abc x 5 1", "../x 2 5 1", "abc 2 5 1 1"] {
            assert!(line(text).is_none(), "{text}");
        }
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(LIST_OCTETS_MAX + 1).unwrap();
        assert!(keys.erased().is_err(), "one octet too many");
    }
}
