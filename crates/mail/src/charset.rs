//! Charsets (RFC 2978 names) to text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// A text, and how sure it is.
pub(crate) enum Text<'a> {
    /// As its label says.
    Clear(Cow<'a, str>),
    /// The label says one thing and the octets another: every reading that some program will show.
    Doubtful(Vec<String>),
    /// A charset that cannot be read (UTF-7, UTF-32 and others that hide ASCII, or an unknown name).
    Unknown,
}

/// Reads `octets` as `label` says; without one as UTF-8, which US-ASCII (RFC 2045 §5.2) is part of.
pub(crate) fn decode<'a>(octets: &'a [u8], label: Option<&str>) -> Text<'a> {
    if let Some((encoding, skip)) = Encoding::for_bom(octets) {
        let (text, wrong) = encoding.decode_without_bom_handling(&octets[skip..]);
        return if wrong { doubtful(octets, encoding) } else { Text::Clear(text) };
    }
    let label = label.map_or("utf-8", str::trim);
    if label.eq_ignore_ascii_case("us-ascii") || label.eq_ignore_ascii_case("ascii") {
        return match std::str::from_utf8(octets) {
            Ok(text) => Text::Clear(Cow::Borrowed(text)),
            Err(_) => doubtful(octets, WINDOWS_1252),
        };
    }
    let Some(encoding) = Encoding::for_label_no_replacement(label.as_bytes()) else { return Text::Unknown };
    // RFC 2781 §4.3: without a mark it is big-endian, and many programs write little-endian all the same.
    if label.eq_ignore_ascii_case("utf-16") {
        return doubtful(octets, UTF_16BE);
    }
    if !encoding.is_ascii_compatible() && encoding != UTF_16LE && encoding != UTF_16BE {
        // ISO-2022-JP: ASCII to one reader is Japanese to another.
        return doubtful(octets, encoding);
    }
    let (text, wrong) = encoding.decode_without_bom_handling(octets);
    if wrong { doubtful(octets, encoding) } else { Text::Clear(text) }
}

fn doubtful(octets: &[u8], declared: &'static Encoding) -> Text<'static> {
    let wide = octets.contains(&0) || declared == UTF_16LE || declared == UTF_16BE;
    let likely =
        if wide { vec![declared, UTF_8, UTF_16LE, UTF_16BE] } else { vec![declared, UTF_8, WINDOWS_1252] };
    let mut texts: Vec<String> = Vec::new();
    for encoding in likely {
        let text = encoding.decode_without_bom_handling(octets).0.into_owned();
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    Text::Doubtful(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads() {
        let wide: Vec<u8> = "ann@x.test".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(matches!(decode(&wide, Some("utf-16le")), Text::Clear(t) if t == "ann@x.test"));
        assert!(
            matches!(decode(&wide, Some("utf-16")), Text::Doubtful(t) if t.contains(&"ann@x.test".to_owned()))
        );
        assert!(matches!(decode(b"caf\xE9", Some("windows-1252")), Text::Clear(t) if t == "café"));
        assert!(
            matches!(decode(b"caf\xE9", Some("utf-8")), Text::Doubtful(t) if t.contains(&"café".to_owned()))
        );
        assert!(matches!(decode(b"+AEA-", Some("utf-7")), Text::Unknown));
        assert!(matches!(decode(b"ann", Some("x-no-such")), Text::Unknown));
        assert!(matches!(decode(b"ann", None), Text::Clear(t) if t == "ann"));
    }
}
