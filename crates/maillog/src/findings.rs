//! What was found of each message.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::coverage::Coverage;
use crate::event::Fate;
use crate::verdict::{Verdict, Window, verdict};

/// The last that was logged of a message that the relay had taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastStatus {
    /// What became of it.
    pub fate: Fate,
    /// The enhanced status code (RFC 3463), where the line has one.
    pub dsn: Option<(u8, u16, u16)>,
    /// When.
    pub time: Timestamp,
}

/// What was found of one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Finding {
    /// How often the relay took it. More than once means that it was sent more than once.
    ///
    /// A life that another one went on with counts with that one: through a content filter, to a next hop whose lines
    /// are in the log too, queued once more by an administrator.
    pub accepted: u32,
    /// Lives that went on another one.
    pub continued: u32,
    /// Lives that were refused, or whose connection was lost before the final dot.
    pub refused: u32,
    /// Lives of which the log says neither.
    pub open: u32,
    /// Those of them on hold when last heard of.
    pub held: u32,
    /// Those of them that the relay was told to throw away.
    pub discarded: u32,
    /// There were more than [`LIVES_PER_MESSAGE_MAX`](crate::LIVES_PER_MESSAGE_MAX), and not all were followed.
    pub left_out: bool,
    /// The last that was logged of it, where it was accepted.
    pub last: Option<LastStatus>,
}

impl Finding {
    /// Whether the log has its Message-ID, and no sign that the relay took it.
    #[must_use]
    pub const fn seen_without_acceptance(&self) -> bool {
        self.accepted == 0 && (self.refused > 0 || self.open > 0)
    }
}

/// What was found of all messages asked for.
pub struct Findings {
    pub(crate) ids: HashMap<Box<str>, usize>,
    pub(crate) found: Vec<Finding>,
    pub(crate) coverage: Coverage,
}

impl Findings {
    /// What was found of one; `None` for one that was not asked for.
    #[must_use]
    pub fn get(&self, message_id: &str) -> Option<&Finding> {
        self.found.get(*self.ids.get(message_id)?)
    }

    /// All, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Finding)> {
        self.ids.iter().filter_map(|(id, place)| Some((&**id, self.found.get(*place)?)))
    }

    /// What of the time the log covers.
    #[must_use]
    pub const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// What follows for one; `None` for one that was not asked for.
    #[must_use]
    pub fn verdict(&self, message_id: &str, window: &Window, log_complete: bool) -> Option<Verdict> {
        Some(verdict(self.get(message_id)?, &self.coverage, window, log_complete))
    }
}
