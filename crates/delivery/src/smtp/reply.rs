//! Replies of a server: read within limits, whole or not at all (RFC 5321 §4.2).

use campaign::{EnhancedCode, ReplyCode};

/// Longest line of a reply, in octets. RFC 5321 §4.5.3.1.5 says 512; servers write longer ones.
pub const REPLY_LINE_OCTETS_MAX: usize = 4_096;
/// Most lines of one reply; the longest EHLO of a real server has about thirty.
pub const REPLY_LINES_MAX: usize = 200;

/// A complete reply.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its three digits.
    pub code: ReplyCode,
    /// Its enhanced status code, where it has one (RFC 2034).
    pub enhanced: Option<EnhancedCode>,
    /// The texts of its lines. They can hold addresses: never logged, stored sealed.
    pub lines: Vec<String>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// The codes alone.
impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.code.0)?;
        self.enhanced.map_or(Ok(()), |enhanced| write!(f, " {enhanced}"))
    }
}

/// Octets that are no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// Over [`REPLY_LINE_OCTETS_MAX`].
    #[error("the relay sent a line of over 4,096 octets")]
    LineTooLong,
    /// Over [`REPLY_LINES_MAX`].
    #[error("the relay sent a reply of over 200 lines")]
    TooManyLines,
    /// Not three digits and a space, a hyphen or the line's end.
    #[error("the relay sent something that is not a reply of SMTP")]
    Syntax,
    /// The lines of one reply disagree about its code (RFC 5321 §4.2.1).
    #[error("the relay sent a reply whose lines have different codes")]
    CodesDiffer,
}

/// Collects octets and gives out replies; holds no more than one reply's limit.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buffer: Vec<u8>,
    lines: Vec<String>,
    code: Option<u16>,
}

impl ReplyReader {
    /// Adds octets that were read.
    pub fn push(&mut self, octets: &[u8]) {
        self.buffer.extend_from_slice(octets);
    }

    /// Whether anything is left that was not given out as part of a reply.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.lines.is_empty()
    }

    /// The next complete reply; nothing while it is incomplete.
    ///
    /// # Errors
    /// [`ReplyError`]; after that the connection is of no use.
    pub fn next_reply(&mut self) -> Result<Option<Reply>, ReplyError> {
        loop {
            let Some(end) = self.buffer.iter().take(REPLY_LINE_OCTETS_MAX).position(|b| *b == b'\n') else {
                return if self.buffer.len() >= REPLY_LINE_OCTETS_MAX {
                    Err(ReplyError::LineTooLong)
                } else {
                    Ok(None)
                };
            };
            let line: Vec<u8> = self.buffer.drain(..=end).collect();
            // RFC 5321 §2.3.8 asks for CRLF; a bare LF ends a reply's line too, for there is nothing to smuggle here.
            let line = line.strip_suffix(b"\n").unwrap_or(&line);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if let Some(reply) = self.line(line)? {
                return Ok(Some(reply));
            }
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<Reply>, ReplyError> {
        let (digits, rest) = line.split_first_chunk::<3>().ok_or(ReplyError::Syntax)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(ReplyError::Syntax);
        }
        let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
        if self.code.is_some_and(|before| before != code) {
            return Err(ReplyError::CodesDiffer);
        }
        let (more, text) = match rest.split_first() {
            None => (false, rest),
            Some((b' ', text)) => (false, text),
            Some((b'-', text)) => (true, text),
            Some(_) => return Err(ReplyError::Syntax),
        };
        if self.lines.len() == REPLY_LINES_MAX {
            return Err(ReplyError::TooManyLines);
        }
        self.code = Some(code);
        self.lines.push(String::from_utf8_lossy(text).into_owned());
        if more {
            return Ok(None);
        }
        self.code = None;
        let lines = std::mem::take(&mut self.lines);
        // RFC 2034 §4: the class of the enhanced code equals the first digit; else it is just text.
        let enhanced = lines
            .last()
            .and_then(|text| EnhancedCode::parse(text))
            .filter(|enhanced| u16::from(enhanced.class) == code / 100);
        Ok(Some(Reply { code: ReplyCode(code), enhanced, lines }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> Result<Option<Reply>, ReplyError> {
        let mut reader = ReplyReader::default();
        reader.push(octets);
        reader.next_reply()
    }

    #[test]
    fn complete_and_incomplete() {
        let reply = read(b"250-2.1.5 one\r\n250 2.1.5 two\r\n").unwrap().unwrap();
        assert_eq!((reply.code.0, reply.to_string().as_str(), reply.lines.len()), (250, "250 2.1.5", 2));
        for part in [&b""[..], b"2", b"250", b"250 ok\r", b"250-ok\r\n", b"250-ok\r\n250 "] {
            assert_eq!(read(part), Ok(None), "{part:?}");
        }
        assert_eq!(read(b"354\n").unwrap().unwrap().code.0, 354);
        assert_eq!(read(b"250 5.1.1 odd\r\n").unwrap().unwrap().enhanced, None);
        assert!(format!("{:?}", read(b"550 5.1.1 <ann@x.test> unknown\r\n")).find("ann").is_none());
    }

    #[test]
    fn several_replies_in_one_read() {
        let mut reader = ReplyReader::default();
        reader.push(b"250 a\r\n550 5.1.1 b\r\n35");
        assert_eq!(reader.next_reply().unwrap().unwrap().code.0, 250);
        assert_eq!(reader.next_reply().unwrap().unwrap().code.0, 550);
        assert_eq!(reader.next_reply(), Ok(None));
        assert!(!reader.is_empty());
        reader.push(b"4 go\r\n");
        assert_eq!(reader.next_reply().unwrap().unwrap().code.0, 354);
        assert!(reader.is_empty());
    }

    #[test]
    fn what_is_no_reply() {
        assert_eq!(read(b"hello\r\n"), Err(ReplyError::Syntax));
        assert_eq!(read(b"25\r\n"), Err(ReplyError::Syntax));
        assert_eq!(read(b"250_x\r\n"), Err(ReplyError::Syntax));
        assert_eq!(read(b"250-a\r\n251 b\r\n"), Err(ReplyError::CodesDiffer));
    }

    #[test]
    fn limits_and_one_past() {
        let line = |octets: usize| format!("250 {}\r\n", "x".repeat(octets - 6));
        assert!(read(line(REPLY_LINE_OCTETS_MAX).as_bytes()).unwrap().is_some());
        assert_eq!(read(line(REPLY_LINE_OCTETS_MAX + 1).as_bytes()), Err(ReplyError::LineTooLong));
        let lines = |n: usize| format!("{}250 end\r\n", "250-x\r\n".repeat(n - 1));
        assert!(read(lines(REPLY_LINES_MAX).as_bytes()).unwrap().is_some());
        assert_eq!(read(lines(REPLY_LINES_MAX + 1).as_bytes()), Err(ReplyError::TooManyLines));
    }

    #[test]
    fn the_fuzzers_corpus_is_read_however_it_is_cut() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/smtp_reply");
        let mut files = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let octets = std::fs::read(file.unwrap().path()).unwrap();
            let all = |pieces: &[&[u8]]| {
                let mut reader = ReplyReader::default();
                let mut found = Vec::new();
                for piece in pieces {
                    reader.push(piece);
                    loop {
                        let next = reader.next_reply();
                        let more = matches!(next, Ok(Some(_)));
                        found.extend(next.transpose());
                        if !more {
                            break;
                        }
                    }
                }
                found.truncate(found.iter().position(Result::is_err).map_or(found.len(), |first| first + 1));
                found
            };
            for cut in 0..octets.len() {
                assert_eq!(all(&[&octets]), all(&[&octets[..cut], &octets[cut..]]));
            }
            files += 1;
        }
        assert!(files >= 5);
    }
}
