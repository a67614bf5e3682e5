//! Hours in which nobody is written to.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, ZonedDateTime};

use crate::QuietTimes;

/// From one time of day to another, in a time zone; may span midnight.
#[derive(Debug, Clone)]
pub struct QuietHours {
    times: QuietTimes,
    zone: TimeZone,
}

/// Why a text is no quiet hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuietHoursError {
    /// Not `HH:MM-HH:MM`.
    #[error("quiet hours are written HH:MM-HH:MM, for example 20:00-08:00")]
    Form,
    /// The whole day, or nothing.
    #[error("quiet hours that begin and end at the same time would be all day or never")]
    Empty,
    /// No such time zone.
    #[error("there is no time zone of this name; they are written like Europe/London")]
    Zone,
}

impl QuietHours {
    /// Reads `20:00-08:00` and a time zone's name.
    ///
    /// # Errors
    /// [`QuietHoursError`].
    pub fn parse(hours: &str, zone: &str) -> Result<Self, QuietHoursError> {
        Self::new(hours.parse()?, zone)
    }

    /// Those times, by the clocks of that zone.
    ///
    /// # Errors
    /// [`QuietHoursError::Zone`].
    pub fn new(times: QuietTimes, zone: &str) -> Result<Self, QuietHoursError> {
        let zone = TimeZone::get(zone).map_err(|_| QuietHoursError::Zone)?;
        Ok(Self { times, zone })
    }

    /// When the quiet that holds at `now` ends; nothing outside quiet hours.
    #[must_use]
    pub fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned_datetime(self.zone.clone());
        let time = local.time();
        let QuietTimes { from, until } = self.times;
        let quiet = if from < until { (from..until).contains(&time) } else { time >= from || time < until };
        if !quiet {
            return None;
        }
        Some(self.next_end(&local).unwrap_or(now + SignedDuration::from_mins(1)))
    }

    fn next_end(&self, local: &ZonedDateTime) -> Option<Timestamp> {
        let today = local.date();
        let until = self.times.until;
        let day = if local.time() < until { today } else { today.checked_add(1.day()).ok()? };
        Some(day.to_datetime(until).to_zoned_datetime(self.zone.clone()).ok()?.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    #[test]
    fn over_midnight_and_by_local_time() {
        let quiet = QuietHours::parse("20:00-08:00", "Europe/London").unwrap();
        // In July London is an hour ahead of UTC.
        assert_eq!(quiet.ends(at("2026-07-01T18:59:59Z")), None);
        assert_eq!(quiet.ends(at("2026-07-01T19:00:00Z")), Some(at("2026-07-02T07:00:00Z")));
        assert_eq!(quiet.ends(at("2026-07-02T06:59:59Z")), Some(at("2026-07-02T07:00:00Z")));
        assert_eq!(quiet.ends(at("2026-07-02T07:00:00Z")), None);
        assert_eq!(quiet.ends(at("2026-01-01T20:00:00Z")), Some(at("2026-01-02T08:00:00Z")));
    }

    #[test]
    fn within_a_day() {
        let quiet = QuietHours::parse("12:00-13:30", "UTC").unwrap();
        assert_eq!(quiet.ends(at("2026-01-01T11:59:59Z")), None);
        assert_eq!(quiet.ends(at("2026-01-01T12:00:00Z")), Some(at("2026-01-01T13:30:00Z")));
    }

    #[test]
    fn refuses() {
        for (hours, zone, error) in [
            ("20:00", "UTC", QuietHoursError::Form),
            ("20-8", "UTC", QuietHoursError::Form),
            ("25:00-08:00", "UTC", QuietHoursError::Form),
            ("08:00-08:00", "UTC", QuietHoursError::Empty),
            ("20:00-08:00", "Mars/Base", QuietHoursError::Zone),
        ] {
            assert_eq!(QuietHours::parse(hours, zone).err(), Some(error), "{hours} {zone}");
        }
    }
}
