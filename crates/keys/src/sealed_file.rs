//! A file on disk that only this process can read: chunks sealed under a key that is nowhere but in its memory, in a file
//! that has no name. When the process ends, however it ends, nothing is left that anybody could find or read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::{DataKey, NoRandomness, Random};

/// Octets of a chunk in the clear: large enough that sealing costs little, small enough that a jump reads little in vain.
pub const CHUNK_OCTETS: usize = 64 << 10;
/// What sealing adds to a chunk, in octets: the nonce and the tag.
const SEALING_OCTETS: usize = 12 + 16;

/// A file that is being written, from its beginning to its end.
pub struct SealedFileWriter {
    sealed: Sealed,
    chunk: Vec<u8>,
    chunks: u64,
}

struct Sealed {
    file: File,
    key: DataKey,
}

/// A file that was written. Clones are the same file; it is gone with the last of them.
#[derive(Clone)]
pub struct SealedFile {
    sealed: Arc<Sealed>,
    octets: u64,
}

/// A place in a [`SealedFile`], to read from: one chunk of it in the clear.
pub struct SealedFileReader {
    file: SealedFile,
    position: u64,
    /// The chunk in memory, and its number.
    chunk: Option<(u64, Vec<u8>)>,
}

impl std::fmt::Debug for SealedFileWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed file]")
    }
}

impl std::fmt::Debug for SealedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[sealed file of {} octets]", self.octets)
    }
}

impl std::fmt::Debug for SealedFileReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[reader of a {:?}]", self.file)
    }
}

/// The chunk's number is bound to it: a chunk in another's place does not open.
fn context(chunk: u64) -> [u8; 8] {
    chunk.to_be_bytes()
}

fn no_randomness(error: NoRandomness) -> io::Error {
    io::Error::other(error)
}

impl SealedFileWriter {
    /// A new file without a name, in `folder`.
    ///
    /// # Errors
    /// What the file system says; no randomness.
    pub fn create(folder: &Path, random: &Random) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        let key = DataKey::generate(random).map_err(no_randomness)?;
        Ok(Self { sealed: Sealed { file, key }, chunk: Vec::with_capacity(CHUNK_OCTETS), chunks: 0 })
    }

    fn put_chunk(&mut self) -> io::Result<()> {
        let sealed = self.sealed.key.seal(&context(self.chunks), &self.chunk).map_err(no_randomness)?;
        self.sealed.file.write_all(&sealed)?;
        self.chunk.clear();
        self.chunks += 1;
        Ok(())
    }

    /// The whole of it, to be read.
    ///
    /// # Errors
    /// What the file system says.
    pub fn finish(mut self) -> io::Result<SealedFile> {
        let last = u64::try_from(self.chunk.len()).map_err(io::Error::other)?;
        let octets = self.chunks * CHUNK_OCTETS as u64 + last;
        if last > 0 {
            self.put_chunk()?;
        }
        Ok(SealedFile { sealed: Arc::new(self.sealed), octets })
    }
}

impl Write for SealedFileWriter {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let taken = octets.len().min(CHUNK_OCTETS - self.chunk.len());
        self.chunk.extend_from_slice(&octets[..taken]);
        if self.chunk.len() == CHUNK_OCTETS {
            self.put_chunk()?;
        }
        Ok(taken)
    }

    /// A chunk is written when it is full, or the last.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SealedFile {
    /// Octets of it in the clear.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// Its beginning, to read from. There can be any number at once.
    #[must_use]
    pub fn reader(&self) -> SealedFileReader {
        SealedFileReader { file: self.clone(), position: 0, chunk: None }
    }

    fn open_chunk(&self, chunk: u64) -> io::Result<Vec<u8>> {
        let start = chunk * CHUNK_OCTETS as u64;
        let octets = (self.octets - start).min(CHUNK_OCTETS as u64);
        let octets = usize::try_from(octets).map_err(io::Error::other)?;
        let mut sealed = vec![0; octets + SEALING_OCTETS];
        self.sealed.file.read_exact_at(&mut sealed, chunk * (CHUNK_OCTETS + SEALING_OCTETS) as u64)?;
        self.sealed.key.open(&context(chunk), &sealed).map_err(io::Error::other)
    }
}

impl Read for SealedFileReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.file.octets || into.is_empty() {
            return Ok(0);
        }
        let number = self.position / CHUNK_OCTETS as u64;
        let chunk = match self.chunk.take() {
            Some((held, chunk)) if held == number => chunk,
            _ => self.file.open_chunk(number)?,
        };
        let within = usize::try_from(self.position % CHUNK_OCTETS as u64).map_err(io::Error::other)?;
        let rest = chunk.get(within..).unwrap_or_default();
        let read = rest.len().min(into.len());
        into[..read].copy_from_slice(&rest[..read]);
        self.position += read as u64;
        self.chunk = Some((number, chunk));
        Ok(read)
    }
}

impl Seek for SealedFileReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.file.octets.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        // As of a file: behind its end there is nothing to read, before its beginning there is no place.
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn what_lies_on_the_disk_is_neither_readable_nor_in_any_folder() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = SealedFileWriter::create(folder.path(), &Random::default()).unwrap();
        let canary = b"canary@people.example,".repeat(CHUNK_OCTETS / 8);
        writer.write_all(&canary).unwrap();
        let file = writer.finish().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it has no name");
        let descriptor = format!("/proc/self/fd/{}", file.sealed.file.as_raw_fd());
        let on_disk = std::fs::read(descriptor).unwrap();
        assert!(on_disk.len() > canary.len());
        assert!(!on_disk.windows(6).any(|octets| octets == b"canary"));
        let mut read = Vec::new();
        file.reader().read_to_end(&mut read).unwrap();
        assert!(read == canary);
        assert!(!format!("{file:?} {:?}", file.reader()).contains("canary"));
    }

    #[test]
    fn a_chunk_that_was_changed_or_moved_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let make = || {
            let mut writer = SealedFileWriter::create(folder.path(), &Random::default()).unwrap();
            writer.write_all(&[7; 2 * CHUNK_OCTETS]).unwrap();
            writer.finish().unwrap()
        };
        let stored = (CHUNK_OCTETS + SEALING_OCTETS) as u64;
        let changed = make();
        changed.sealed.file.write_all_at(&[1], stored + 20).unwrap();
        let mut reader = changed.reader();
        let mut first = vec![0; CHUNK_OCTETS];
        reader.read_exact(&mut first).unwrap();
        assert!(reader.read(&mut first).is_err());
        let moved = make();
        let mut second = vec![0; CHUNK_OCTETS + SEALING_OCTETS];
        moved.sealed.file.read_exact_at(&mut second, stored).unwrap();
        moved.sealed.file.write_all_at(&second, 0).unwrap();
        assert!(moved.reader().read(&mut first).is_err());
    }
}
