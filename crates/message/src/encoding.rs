//! Content transfer encodings (RFC 2045 §6): what goes out is always 7-bit clean.

use data_encoding::BASE64;

/// Longest line left as it is or made, in octets (RFC 2045 §6.7 (5), §6.8).
const ENCODED_LINE_OCTETS_MAX: usize = 76;

/// A text, ready to stand in a message.
pub(crate) struct Encoded {
    /// Value of Content-Transfer-Encoding.
    pub(crate) encoding: &'static str,
    /// CRLF lines, the last one ended.
    pub(crate) text: String,
}

/// Encodes a text with LF lines: `7bit` where it can stand as it is, else the shorter of quoted-printable and base64.
pub(crate) fn encode(text: &str) -> Encoded {
    if is_seven_bit(text) {
        let mut out = String::with_capacity(text.len() + text.len() / 40 + 2);
        for line in text.split_inclusive('\n') {
            out.push_str(line.strip_suffix('\n').unwrap_or(line));
            out.push_str("\r\n");
        }
        return Encoded { encoding: "7bit", text: out };
    }
    let escapes = text.bytes().filter(|b| !matches!(b, b' '..=b'<' | b'>'..=b'~' | b'\n')).count();
    // Three octets for one, against four for three: quoted-printable wins up to a sixth, and can be read.
    if escapes * 6 > text.len() {
        return Encoded { encoding: "base64", text: base64(text.replace('\n', "\r\n").as_bytes()) };
    }
    Encoded { encoding: "quoted-printable", text: quoted_printable(text) }
}

/// Short ASCII lines that no mail server changes. `=_` is left to quoted-printable, which never has it: so
/// our boundaries, which all have it, occur in no body.
fn is_seven_bit(text: &str) -> bool {
    text.is_ascii()
        && !text.contains("=_")
        && text.split('\n').all(|line| {
            line.len() <= ENCODED_LINE_OCTETS_MAX
                // RFC 4155: mailbox files quote such a line, and a signature breaks on it.
                && !line.starts_with("From ")
                // Trailing white space may be lost in transport (RFC 2045 §6.7 (3)).
                && !line.ends_with([' ', '\t'])
                && !line.bytes().any(|b| b.is_ascii_control() && b != b'\t')
        })
}

/// RFC 2045 §6.7.
fn quoted_printable(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for line in text.split_inclusive('\n') {
        let line = line.strip_suffix('\n').unwrap_or(line).as_bytes();
        let mut column = 0;
        for (at, octet) in line.iter().copied().enumerate() {
            let last = at + 1 == line.len();
            let mut plain = match octet {
                // (3): white space at the end of a line is encoded.
                b' ' | b'\t' => !last,
                b'=' => false,
                octet => octet.is_ascii_graphic(),
            };
            // (5): a soft line break needs a column of its own, unless the line ends here.
            let room = if last { ENCODED_LINE_OCTETS_MAX } else { ENCODED_LINE_OCTETS_MAX - 1 };
            if column + if plain { 1 } else { 3 } > room {
                out.push_str("=\r\n");
                column = 0;
            }
            // A dot or "From " at the start of a line is what servers change.
            if column == 0 && matches!(octet, b'.' | b'F') {
                plain = false;
            }
            if plain {
                out.push(char::from(octet));
                column += 1;
            } else {
                out.push('=');
                out.push(char::from(HEX[usize::from(octet >> 4)]));
                out.push(char::from(HEX[usize::from(octet & 15)]));
                column += 3;
            }
        }
        out.push_str("\r\n");
    }
    out
}

/// RFC 2045 §6.8, in lines.
pub(crate) fn base64(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len() / 54 * 76 + 80);
    // 57 octets make a line of 76.
    for chunk in octets.chunks(ENCODED_LINE_OCTETS_MAX / 4 * 3) {
        BASE64.encode_append(chunk, &mut out);
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses() {
        let longest = "a".repeat(ENCODED_LINE_OCTETS_MAX);
        for (text, encoding) in [
            ("Hello\n", "7bit"),
            (longest.as_str(), "7bit"),
            (&format!("{longest}a"), "quoted-printable"),
            ("Helo a chroeso, Zoë\n", "quoted-printable"),
            ("日本語のテキスト\n", "base64"),
            ("From here\n", "quoted-printable"),
            ("trailing \n", "quoted-printable"),
            ("--=_boundary\n", "quoted-printable"),
        ] {
            let encoded = encode(text);
            assert_eq!(encoded.encoding, encoding, "{text}");
            assert!(encoded.text.is_ascii() && encoded.text.ends_with("\r\n"));
            assert!(!encoded.text.contains("=_"));
            assert!(encoded.text.split("\r\n").all(|line| line.len() <= ENCODED_LINE_OCTETS_MAX));
        }
    }

    #[test]
    fn quotes() {
        assert_eq!(quoted_printable("a=b \nFrom é\n.\n"), "a=3Db=20\r\n=46rom =C3=A9\r\n=2E\r\n");
        let long = "a".repeat(77);
        assert_eq!(quoted_printable(&long), format!("{}=\r\naa\r\n", "a".repeat(75)));
        assert_eq!(quoted_printable(&"a".repeat(76)), format!("{}\r\n", "a".repeat(76)));
    }

    #[test]
    fn base64_has_lines() {
        assert_eq!(base64(&[0; 58]), format!("{}\r\nAA==\r\n", "A".repeat(76)));
        assert_eq!(base64(b""), "");
    }
}
