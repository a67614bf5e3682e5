//! ZIP archives, which Office and OpenDocument files are too, within bounds.

use std::io::{Cursor, Read};

use zip::ZipArchive;

/// What one member turned out to be.
pub(crate) enum Member {
    /// Its octets.
    Octets(Vec<u8>),
    /// Needs a password.
    Encrypted,
    /// A method that is not read, or damage.
    Unreadable,
    /// More than may be unpacked.
    TooLarge,
}

/// One entry of an archive's directory.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) comment: String,
    pub(crate) member: Member,
}

/// Whether the octets begin as a ZIP archive does (APPNOTE §4.3.7, §4.3.16 for an empty one).
pub(crate) fn is_zip(octets: &[u8]) -> bool {
    octets.starts_with(b"PK\x03\x04") || octets.starts_with(b"PK\x05\x06")
}

/// Why an archive could not be read at all.
pub(crate) enum ArchiveError {
    Broken,
    TooManyMembers,
}

/// The comment and the members of an archive; `budget_octets` is what may still be unpacked.
pub(crate) fn members(
    octets: &[u8],
    members_max: usize,
    budget_octets: &mut usize,
) -> Result<(String, Vec<Entry>), ArchiveError> {
    let mut archive = ZipArchive::new(Cursor::new(octets)).map_err(|_| ArchiveError::Broken)?;
    if archive.len() > members_max {
        return Err(ArchiveError::TooManyMembers);
    }
    let comment = String::from_utf8_lossy(archive.comment()).into_owned();
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let (name, comment, encrypted) = match archive.by_index_raw(index) {
            Ok(raw) => (
                String::from_utf8_lossy(raw.name_raw()).into_owned(),
                String::from_utf8_lossy(raw.comment_raw()).into_owned(),
                raw.encrypted(),
            ),
            Err(_) => (String::new(), String::new(), false),
        };
        let member = if encrypted { Member::Encrypted } else { unpack(&mut archive, index, budget_octets) };
        entries.push(Entry { name, comment, member });
    }
    Ok((comment, entries))
}

fn unpack(archive: &mut ZipArchive<Cursor<&[u8]>>, index: usize, budget_octets: &mut usize) -> Member {
    let Ok(file) = archive.by_index(index) else { return Member::Unreadable };
    let mut octets = Vec::new();
    // The size in the directory is the archive's own claim: what comes out is counted instead.
    let allowed = u64::try_from(*budget_octets).unwrap_or(u64::MAX).saturating_add(1);
    if file.take(allowed).read_to_end(&mut octets).is_err() {
        *budget_octets = budget_octets.saturating_sub(octets.len());
        return Member::Unreadable;
    }
    if octets.len() > *budget_octets {
        *budget_octets = 0;
        return Member::TooLarge;
    }
    *budget_octets -= octets.len();
    Member::Octets(octets)
}
