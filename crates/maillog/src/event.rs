//! What a line of Postfix says of a message.

use memchr::memmem;

use crate::frame::Frame;
use crate::queue_id::QueueId;

/// What became of a message after the relay had taken it, by the last line about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Handed to the next hop or the mailbox.
    Sent,
    /// To be tried again.
    Deferred,
    /// Returned: it cannot be delivered.
    Bounced,
    /// Returned: it was tried for too long, or an administrator ended it.
    Expired,
}

/// An enhanced status code (RFC 3463).
pub(crate) type Dsn = (u8, u16, u16);

/// What a line says of a queue id.
pub(crate) enum Event<'a> {
    /// `smtpd`: a session begins a message.
    Client,
    /// `pickup`: a local message, perhaps one that was queued before.
    Pickup { before: Option<QueueId> },
    /// `cleanup`: its Message-ID, without brackets where it has them.
    MessageId(&'a [u8]),
    /// Refused with a reply to the final dot.
    Refused,
    /// Put on hold.
    Held,
    /// Answered as if taken, and thrown away.
    Discarded,
    /// `qmgr`: it is in the queue.
    Active,
    /// `qmgr`: it was returned for its age.
    Expired,
    /// `qmgr`: it was in the queue, and has left it.
    Removed,
    /// `postsuper`: somebody deleted it.
    Deleted,
    /// Somebody tried to deliver it.
    Status { fate: Option<Fate>, dsn: Option<Dsn>, next: Option<QueueId> },
}

/// What a line says of an SMTP session.
pub(crate) enum Session {
    /// It ended before the final dot of the message that it had begun.
    Lost,
    /// It is over, or a new one begins.
    Over,
}

/// What `smtpd` says of its session.
pub(crate) fn session(frame: &Frame<'_>) -> Option<Session> {
    if frame.daemon != b"smtpd" {
        return None;
    }
    let text = frame.text;
    // The octets so far follow, "(98 bytes)"; END-OF-MESSAGE would stand here once the dot had been read.
    if text.starts_with(b"lost connection after DATA ") || text.starts_with(b"timeout after DATA ") {
        Some(Session::Lost)
    } else if text.starts_with(b"disconnect from ") || text.starts_with(b"connect from ") {
        Some(Session::Over)
    } else {
        None
    }
}

/// What a line says of a queue id.
pub(crate) fn event<'a>(frame: &Frame<'a>) -> Option<(QueueId, Event<'a>)> {
    let colon =
        memchr::memchr(b':', frame.text.get(..frame.text.len().min(crate::QUEUE_ID_OCTETS_MAX + 1))?)?;
    let text = frame.text.get(colon + 1..)?.strip_prefix(b" ")?;
    let id = QueueId::new(frame.text.get(..colon)?)?;
    let event = if text.starts_with(b"to=<") { status(text) } else { of_daemon(frame.daemon, text) };
    Some((id, event?))
}

fn of_daemon<'a>(daemon: &[u8], text: &'a [u8]) -> Option<Event<'a>> {
    match daemon {
        b"cleanup" => of_cleanup(text),
        b"qmgr" | b"oqmgr" | b"nqmgr" => match text {
            b"removed" => Some(Event::Removed),
            _ if text.starts_with(b"from=<") => {
                Some(if is_expiry(text) { Event::Expired } else { Event::Active })
            }
            _ => None,
        },
        b"smtpd" => match text {
            _ if text.starts_with(b"client=") => Some(Event::Client),
            _ if text.starts_with(b"reject: END-OF-MESSAGE ") => Some(Event::Refused),
            _ if text.starts_with(b"milter-reject: END-OF-MESSAGE ") => Some(Event::Refused),
            _ => None,
        },
        b"pickup" => text.starts_with(b"uid=").then(|| Event::Pickup { before: before(text) }),
        b"postsuper" => match text {
            b"removed" => Some(Event::Deleted),
            b"placed on hold" => Some(Event::Held),
            _ => None,
        },
        _ => None,
    }
}

fn of_cleanup(text: &[u8]) -> Option<Event<'_>> {
    if let Some(id) = text.strip_prefix(b"message-id=") {
        let bare = id.strip_prefix(b"<").and_then(|id| id.strip_suffix(b">"));
        return Some(Event::MessageId(bare.unwrap_or(id)));
    }
    let begins = |words: [&[u8]; 2]| words.iter().any(|word| text.starts_with(word));
    if begins([b"reject: ", b"milter-reject: "]) {
        Some(Event::Refused)
    } else if begins([b"hold: ", b"milter-hold: "]) {
        Some(Event::Held)
    } else if begins([b"discard: ", b"milter-discard: "]) {
        Some(Event::Discarded)
    } else {
        None
    }
}

/// `from=<…>, status=expired, returned to sender`; `force-expired` where `postsuper -e` asked for it.
fn is_expiry(text: &[u8]) -> bool {
    let tail = memmem::rfind(text, b">, ").and_then(|place| text.get(place + 3..));
    tail.is_some_and(|tail| tail.starts_with(b"status=expired") || tail.starts_with(b"status=force-expired"))
}

/// `uid=102 from=<…> orig_id=6237AA000C7`: `postsuper -r` has queued it once more.
fn before(text: &[u8]) -> Option<QueueId> {
    const WORD: &[u8] = b"> orig_id=";
    QueueId::new(text.get(memmem::rfind(text, WORD)? + WORD.len()..)?)
}

/// `to=<…>, relay=…, delay=…, delays=…, dsn=2.0.0, status=sent (…)`. That the line is there is what decides; of what
/// it says, the part behind the address and before the next hop's own words is read.
fn status(text: &[u8]) -> Option<Event<'static>> {
    const DSN: &[u8] = b", dsn=";
    const STATUS: &[u8] = b", status=";
    let fields = memmem::find(text, b">, relay=").and_then(|place| text.get(place..)).unwrap_or(text);
    let dsn = memmem::find(fields, DSN).and_then(|place| fields.get(place + DSN.len()..));
    let fields = dsn.unwrap_or(fields);
    let status = fields.get(memmem::find(fields, STATUS)? + STATUS.len()..)?;
    let end = memchr::memchr(b' ', status).unwrap_or(status.len());
    let fate = match status.get(..end)? {
        b"sent" => Some(Fate::Sent),
        b"deferred" | b"SOFTBOUNCE" => Some(Fate::Deferred),
        b"bounced" => Some(Fate::Bounced),
        b"expired" => Some(Fate::Expired),
        _ => None,
    };
    let next = if fate == Some(Fate::Sent) { queued_as(status) } else { None };
    Some(Event::Status { fate, dsn: dsn.and_then(enhanced), next })
}

/// Where the next hop is a Postfix too, it tells its own queue id.
fn queued_as(status: &[u8]) -> Option<QueueId> {
    const WORDS: &[u8] = b": queued as ";
    QueueId::leading(status.get(memmem::rfind(status, WORDS)? + WORDS.len()..)?)
}

/// RFC 3463 §2: class, subject, detail.
fn enhanced(text: &[u8]) -> Option<Dsn> {
    let end = memchr::memchr(b',', text)?;
    let text = std::str::from_utf8(text.get(..end)?).ok()?;
    let mut parts = text.split('.');
    let code = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(code)
}
