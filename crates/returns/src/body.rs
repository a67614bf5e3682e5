//! The octets behind DATA: dots taken out, the end found, nothing kept beyond the limits.

use std::sync::Arc;

use memchr::memchr2;

use crate::memory::{Kept, Memory};

/// A message that is not kept is read to its end, so that its sender hears why; but not for ever.
pub(crate) const DISCARDED_OCTETS_MAX: usize = 100 * 1024 * 1024;

/// How much of a message is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Octets that are kept.
    pub(crate) octets_max: usize,
    /// What is longer is kept as far as that: of a bounce, the beginning tells everything. Otherwise it is refused.
    pub(crate) cut: bool,
}

/// Why a message is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    TooLarge,
    NoMemory,
}

/// How far the message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    More,
    /// The final dot was read.
    Complete,
    /// A CR or LF by itself (RFC 5321 §2.3.8): where one server ends a message there and another does not, a second one is
    /// smuggled in behind it.
    BareLineEnd,
    /// Over [`DISCARDED_OCTETS_MAX`].
    Endless,
}

/// What the last octets were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    LineStart,
    /// Behind a dot that began the line.
    Dot,
    /// Behind a dot and a CR.
    DotCr,
    Middle,
    Cr,
}

/// A message while it comes in.
#[derive(Debug)]
pub(crate) struct Body {
    kept: Option<Kept>,
    fault: Option<Fault>,
    room: Room,
    octets: usize,
    at: At,
}

impl Body {
    pub(crate) const fn new(room: Room, memory: Arc<Memory>) -> Self {
        Self { kept: Some(Kept::new(memory)), fault: None, room, octets: 0, at: At::LineStart }
    }

    /// The message, or why it is not kept.
    pub(crate) fn end(self) -> Result<Kept, Fault> {
        match (self.fault, self.kept) {
            (None, Some(kept)) => Ok(kept),
            (fault, _) => Err(fault.unwrap_or(Fault::NoMemory)),
        }
    }

    /// Takes from `input` what belongs to the message: how many octets, and how far it came.
    pub(crate) fn take(&mut self, input: &[u8]) -> (usize, Progress) {
        let mut taken = 0;
        while let Some(octet) = input.get(taken).copied() {
            taken += 1;
            match (self.at, octet) {
                (At::LineStart, b'.') => self.at = At::Dot,
                // RFC 5321 §4.1.1.4: only CRLF . CRLF ends a message.
                (At::Dot, b'\r') => self.at = At::DotCr,
                (At::DotCr, b'\n') => return (taken, Progress::Complete),
                (At::Cr, b'\n') => {
                    self.keep(b"\r\n");
                    self.at = At::LineStart;
                }
                (At::DotCr | At::Cr, _) | (_, b'\n') => return (taken, Progress::BareLineEnd),
                (_, b'\r') => self.at = At::Cr,
                _ => {
                    let rest = &input[taken - 1..];
                    let run = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                    self.keep(&rest[..run]);
                    taken += run - 1;
                    self.at = At::Middle;
                }
            }
            if self.octets > DISCARDED_OCTETS_MAX {
                return (taken, Progress::Endless);
            }
        }
        (taken, Progress::More)
    }

    fn keep(&mut self, octets: &[u8]) {
        self.octets = self.octets.saturating_add(octets.len());
        let Some(kept) = &mut self.kept else { return };
        let left = self.room.octets_max - kept.octets().len();
        let fits = &octets[..octets.len().min(left)];
        let fault = if fits.len() < octets.len() && !self.room.cut {
            Fault::TooLarge
        } else if !kept.push(fits) {
            Fault::NoMemory
        } else {
            return;
        };
        self.fault = Some(fault);
        self.kept = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { octets_max: 5_000, cut: false };

    fn body(room: Room) -> Body {
        Body::new(room, Memory::new(1 << 20))
    }

    fn kept(body: Body) -> Result<Vec<u8>, Fault> {
        body.end().map(|kept| kept.octets().to_vec())
    }

    /// In one piece, and octet by octet: the same.
    fn read(input: &[u8], room: Room) -> (Result<Vec<u8>, Fault>, Progress, usize) {
        let (mut whole, mut bits) = (body(room), body(room));
        let (taken, progress) = whole.take(input);
        let mut last = (0, Progress::More);
        for octet in input.chunks(1) {
            let (one, progress) = bits.take(octet);
            last = (last.0 + one, progress);
            if progress != Progress::More {
                break;
            }
        }
        assert_eq!(last, (taken, progress));
        let (whole, bits) = (kept(whole), kept(bits));
        assert_eq!(whole, bits);
        (whole, progress, taken)
    }

    #[test]
    fn dots_are_taken_out_and_the_end_is_found() {
        let (octets, progress, taken) = read(b"..a\r\nb.\r\n...\r\n\r\n.\r\nQUIT\r\n", ROOM);
        assert_eq!(
            (octets.unwrap().as_slice(), progress),
            (&b".a\r\nb.\r\n..\r\n\r\n"[..], Progress::Complete)
        );
        assert_eq!(taken, b"..a\r\nb.\r\n...\r\n\r\n.\r\n".len());
        assert_eq!(read(b".\r\n", ROOM).0.unwrap(), b"");
        assert_eq!(read(b"a\r\n.", ROOM).1, Progress::More);
        // RFC 5321 §4.5.2: one dot is taken out, whatever comes behind it.
        assert_eq!(read(b".a\r\n.\r\n", ROOM).0.unwrap(), b"a\r\n");
    }

    #[test]
    fn nothing_but_crlf_dot_crlf_ends_a_message_and_nothing_else_is_a_line_end() {
        for smuggled in [
            &b"a\n.\nMAIL\r\n.\r\n"[..],
            b"a\n.\r\nMAIL\r\n.\r\n",
            b"a\r\n.\nMAIL\r\n.\r\n",
            b"a\r.\r\n\r\n.\r\n",
            b"a\r\n.\r.\r\n",
            b"a\r\n.\rx\r\n.\r\n",
            b"a\r\r\n.\r\n",
            b"\n.\r\n",
        ] {
            assert_eq!(read(smuggled, ROOM).1, Progress::BareLineEnd, "{smuggled:?}");
        }
    }

    #[test]
    fn the_largest_message_and_one_past() {
        let message = |octets: usize| [&vec![b'x'; octets - 2][..], b"\r\n.\r\n"].concat();
        assert_eq!(read(&message(5_000), ROOM).0.unwrap().len(), 5_000);
        let (octets, progress, _) = read(&message(5_001), ROOM);
        assert_eq!((octets, progress), (Err(Fault::TooLarge), Progress::Complete));
        let (octets, progress, _) = read(&message(50_000), Room { cut: true, ..ROOM });
        assert_eq!((octets.unwrap().len(), progress), (5_000, Progress::Complete));
    }

    #[test]
    fn without_memory_it_is_read_to_its_end_and_not_kept() {
        let mut body = Body::new(ROOM, Memory::new(4_096));
        let message = [&[b'x'; 4_500][..], b"\r\n.\r\n"].concat();
        assert_eq!(body.take(&message), (message.len(), Progress::Complete));
        assert_eq!(kept(body), Err(Fault::NoMemory));
    }

    #[test]
    fn a_message_without_end() {
        let mut body = body(ROOM);
        let block = b"xxxxxx\r\n".repeat(128 * 1024);
        let rounds = (0..200).take_while(|_| body.take(&block).1 == Progress::More).count();
        assert_eq!(rounds, DISCARDED_OCTETS_MAX / block.len());
    }
}
