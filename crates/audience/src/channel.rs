//! Whether it is safe to write to somebody by e-mail. What is not clearly yes is not yes.

use jiff::civil::Date;

use crate::fold::fold;
use crate::person::Channel;

/// Headings of a column that says whether e-mail is safe, by letters alone.
pub(crate) const HEADINGS: &[&str] = &[
    "safetoemail",
    "safeemail",
    "emailsafe",
    "emailissafe",
    "oktoemail",
    "emailok",
    "safetocontactbyemail",
    "safecontactbyemail",
    "safetosendemail",
    "safetowrite",
];

/// Headings of a column that says until when.
pub(crate) const UNTIL_HEADINGS: &[&str] =
    &["safetoemailuntil", "safeuntil", "safeemailuntil", "emailsafeuntil", "oktoemailuntil"];

/// English, Welsh, French, German, Spanish, Polish. `na` is no no: it is how many write “not applicable”.
const YES: &[&str] = &["yes", "y", "true", "1", "safe", "ok", "okay", "ie", "ydy", "oui", "ja", "si", "tak"];
const NO: &[&str] = &[
    "no",
    "n",
    "false",
    "0",
    "unsafe",
    "not safe",
    "never",
    "do not email",
    "nac ydy",
    "non",
    "nein",
    "nie",
];

/// What one cell says, with what stands in the column of dates beside it, if there is one.
pub(crate) fn read(cell: &str, until: Option<&str>, today: Date) -> Channel {
    let folded = fold(cell);
    let says = if YES.contains(&folded.as_str()) {
        Channel::Safe
    } else if NO.contains(&folded.as_str()) {
        Channel::Unsafe
    } else {
        // “2026-12-31” in the column itself: safe until then.
        until_date(cell, today)
    };
    match until {
        Some(until) if says == Channel::Safe && !until.is_empty() => until_date(until, today),
        _ => says,
    }
}

/// Safe up to and with a date. Only ISO 8601 is read: 03/04 is a day in March to some.
fn until_date(cell: &str, today: Date) -> Channel {
    let date = cell.split(['T', ' ']).next().unwrap_or_default();
    match date.parse::<Date>() {
        Ok(date) if date >= today => Channel::Safe,
        _ => Channel::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_safe() {
        let today = Date::constant(2012, 1, 30);
        for (cell, until, expected) in [
            ("Yes", None, Channel::Safe),
            ("TRUE", None, Channel::Safe),
            ("ie", None, Channel::Safe),
            ("Sí", None, Channel::Safe),
            ("NO", None, Channel::Unsafe),
            ("not safe", None, Channel::Unsafe),
            ("0", None, Channel::Unsafe),
            ("", None, Channel::Unknown),
            ("?", None, Channel::Unknown),
            ("n/a", None, Channel::Unknown),
            ("yes (mornings)", None, Channel::Unknown),
            ("2012-01-30", None, Channel::Safe),
            ("2012-01-29", None, Channel::Unknown),
            ("31/12/2012", None, Channel::Unknown),
            ("yes", Some("2012-01-30 00:00"), Channel::Safe),
            ("yes", Some("2012-01-29"), Channel::Unknown),
            ("yes", Some(""), Channel::Safe),
            ("yes", Some("soon"), Channel::Unknown),
            ("no", Some("2012-12-31"), Channel::Unsafe),
            ("", Some("2012-12-31"), Channel::Unknown),
        ] {
            assert_eq!(read(cell, until, today), expected, "{cell} {until:?}");
        }
    }
}
