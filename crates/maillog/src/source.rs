//! A file's lines, unpacked and bounded.

use std::io::{self, Cursor, ErrorKind, Read};

use flate2::read::MultiGzDecoder;

use crate::error::LogError;
use crate::limits::{LINE_OCTETS_MAX, LOG_OCTETS_MAX};

/// How much is read at a time, in octets.
const CHUNK_OCTETS: usize = 64 << 10;
/// Enough of the beginning to tell formats apart, in octets.
const START_OCTETS: usize = 8;

type Start<R> = io::Chain<Cursor<Vec<u8>>, R>;

/// A file of the log, known by its content.
pub(crate) enum Source<R: Read> {
    Plain(Start<R>),
    Gzip(Box<MultiGzDecoder<Start<R>>>),
}

impl<R: Read> Source<R> {
    pub(crate) fn open(mut reader: R) -> Result<Self, LogError> {
        let mut start = Vec::new();
        (&mut reader).take(START_OCTETS as u64).read_to_end(&mut start)?;
        if let Some(error) = not_read_here(&start) {
            return Err(error);
        }
        // RFC 1952 §2.3.1
        let gzip = start.starts_with(b"\x1F\x8B");
        let whole = Cursor::new(start).chain(reader);
        Ok(if gzip { Self::Gzip(Box::new(MultiGzDecoder::new(whole))) } else { Self::Plain(whole) })
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, LogError> {
        loop {
            let (read, gzip) = match self {
                Self::Plain(reader) => (reader.read(buffer), false),
                Self::Gzip(reader) => (reader.read(buffer), true),
            };
            match read {
                Ok(octets) => return Ok(octets),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if gzip && is_damage(error.kind()) => return Err(LogError::Damaged),
                Err(error) => return Err(LogError::Io(error)),
            }
        }
    }
}

fn is_damage(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
}

fn not_read_here(start: &[u8]) -> Option<LogError> {
    let packed: [(&[u8], &'static str, &'static str); 5] = [
        (b"\xFD7zXZ\0", "xz", "xz -dc"),
        (b"\x28\xB5\x2F\xFD", "zstd", "zstd -dc"),
        (b"BZh", "bzip2", "bzip2 -dc"),
        (b"\x1F\x9D", "compress", "gzip -dc"),
        (b"PK\x03\x04", "zip", "unzip -p"),
    ];
    if start.starts_with(b"LPKSHHRH") {
        return Some(LogError::Journal);
    }
    let found = packed.into_iter().find(|(magic, ..)| start.starts_with(magic));
    found.map(|(_, format, command)| LogError::Compressed { format, command })
}

/// Lines, each at most [`LINE_OCTETS_MAX`] long, out of at most so many octets.
pub(crate) struct Lines<R: Read> {
    source: Source<R>,
    octets_left: u64,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    /// The rest of a line that was cut is not wanted.
    cutting: bool,
    cut: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn open(reader: R) -> Result<Self, LogError> {
        Self::bounded(reader, LOG_OCTETS_MAX)
    }

    fn bounded(reader: R, octets_max: u64) -> Result<Self, LogError> {
        Ok(Self {
            source: Source::open(reader)?,
            octets_left: octets_max,
            buffer: vec![0; LINE_OCTETS_MAX + CHUNK_OCTETS],
            start: 0,
            end: 0,
            ended: false,
            cutting: false,
            cut: 0,
        })
    }

    /// How many lines were cut.
    pub(crate) const fn cut(&self) -> u64 {
        self.cut
    }

    /// The next line without its end; `None` after the last.
    pub(crate) fn next_line(&mut self) -> Result<Option<&[u8]>, LogError> {
        loop {
            let held = self.buffer.get(self.start..self.end).unwrap_or_default();
            let (line, octets) = match memchr::memchr(b'\n', held) {
                Some(length) => (length, length + 1),
                None if held.len() <= LINE_OCTETS_MAX && !self.ended => {
                    self.fill()?;
                    continue;
                }
                None if held.is_empty() => return Ok(None),
                None => (held.len(), held.len()),
            };
            let whole = octets > line || self.ended;
            let start = self.start;
            self.start += octets;
            let rest_of_cut = std::mem::replace(&mut self.cutting, !whole);
            if rest_of_cut {
                continue;
            }
            self.cut += u64::from(!whole || line > LINE_OCTETS_MAX);
            return Ok(self.buffer.get(start..start + line.min(LINE_OCTETS_MAX)));
        }
    }

    fn fill(&mut self) -> Result<(), LogError> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let read = self.source.fill(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.octets_left = self.octets_left.checked_sub(read as u64).ok_or(LogError::TooLarge)?;
        (self.end, self.ended) = (self.end + read, read == 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8], octets_max: u64) -> Result<(Vec<Vec<u8>>, u64), LogError> {
        let (mut lines, mut all) = (Lines::bounded(text, octets_max)?, Vec::new());
        while let Some(line) = lines.next_line()? {
            all.push(line.to_vec());
        }
        Ok((all, lines.cut()))
    }

    #[test]
    fn one_octet_past_the_largest_log() {
        assert_eq!(lines(b"one\ntwo", 7).unwrap(), (vec![b"one".to_vec(), b"two".to_vec()], 0));
        assert!(matches!(lines(b"one\ntwo\n", 7), Err(LogError::TooLarge)));
        let mut packed = Vec::new();
        flate2::read::GzEncoder::new(io::repeat(b'\n').take(1 << 20), flate2::Compression::best())
            .read_to_end(&mut packed)
            .unwrap();
        assert!(packed.len() < 2_000);
        assert_eq!(lines(&packed, 1 << 20).unwrap().0.len(), 1 << 20);
        assert!(matches!(lines(&packed, (1 << 20) - 1), Err(LogError::TooLarge)));
    }

    #[test]
    fn one_octet_past_the_longest_line() {
        for (length, cut) in [(LINE_OCTETS_MAX, 0), (LINE_OCTETS_MAX + 1, 1), (LINE_OCTETS_MAX * 9, 1)] {
            for end in ["\n", ""] {
                let text = format!("before\n{}{end}", "x".repeat(length));
                let (all, count) = lines(text.as_bytes(), LOG_OCTETS_MAX).unwrap();
                assert_eq!(all, [b"before".to_vec(), vec![b'x'; LINE_OCTETS_MAX]]);
                assert_eq!(count, cut, "{length}");
                let (all, count) =
                    lines(format!("{}\nafter\n", "x".repeat(length)).as_bytes(), LOG_OCTETS_MAX).unwrap();
                assert_eq!(all, [vec![b'x'; LINE_OCTETS_MAX], b"after".to_vec()]);
                assert_eq!(count, cut, "{length}");
            }
        }
    }
}
