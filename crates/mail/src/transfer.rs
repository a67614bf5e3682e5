//! Content-Transfer-Encoding (RFC 2045 §6), undone as far as it goes and with what was wrong noted.

use std::borrow::Cow;

use data_encoding::BASE64;

use crate::codings::hex_pair;

/// Decoded octets, and whether the encoding was kept to.
pub(crate) struct Decoded<'a> {
    pub(crate) octets: Cow<'a, [u8]>,
    pub(crate) sound: bool,
}

/// The encodings of RFC 2045 §6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransferEncoding {
    Identity,
    QuotedPrintable,
    Base64,
    Unknown,
}

impl TransferEncoding {
    pub(crate) fn of(value: &str) -> Self {
        match value.trim() {
            v if v.eq_ignore_ascii_case("quoted-printable") => Self::QuotedPrintable,
            v if v.eq_ignore_ascii_case("base64") => Self::Base64,
            v if ["7bit", "8bit", "binary", ""].iter().any(|i| v.eq_ignore_ascii_case(i)) => Self::Identity,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn decode(self, octets: &[u8]) -> Decoded<'_> {
        match self {
            Self::Identity => Decoded { octets: Cow::Borrowed(octets), sound: true },
            Self::Unknown => Decoded { octets: Cow::Borrowed(octets), sound: false },
            Self::QuotedPrintable => quoted_printable(octets),
            Self::Base64 => base64(octets),
        }
    }
}

/// RFC 2045 §6.7. What is not an encoding stays as it is (§6.7, note on illegal sequences), and is not sound.
pub(crate) fn quoted_printable(octets: &[u8]) -> Decoded<'_> {
    let Some(first) = octets.iter().position(|b| *b == b'=') else {
        return Decoded { octets: Cow::Borrowed(octets), sound: true };
    };
    let mut out = Vec::with_capacity(octets.len());
    out.extend_from_slice(&octets[..first]);
    let mut sound = true;
    let mut at = first;
    while let Some(&b) = octets.get(at) {
        at += 1;
        if b != b'=' {
            out.push(b);
            continue;
        }
        let tail = &octets[at..];
        if let Some(octet) = hex_pair(tail) {
            out.push(octet);
            at += 2;
            continue;
        }
        // A soft line break: white space that transport added may stand before the line end.
        let blank = tail.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        match &tail[blank..] {
            [b'\r', b'\n', ..] => at += blank + 2,
            [b'\n', ..] => at += blank + 1,
            [] => at += blank,
            _ => {
                sound = false;
                out.push(b'=');
            }
        }
    }
    Decoded { octets: Cow::Owned(out), sound }
}

/// RFC 2045 §6.8: other characters are to be ignored, which is also how something is hidden from a scanner.
pub(crate) fn base64(octets: &[u8]) -> Decoded<'_> {
    let dense: Vec<u8> = octets.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    if let Ok(decoded) = BASE64.decode(&dense) {
        // Padding in the middle: some readers stop there and some go on.
        let pad = dense.iter().position(|b| *b == b'=').unwrap_or(dense.len());
        return Decoded { octets: Cow::Owned(decoded), sound: dense.len() - pad <= 2 };
    }
    let mut out = Vec::with_capacity(dense.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for b in dense {
        let value = match b {
            b'A'..=b'Z' => b - b'A',
            b'a'..=b'z' => b - b'a' + 26,
            b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Decoded { octets: Cow::Owned(out), sound: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes() {
        let text = quoted_printable(b"ann=40x.te= \r\nst=3D =");
        assert_eq!((text.octets.as_ref(), text.sound), (&b"ann@x.test= "[..], true));
        assert!(!quoted_printable(b"a=b").sound);
        let text = base64(b"YW5u\r\nQHgudGVzdA==\r\n");
        assert_eq!((text.octets.as_ref(), text.sound), (&b"ann@x.test"[..], true));
        for hostile in [&b"YW5u!QHgudGVzdA"[..], b"YW5uQHgudGVzdA", b"YW5uQHgu*dGVzdA=="] {
            let text = base64(hostile);
            assert_eq!((text.octets.as_ref(), text.sound), (&b"ann@x.test"[..], false));
        }
        assert!(!base64(b"YQ==YQ==").sound);
    }
}
