//! The octets of a file: what they add up to, and in what encoding they are.

use std::io::{self, Read, Seek, SeekFrom};

use ring::digest;

use crate::error::ImportError;

/// How much is read at once, in octets.
pub(crate) const CHUNK_OCTETS: usize = 32 << 10;

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileDigest {
    octets: u64,
    sha256: [u8; 32],
}

/// Reads a file of at most `octets_max` from its beginning to its end and leaves it at its beginning.
pub(crate) fn read_through<R: Read + Seek>(
    reader: &mut R,
    octets_max: u64,
    mut each: impl FnMut(&[u8]),
) -> Result<FileDigest, ImportError> {
    reader.seek(SeekFrom::Start(0)).map_err(ImportError::Read)?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut chunk = vec![0; CHUNK_OCTETS];
    let mut octets = 0;
    loop {
        let read = read_some(reader, &mut chunk).map_err(ImportError::Read)?;
        if read == 0 {
            break;
        }
        octets += u64::try_from(read).unwrap_or(u64::MAX);
        if octets > octets_max {
            return Err(ImportError::FileTooLarge);
        }
        context.update(&chunk[..read]);
        each(&chunk[..read]);
    }
    reader.seek(SeekFrom::Start(0)).map_err(ImportError::Read)?;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(context.finish().as_ref());
    Ok(FileDigest { octets, sha256 })
}

/// Reads at least one octet, unless the end is reached; a signal is no reason to stop.
pub(crate) fn read_some<R: Read>(reader: &mut R, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_file_has_an_end() {
        let length = CHUNK_OCTETS + 1;
        let read = |octets_max| read_through(&mut Cursor::new(vec![0; length]), octets_max, |_| {});
        let length = u64::try_from(length).unwrap();
        assert!(read(length).is_ok());
        assert!(matches!(read(length - 1), Err(ImportError::FileTooLarge)));
    }
}
