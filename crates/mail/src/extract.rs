//! Whole addresses around each `@` of a text.
//!
//! In `joann@x.test` stands joann@x.test and never ann@x.test; in `?to=ann@x.test` stands ann@x.test. Where an
//! address begins is not always certain (`a=b@x.test` may be a parameter or a local part), so one `@` can have
//! several readings; the shortest is the address, the others are kept beside it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::{Address, LOCAL_OCTETS_MAX};

/// Octets looked at before an `@`: the longest local part, four octets a character, in a URL or with gaps.
const BEFORE_OCTETS_MAX: usize = 512;
/// Octets looked at behind an `@`: the longest domain, four octets a character, with gaps.
const AFTER_OCTETS_MAX: usize = 1_200;
/// White space, in characters, between an address and its `@`: more is a layout and not a disguise.
const GAP_CHARS_MAX: usize = 16;
/// Readings of one `@` that are kept beside the shortest.
const READINGS_MAX: usize = 12;
/// Labels cut from the end of a domain until the rest is valid (`x.test.12` is x.test at the end of a list).
const CUTS_MAX: usize = 8;

/// What stands around one `@`.
pub(crate) struct Found {
    pub(crate) address: Address,
    pub(crate) also: Vec<Address>,
}

/// Finds every address in `text`.
pub(crate) fn extract(text: &str, mut found: impl FnMut(Found)) {
    let ascii = text.is_ascii();
    if ascii {
        for (at, _) in text.match_indices('@') {
            found_at(text, at, 1, true, &mut found);
        }
    } else {
        // U+FF20 and U+FE6B are the @ of full-width and small forms: NFKC makes them one.
        for (at, sign) in text.match_indices(['@', '\u{FF20}', '\u{FE6B}']) {
            found_at(text, at, sign.len(), false, &mut found);
        }
    }
}

fn found_at(text: &str, at: usize, sign: usize, ascii: bool, found: &mut impl FnMut(Found)) {
    let mut start = at.saturating_sub(BEFORE_OCTETS_MAX);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let mut end = text.len().min(at + sign + AFTER_OCTETS_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let (before, after) = (&text[start..at], &text[at + sign..end]);
    // No address goes beyond the next sign: many signs in a row must not each cost a whole window.
    let before = before.rfind('@').map_or(before, |n| &before[n..]);
    let after = after.find('@').map_or(after, |n| &after[..n]);
    let one = if ascii {
        around(before, after)
    } else {
        around(&plain_characters(before), &plain_characters(after))
    };
    if let Some(one) = one {
        found(one);
    }
}

/// Compatibility forms folded (NFKC), characters that show nothing dropped, every dot of UTS 46 §2.3 a dot.
fn plain_characters(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let seen = text.chars().filter(|c| !is_invisible(*c)).nfkc();
    Cow::Owned(seen.map(|c| if matches!(c, '\u{3002}' | '\u{FF61}') { '.' } else { c }).collect())
}

/// Characters that take no room and would split an address for a machine alone.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0000}'..='\u{E0FFF}')
}

/// A character of a word beyond ASCII. Quotes, dashes and other punctuation are not, symbols such as emoji are.
fn is_word_beyond_ascii(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || is_symbol(c)
}

fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27BF}' | '\u{1F000}'..='\u{1FAFF}')
}

/// Scripts written without spaces, and symbols: an address may begin right behind them.
fn is_unspaced(c: char) -> bool {
    is_symbol(c)
        || matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'
            | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn is_local_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c)
    } else {
        is_word_beyond_ascii(c)
    }
}

fn is_label_char(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '-' } else { is_word_beyond_ascii(c) }
}

fn around(before: &str, after: &str) -> Option<Found> {
    let near = trim_gap_end(before)?;
    let gap_before = near.len() != before.len();
    let rest = trim_gap_start(after)?;
    let gap_after = rest.len() != after.len();
    let domain = Domain::read(rest, gap_before || gap_after)?;
    let locals =
        if near.ends_with('"') { quoted(near).into_iter().collect() } else { locals(near, gap_before)? };
    let mut readings = Vec::new();
    for local in &locals {
        domain.join(local, &mut readings);
    }
    let mut readings = readings.into_iter();
    let address = readings.next()?;
    let mut also = Vec::new();
    for reading in readings {
        if reading != address && !also.contains(&reading) {
            also.push(reading);
        }
    }
    Some(Found { address, also })
}

/// `a @ x . test`: white space around the sign, at most one line break of it.
fn trim_gap_end(text: &str) -> Option<&str> {
    let trimmed = text.trim_end();
    gap_is_small(&text[trimmed.len()..]).then_some(trimmed)
}

fn trim_gap_start(text: &str) -> Option<&str> {
    let trimmed = text.trim_start();
    gap_is_small(&text[..text.len() - trimmed.len()]).then_some(trimmed)
}

fn gap_is_small(gap: &str) -> bool {
    gap.is_empty() || (gap.chars().count() <= GAP_CHARS_MAX && gap.matches('\n').count() <= 1)
}

/// RFC 5321 §4.1.2 Quoted-string before the `@`. The opening quote must not be the closing one of something
/// before it, or `class="x" href="@…` would be an address.
fn quoted(text: &str) -> Option<Cow<'_, str>> {
    let inner = text.strip_suffix('"')?;
    let open = inner.rfind('"')?;
    let local = &text[open..];
    let stands_free =
        !inner[..open].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '=' | '"' | '\\'));
    let fits = local.len() <= LOCAL_OCTETS_MAX && local.contains(char::is_alphanumeric);
    (stands_free && fits).then_some(Cow::Borrowed(local))
}

/// The local parts that `text` may end with, the shortest first.
fn locals(text: &str, gap: bool) -> Option<Vec<Cow<'_, str>>> {
    let start = text.char_indices().rev().take_while(|(_, c)| is_local_char(*c)).last()?.0;
    let run = &text[start..];
    if gap && run.ends_with('.') {
        return None; // the end of a sentence
    }
    // "..." separates; a dot at either end belongs to the sentence (and RFC 5321 §4.1.2 has none there).
    let run = run.trim_end_matches('.');
    let run = run.rfind("..").map_or(run, |dots| &run[dots + 2..]).trim_start_matches(['.', '\'']);
    let run = run.trim_end_matches('\'');
    // `https://social.test/@ann.smith`, `?@`, `{@`: nothing stands before this sign.
    if run.is_empty() || run.ends_with(['/', '=', '?', '&', '#', '{', '|', '}', '`']) {
        return None;
    }
    if run.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.') {
        return Some(vec![Cow::Borrowed(run)]);
    }
    let url = run.contains("//") || run.contains('?') || run.starts_with('/');
    let splits = |c: char| match c {
        '=' | '|' | '`' | '{' | '}' | '*' | '^' | '~' | '#' | '$' | '?' => true,
        '!' | '%' | '&' | '/' => url,
        c => is_unspaced(c),
    };
    let mut starts: Vec<usize> =
        run.char_indices().filter(|(_, c)| splits(*c)).map(|(n, c)| n + c.len_utf8()).collect();
    starts.reverse();
    starts.truncate(READINGS_MAX / 2);
    starts.push(0);
    let mut locals = Vec::with_capacity(starts.len() + 1);
    for start in starts {
        let local = &run[start..];
        // A dash of a list or a sign stuck to an address: `-ann@x.test`.
        let bare = local.trim_start_matches(['-', '+', '_', '\'', '.']);
        if bare.len() != local.len() && !bare.is_empty() {
            locals.push(Cow::Borrowed(local));
            locals.push(Cow::Borrowed(bare));
        } else if !local.is_empty() {
            locals.push(Cow::Borrowed(local));
        }
        // `mailto:ann%2Bsurvey@x.test` (RFC 6068 §2) is ann+survey@x.test.
        if let Some(decoded) = local.contains('%').then(|| crate::codings::percent(local)).flatten() {
            locals.push(Cow::Owned(decoded));
        }
        if locals.len() >= READINGS_MAX {
            break;
        }
    }
    Some(locals)
}

/// The domain behind one `@`, in pieces.
struct Domain {
    labels: Vec<String>,
    glued: bool,
    unspaced: bool,
}

impl Domain {
    fn read(text: &str, gap: bool) -> Option<Self> {
        let mut labels: Vec<String> = Vec::new();
        let mut rest = text;
        let mut gaps = gap;
        loop {
            let end = rest.find(|c| !is_label_char(c)).unwrap_or(rest.len());
            let label = rest[..end].trim_end_matches('-');
            if label.is_empty() {
                break;
            }
            labels.push(label.to_owned());
            rest = &rest[end..];
            if label.len() != end {
                break;
            }
            let tight = rest.strip_prefix('.').filter(|r| r.starts_with(is_label_char));
            if let Some(next) = tight {
                rest = next;
                continue;
            }
            // ` . ` anywhere; `. ` alone only where no dot came before, else it ends a sentence.
            let blank = |c: char| c.is_whitespace() && c != '\n' && c != '\r';
            let spaced = rest.trim_start_matches(blank);
            let far = spaced.strip_prefix('.').map(|r| r.trim_start_matches(blank));
            let open = spaced.len() != rest.len() || (labels.len() == 1 && !gap);
            match far.filter(|r| open && r.starts_with(is_label_char)) {
                Some(next) => {
                    gaps = true;
                    rest = next;
                }
                None => break,
            }
        }
        if labels.len() < 2 {
            return None;
        }
        let unspaced = labels.iter().any(|l| l.contains(is_unspaced));
        Some(Self { labels, glued: !gaps, unspaced })
    }

    /// The address of `local` here: the longest domain that is valid, and for scripts without spaces also the
    /// part before the first such character.
    fn join(&self, local: &str, readings: &mut Vec<Address>) {
        let mut labels = self.labels.as_slice();
        if labels.is_empty() || local.is_empty() {
            return;
        }
        for _ in 0..=CUTS_MAX {
            if labels.len() < 2 {
                break;
            }
            if self.top_is_plausible(labels)
                && let Ok(address) = Address::parse(&format!("{local}@{}", labels.join(".")))
            {
                readings.push(address);
                break;
            }
            labels = &labels[..labels.len() - 1];
        }
        if self.unspaced {
            let whole = self.labels.join(".");
            let cut = whole.find(is_unspaced).unwrap_or(whole.len());
            let short = whole[..cut].trim_end_matches(['.', '-']);
            if let Ok(address) = Address::parse(&format!("{local}@{short}")) {
                readings.push(address);
            }
        }
    }

    /// A time or a price behind a spaced `@` has a "top level" with digits (`doors @ 7.30pm`).
    fn top_is_plausible(&self, labels: &[String]) -> bool {
        let Some(top) = labels.last() else { return false };
        self.glued
            || top.get(..4).is_some_and(|t| t.eq_ignore_ascii_case("xn--"))
            || top.chars().count() >= 2 && !top.chars().any(|c| c.is_ascii_digit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        let mut list = Vec::new();
        extract(text, |f| list.push(f.address.expose()));
        list
    }

    #[test]
    fn whole_addresses_only() {
        for (text, address) in [
            ("joann@x.test", "joann@x.test"),
            ("(ann@x.test)", "ann@x.test"),
            ("Write to ann@x.test.", "ann@x.test"),
            ("Write to ann@x.test. Thanks", "ann@x.test"),
            ("ann@x.test, bob", "ann@x.test"),
            ("'ann@x.test'", "ann@x.test"),
            ("“ann@x.test”", "ann@x.test"),
            ("william.o'neill@x.test", "william.o'neill@x.test"),
            ("mailto:ann@x.test?subject=a", "ann@x.test"),
            ("https://h.test/s?r=ann@x.test&b=1", "ann@x.test"),
            ("https://user:pw@host.test/", "pw@host.test"),
            ("\"ann smith\"@x.test", "\"ann smith\"@x.test"),
            ("<ann@x.test>", "ann@x.test"),
            ("a @ x . test", "a@x.test"),
            ("ann@\r\n x.test", "ann@x.test"),
            ("ann@x. test", "ann@x.test"),
            ("ann＠x．test", "ann@x.test"),
            ("a\u{200b}nn@x\u{ad}.test", "ann@x.test"),
            ("ann@BÜCHER.example", "ann@xn--bcher-kva.example"),
            ("联系ann@x.test", "ann@x.test"),
            ("Email...ann@x.test", "ann@x.test"),
            ("ann+crime@x.test.", "ann+crime@x.test"),
        ] {
            assert_eq!(all(text), [address], "{text}");
        }
    }

    #[test]
    fn prose_is_no_address() {
        for text in [
            "follow @mention",
            "2 @ 3.50 each",
            "£2 @ £3.50",
            "doors open @ 7.30pm",
            "at 10@home",
            "https://social.test/@ann.smith",
            "https://maps.test/maps/@51.5,-0.12,15z",
            "pkg@1.2.3",
            "@media screen and (max-width:600px){}",
            "@",
            "@@@@",
            "user@",
            "ann@localhost",
            "{\"to\": \"@foo.bar\"}",
            "ann @ x.estÀ1",
        ] {
            assert_eq!(all(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn other_readings_are_kept() {
        let mut also = Vec::new();
        extract("x?a=b@x.test", |f| also.extend(f.also.iter().map(Address::expose)));
        assert!(also.contains(&"a=b@x.test".to_owned()), "{also:?}");
        let mut also = Vec::new();
        extract("mailto:ann%2Bsurvey@x.test", |f| also.extend(f.also.iter().map(Address::expose)));
        assert!(also.contains(&"ann+survey@x.test".to_owned()), "{also:?}");
    }
}
