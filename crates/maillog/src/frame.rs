//! What every line begins with: time, host, tag.

use jiff::Timestamp;

use crate::stamp::Stamps;

/// A line by its beginning.
pub(crate) enum Line<'a> {
    /// Of a process of Postfix.
    Postfix(Frame<'a>),
    /// Of another program, which says that the log has lost lines.
    Loss,
    /// Of another program, or nothing.
    Other,
    /// No line of a log.
    NotUnderstood,
}

/// A line of a process of Postfix.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    pub(crate) time: Timestamp,
    pub(crate) host: &'a [u8],
    /// `qmgr` in `postfix-out/qmgr[123]`.
    pub(crate) daemon: &'a [u8],
    /// Its process id, where the line has one.
    pub(crate) pid: Option<&'a [u8]>,
    pub(crate) text: &'a [u8],
}

struct Head<'a> {
    host: &'a [u8],
    name: &'a [u8],
    pid: Option<&'a [u8]>,
    text: &'a [u8],
}

/// Reads a line by position: RFC 3164, RFC 3339 time stamps, RFC 5424, `journalctl -o short…`.
pub(crate) fn line<'a>(stamps: &mut Stamps<'_>, line: &'a [u8]) -> Line<'a> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    // What a file system that lost its power leaves in a log.
    let nuls = line.iter().take_while(|octet| **octet == 0).count();
    let line = line.get(nuls..).unwrap_or_default();
    // `journalctl` marks boots with such lines.
    if line.is_empty() || line.starts_with(b"-- ") {
        return Line::Other;
    }
    let line = without_priority(line);
    let (structured, line) = match line.strip_prefix(b"1 ") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let Some((time, rest)) = stamps.split(line) else { return Line::NotUnderstood };
    let head = if structured { rfc_5424(rest) } else { traditional(rest) };
    let Some(Head { host, name, pid, text }) = head else { return Line::Other };
    match name.iter().rposition(|octet| *octet == b'/') {
        Some(slash) => {
            let daemon = name.get(slash + 1..).unwrap_or_default();
            Line::Postfix(Frame { time, host, daemon, pid, text })
        }
        None if tells_of_loss(name, text) => Line::Loss,
        None => Line::Other,
    }
}

/// RFC 3164 §4.1.1: `<22>`, where a collector has kept it.
fn without_priority(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"<") else { return line };
    let digits = rest.iter().take(3).take_while(|octet| octet.is_ascii_digit()).count();
    match rest.get(digits..).and_then(|rest| rest.strip_prefix(b">")) {
        Some(rest) if digits > 0 => rest,
        _ => line,
    }
}

fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b' ', text)?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// `relay postfix/qmgr[123]: text`
fn traditional(rest: &[u8]) -> Option<Head<'_>> {
    let (host, rest) = word(rest)?;
    let (tag, text) = word(rest)?;
    let tag = tag.strip_suffix(b":")?;
    let (name, pid) = match tag.strip_suffix(b"]") {
        Some(tag) => {
            let bracket = tag.iter().rposition(|octet| *octet == b'[')?;
            (tag.get(..bracket)?, Some(tag.get(bracket + 1..)?))
        }
        None => (tag, None),
    };
    is_name(name).then_some(Head { host, name, pid, text })
}

/// RFC 5424 §6: `relay postfix/qmgr 123 - - text`
fn rfc_5424(rest: &[u8]) -> Option<Head<'_>> {
    let (host, rest) = word(rest)?;
    let (name, rest) = word(rest)?;
    let (pid, rest) = word(rest)?;
    let (_message_kind, rest) = word(rest)?;
    let text = after_structured_data(rest)?;
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    is_name(name).then_some(Head { host, name, pid: (pid != b"-").then_some(pid), text })
}

/// RFC 5424 §6.3: `-`, or elements in brackets whose quoted values may hold escaped brackets.
fn after_structured_data(rest: &[u8]) -> Option<&[u8]> {
    if let Some(text) = rest.strip_prefix(b"- ") {
        return Some(text);
    }
    let (mut quoted, mut escaped, mut inside) = (false, false, false);
    for (place, octet) in rest.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if inside => quoted = !quoted,
            b'[' if !quoted => inside = true,
            b']' if !quoted => inside = false,
            b' ' if !inside => return rest.get(place + 1..),
            _ if !inside => return None,
            _ => {}
        }
    }
    None
}

fn is_name(name: &[u8]) -> bool {
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || b"/._-".contains(octet);
    !name.is_empty() && name.iter().all(fits)
}

/// Rate limits of the journal and of rsyslog drop lines, and say so.
fn tells_of_loss(name: &[u8], text: &[u8]) -> bool {
    match name {
        b"systemd-journald" => text.starts_with(b"Suppressed "),
        b"rsyslogd" => memchr::memmem::find(text, b"rate-limiting").is_some(),
        _ => false,
    }
}
