//! A number as a spreadsheet program would show it, dates as ISO 8601.

use jiff::Span;
use jiff::civil::Date;

use super::styles::Shows;

/// The first serial beyond 9999-12-31 (ISO/IEC 29500-1 §18.17.4.1).
const SERIAL_END: f64 = 2_958_466.0;
/// From 1904 on, the serials of that date system count from 1904-01-01.
const SERIAL_1904_END: f64 = SERIAL_END - 1462.0;
const DAY_SECONDS: f64 = 86_400.0;

/// The text of a number cell; what is no number is itself.
pub(crate) fn text(value: &str, shows: Shows, date_1904: bool) -> String {
    let Some(number) = value.trim().parse::<f64>().ok().filter(|n| n.is_finite()) else {
        return value.to_owned();
    };
    let special = match shows {
        Shows::Number => None,
        Shows::Date => date(number, date_1904),
        Shows::Elapsed => elapsed(number),
    };
    special.unwrap_or_else(|| plain(number))
}

/// Integers without a fraction, everything else in the shortest form that reads back as the same number.
fn plain(number: f64) -> String {
    if number == 0.0 { "0".to_owned() } else { number.to_string() }
}

fn date(serial: f64, date_1904: bool) -> Option<String> {
    let end = if date_1904 { SERIAL_1904_END } else { SERIAL_END };
    if !(0.0..end).contains(&serial) {
        return None;
    }
    // To the second: serials are fractions of a day, and 09:30 is not one in binary.
    let seconds = whole((serial * DAY_SECONDS).round())?;
    let (days, time) = (seconds / 86_400, clock(seconds % 86_400));
    if days == 0 && !date_1904 {
        return Some(time.unwrap_or_else(|| "00:00".to_owned()));
    }
    let first = if date_1904 { Date::new(1904, 1, 1) } else { Date::new(1899, 12, 31) }.ok()?;
    let offset = match days {
        _ if date_1904 => days,
        // ISO/IEC 29500-1 §18.17.4.1: 1900 is taken for a leap year, and serial 60 is a day that never was.
        60 => return None,
        61.. => days - 1,
        _ => days,
    };
    let span = Span::new().try_days(offset).ok()?;
    let date = first.checked_add(span).ok()?;
    Some(match time {
        Some(time) => format!("{date} {time}"),
        None => date.to_string(),
    })
}

/// `09:30` or `09:30:15`; midnight is none.
fn clock(seconds: i64) -> Option<String> {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (seconds, rest) {
        (0, _) => None,
        (_, 0) => Some(format!("{hours:02}:{minutes:02}")),
        _ => Some(format!("{hours:02}:{minutes:02}:{rest:02}")),
    }
}

fn elapsed(days: f64) -> Option<String> {
    if !(0.0..SERIAL_END).contains(&days) {
        return None;
    }
    let seconds = whole((days * DAY_SECONDS).round())?;
    Some(format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

/// A float that is a whole number within the bounds that the callers check, as one.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

/// `t="d"` (ISO/IEC 29500-1 §18.18.11): already ISO 8601; midnight says no more than the date.
pub(crate) fn iso(value: &str) -> String {
    let value = value.trim();
    let value = value.strip_suffix('Z').unwrap_or(value);
    match value.split_once('T') {
        Some((date, time)) if time.bytes().all(|b| matches!(b, b'0' | b':' | b'.')) => date.to_owned(),
        Some((date, time)) => format!("{date} {time}"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (value, expected) in [
            ("7", "7"),
            ("7.0", "7"),
            ("-0", "0"),
            ("1E3", "1000"),
            ("447700900123", "447700900123"),
            ("0.10000000000000001", "0.1"),
            ("1E+20", "100000000000000000000"),
            ("007x", "007x"),
            ("1e999", "1e999"),
        ] {
            assert_eq!(text(value, Shows::Number, false), expected);
        }
    }

    #[test]
    fn dates() {
        for (value, expected) in [
            ("40854", "2011-11-07"),
            ("40854.395833333336", "2011-11-07 09:30"),
            ("40854.99999999", "2011-11-08"),
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("60", "60"),
            ("61", "1900-03-01"),
            ("0.5", "12:00"),
            ("0.50001", "12:00:01"),
            ("2958465", "9999-12-31"),
            ("2958465.9999999", "2958465.9999999"),
            ("2958466", "2958466"),
            ("-1", "-1"),
        ] {
            assert_eq!(text(value, Shows::Date, false), expected, "{value}");
        }
        assert_eq!(text("39392", Shows::Date, true), "2011-11-07");
        assert_eq!(text("0", Shows::Date, true), "1904-01-01");
        assert_eq!(text("1.5", Shows::Elapsed, false), "36:00:00");
        assert_eq!(iso("2011-11-07T00:00:00Z"), "2011-11-07");
        assert_eq!(iso("2011-11-07T09:30:00"), "2011-11-07 09:30:00");
    }
}
