//! What the server has received, in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// Messages: four times the 20,000 of the largest campaign that is tried here.
pub const MAILBOX_MESSAGES_MAX: usize = 80_000;
/// Octets of messages: 20,000 of 10 kB, and as much again.
pub const MAILBOX_OCTETS_MAX: u64 = 400_000_000;

/// A message as it was received.
pub struct Received {
    /// Its number, from 1.
    pub number: u64,
    /// The envelope sender without `<` and `>`; empty is the null reverse-path.
    pub reverse_path: String,
    /// The envelope recipients.
    pub recipients: Vec<String>,
    /// The octets, with the dots of RFC 5321 §4.5.2 taken out.
    pub bytes: Vec<u8>,
    /// The parameters of MAIL, as they were written.
    pub mail_parameters: String,
    /// The parameters of each RCPT.
    pub rcpt_parameters: Vec<String>,
    /// MAIL had SMTPUTF8.
    pub smtputf8: bool,
    /// It came under TLS.
    pub tls: bool,
    /// Who was logged in.
    pub authenticated_as: Option<String>,
    pub(crate) acknowledged: AtomicBool,
}

impl Received {
    /// Whether the 250 to its final dot was written.
    #[must_use]
    pub fn acknowledged(&self) -> bool {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// The value of Message-ID, or nothing.
    #[must_use]
    pub fn message_id(&self) -> String {
        message_id(&self.bytes)
    }
}

/// Neither addresses nor texts: they are personal data even in a failed test's output.
impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[message {}, {} octets]", self.number, self.bytes.len())
    }
}

/// The messages of one server.
#[derive(Debug)]
pub struct Mailbox {
    kept: Mutex<Kept>,
    count: watch::Sender<usize>,
    messages_max: usize,
    octets_max: u64,
}

#[derive(Debug, Default)]
struct Kept {
    messages: Vec<Arc<Received>>,
    octets: u64,
}

impl Mailbox {
    pub(crate) fn new(messages_max: usize, octets_max: u64) -> Self {
        Self { kept: Mutex::default(), count: watch::Sender::new(0), messages_max, octets_max }
    }

    /// All messages in the order in which their final dots came.
    #[must_use]
    pub fn received(&self) -> Vec<Arc<Received>> {
        self.kept().messages.clone()
    }

    /// The message with a number, counted from 1.
    #[must_use]
    pub fn message(&self, number: u64) -> Option<Arc<Received>> {
        let place = usize::try_from(number.checked_sub(1)?).ok()?;
        self.kept().messages.get(place).cloned()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        *self.count.borrow()
    }

    /// Returns when there are so many messages.
    pub async fn wait_for(&self, count: usize) {
        // The sender lives as long as `self` does, so waiting cannot fail.
        let _ = self.count.subscribe().wait_for(|now| *now >= count).await;
    }

    /// Keeps a message under the next number; nothing if there is no room.
    pub(crate) fn record(&self, mut message: Received) -> Option<Arc<Received>> {
        let mut kept = self.kept();
        let octets = kept.octets + message.bytes.len() as u64;
        if kept.messages.len() >= self.messages_max || octets > self.octets_max {
            return None;
        }
        kept.octets = octets;
        message.number = kept.messages.len() as u64 + 1;
        let message = Arc::new(message);
        kept.messages.push(message.clone());
        self.count.send_replace(kept.messages.len());
        Some(message)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic while pushing leaves a list as good as before.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of the first Message-ID field, unfolded.
fn message_id(bytes: &[u8]) -> String {
    let mut value: Option<String> = None;
    for line in bytes.split(|b| *b == b'\n') {
        let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
        match &mut value {
            Some(value) if line.starts_with([' ', '\t']) => value.push_str(line.trim()),
            Some(_) => break,
            None if line.is_empty() => break,
            None => {
                value = line
                    .split_once(':')
                    .filter(|(name, _)| name.trim_end().eq_ignore_ascii_case("message-id"))
                    .map(|(_, rest)| rest.trim().to_owned());
            }
        }
    }
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(octets: usize) -> Received {
        Received {
            number: 0,
            reverse_path: String::new(),
            recipients: vec!["ann@x.test".to_owned()],
            bytes: vec![b'x'; octets],
            mail_parameters: String::new(),
            rcpt_parameters: Vec::new(),
            smtputf8: false,
            tls: false,
            authenticated_as: None,
            acknowledged: AtomicBool::new(false),
        }
    }

    #[tokio::test]
    async fn messages_are_numbered_and_one_past_the_limit_does_not_go_in() {
        let mailbox = Mailbox::new(2, 100);
        assert_eq!(mailbox.record(message(10)).unwrap().number, 1);
        assert!(mailbox.record(message(91)).is_none());
        assert_eq!(mailbox.record(message(10)).unwrap().number, 2);
        assert!(mailbox.record(message(1)).is_none());
        mailbox.wait_for(2).await;
        assert_eq!((mailbox.count(), mailbox.received().len()), (2, 2));
        assert!(mailbox.message(0).is_none() && mailbox.message(2).is_some() && mailbox.message(3).is_none());
        assert!(!format!("{mailbox:?}").contains("ann"));
    }

    #[test]
    fn message_ids_folded_and_missing() {
        assert_eq!(message_id(b"A: b\r\nmessage-ID:\r\n <a@\r\n x>\r\nC: d\r\n\r\nx"), "<a@x>");
        assert_eq!(message_id(b"A: b\r\n\r\nMessage-ID: <no@x>\r\n"), "");
    }
}
