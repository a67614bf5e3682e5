//! Header blocks: fields, encoded words (RFC 2047), parameters (RFC 2045 §5.1, RFC 2231).

use std::borrow::Cow;

use crate::charset;
use crate::codings::percent;
use crate::transfer;

/// Longest encoded word looked at, in octets. RFC 2047 §2 allows 75, some programs write whole fields as one.
/// Without an end to the search, a field of openings alone would take the square of its length.
const ENCODED_WORD_OCTETS_MAX: usize = 4 << 10;
/// Most parameters of one field that are read; real ones have under ten.
const PARAMETERS_MAX: usize = 100;
/// Most comments within comments that are followed; deeper text stays as it is.
const COMMENT_DEPTH_MAX: u32 = 64;

/// One field as it stands.
pub(crate) struct RawField<'a> {
    pub(crate) name: &'a [u8],
    /// Behind the colon, folds and all, without the last line end.
    pub(crate) value: &'a [u8],
}

/// A header block taken apart.
pub(crate) struct Block<'a> {
    pub(crate) fields: Vec<RawField<'a>>,
    /// Lines that are no field.
    pub(crate) junk: Vec<&'a [u8]>,
    /// What follows the blank line.
    pub(crate) body: &'a [u8],
}

/// Splits an entity at its first blank line (RFC 5322 §2.1). LF ends a line as CRLF does: proof is stricter.
pub(crate) fn split(entity: &[u8]) -> Block<'_> {
    let mut block = Block { fields: Vec::new(), junk: Vec::new(), body: &[] };
    let mut at = 0;
    while at < entity.len() {
        let (mut end, mut next) = line_end(entity, at);
        if end == at {
            block.body = &entity[next..];
            return block;
        }
        // RFC 5322 §2.2.3: a line that starts with white space continues the one before.
        while matches!(entity.get(next), Some(b' ' | b'\t')) {
            (end, next) = line_end(entity, next);
        }
        let line = &entity[at..end];
        match line.iter().position(|b| *b == b':') {
            Some(colon) if colon > 0 && !matches!(line[0], b' ' | b'\t') => {
                block.fields.push(RawField { name: &line[..colon], value: &line[colon + 1..] });
            }
            _ => block.junk.push(line),
        }
        at = next;
    }
    block
}

/// The end of the line at `at`, without and with its line end.
pub(crate) fn line_end(octets: &[u8], at: usize) -> (usize, usize) {
    match octets[at..].iter().position(|b| *b == b'\n') {
        Some(n) if n > 0 && octets[at + n - 1] == b'\r' => (at + n - 1, at + n + 1),
        Some(n) => (at + n, at + n + 1),
        None => (octets.len(), octets.len()),
    }
}

/// A value on one line (RFC 5322 §2.2.3), as text.
pub(crate) fn unfold(value: &[u8]) -> String {
    let line: Vec<u8> = value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    match String::from_utf8(line) {
        Ok(text) => text,
        Err(error) => match charset::decode(error.as_bytes(), Some("utf-8")) {
            charset::Text::Doubtful(texts) => texts.join(" "),
            _ => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        },
    }
}

/// A value with encoded words.
pub(crate) struct Words {
    /// Decoded, as a reader sees it.
    pub(crate) decoded: String,
    /// The value with a space in place of each encoded word: what stands outside them.
    pub(crate) outside: String,
    /// A charset or encoding that could not be read.
    pub(crate) unreadable: bool,
}

/// Decodes encoded words wherever they stand, glued to other text too; nothing where there are none.
pub(crate) fn encoded_words(text: &str) -> Option<Words> {
    let mut words = Words { decoded: String::new(), outside: String::new(), unreadable: false };
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut done = 0;
    let mut any = false;
    for (at, _) in text.match_indices("=?") {
        if at < done {
            continue;
        }
        let Some((charset, octets, length)) = encoded_word(&text[at..]) else { continue };
        let between = &text[done..at];
        // RFC 2047 §6.2: white space between two encoded words is not shown, so an address can be split by it;
        // a character may be split too, against §5, and is shown by most programs.
        let adjoins = any && between.trim().is_empty();
        if !adjoins {
            flush(&mut pending, &mut words);
            words.decoded.push_str(between);
        }
        words.outside.push_str(between);
        words.outside.push(' ');
        match &mut pending {
            Some((previous, collected)) if *previous == charset => collected.extend_from_slice(&octets),
            _ => {
                flush(&mut pending, &mut words);
                pending = Some((charset, octets));
            }
        }
        any = true;
        done = at + length;
    }
    if !any {
        return None;
    }
    flush(&mut pending, &mut words);
    words.decoded.push_str(&text[done..]);
    words.outside.push_str(&text[done..]);
    Some(words)
}

fn flush(pending: &mut Option<(String, Vec<u8>)>, words: &mut Words) {
    let Some((charset, octets)) = pending.take() else { return };
    match charset::decode(&octets, Some(&charset)) {
        charset::Text::Clear(text) => words.decoded.push_str(&text),
        charset::Text::Doubtful(texts) => {
            words.unreadable = true;
            words.decoded.push_str(&texts.join(" "));
        }
        charset::Text::Unknown => {
            words.unreadable = true;
            words.decoded.push_str(&String::from_utf8_lossy(&octets));
        }
    }
}

/// `=?charset*language?Q?text?=` at the start of `text`: charset, octets, length.
fn encoded_word(text: &str) -> Option<(String, Vec<u8>, usize)> {
    let mut end = text.len().min(ENCODED_WORD_OCTETS_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let inner = text.strip_prefix("=?")?;
    let (charset, rest) = inner.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let length = rest.find("?=")?;
    let content = &rest[..length];
    if charset.is_empty() || charset.len() > 64 || charset.contains(char::is_whitespace) {
        return None;
    }
    let octets = match encoding {
        "b" | "B" => transfer::base64(content.as_bytes()).octets.into_owned(),
        "q" | "Q" => transfer::quoted_printable(content.replace('_', " ").as_bytes()).octets.into_owned(),
        _ => return None,
    };
    let charset = charset.split('*').next().unwrap_or(charset).to_ascii_lowercase();
    Some((charset, octets, text.len() - rest.len() + length + 2))
}

/// A value without its comments (RFC 5322 §3.2.2), nested ones too. Unclosed ones stay: nothing may vanish.
pub(crate) fn without_comments(text: &str) -> Option<String> {
    if !text.contains('(') {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped, mut opened) = (0_u32, false, false, 0);
    for (at, c) in text.char_indices() {
        let plain = !std::mem::replace(&mut escaped, false);
        match c {
            '\\' if plain => escaped = true,
            '"' if plain && depth == 0 => quoted = !quoted,
            '(' if plain && !quoted && depth < COMMENT_DEPTH_MAX => {
                if depth == 0 {
                    opened = at;
                }
                depth += 1;
                continue;
            }
            ')' if plain && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    if depth > 0 {
        out.push_str(&text[opened..]);
    }
    Some(out)
}

/// A value with parameters.
#[derive(Default)]
pub(crate) struct Parameters {
    /// What stands before the first `;`, in lower case.
    pub(crate) main: String,
    /// Name in lower case and value, RFC 2231 undone.
    pub(crate) list: Vec<(String, String)>,
    /// RFC 2231 was at work: the values are not those in the raw field.
    pub(crate) rewritten: bool,
    /// The same parameter twice, or pieces of one that do not follow on each other.
    pub(crate) ambiguous: bool,
}

impl Parameters {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.list.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Reads `type; name=value; …`.
pub(crate) fn parameters(value: &str) -> Parameters {
    let clean = without_comments(value).map_or(Cow::Borrowed(value), Cow::Owned);
    let mut pieces = semicolons(&clean).into_iter();
    let main = pieces.next().unwrap_or("").trim().to_ascii_lowercase();
    let mut result = Parameters { main, ..Parameters::default() };
    let mut parts: Vec<(String, u32, String)> = Vec::new();
    for (number, piece) in pieces.enumerate() {
        if number >= PARAMETERS_MAX {
            result.ambiguous = true;
            break;
        }
        let Some((name, value)) = piece.split_once('=') else { continue };
        let name = name.trim().to_ascii_lowercase();
        let value = unquote(value.trim());
        if !name.contains('*') {
            result.ambiguous |= result.get(&name).is_some();
            result.list.push((name, value));
            continue;
        }
        result.rewritten = true;
        let encoded = name.ends_with('*');
        let mut base = name.trim_end_matches('*').splitn(2, '*');
        let (base, index) = (base.next().unwrap_or(""), base.next().and_then(|n| n.parse().ok()));
        // RFC 2231 §4: charset'language'octets in the first piece.
        let value = match value.splitn(3, '\'').nth(2) {
            Some(octets) if encoded && index.unwrap_or(0) == 0 => octets.to_owned(),
            _ => value,
        };
        let value = if encoded { percent(&value).unwrap_or(value) } else { value };
        parts.push((base.to_owned(), index.unwrap_or(0), value));
    }
    parts.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    for (base, _, value) in parts {
        match result.list.last_mut() {
            Some((name, joined)) if *name == base => joined.push_str(&value),
            _ => {
                result.ambiguous |= result.get(&base).is_some();
                result.list.push((base, value));
            }
        }
    }
    result
}

fn semicolons(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(|c: char| {
        let plain = !std::mem::replace(&mut escaped, false);
        match c {
            '\\' if plain && quoted => escaped = true,
            '"' if plain => quoted = !quoted,
            ';' => return !quoted,
            _ => {}
        }
        false
    })
    .collect()
}

fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        let block = split(b"From: a\r\nTo :\r\n b\r\njunk\r\n\r\nbody\r\n");
        let names: Vec<&[u8]> = block.fields.iter().map(|f| f.name).collect();
        assert_eq!(names, [&b"From"[..], b"To "]);
        assert_eq!(block.fields[1].value, b"\r\n b");
        assert_eq!((block.junk, block.body), (vec![&b"junk"[..]], &b"body\r\n"[..]));
    }

    #[test]
    fn decodes_words() {
        let words = encoded_words("To =?utf-8?q?ann?=\r\n =?UTF-8*en?B?QHgudGVzdA==?= now").unwrap();
        assert_eq!((words.decoded.as_str(), words.outside.contains("=?")), ("To ann@x.test now", false));
        assert_eq!(encoded_words("=?utf-8?q?a_b?= c =?utf-8?q?d?=").unwrap().decoded, "a b c d");
        assert_eq!(encoded_words("=?utf-8?q?=C3?= =?utf-8?q?=A9?=").unwrap().decoded, "é");
        assert!(encoded_words("=?utf-8?x?a?= =?").is_none());
        assert!(encoded_words("=?utf-7?q?+AEA-?=").unwrap().unreadable);
        let word = |n: usize| format!("=?a?q?{}?=", "x".repeat(n - 8));
        assert!(encoded_words(&word(ENCODED_WORD_OCTETS_MAX)).is_some());
        assert!(encoded_words(&word(ENCODED_WORD_OCTETS_MAX + 1)).is_none());
    }

    #[test]
    fn reads_parameters() {
        let p = parameters(
            "Text/Plain; charset=\"utf-8\"; (c) name*0=\"ann\"; name*1*=%40x.test; x*=utf-8''a%20b",
        );
        assert_eq!((p.main.as_str(), p.get("charset")), ("text/plain", Some("utf-8")));
        assert_eq!((p.get("name"), p.get("x")), (Some("ann@x.test"), Some("a b")));
        assert!(parameters("a/b; boundary=x; boundary=y").ambiguous);
        let list = |n: usize| format!("a/b{}", (0..n).map(|i| format!("; p{i}=x")).collect::<String>());
        assert!(
            !parameters(&list(PARAMETERS_MAX)).ambiguous && parameters(&list(PARAMETERS_MAX + 1)).ambiguous
        );
    }

    #[test]
    fn comments_go() {
        assert_eq!(without_comments("ann@(a (b) \\) c)x.test").as_deref(), Some("ann@x.test"));
        assert!(without_comments("ann (bob@y.test").unwrap().contains("bob@y.test"));
    }
}
