//! The Message-IDs asked for.

use std::collections::HashMap;

use crate::error::WantedError;
use crate::limits::{MESSAGE_ID_OCTETS_MAX, WANTED_MAX};

/// A set of Message-IDs without their brackets, at most [`WANTED_MAX`].
#[derive(Default)]
pub struct Wanted {
    ids: HashMap<Box<str>, usize>,
}

impl Wanted {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one more; asking twice is asking once.
    ///
    /// # Errors
    /// [`WantedError`].
    pub fn add(&mut self, message_id: &str) -> Result<(), WantedError> {
        let visible = |octet: u8| octet.is_ascii_graphic() && octet != b'<' && octet != b'>';
        if message_id.is_empty()
            || message_id.len() > MESSAGE_ID_OCTETS_MAX
            || !message_id.bytes().all(visible)
        {
            return Err(WantedError::NotAnId);
        }
        if self.ids.contains_key(message_id) {
            return Ok(());
        }
        if self.ids.len() >= WANTED_MAX {
            return Err(WantedError::TooMany);
        }
        let place = self.ids.len();
        self.ids.insert(message_id.into(), place);
        Ok(())
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The place of a Message-ID as the log has it.
    pub(crate) fn place(&self, logged: &[u8]) -> Option<usize> {
        self.ids.get(std::str::from_utf8(logged).ok()?).copied()
    }

    pub(crate) fn into_ids(self) -> HashMap<Box<str>, usize> {
        self.ids
    }
}
