//! `--at`: when a campaign is to begin.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::failure::Failure;
use crate::installation::Installation;

/// A time given by hand may have passed while the command was typed.
const PAST_MAX: SignedDuration = SignedDuration::from_secs(60);

/// A time with its offset, or one of the clock on the wall in `delivery.time_zone`; not one that has passed.
pub(crate) fn start_time(text: &str, installation: &Installation) -> Result<Timestamp, Failure> {
    let at = read(text, &installation.settings.delivery.time_zone)?;
    if installation.now().duration_since(at) > PAST_MAX {
        return Err(Failure::usage("time", "--at is a time that has passed; nothing was sent"));
    }
    Ok(at)
}

fn read(text: &str, zone: &str) -> Result<Timestamp, Failure> {
    let form = || Failure::usage("time", "--at takes a time like 2026-12-01T09:00 or 2026-12-01T09:00Z");
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    let local: DateTime = text.replacen(' ', "T", 1).parse().map_err(|_| form())?;
    let zone = TimeZone::get(zone)
        .map_err(|_| Failure::usage("settings", "delivery.time_zone is not the name of a time zone"))?;
    Ok(local.to_zoned_datetime(zone).map_err(|_| form())?.timestamp())
}
