//! What one campaign asks for beside the installation's own limits: a pace, and hours in which nobody is written to. Both
//! hold, so that it can be slower and quieter than everything else here, and never faster or louder.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use jiff::civil::Time;

use crate::{QuietHours, QuietHoursError, Rate};

/// Most messages a minute that can be asked for: more is no limit.
pub const PER_MINUTE_MAX: u32 = 600_000;

/// From one time of day to another; may span midnight. Written `20:00-08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietTimes {
    pub(crate) from: Time,
    pub(crate) until: Time,
}

impl QuietTimes {
    /// From one time to the other.
    ///
    /// # Errors
    /// [`QuietHoursError::Empty`] where they are the same.
    pub fn new(from: Time, until: Time) -> Result<Self, QuietHoursError> {
        if from == until { Err(QuietHoursError::Empty) } else { Ok(Self { from, until }) }
    }

    /// When they begin.
    #[must_use]
    pub const fn from(&self) -> Time {
        self.from
    }

    /// When they end.
    #[must_use]
    pub const fn until(&self) -> Time {
        self.until
    }
}

impl FromStr for QuietTimes {
    type Err = QuietHoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (from, until) = text.split_once('-').ok_or(QuietHoursError::Form)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| QuietHoursError::Form);
        Self::new(time(from)?, time(until)?)
    }
}

impl fmt::Display for QuietTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"))
    }
}

/// The limits of one campaign. By default there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CampaignLimits {
    /// Messages a minute at most, all senders together; up to [`PER_MINUTE_MAX`].
    pub per_minute: Option<NonZeroU32>,
    /// Hours in which none of its messages is begun.
    pub quiet: Option<QuietTimes>,
}

impl CampaignLimits {
    /// Its pace.
    #[must_use]
    pub fn pace(&self) -> Option<Rate> {
        self.per_minute.map(|messages| Rate::per_minute(messages.get()))
    }

    /// Its quiet hours, by the clocks of that zone.
    ///
    /// # Errors
    /// [`QuietHoursError::Zone`].
    pub fn quiet_hours(&self, zone: &str) -> Result<Option<QuietHours>, QuietHoursError> {
        self.quiet.map(|times| QuietHours::new(times, zone)).transpose()
    }

    /// In words, where there are any.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let pace = self.per_minute.map(|messages| format!("no more than {messages} messages a minute"));
        let quiet = self.quiet.map(|times| {
            format!("nothing from {} to {}", times.from.strftime("%H:%M"), times.until.strftime("%H:%M"))
        });
        let all: Vec<String> = pace.into_iter().chain(quiet).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        let times: QuietTimes = "20:00-08:00".parse().unwrap();
        assert_eq!(times.to_string(), "20:00-08:00");
        for (text, error) in [
            ("20:00", QuietHoursError::Form),
            ("24:00-08:00", QuietHoursError::Form),
            ("08:00-08:00", QuietHoursError::Empty),
        ] {
            assert_eq!(text.parse::<QuietTimes>(), Err(error), "{text}");
        }
    }

    #[test]
    fn words_are_of_what_is_asked_for() {
        assert_eq!(CampaignLimits::default().words(), None);
        let limits = CampaignLimits { per_minute: NonZeroU32::new(30), quiet: "20:00-08:00".parse().ok() };
        assert_eq!(
            limits.words().as_deref(),
            Some("no more than 30 messages a minute; nothing from 20:00 to 08:00")
        );
        assert_eq!(limits.pace(), Some(Rate::per_minute(30)));
        assert!(limits.quiet_hours("Mars/Base").is_err());
        assert!(limits.quiet_hours("Europe/London").unwrap().is_some());
    }
}
