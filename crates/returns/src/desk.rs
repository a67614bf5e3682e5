//! Who says what becomes of what arrives.

use std::fmt;

/// How a message came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By SMTP.
    Smtp,
    /// By LMTP.
    Lmtp,
    /// It was found in a mailbox.
    Mailbox,
}

/// The address that a message was brought to. It prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// What stands before the last `@`, as it was written.
    pub local: String,
    /// The domain; empty for `<postmaster>` alone (RFC 5321 §4.5.1).
    pub domain: String,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[recipient]")
    }
}

/// A message that arrived, for one recipient.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// To whom; nothing out of a mailbox, which does not know.
    pub recipient: Option<&'a Recipient>,
    /// Whether the envelope's sender was empty, as a bounce's is (RFC 5321 §4.5.5); nothing where there is no envelope.
    pub null_sender: Option<bool>,
    /// The message, its lines ended by CRLF. Of a bounce that is very long, the beginning.
    pub octets: &'a [u8],
    /// How it came.
    pub by: Way,
}

impl fmt::Debug for Arrival<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arrival({} octets by {:?})", self.octets.len(), self.by)
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// It is taken, and what follows from it is durable.
    Taken,
    /// Not now: nothing was done, and it is to be brought again.
    Later,
    /// It is not taken. Out of a mailbox: it stays there, for people.
    Refused,
}

/// Who says what becomes of what arrives.
pub trait Desk: Send + Sync + 'static {
    /// Whether mail for this recipient is taken at all. It looks nothing up that takes time.
    fn accepts(&self, recipient: &Recipient) -> bool;

    /// Deals with a message. The same message can come again, where the answer was lost: then nothing may happen twice.
    fn settle(&self, arrival: Arrival<'_>) -> impl Future<Output = Settled> + Send;
}
