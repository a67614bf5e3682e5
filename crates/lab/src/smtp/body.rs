//! The octets behind DATA: dots taken out, faults found, nothing kept beyond the limit.

/// The longest line with its CRLF, without a doubled dot (RFC 5321 §4.5.3.1.6).
pub const LINE_OCTETS_MAX: usize = 1_000;
/// The largest message that the server takes, in octets: more than any that is sent in a test.
pub const MESSAGE_OCTETS_MAX: usize = 50_000_000;
/// A message that goes on behind the limit is read to its end, so that the client gets its reply; but not for ever.
const DISCARDED_OCTETS_MAX: usize = 200_000_000;

/// Why a message is refused at its final dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    BareLineFeed,
    BareCarriageReturn,
    LineTooLong,
    Nul,
    TooLarge,
}

impl Fault {
    pub(crate) const fn reply(self) -> &'static str {
        match self {
            Self::BareLineFeed => "554 5.6.0 A line ends with a bare LF (RFC 5321 section 2.3.8)",
            Self::BareCarriageReturn => "554 5.6.0 There is a bare CR (RFC 5321 section 2.3.8)",
            Self::LineTooLong => "554 5.6.0 A line has over 1,000 octets (RFC 5321 section 4.5.3.1.6)",
            Self::Nul => "554 5.6.0 There is a NUL",
            Self::TooLarge => "552 5.3.4 The message is too large",
        }
    }
}

/// How far the message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The final dot was read.
    Complete,
    More,
    /// Over [`DISCARDED_OCTETS_MAX`].
    Endless,
}

/// A message while it comes in.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fault: Option<Fault>,
    octets: usize,
    octets_max: usize,
    /// The line before ended with CRLF: a dot counts.
    after_crlf: bool,
    /// A piece of the line was taken already.
    within_line: bool,
}

impl Body {
    pub(crate) fn new(octets_max: usize) -> Self {
        let octets_max = octets_max.min(MESSAGE_OCTETS_MAX);
        Self { bytes: Vec::new(), fault: None, octets: 0, octets_max, after_crlf: true, within_line: false }
    }

    /// Takes from `input` what it can: how many octets, and whether the message is complete with them.
    pub(crate) fn take(&mut self, input: &[u8]) -> (usize, Progress) {
        let mut taken = 0;
        loop {
            let rest = &input[taken..];
            let Some(end) = rest.iter().position(|b| *b == b'\n') else {
                // One more than a line can have, with a doubled dot: it will not become one.
                if rest.len() > LINE_OCTETS_MAX + 1 {
                    taken += self.piece_of_long_line(rest);
                }
                return (
                    taken,
                    if self.octets > DISCARDED_OCTETS_MAX { Progress::Endless } else { Progress::More },
                );
            };
            taken += end + 1;
            if self.line(&rest[..=end]) {
                return (taken, Progress::Complete);
            }
        }
    }

    /// All but the last octet, which can be the CR of the line's end.
    fn piece_of_long_line(&mut self, rest: &[u8]) -> usize {
        self.fault.get_or_insert(Fault::LineTooLong);
        self.octets += rest.len() - 1;
        self.within_line = true;
        rest.len() - 1
    }

    /// Takes a line with its LF; `true` for the final dot.
    fn line(&mut self, line: &[u8]) -> bool {
        let starts = self.after_crlf && !self.within_line;
        // RFC 5321 §4.1.1.4: only CRLF . CRLF ends a message.
        if starts && line == b".\r\n" {
            return true;
        }
        // RFC 5321 §4.5.2
        let line = if starts { line.strip_prefix(b".").unwrap_or(line) } else { line };
        self.octets += line.len();
        self.after_crlf = line.ends_with(b"\r\n");
        self.within_line = false;
        let text = line.strip_suffix(b"\r\n").unwrap_or(line);
        let fault = if !self.after_crlf {
            Some(Fault::BareLineFeed)
        } else if line.len() > LINE_OCTETS_MAX {
            Some(Fault::LineTooLong)
        } else if text.contains(&b'\r') {
            Some(Fault::BareCarriageReturn)
        } else if text.contains(&0) {
            Some(Fault::Nul)
        } else if self.octets > self.octets_max {
            Some(Fault::TooLarge)
        } else {
            None
        };
        match (self.fault, fault) {
            (None, None) => self.bytes.extend_from_slice(line),
            (None, Some(_)) => self.refuse(fault),
            (Some(_), _) => {}
        }
        false
    }

    /// What is refused is not kept.
    fn refuse(&mut self, fault: Option<Fault>) {
        self.fault = fault;
        self.bytes = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In one piece, and octet by octet: the same.
    fn read(input: &[u8]) -> (Body, Progress) {
        let mut whole = Body::new(5_000);
        let (taken, progress) = whole.take(input);
        let mut bits = Body::new(5_000);
        let (mut start, mut last) = (0, Progress::More);
        for end in 1..=input.len() {
            let (taken, progress) = bits.take(&input[start..end]);
            (start, last) = (start + taken, progress);
            if progress == Progress::Complete {
                break;
            }
        }
        assert_eq!((last, start, &bits.bytes, bits.fault), (progress, taken, &whole.bytes, whole.fault));
        (whole, progress)
    }

    #[test]
    fn dots_are_taken_out() {
        let (body, progress) = read(b"..a\r\nb.\r\n...\r\n.\r\nQUIT\r\n");
        assert_eq!((body.bytes.as_slice(), progress), (&b".a\r\nb.\r\n..\r\n"[..], Progress::Complete));
        assert_eq!(read(b".\r\n").1, Progress::Complete);
        assert_eq!(read(b"a\r\n.").1, Progress::More);
    }

    #[test]
    fn a_dot_between_bare_line_feeds_does_not_end_a_message() {
        for smuggled in [&b"a\n.\nMAIL\r\n.\r\n"[..], b"a\n.\r\nMAIL\r\n.\r\n", b"a\r\n.\nMAIL\r\n.\r\n"] {
            let (body, progress) = read(smuggled);
            assert_eq!((body.fault, progress), (Some(Fault::BareLineFeed), Progress::Complete));
        }
        let (body, progress) = read(b"a\r.\r\n\r\n.\r\n");
        assert_eq!((body.fault, progress), (Some(Fault::BareCarriageReturn), Progress::Complete));
        assert_eq!(read(b"a\0\r\n.\r\n").0.fault, Some(Fault::Nul));
    }

    #[test]
    fn the_longest_line_and_one_past() {
        let line = |octets: usize| format!("{}\r\n.\r\n", "x".repeat(octets - 2)).into_bytes();
        assert_eq!(read(&line(LINE_OCTETS_MAX)).0.fault, None);
        let stuffed = [b"..".as_slice(), &line(LINE_OCTETS_MAX - 1)].concat();
        assert_eq!(read(&stuffed).0.fault, None, "a doubled dot does not count");
        for octets in [LINE_OCTETS_MAX + 1, LINE_OCTETS_MAX + 2, 4 * LINE_OCTETS_MAX] {
            let (body, progress) = read(&line(octets));
            assert_eq!((body.fault, progress), (Some(Fault::LineTooLong), Progress::Complete));
            assert!(body.bytes.is_empty());
        }
    }

    #[test]
    fn the_largest_message_and_one_past() {
        let message = |octets: usize| [b"x\r\n".repeat(octets / 3), b".\r\n".to_vec()].concat();
        assert_eq!(read(&message(4_998)).0.fault, None);
        let (body, progress) = read(&message(5_001));
        assert_eq!((body.fault, body.bytes.len(), progress), (Some(Fault::TooLarge), 0, Progress::Complete));
    }

    #[test]
    fn a_message_without_end() {
        let mut body = Body::new(10);
        let block = b"x\r\n".repeat(1_000_000);
        let rounds = (0..200).take_while(|_| body.take(&block).1 == Progress::More).count();
        assert_eq!(rounds, DISCARDED_OCTETS_MAX / block.len());
        assert!(body.bytes.is_empty());
    }
}
