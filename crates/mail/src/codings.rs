//! Codings that stand within text, undone one layer at a time. Each gives nothing where there is nothing to undo.

/// Names of HTML character references for U+00A0 to U+00FF, in order (HTML §13.5).
const LATIN_1: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
    "not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot",
    "cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc",
    "Atilde", "Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute",
    "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash",
    "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute", "acirc", "atilde",
    "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc",
    "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide", "oslash", "ugrave",
    "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// The references that can be part of an address, or hide in one.
const NAMED: [(&str, &str); 48] = [
    ("commat", "@"),
    ("period", "."),
    ("amp", "&"),
    ("AMP", "&"),
    ("lt", "<"),
    ("LT", "<"),
    ("gt", ">"),
    ("GT", ">"),
    ("quot", "\""),
    ("QUOT", "\""),
    ("apos", "'"),
    ("lowbar", "_"),
    ("UnderBar", "_"),
    ("hyphen", "\u{2010}"),
    ("dash", "\u{2010}"),
    ("plus", "+"),
    ("num", "#"),
    ("excl", "!"),
    ("dollar", "$"),
    ("percnt", "%"),
    ("ast", "*"),
    ("midast", "*"),
    ("equals", "="),
    ("sol", "/"),
    ("bsol", "\\"),
    ("colon", ":"),
    ("semi", ";"),
    ("comma", ","),
    ("lpar", "("),
    ("rpar", ")"),
    ("lsqb", "["),
    ("lbrack", "["),
    ("rsqb", "]"),
    ("rbrack", "]"),
    ("lcub", "{"),
    ("lbrace", "{"),
    ("rcub", "}"),
    ("rbrace", "}"),
    ("verbar", "|"),
    ("vert", "|"),
    ("quest", "?"),
    ("grave", "`"),
    ("Tab", "\t"),
    ("NewLine", "\n"),
    ("zwnj", "\u{200C}"),
    ("zwj", "\u{200D}"),
    ("ZeroWidthSpace", "\u{200B}"),
    ("NoBreak", "\u{2060}"),
];
/// Octets before a closing bracket in which its opening one and the word between them must stand.
const SPELLED_OCTETS_MAX: usize = 16;
/// Longest name or number of a character reference that is looked at, in octets (`ZeroWidthSpace` has 14).
const REFERENCE_OCTETS_MAX: usize = 24;

/// `%40` (RFC 3986 §2.1) and `%u0040` (the old escape() of browsers).
pub(crate) fn percent(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out: Vec<u8> = Vec::new();
    let mut done = 0;
    for (at, _) in text.match_indices('%') {
        if at < done {
            continue;
        }
        let tail = &bytes[at + 1..];
        let (octets, length) = if let Some(octet) = hex_pair(tail) {
            (vec![octet], 3)
        } else if matches!(tail.first(), Some(b'u' | b'U'))
            && let Some(c) = hex_char(tail.get(1..5).unwrap_or_default())
        {
            (c.to_string().into_bytes(), 6)
        } else {
            continue;
        };
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(&octets);
        done = at + length;
    }
    if done == 0 {
        return None;
    }
    out.extend_from_slice(&bytes[done..]);
    Some(match String::from_utf8(out) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// `=40`, as it is left where a quoted-printable text lost its header field, or lines that it broke.
pub(crate) fn quoted_printable(text: &str) -> Option<String> {
    if !text.contains("=40") {
        return None;
    }
    let decoded = crate::transfer::quoted_printable(text.as_bytes()).octets;
    Some(String::from_utf8_lossy(&decoded).into_owned())
}

pub(crate) fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    let (high, low) = (digit(*bytes.first()?)?, digit(*bytes.get(1)?)?);
    u8::try_from(high * 16 + low).ok()
}

fn hex_char(digits: &[u8]) -> Option<char> {
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let mut value: u32 = 0;
    for digit in digits {
        value = value.checked_mul(16)?.checked_add(char::from(*digit).to_digit(16)?)?;
    }
    char::from_u32(value)
}

/// Character references (HTML §13.5): by number, by name, the `;` there or not.
pub(crate) fn entities(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices('&') {
        if at < done {
            continue;
        }
        let Some((replacement, length)) = reference(&text[at + 1..]) else { continue };
        out.push_str(&text[done..at]);
        out.push_str(&replacement);
        done = at + 1 + length;
    }
    if done == 0 {
        return None;
    }
    out.push_str(&text[done..]);
    Some(out)
}

fn reference(text: &str) -> Option<(String, usize)> {
    let bytes = text.as_bytes();
    if bytes.first() == Some(&b'#') {
        return numeric(bytes);
    }
    let window = &bytes[..bytes.len().min(REFERENCE_OCTETS_MAX)];
    let end = window.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(window.len());
    let name = &text[..end];
    let closed = usize::from(bytes.get(end) == Some(&b';'));
    if let Some(found) = named(name) {
        return Some((found, end + closed));
    }
    // HTML §13.2.5.73: the references of Latin-1 and a few more are read without `;`, the longest that fits.
    (2..end).rev().find_map(|n| {
        let early = named(&name[..n]).filter(|_| is_read_early(&name[..n]))?;
        Some((early, n))
    })
}

fn is_read_early(name: &str) -> bool {
    matches!(name, "amp" | "AMP" | "lt" | "LT" | "gt" | "GT" | "quot" | "QUOT") || LATIN_1.contains(&name)
}

fn named(name: &str) -> Option<String> {
    if let Some((_, text)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some((*text).to_owned());
    }
    let at = LATIN_1.iter().position(|known| *known == name)?;
    char::from_u32(0xA0 + u32::try_from(at).ok()?).map(String::from)
}

fn numeric(bytes: &[u8]) -> Option<(String, usize)> {
    let hex = matches!(bytes.get(1), Some(b'x' | b'X'));
    let start = if hex { 2 } else { 1 };
    let digits = bytes[start..].iter();
    let is_digit = |b: &u8| if hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
    // Leading zeros are as many as anybody likes: `&#0000000000064;`.
    let length = digits.take_while(|b| is_digit(b)).count();
    let number = std::str::from_utf8(&bytes[start..start + length]).ok()?.trim_start_matches('0');
    let value = u32::from_str_radix(number, if hex { 16 } else { 10 }).ok()?;
    let c = char::from_u32(value)?;
    let end = start + length;
    let closed = usize::from(bytes.get(end) == Some(&b';'));
    Some((c.to_string(), end + closed))
}

/// Backslash escapes: `\u0040`, `\u{40}`, `\x40`, CSS `\40 ` and `\000040`, and `\@`.
pub(crate) fn escapes(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices('\\') {
        if at < done {
            continue;
        }
        let Some((c, length)) = escape(&bytes[at + 1..]) else { continue };
        out.push_str(&text[done..at]);
        out.push(c);
        done = at + 1 + length;
    }
    if done == 0 {
        return None;
    }
    out.push_str(&text[done..]);
    Some(out)
}

fn escape(tail: &[u8]) -> Option<(char, usize)> {
    match tail.first()? {
        b'u' if tail.get(1) == Some(&b'{') => {
            let digits = tail[2..].iter().take(8).take_while(|b| b.is_ascii_hexdigit()).count();
            Some((
                hex_char(&tail[2..2 + digits])?,
                2 + digits + usize::from(tail.get(2 + digits) == Some(&b'}')),
            ))
        }
        b'u' => Some((hex_char(tail.get(1..5)?)?, 5)),
        b'x' => Some((hex_char(tail.get(1..3)?)?, 3)),
        b'@' => Some(('@', 1)),
        b'.' => Some(('.', 1)),
        b if b.is_ascii_hexdigit() => {
            // CSS Syntax §4.3.7: one to six digits, and one white space belongs to them.
            let digits = tail.iter().take(6).take_while(|b| b.is_ascii_hexdigit()).count();
            let c = hex_char(&tail[..digits])?;
            Some((c, digits + usize::from(tail.get(digits).is_some_and(u8::is_ascii_whitespace))))
        }
        _ => None,
    }
}

/// `ann (at) x [dot] test`. Plain words (`ann at x dot test`) are prose and stay.
pub(crate) fn spelled(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut done = 0;
    let mut signs = 0;
    for (close, _) in text.match_indices([')', ']', '}']) {
        let mut from = done.max(close.saturating_sub(SPELLED_OCTETS_MAX));
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let Some(open) = text[from..close].rfind(['(', '[', '{']).map(|n| from + n) else { continue };
        let sign = match text[open + 1..close].trim() {
            word if word.eq_ignore_ascii_case("at") => '@',
            word if word.eq_ignore_ascii_case("dot") => '.',
            "@" => '@',
            "." => '.',
            _ => continue,
        };
        signs += 1;
        out.push_str(text[done..open].trim_end_matches(' '));
        out.push(sign);
        done = close + 1;
        done += text[done..].len() - text[done..].trim_start_matches(' ').len();
    }
    if signs == 0 {
        return None;
    }
    out.push_str(&text[done..]);
    // Behind a spelled sign the dots may be words too: `ann(at)x dot test`.
    Some(if out.contains(" dot ") { out.replace(" dot ", ".") } else { out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undoes() {
        assert_eq!(percent("ann%40x.test%3D100%").as_deref(), Some("ann@x.test=100%"));
        assert_eq!(percent("ann%u0040x").as_deref(), Some("ann@x"));
        assert_eq!(percent("100% of them"), None);
        assert_eq!(entities("a&#64;b&#x40c&#x0000040;d&commat;e").as_deref(), Some("a@b\u{40c}@d@e"));
        assert_eq!(entities("ann&#64x&ampy&eacute;&shy;").as_deref(), Some("ann@x&yé\u{ad}"));
        assert_eq!(entities("R&D & so on"), None);
        assert_eq!(escapes(r"ann\u0040x\x2etest").as_deref(), Some("ann@x.test"));
        assert_eq!(escapes(r"ann\40 x\00002etest").as_deref(), Some("ann@x.test"));
        assert_eq!(escapes(r"ann\u{40}x").as_deref(), Some("ann@x"));
        assert_eq!(spelled("ann (at) x [dot] test").as_deref(), Some("ann@x.test"));
        assert_eq!(spelled("ann(AT)x dot test").as_deref(), Some("ann@x.test"));
        assert_eq!(spelled("look (at last) there"), None);
        assert_eq!(quoted_printable("ann=40x.te=\r\nst").as_deref(), Some("ann@x.test"));
    }

    #[test]
    fn hostile_tails_are_no_panic() {
        for text in
            ["%", "%4", "%u", "%u00", "&", "&#", "&#x", "&#99999999999;", "&é", "\\", "\\u", "\\u{", "\\é"]
        {
            let _ = (percent(text), entities(text), escapes(text), spelled(text), quoted_printable(text));
        }
    }
}
