//! Queue ids, short and long (`enable_long_queue_ids`).

use crate::limits::{QUEUE_ID_OCTETS_MAX, QUEUE_ID_OCTETS_MIN};

/// A queue id, kept in place.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct QueueId {
    octets: [u8; QUEUE_ID_OCTETS_MAX],
}

impl QueueId {
    /// A queue id of either form: upper-case hexadecimal, or digits and letters without vowels. `NOQUEUE` is neither.
    pub(crate) fn new(text: &[u8]) -> Option<Self> {
        if !(QUEUE_ID_OCTETS_MIN..=QUEUE_ID_OCTETS_MAX).contains(&text.len()) {
            return None;
        }
        let short = |octet: &u8| matches!(octet, b'0'..=b'9' | b'A'..=b'F');
        let vowel = |octet: &u8| matches!(octet.to_ascii_uppercase(), b'A' | b'E' | b'I' | b'O' | b'U');
        let long = |octet: &u8| octet.is_ascii_alphanumeric() && !vowel(octet);
        if !(text.iter().all(short) || text.iter().all(long)) {
            return None;
        }
        let mut octets = [0; QUEUE_ID_OCTETS_MAX];
        octets.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { octets })
    }

    /// The queue id that a text begins with.
    pub(crate) fn leading(text: &[u8]) -> Option<Self> {
        let end = text.iter().position(|octet| !octet.is_ascii_alphanumeric()).unwrap_or(text.len());
        Self::new(text.get(..end)?)
    }
}
