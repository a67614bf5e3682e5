//! The time at the start of a line.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Longest time stamp, in octets: RFC 3339 with nanoseconds and an offset.
const STAMP_OCTETS_MAX: usize = 40;
/// `Nov 23 22:33:42`
const TRADITIONAL_OCTETS: usize = 15;
const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
/// A 29 February may be eight years back (1896 to 1904); no other day is more than one.
const YEARS_BACK_MAX: i16 = 8;
/// How far the relay's clock may be ahead of the reference before its lines count as last year's.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(24);

/// What a traditional time stamp (`Nov 23 22:33:42`) leaves out: the relay's time zone, and the year.
///
/// The year is the latest that puts the line no more than a day after the reference. In the hour that is there twice
/// when summer time ends, the first is taken. Time stamps with an offset need neither.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    reference: Timestamp,
}

impl Calendar {
    /// The relay's time zone, and a time that no line of the log is later than: now, or when the file was last written.
    #[must_use]
    pub const fn new(zone: TimeZone, reference: Timestamp) -> Self {
        Self { zone, reference }
    }

    fn place(&self, month: i8, day: i8, hour: i8, minute: i8, second: i8) -> Option<Timestamp> {
        let latest = self.reference.checked_add(AHEAD_MAX).ok()?;
        let year = self.zone.to_datetime(latest).year();
        (0..=YEARS_BACK_MAX).find_map(|back| {
            let date = Date::new(year.checked_sub(back)?, month, day).ok()?;
            // POSIX allows a 60th second; it is the 59th here.
            let time = jiff::civil::Time::new(hour, minute, second.min(59), 0).ok()?;
            let instant = self.zone.to_timestamp(DateTime::from_parts(date, time)).ok()?;
            (instant <= latest).then_some(instant)
        })
    }
}

/// Reads time stamps; a second that comes again is not computed again.
pub(crate) struct Stamps<'a> {
    calendar: &'a Calendar,
    last: [u8; TRADITIONAL_OCTETS],
    last_time: Option<Timestamp>,
}

impl<'a> Stamps<'a> {
    pub(crate) const fn new(calendar: &'a Calendar) -> Self {
        Self { calendar, last: [0; TRADITIONAL_OCTETS], last_time: None }
    }

    /// The time that a line begins with, and what follows it and a space.
    pub(crate) fn split<'l>(&mut self, line: &'l [u8]) -> Option<(Timestamp, &'l [u8])> {
        match line.first()? {
            b'0'..=b'9' => {
                let end = memchr::memchr(b' ', line.get(..line.len().min(STAMP_OCTETS_MAX))?)?;
                let time = std::str::from_utf8(line.get(..end)?).ok()?.parse().ok()?;
                Some((time, line.get(end + 1..)?))
            }
            b'A'..=b'Z' => {
                let (stamp, rest) = line.split_first_chunk::<TRADITIONAL_OCTETS>()?;
                Some((self.traditional(stamp)?, after_fraction(rest)?))
            }
            _ => None,
        }
    }

    /// RFC 3164 §4.1.2, the time as `syslog` and `journalctl -o short` write it.
    fn traditional(&mut self, stamp: &[u8; TRADITIONAL_OCTETS]) -> Option<Timestamp> {
        if *stamp == self.last {
            return self.last_time;
        }
        let [m1, m2, m3, b' ', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2] = *stamp else {
            return None;
        };
        let month = MONTHS.chunks_exact(3).position(|name| name == [m1, m2, m3])?;
        let day = two_digits(if d1 == b' ' { b'0' } else { d1 }, d2)?;
        let time = self.calendar.place(
            i8::try_from(month + 1).ok()?,
            day,
            two_digits(h1, h2)?,
            two_digits(n1, n2)?,
            two_digits(s1, s2)?,
        );
        (self.last, self.last_time) = (*stamp, time);
        time
    }
}

/// `journalctl -o short-precise` adds a fraction of the second.
fn after_fraction(rest: &[u8]) -> Option<&[u8]> {
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => {
            let digits = fraction.iter().take_while(|octet| octet.is_ascii_digit()).count();
            fraction.get(digits..)?
        }
        None => rest,
    };
    rest.strip_prefix(b" ")
}

fn two_digits(tens: u8, ones: u8) -> Option<i8> {
    let digit = |octet: u8| octet.is_ascii_digit().then(|| octet - b'0');
    i8::try_from(digit(tens)? * 10 + digit(ones)?).ok()
}
