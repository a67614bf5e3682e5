//! What follows from the log for one delivery in doubt.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::coverage::Coverage;
use crate::findings::{Finding, LastStatus};

/// When the message can have reached the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: Timestamp,
    until: Timestamp,
}

impl Window {
    /// From the first intent until the relay must have decided: the last intent and a time to settle, which has room
    /// for the final dot's timeout (RFC 5321 §4.5.3.2.6: ten minutes) and for clocks that differ.
    #[must_use]
    pub fn new(first_intent: Timestamp, last_intent: Timestamp, settle_after: SignedDuration) -> Self {
        // A time that cannot be told is covered by no log.
        Self { from: first_intent, until: last_intent.checked_add(settle_after).unwrap_or(Timestamp::MAX) }
    }
}

/// What follows for one delivery in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The relay took it.
    Accepted {
        /// How often; more than once is a duplicate.
        times: u32,
        /// What it says became of it then.
        last: Option<LastStatus>,
    },
    /// The relay did not take it: it can be sent.
    Unsent,
    /// The log does not settle it.
    Undecided(Doubt),
}

/// Why a log does not settle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doubt {
    /// Nobody said that nothing is missing in the log.
    NotSaidComplete,
    /// No line of Postfix about any message.
    NoMessages,
    /// It begins after the attempt.
    BeginsLater,
    /// It ends before the relay must have decided.
    EndsEarlier,
    /// Between two files more time is missing than Postfix was ever silent.
    Hole,
    /// The logging system says that it has dropped lines.
    LinesLost,
    /// Lines that name Postfix cannot be read.
    LinesNotUnderstood,
    /// Put on hold.
    Held,
    /// The relay was told to throw it away.
    Discarded,
    /// It came to the relay, and the log has neither its acceptance nor its refusal.
    Open,
    /// It came more often than is followed.
    TooManyLives,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSaidComplete => {
                "the log does not show that the relay took it, and nobody said that the log is complete"
            }
            Self::NoMessages => "the log has no message of a Postfix",
            Self::BeginsLater => "the log begins after the attempt",
            Self::EndsEarlier => "the log ends before the relay must have decided",
            Self::Hole => "time is missing between two files of the log",
            Self::LinesLost => "the logging system of the relay has dropped lines",
            Self::LinesNotUnderstood => "lines of Postfix in the log cannot be read",
            Self::Held => "the relay put it on hold",
            Self::Discarded => "the relay was told to throw it away",
            Self::Open => "it came to the relay, and the log has neither its acceptance nor its refusal",
            Self::TooManyLives => "it came to the relay more often than is followed",
        })
    }
}

/// What follows from what was found of one message, in a log that covers so much, for an attempt in that window.
///
/// `log_complete`: somebody who knows the relay said that nothing of that time is missing. Without that, a log can
/// show that a message was taken, and never that it was not.
#[must_use]
pub fn verdict(finding: &Finding, log: &Coverage, window: &Window, log_complete: bool) -> Verdict {
    if finding.accepted > 0 {
        return Verdict::Accepted { times: finding.accepted, last: finding.last };
    }
    let doubt = doubt_of_message(finding).or_else(|| doubt_of_log(log, window, log_complete));
    doubt.map_or(Verdict::Unsent, Verdict::Undecided)
}

/// What stands in the log of the message itself says more than what is wrong with the log.
fn doubt_of_message(finding: &Finding) -> Option<Doubt> {
    let doubts = [
        (finding.held > 0, Doubt::Held),
        (finding.discarded > 0, Doubt::Discarded),
        (finding.open > 0, Doubt::Open),
        (finding.left_out, Doubt::TooManyLives),
    ];
    doubts.into_iter().find_map(|(is, doubt)| is.then_some(doubt))
}

fn doubt_of_log(log: &Coverage, window: &Window, log_complete: bool) -> Option<Doubt> {
    let doubts = [
        (!log_complete, Doubt::NotSaidComplete),
        (log.messages == 0, Doubt::NoMessages),
        (log.first_time().is_none_or(|first| first > window.from), Doubt::BeginsLater),
        (log.last_time().is_none_or(|last| last < window.until), Doubt::EndsEarlier),
        (log.has_hole(window.from, window.until), Doubt::Hole),
        (log.losses > 0, Doubt::LinesLost),
        (log.postfix_lines_not_understood > 0, Doubt::LinesNotUnderstood),
    ];
    doubts.into_iter().find_map(|(is, doubt)| is.then_some(doubt))
}
