//! What of the time a log covers, and how well it was read.

use jiff::{SignedDuration, Timestamp};

/// From the first line to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first line's time.
    pub first: Timestamp,
    /// The last line's time.
    pub last: Timestamp,
}

/// What of the time a log covers, by the lines of Postfix alone, and how well it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Of each file that has a line of Postfix, in order of their first lines.
    pub spans: Vec<Span>,
    /// The longest time within a file in which Postfix logged nothing.
    pub silence_max: SignedDuration,
    /// All lines.
    pub lines: u64,
    /// Those of Postfix.
    pub postfix_lines: u64,
    /// Messages whose Message-ID `cleanup` logged, whosoever they were.
    pub messages: u64,
    /// Lines without the beginning that a line of a log has.
    pub lines_not_understood: u64,
    /// Those of them that name Postfix: something about our messages may stand there.
    pub postfix_lines_not_understood: u64,
    /// Lines longer than [`LINE_OCTETS_MAX`](crate::LINE_OCTETS_MAX), read as far as that.
    pub lines_cut: u64,
    /// Lines in which the journal or rsyslog says that it has dropped others.
    pub losses: u64,
}

impl Coverage {
    /// The time of the first line of Postfix.
    #[must_use]
    pub fn first_time(&self) -> Option<Timestamp> {
        self.spans.iter().map(|span| span.first).min()
    }

    /// The time of the last line of Postfix.
    #[must_use]
    pub fn last_time(&self) -> Option<Timestamp> {
        self.spans.iter().map(|span| span.last).max()
    }

    /// Whether a file seems to be missing: between two files lies more time than Postfix was ever silent within one,
    /// and some of it between these times.
    pub(crate) fn has_hole(&self, from: Timestamp, until: Timestamp) -> bool {
        let mut spans = self.spans.iter();
        let Some(mut last) = spans.next().map(|span| span.last) else { return true };
        for span in spans {
            let hole = span.first.duration_since(last) > self.silence_max;
            if hole && last < until && from < span.first {
                return true;
            }
            last = last.max(span.last);
        }
        false
    }
}

/// The span of one file, as it grows.
#[derive(Default)]
pub(crate) struct Growing {
    span: Option<Span>,
    silence_max: SignedDuration,
}

impl Growing {
    pub(crate) fn line_at(&mut self, time: Timestamp) {
        match &mut self.span {
            None => self.span = Some(Span { first: time, last: time }),
            Some(span) if time != span.last => {
                self.silence_max = self.silence_max.max(time.duration_since(span.last));
                span.last = time;
            }
            Some(_) => {}
        }
    }

    pub(crate) fn end(self, coverage: &mut Coverage) {
        coverage.spans.extend(self.span);
        coverage.spans.sort_by_key(|span| span.first);
        coverage.silence_max = coverage.silence_max.max(self.silence_max);
    }
}
