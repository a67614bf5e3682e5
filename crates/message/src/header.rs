//! Header fields: encoded, folded, and unable to begin another line.

use data_encoding::BASE64;
use mail::{Address, Mailbox};

/// Where a header line is folded, in octets (RFC 5322 §2.1.1: should not be longer than 78).
const FOLD_OCTETS: usize = 78;
/// Longest encoded-word (RFC 2047 §2).
const ENCODED_WORD_OCTETS_MAX: usize = 75;
/// Longest ASCII word left as it is; a longer one is encoded, since an encoded text can be folded anywhere.
const WORD_OCTETS_MAX: usize = 60;
/// Longest stretch of a parameter's value on one line (RFC 2231 §3), encoded.
const PARAMETER_OCTETS_MAX: usize = 54;

/// One header field, encoded and folded.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Header {
    name: &'static str,
    /// Folded with CRLF and white space; a break is nowhere else.
    value: String,
}

/// The value would break its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unfit;

impl Header {
    /// The one way to make one. Promise 1: CR and LF are only where folding put them, so no value can begin a
    /// field of its own, and NUL is nowhere.
    fn new(name: &'static str, lines: &[String]) -> Result<Self, Unfit> {
        if lines
            .iter()
            .any(|line| line.chars().any(|c| c.is_control() && c != '\t') || line.trim().is_empty())
        {
            return Err(Unfit);
        }
        Ok(Self { name, value: lines.join("\r\n ") })
    }

    /// A field of ASCII tokens, folded between `parts`.
    pub(crate) fn tokens(name: &'static str, parts: &[&str]) -> Result<Self, Unfit> {
        if parts.iter().any(|part| !part.is_ascii()) {
            return Err(Unfit);
        }
        let mut fold = Fold::new(name.len() + 2);
        for part in parts {
            fold.word(part);
        }
        Self::new(name, &fold.lines)
    }

    /// An unstructured field (RFC 5322 §2.2.1), by RFC 2047 where it is not plain ASCII.
    pub(crate) fn text(name: &'static str, text: &str) -> Result<Self, Unfit> {
        // An encoded-word would hide a line break from the header and not from the reader.
        if text.chars().any(char::is_control) {
            return Err(Unfit);
        }
        let mut fold = Fold::new(name.len() + 2);
        fold.text(text);
        Self::new(name, &fold.lines)
    }

    /// One address alone. Beyond ASCII only where the local part is (RFC 6532 §3.2).
    pub(crate) fn address(name: &'static str, address: &Address) -> Result<Self, Unfit> {
        Self::new(name, &[address.expose()])
    }

    /// A display name, perhaps, and an address.
    pub(crate) fn mailbox(name: &'static str, mailbox: &Mailbox) -> Result<Self, Unfit> {
        let Some(display) = mailbox.name() else { return Self::address(name, mailbox.address()) };
        let mut fold = Fold::new(name.len() + 2);
        if is_plain(display) {
            if display.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'-' | b'\'')) {
                fold.words(display);
            } else {
                fold.word(&format!("\"{}\"", display.replace('\\', "\\\\").replace('"', "\\\"")));
            }
        } else {
            fold.encoded(display);
        }
        fold.word(&format!("<{}>", mailbox.address().expose()));
        Self::new(name, &fold.lines)
    }

    /// `kind` and one parameter, which may be any text (RFC 2231).
    pub(crate) fn parameter(
        name: &'static str,
        kind: &str,
        parameter: &str,
        value: &str,
    ) -> Result<Self, Unfit> {
        let mut lines = vec![format!("{kind};")];
        let plain = value.len() <= PARAMETER_OCTETS_MAX
            && value.bytes().all(|b| b == b' ' || (b.is_ascii_graphic() && !matches!(b, b'"' | b'\\')));
        if plain {
            lines.push(format!("{parameter}=\"{value}\""));
            return Self::new(name, &lines);
        }
        let sections = percent_sections(value);
        let many = sections.len() > 1;
        let last = sections.len().saturating_sub(1);
        for (n, section) in sections.iter().enumerate() {
            let number = if many { format!("*{n}") } else { String::new() };
            let charset = if n == 0 { "UTF-8''" } else { "" };
            let end = if n == last { "" } else { ";" };
            lines.push(format!("{parameter}{number}*={charset}{section}{end}"));
        }
        Self::new(name, &lines)
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// The value on one line (RFC 5322 §2.2.3).
    pub(crate) fn unfolded(&self) -> String {
        self.value.replace("\r\n", "")
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(self.value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// RFC 2231 §4: what is not an attribute-char is percent-encoded; cut between encoded octets.
fn percent_sections(value: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    for octet in value.bytes() {
        let unit = if octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_') {
            char::from(octet).to_string()
        } else {
            format!("%{octet:02X}")
        };
        match sections.last_mut() {
            Some(last) if last.len() + unit.len() <= PARAMETER_OCTETS_MAX => last.push_str(&unit),
            _ => sections.push(unit),
        }
    }
    sections
}

/// Whether a text can stand as it is and come back the same: ASCII, single spaces, no encoded-word look-alike.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && !text.contains("=?")
        && text.split(' ').all(|word| (1..=WORD_OCTETS_MAX).contains(&word.len()))
}

struct Fold {
    lines: Vec<String>,
    /// Octets before the first line's value.
    indent: usize,
}

impl Fold {
    fn new(indent: usize) -> Self {
        Self { lines: vec![String::new()], indent }
    }

    /// Room on the current line, counting the space that goes before a word.
    fn room(&self) -> usize {
        let indent = if self.lines.len() == 1 { self.indent } else { 1 };
        let used = self.lines.last().map_or(0, String::len);
        FOLD_OCTETS.saturating_sub(indent + used + usize::from(used > 0))
    }

    fn word(&mut self, word: &str) {
        let room = self.room();
        match self.lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if word.len() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => self.lines.push(word.to_owned()),
        }
    }

    fn words(&mut self, text: &str) {
        for word in text.split(' ') {
            self.word(word);
        }
    }

    fn text(&mut self, text: &str) {
        if is_plain(text) {
            self.words(text);
        } else {
            self.encoded(text);
        }
    }

    /// RFC 2047: the shorter of Q and B for the whole text, cut between characters (§5), white space between
    /// encoded-words not being part of the text (§6.2).
    fn encoded(&mut self, text: &str) {
        let quoted: usize = text.bytes().map(q_len).sum();
        let base64 = quoted > text.len().div_ceil(3) * 4;
        let (open, close) = if base64 { ("=?UTF-8?B?", "?=") } else { ("=?UTF-8?Q?", "?=") };
        let mut rest = text;
        while !rest.is_empty() {
            let mut room = self.room().min(ENCODED_WORD_OCTETS_MAX);
            // A character takes up to 12 octets in Q: on less than this a new line is begun.
            if room < open.len() + close.len() + 12 {
                self.lines.push(String::new());
                room = ENCODED_WORD_OCTETS_MAX;
            }
            let room = room - open.len() - close.len();
            let mut end = 0;
            let mut size = 0;
            for (at, c) in rest.char_indices() {
                let next = at + c.len_utf8();
                let octets: usize = rest[at..next].bytes().map(q_len).sum();
                let after = if base64 { next.div_ceil(3) * 4 } else { size + octets };
                if after > room {
                    break;
                }
                (end, size) = (next, after);
            }
            let (part, after) = rest.split_at(end);
            let word = if base64 { BASE64.encode(part.as_bytes()) } else { q_encode(part) };
            self.word(&format!("{open}{word}{close}"));
            rest = after;
        }
    }
}

/// RFC 2047 §5 (3): what may stand for itself in a phrase, and so anywhere.
fn q_is_plain(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'!' | b'*' | b'+' | b'-' | b'/')
}

fn q_len(octet: u8) -> usize {
    if octet == b' ' || q_is_plain(octet) { 1 } else { 3 }
}

fn q_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for octet in text.bytes() {
        match octet {
            b' ' => out.push('_'),
            octet if q_is_plain(octet) => out.push(char::from(octet)),
            octet => out.push_str(&format!("={octet:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(header: &Header) -> String {
        let mut out = Vec::new();
        header.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_cannot_begin_a_line() {
        for text in ["a\r\nBcc: x@x.test", "a\nb", "a\rb", "a\0b"] {
            assert_eq!(Header::text("Subject", text).err(), Some(Unfit));
            assert_eq!(Header::tokens("Message-ID", &[text]).err(), Some(Unfit));
            assert_eq!(Header::parameter("X", text, "a", "b").err(), Some(Unfit));
        }
        assert_eq!(Header::text("Subject", "").err(), Some(Unfit));
    }

    #[test]
    fn encodes_what_would_not_come_back_the_same() {
        for (text, expected) in [
            ("Your views", "Subject: Your views\r\n"),
            ("=?utf-8?q?x?=", "Subject: =?UTF-8?B?PT91dGYtOD9xP3g/PQ==?=\r\n"),
            ("two  spaces", "Subject: =?UTF-8?Q?two__spaces?=\r\n"),
            ("Zoë", "Subject: =?UTF-8?Q?Zo=C3=AB?=\r\n"),
            ("日本語", "Subject: =?UTF-8?B?5pel5pys6Kqe?=\r\n"),
        ] {
            assert_eq!(written(&Header::text("Subject", text).unwrap()), expected);
        }
    }

    #[test]
    fn names() {
        for (text, expected) in [
            ("a@x.test", "From: a@x.test\r\n"),
            ("Survey team <a@x.test>", "From: Survey team <a@x.test>\r\n"),
            ("\"Team, \\\"S\\\" (1)\" <a@x.test>", "From: \"Team, \\\"S\\\" (1)\" <a@x.test>\r\n"),
            ("Zoë <a@bücher.test>", "From: =?UTF-8?Q?Zo=C3=AB?= <a@xn--bcher-kva.test>\r\n"),
        ] {
            assert_eq!(written(&Header::mailbox("From", &Mailbox::parse(text).unwrap()).unwrap()), expected);
        }
    }

    #[test]
    fn file_names() {
        let header = |name| {
            written(&Header::parameter("Content-Disposition", "attachment", "filename", name).unwrap())
        };
        assert_eq!(header("a b.pdf"), "Content-Disposition: attachment;\r\n filename=\"a b.pdf\"\r\n");
        assert_eq!(header("é.pdf"), "Content-Disposition: attachment;\r\n filename*=UTF-8''%C3%A9.pdf\r\n");
        assert_eq!(
            header(&"é".repeat(15)),
            format!(
                "Content-Disposition: attachment;\r\n filename*0*=UTF-8''{};\r\n filename*1*={}\r\n",
                "%C3%A9".repeat(9),
                "%C3%A9".repeat(6)
            )
        );
    }
}
