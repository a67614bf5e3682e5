//! The identifiers in a report that may lead to a delivery. Which of them is ours, its key tells elsewhere.

use super::Text;
use super::entity::Arrived;
use super::fields::{self, Fields};
use super::limits::{NAME_OCTETS_MAX, NAMES_MAX, TOKEN_CHARS_MAX, TOKEN_CHARS_MIN};
use crate::{Address, codings};

/// Identifiers, each list with the surest first and at most [`NAMES_MAX`] long.
///
/// The recipient of the envelope that brought the report is surer than all of them, and is the caller's to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Original-Envelope-Id, xtext undone (RFC 3461 §4).
    pub envelope_ids: Vec<Text>,
    /// Message-IDs without angle brackets: of the message that came back, then those that are answered.
    pub message_ids: Vec<Text>,
    /// Return paths of our message, then the addresses that the report itself was sent to.
    pub return_paths: Vec<Address>,
    /// Words that may be tokens, in lower case: of a subject that unsubscribes, of List-Unsubscribe.
    pub tokens: Vec<Text>,
}

fn push<T: PartialEq>(list: &mut Vec<T>, name: Option<T>) {
    if let Some(name) = name
        && list.len() < NAMES_MAX
        && !list.contains(&name)
    {
        list.push(name);
    }
}

/// An identifier whole or not at all: half of one names nothing.
fn identifier(text: &str) -> Option<Text> {
    let text = text.trim();
    (text.len() <= NAME_OCTETS_MAX).then(|| Text::of(text)).flatten()
}

impl Names {
    /// The per-message fields of a delivery status or a feedback report.
    pub(super) fn of_status(&mut self, fields: &Fields) {
        for value in fields.all("original-envelope-id") {
            push(&mut self.envelope_ids, identifier(&xtext(value)));
        }
        for value in fields.all("original-message-id") {
            self.message_ids(value);
        }
        for value in fields.all("original-mail-from") {
            push(&mut self.return_paths, fields::address(value));
        }
    }

    /// The header block of the message that came back.
    pub(super) fn of_returned(&mut self, fields: Option<Fields>) {
        let Some(fields) = fields else { return };
        for value in fields.all("message-id") {
            self.message_ids(value);
        }
        for value in fields.all("return-path") {
            push(&mut self.return_paths, fields::address(value));
        }
        for value in fields.all("list-unsubscribe") {
            let plain = codings::percent(value);
            for word in tokens(plain.as_deref().unwrap_or(value)) {
                push(&mut self.tokens, Some(word));
            }
        }
    }

    /// The fields of the report itself.
    pub(super) fn of_arrived(&mut self, arrived: &Arrived) {
        for name in ["in-reply-to", "references", "x-message-id-of-original", "original-message-id"] {
            for value in arrived.fields.all(name) {
                self.message_ids(value);
            }
        }
        for name in ["x-original-to", "delivered-to", "envelope-to", "to"] {
            for value in arrived.fields.all(name) {
                push(&mut self.return_paths, fields::address(value));
            }
        }
    }

    pub(super) fn token(&mut self, token: Option<&Text>) {
        push(&mut self.tokens, token.cloned());
    }

    fn message_ids(&mut self, value: &str) {
        for piece in value.split('<').skip(1).take(NAMES_MAX) {
            push(&mut self.message_ids, piece.split_once('>').and_then(|(id, _)| identifier(id)));
        }
        if !value.contains('<') && value.contains('@') && !value.contains(char::is_whitespace) {
            push(&mut self.message_ids, identifier(value));
        }
    }
}

/// The token of a subject that `mailto:…?subject=unsubscribe%20…` makes: exactly that, in any case. The word alone is a
/// request too. Anything more is somebody's own words.
pub(super) fn unsubscribe_subject(subject: &str) -> Option<Option<Text>> {
    let mut words = subject.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("unsubscribe") {
        return None;
    }
    match (words.next(), words.next()) {
        (None, _) => Some(None),
        (Some(word), None) => {
            tokens(word).next().filter(|token| token.expose().len() == word.len()).map(Some)
        }
        _ => None,
    }
}

/// Words in the alphabet of RFC 4648 §6, as long as a token may be.
fn tokens(text: &str) -> impl Iterator<Item = Text> + '_ {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| (TOKEN_CHARS_MIN..=TOKEN_CHARS_MAX).contains(&word.len()))
        .filter(|word| word.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'2'..=b'7')))
        .filter_map(|word| Text::of(&word.to_ascii_lowercase()))
        .take(NAMES_MAX)
}

/// RFC 3461 §4: `+` and two capital hexadecimal digits. RFC 3464 §2.2.1 asks for it undone; not everybody does.
fn xtext(value: &str) -> String {
    let mut octets = Vec::with_capacity(value.len().min(NAME_OCTETS_MAX));
    let bytes = value.as_bytes();
    let mut at = 0;
    while let Some(&octet) = bytes.get(at) {
        let coded = bytes.get(at + 1..at + 3).filter(|digits| !digits.iter().any(u8::is_ascii_lowercase));
        match coded.and_then(codings::hex_pair) {
            Some(decoded) if octet == b'+' => {
                octets.push(decoded);
                at += 3;
            }
            _ => {
                octets.push(octet);
                at += 1;
            }
        }
    }
    String::from_utf8(octets).unwrap_or_else(|_| value.to_owned())
}

/// `\x{E9}` for é (RFC 6533 §3).
pub(super) fn utf8_addr_xtext(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once("\\x{") {
        out.push_str(before);
        let coded = behind.split_once('}').and_then(|(digits, behind)| {
            let digits = Some(digits).filter(|d| (2..=6).contains(&d.len()))?;
            Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, behind))
        });
        match coded {
            Some((c, behind)) => {
                out.push(c);
                rest = behind;
            }
            None => {
                out.push_str("\\x{");
                rest = behind;
            }
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings_of_reports() {
        assert_eq!((xtext("a+2Bb+3D").as_str(), xtext("a+2bc+").as_str()), ("a+b=", "a+2bc+"));
        assert_eq!(xtext("+FF"), "+FF", "not UTF-8: as it stands");
        assert_eq!(utf8_addr_xtext("zo\\x{EB}@\\x{1F600}.test\\x{x}"), "zoë@😀.test\\x{x}");
    }

    #[test]
    fn subjects_that_unsubscribe() {
        let token = "abcdefghijklmnopqrstuvwxy2345";
        let read = |subject: &str| unsubscribe_subject(subject).map(|t| t.map(|t| t.expose().to_owned()));
        assert_eq!(read(&format!("Unsubscribe  {}", token.to_uppercase())), Some(Some(token.to_owned())));
        assert_eq!(read(" UNSUBSCRIBE "), Some(None));
        for subject in
            ["", "unsubscribe me", "Re: unsubscribe", &format!("unsubscribe {token} please"), "unsubscribed"]
        {
            assert_eq!(read(subject), None, "{subject}");
        }
    }

    #[test]
    fn words_that_may_be_tokens() {
        let count = |n: usize| tokens(&format!("https://x.test/unsubscribe/{}", "a".repeat(n))).count();
        assert_eq!([TOKEN_CHARS_MIN - 1, TOKEN_CHARS_MIN].map(count), [0, 1]);
        assert_eq!([TOKEN_CHARS_MAX, TOKEN_CHARS_MAX + 1].map(count), [1, 0]);
        assert_eq!(tokens(&"1".repeat(TOKEN_CHARS_MIN)).count(), 0, "not of the alphabet");
    }

    #[test]
    fn lists_and_identifiers_have_an_end() {
        let mut names = Names::default();
        let ids = |n: usize| (0..n).map(|i| format!("<{i}@x.test>")).collect::<String>();
        names.message_ids(&ids(NAMES_MAX));
        assert_eq!(names.message_ids.len(), NAMES_MAX);
        names.message_ids("<one-more@x.test>");
        assert_eq!(names.message_ids.len(), NAMES_MAX);
        assert!(identifier(&"x".repeat(NAME_OCTETS_MAX)).is_some());
        assert!(identifier(&"x".repeat(NAME_OCTETS_MAX + 1)).is_none());
    }
}
