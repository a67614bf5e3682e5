//! Words that are Base64 or hexadecimal: `?r=YW5uQHgudGVzdA`, `/616e6e40782e74657374`.
//!
//! An `@` in Base64 always leaves one of three pairs of characters, by where it falls in a group of three octets.
//! Looking for those pairs finds the few words worth decoding and how they are aligned, at any prefix.

use crate::codings::hex_pair;

/// Shortest word looked at, in characters: `a@b.cc` is eight in Base64.
const WORD_CHARS_MIN: usize = 8;
/// Shortest run of hexadecimal digits looked at: `a@b.cc` is twelve.
const HEX_DIGITS_MIN: usize = 12;
/// Longest stretch decoded around one `@`, in characters: an address of 254 octets and as much again.
const STRETCH_CHARS_MAX: usize = 1_024;
/// Longest line of a wrapped block starts at this many characters: a line break behind fewer ends a word.
const WRAPPED_LINE_CHARS_MIN: usize = 40;
/// A readable stretch within a word that is otherwise noise must be this long, in octets: in random octets such
/// a stretch with an address in it appears less than once in 10^8 signatures.
const READABLE_OCTETS_MIN: usize = 16;
/// Separators before an `@` at which a piece of a word may start that are tried.
const SEPARATORS_MAX: usize = 4;
/// Shortest word without an `@` that is decoded for what may be hidden one layer deeper, in characters.
const NESTED_CHARS_MIN: usize = 16;
/// Longest word decoded for that.
const NESTED_CHARS_MAX: usize = 64 << 10;

/// Which alphabet a word is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Alphabet {
    Base64,
    Hex,
}

/// Calls `found` with the text of each word that decodes to text.
pub(crate) fn tokens(text: &str, mut found: impl FnMut(Alphabet, String)) {
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        if VALUE[usize::from(bytes[start])] == NO {
            start += 1;
            continue;
        }
        let end = word_end(bytes, start);
        if end - start >= WORD_CHARS_MIN {
            word(&bytes[start..end], &mut found);
        }
        start = end;
    }
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start;
    let mut line = start;
    loop {
        while end < bytes.len() && VALUE[usize::from(bytes[end])] != NO {
            end += 1;
        }
        let wrapped = end - line >= WRAPPED_LINE_CHARS_MIN;
        let next = match &bytes[end..] {
            [b'\r', b'\n', ..] => end + 2,
            [b'\n', ..] => end + 1,
            _ => return end,
        };
        if !wrapped || next >= bytes.len() || VALUE[usize::from(bytes[next])] == NO {
            return end;
        }
        line = next;
        end = next;
    }
}

fn word(word: &[u8], found: &mut impl FnMut(Alphabet, String)) {
    let wrapped;
    let word = if word.contains(&b'\n') {
        wrapped = word.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect::<Vec<u8>>();
        &wrapped[..]
    } else {
        word
    };
    let (mut upper, mut lower, mut digit) = (false, false, false);
    for b in word {
        upper |= b.is_ascii_uppercase();
        lower |= b.is_ascii_lowercase();
        digit |= b.is_ascii_digit();
    }
    if digit {
        // `test/616e…` is one word here, because `/` is a character of Base64.
        let runs = word.split(|b| !b.is_ascii_hexdigit());
        runs.filter(|r| r.len() >= HEX_DIGITS_MIN).for_each(|run| hexadecimal(run, found));
    }
    // Base64 of an address has capitals; prose has them at the start of a word alone.
    if !(digit || upper && lower) {
        return;
    }
    let mut decoded_to = 0;
    for at in 0..word.len().saturating_sub(1) {
        if at >= decoded_to
            && let Some(group) = at_sign_group(word, at)
            && has_readable_neighbours(word, group)
        {
            let (text, end) = stretch(word, group);
            if let Some(text) = text {
                found(Alphabet::Base64, text);
                decoded_to = end;
            }
        }
    }
    if decoded_to == 0 && upper && lower && (NESTED_CHARS_MIN..=NESTED_CHARS_MAX).contains(&word.len()) {
        for piece in word.split(|b| *b == b'/').filter(|p| p.len() >= NESTED_CHARS_MIN) {
            if let Some(text) = readable_whole(&decode(piece)) {
                found(Alphabet::Base64, text);
            }
        }
    }
}

/// If the two characters at `at` can hold an `@`: the index of the first character of their group of four.
fn at_sign_group(word: &[u8], at: usize) -> Option<usize> {
    let (first, second) = (VALUE[usize::from(word[at])], VALUE[usize::from(word[at + 1])]);
    // 0x40 is 010000 00: as the first octet of three it is 16 and then two bits of nothing …
    if first == 16 && second < 16 {
        return Some(at);
    }
    // … as the second, four bits of 0100 and four of 0000 …
    if first & 0x0F == 4 && second < 4 {
        return at.checked_sub(1);
    }
    // … as the third, two bits of 01 and then six of nothing.
    if first & 0x03 == 1 && second == 0 {
        return at.checked_sub(2);
    }
    None
}

/// Whether the octets next to the `@` can be part of an address: spares most chance pairs the full decoding.
fn has_readable_neighbours(word: &[u8], group: usize) -> bool {
    let start = if group >= 4 { group - 4 } else { group };
    let octets = decode(&word[start..word.len().min(group + 8)]);
    let at = (group - start) / 4 * 3;
    let sign = octets.iter().skip(at).take(3).position(|b| *b == b'@').map(|n| at + n);
    let fits = |b: Option<&u8>| b.is_some_and(|b| is_readable(*b) || *b >= 0x80);
    sign.is_some_and(|n| n > 0 && fits(octets.get(n - 1)) && fits(octets.get(n + 1)))
}

/// The readable text around the `@` of the group at `group`, and where the decoded part of the word ends.
fn stretch(word: &[u8], group: usize) -> (Option<String>, usize) {
    let aligned = group % 4;
    let reach = STRETCH_CHARS_MAX / 2 / 4 * 4;
    let start = if group - aligned > reach { group - reach } else { aligned };
    let end = word.len().min(group + reach);
    let octets = decode(&word[start..end]);
    let at = (group - start) / 4 * 3;
    let Some(at) = octets.iter().skip(at).take(3).position(|b| *b == b'@').map(|n| at + n) else {
        return (None, 0);
    };
    if let Some(text) = readable_whole(&octets) {
        return (Some(text), end);
    }
    // A word that starts elsewhere than its Base64 does: `/invite/YW5u…`, `x-YW5u…`.
    if let Some(text) = cut_word(word, group) {
        return (Some(text), end);
    }
    let from = octets[..at].iter().rposition(|b| !is_readable(*b)).map_or(0, |n| n + 1);
    let to = octets[at..].iter().position(|b| !is_readable(*b)).map_or(octets.len(), |n| at + n);
    if to - from < READABLE_OCTETS_MIN {
        return (None, 0);
    }
    (Some(String::from_utf8_lossy(&octets[from..to]).into_owned()), end)
}

/// The text of the path segment or hyphenated piece that holds the group at `group`.
fn cut_word(word: &[u8], group: usize) -> Option<String> {
    let separates = |b: &u8| matches!(b, b'/' | b'-' | b'_' | b'+');
    let reach = group.saturating_sub(STRETCH_CHARS_MAX);
    let end = word[group..]
        .iter()
        .take(STRETCH_CHARS_MAX)
        .position(|b| *b == b'/')
        .map_or(word.len(), |n| group + n);
    let end = end.min(group + STRETCH_CHARS_MAX);
    (reach..group)
        .rev()
        .filter(|n| separates(&word[*n]) && (group - n - 1).is_multiple_of(4))
        .take(SEPARATORS_MAX)
        .find_map(|n| readable_whole(&decode(&word[n + 1..end])))
}

fn is_readable(b: u8) -> bool {
    b.is_ascii_graphic() || b == b' '
}

fn readable_whole(octets: &[u8]) -> Option<String> {
    if octets.len() < 6 {
        return None;
    }
    let text = std::str::from_utf8(octets).ok()?;
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n' | '\0');
    text.chars().all(plain).then(|| text.to_owned())
}

fn hexadecimal(word: &[u8], found: &mut impl FnMut(Alphabet, String)) {
    for skip in 0..2 {
        let octets: Vec<u8> = word[skip..].chunks_exact(2).filter_map(hex_pair).collect();
        if let Some(text) = readable_whole(&octets) {
            found(Alphabet::Hex, text);
            continue;
        }
        for run in octets.split(|b| !is_readable(*b)) {
            if run.len() >= READABLE_OCTETS_MIN && (run.contains(&b'@') || run.contains(&b'%')) {
                found(Alphabet::Hex, String::from_utf8_lossy(run).into_owned());
            }
        }
    }
}

/// Decodes both alphabets of RFC 4648 §4 and §5, without padding; a last group of one character is dropped.
fn decode(word: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(word.len() / 4 * 3 + 3);
    for group in word.chunks(4) {
        let mut bits: u32 = 0;
        for b in group {
            bits = bits << 6 | u32::from(VALUE[usize::from(*b)] & 0x3F);
        }
        bits <<= 6 * (4 - group.len());
        let [_, a, b, c] = bits.to_be_bytes();
        out.extend_from_slice(&[a, b, c][..group.len().saturating_sub(1)]);
    }
    out
}

/// Not in the alphabet.
const NO: u8 = 0xFF;
/// The value of each character, both alphabets of RFC 4648 at once.
const VALUE: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut table = [NO; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut n: u8 = 0;
    while n < 64 {
        table[alphabet[n as usize] as usize] = n;
        n += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};

    use super::*;

    fn finds(text: &str, needle: &str) -> bool {
        let mut hit = false;
        tokens(text, |_, decoded| hit |= decoded.contains(needle));
        hit
    }

    #[test]
    fn decodes_words() {
        for address in ["ann@x.test", "b.ann@x.test", "cc.ann@x.test", "a@b.cc"] {
            let standard = BASE64.encode(address.as_bytes());
            let url = BASE64URL_NOPAD.encode(address.as_bytes());
            let hex = HEXLOWER.encode(address.as_bytes());
            for text in [
                format!("?r={standard}&x=1"),
                format!("https://h.test/{url}"),
                format!("https://h.test/invite/{url}"),
                format!("key: {url}."),
                hex.clone(),
                format!("?h={hex}&x"),
            ] {
                assert!(finds(&text, address), "{text}");
            }
        }
        let long = BASE64.encode("x".repeat(80).as_bytes()) + &BASE64.encode(b"..ann@x.test");
        let wrapped: Vec<String> =
            long.as_bytes().chunks(76).map(|l| String::from_utf8_lossy(l).into()).collect();
        assert!(finds(&wrapped.join("\r\n"), "ann@x.test"));
        assert!(finds(&format!("prefix{}", BASE64.encode(b"a long name <ann@x.test>")), "ann@x.test"));
        assert!(finds(&BASE64.encode(b"r=ann%40x.test&x=1"), "ann%40x.test"));
    }

    #[test]
    fn words_and_noise_are_left_alone() {
        let noise = "dzX9QAbEJk3kQBpZm1AE/Q0kAxRAhQPQ8fJ2ZAkEDAuQAq==";
        for text in ["experience of reporting", "Questionnaires", noise, "0123456789abcdef0123456789abcdef"] {
            tokens(text, |_, decoded| assert!(!decoded.contains('@'), "{text}"));
        }
    }
}
