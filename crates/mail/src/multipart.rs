//! A multipart body into its parts (RFC 2046 §5.1).

use crate::headers::line_end;

/// The pieces of a multipart body; together with the delimiter lines they are all of it.
pub(crate) struct Pieces<'a> {
    pub(crate) parts: Vec<&'a [u8]>,
    /// Preamble and epilogue.
    pub(crate) outside: Vec<&'a [u8]>,
    pub(crate) closed: bool,
}

/// Splits at the lines that are the delimiter, with nothing but white space behind it.
pub(crate) fn split<'a>(body: &'a [u8], boundary: &[u8]) -> Pieces<'a> {
    let mut pieces = Pieces { parts: Vec::new(), outside: Vec::new(), closed: false };
    let (mut at, mut start) = (0, 0);
    let mut inside = false;
    while at < body.len() {
        let (end, next) = line_end(body, at);
        let Some(closes) = delimiter(&body[at..end], boundary) else {
            at = next;
            continue;
        };
        let piece = &body[start..at];
        if inside { &mut pieces.parts } else { &mut pieces.outside }.push(if inside {
            trim_line_end(piece)
        } else {
            piece
        });
        start = next;
        at = next;
        inside = !closes;
        pieces.closed |= closes;
    }
    let rest = &body[start..];
    if inside {
        pieces.closed = false;
        pieces.parts.push(rest);
    } else {
        pieces.outside.push(rest);
    }
    pieces
}

/// Whether a line is the delimiter, and if so whether it is the closing one.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.trim_ascii_end() {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// RFC 2046 §5.1.1: the line end before a delimiter belongs to the delimiter.
fn trim_line_end(piece: &[u8]) -> &[u8] {
    let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
    piece.strip_suffix(b"\r").unwrap_or(piece)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        let body = b"pre\r\n--b\r\n\r\none\r\n--b \r\n\r\ntwo\r\n--bc\r\n--b--\r\npost\r\n";
        let pieces = split(body, b"b");
        assert_eq!(pieces.parts, [&b"\r\none"[..], b"\r\ntwo\r\n--bc"]);
        assert_eq!(pieces.outside, [&b"pre\r\n"[..], b"post\r\n"]);
        assert!(pieces.closed);
        assert!(!split(b"--b\n\nx", b"b").closed);
        assert_eq!(split(b"--b\n\nx", b"b").parts.len(), 1);
    }
}
