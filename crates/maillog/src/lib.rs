//! What a Postfix log says became of our messages.
//!
//! A delivery is *in doubt* when the final dot was handed over and no complete reply came. The relay's log can settle
//! it. [`read`] goes through the files for the Message-IDs that are [`Wanted`]; [`verdict`] says what follows for one.
//!
//! What counts, as Postfix 3.7 was seen to log it:
//! - `cleanup`: `QUEUEID: message-id=<…>` joins our message to a queue id. It comes before the final dot, or after the
//!   connection was lost without one, and proves nothing.
//! - Taken: `qmgr`: `QUEUEID: from=<…>, … (queue active)`, or `removed`, or anybody's `QUEUEID: to=<…>, … status=…`.
//! - Not taken: `smtpd`: `lost connection after DATA` or `timeout after DATA` in the session of that queue id, which may
//!   be logged before the `message-id=` line; `reject:` and `milter-reject:` by `cleanup`, or by `smtpd` at
//!   END-OF-MESSAGE.
//! - A message on hold was answered with 250 and has no line of `qmgr` until it is released. So the absence of such a
//!   line is never taken for a refusal: a message that was seen, and of which neither is logged, stays undecided.
//!
//! Queue ids come again (Postfix's short ones after a while): what is followed is a *life*, from one `message-id=` line
//! to `removed`, to the next `message-id=`, or to the next message's `client=` under the same id.
//!
//! A log holds words of strangers: HELO names, subjects, addresses, replies. Each line is read from its start, by
//! position; nothing is looked for in its middle that decides whether a message was taken.
//!
//! This crate is pure: it knows no clock, file, socket or runtime. No error holds a word of the log.

mod coverage;
mod error;
mod event;
mod findings;
mod frame;
mod limits;
mod lives;
mod queue_id;
mod reading;
mod source;
mod stamp;
mod verdict;
mod wanted;

pub use coverage::{Coverage, Span};
pub use error::{FileError, LogError, WantedError};
pub use event::Fate;
pub use findings::{Finding, Findings, LastStatus};
pub use limits::*;
pub use reading::{LogFile, read};
pub use stamp::Calendar;
pub use verdict::{Doubt, Verdict, Window, verdict};
pub use wanted::Wanted;
