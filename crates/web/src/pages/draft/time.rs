//! When sending is to begin, how fast it goes at most, and when it rests.

use std::num::NonZeroU32;

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
use campaign::{CampaignLimits, PER_MINUTE_MAX, QuietTimes};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use super::{Opened, is_changed, opened, version_of};
use crate::form::Form;
use crate::page::{Frame, html};
use crate::parts::Errors;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// A year that somebody means has four digits.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=9999;

#[derive(Template)]
#[template(path = "draft/time.html")]
struct Page {
    frame: Frame,
    id: i64,
    version: u64,
    errors: Errors,
    typed: Typed,
    zone: String,
}

/// What stands in the form.
#[derive(Default)]
struct Typed {
    later: bool,
    day: String,
    month: String,
    year: String,
    time: String,
    per_minute: String,
    quiet_from: String,
    quiet_until: String,
}

/// What is wrong, and in which field.
type Fault = (&'static str, &'static str);

impl Typed {
    fn of_form(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            later: form.text("when") == "later",
            day: text("day"),
            month: text("month"),
            year: text("year"),
            time: text("time"),
            per_minute: text("per_minute"),
            quiet_from: text("quiet_from"),
            quiet_until: text("quiet_until"),
        }
    }

    fn of_draft(opened: &Opened, zone: &TimeZone) -> Self {
        let limits = &opened.draft.limits;
        let clock = |time: Time| time.strftime("%H:%M").to_string();
        let asked = Self {
            per_minute: limits.per_minute.map_or_else(String::new, |messages| messages.to_string()),
            quiet_from: limits.quiet.map_or_else(String::new, |quiet| clock(quiet.from())),
            quiet_until: limits.quiet.map_or_else(String::new, |quiet| clock(quiet.until())),
            ..Self::default()
        };
        let Some(at) = opened.draft.wanted_at else {
            return Self { time: "09:00".to_owned(), ..asked };
        };
        let at = zone.to_datetime(at);
        Self {
            later: true,
            day: at.day().to_string(),
            month: at.month().to_string(),
            year: at.year().to_string(),
            time: at.strftime("%H:%M").to_string(),
            ..asked
        }
    }

    fn show(self, visitor: &Visitor, opened: &Opened, errors: Errors) -> Result<Response, Trouble> {
        let frame = Frame::of(visitor, "When, and how fast?", "/campaigns")?;
        html(&Page {
            frame: frame.with_error(!errors.is_empty()),
            id: opened.draft.at.id.0,
            version: opened.draft.at.version,
            zone: visitor.console.drafting.time_zone(),
            errors,
            typed: self,
        })
    }

    /// The time that was typed in; what is wrong with it otherwise, and in which field.
    fn begin(&self, zone: &TimeZone, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
        if !self.later {
            return Ok(None);
        }
        let number = |text: &str| text.parse::<i8>().ok();
        let year = self.year.parse::<i16>().ok().filter(|year| YEARS.contains(year));
        let date = match (year, number(&self.month), number(&self.day)) {
            (Some(year), Some(month), Some(day)) => Date::new(year, month, day).ok(),
            _ => None,
        };
        let date = date.ok_or(("day", "Enter a date that there is, such as 27 3 2027"))?;
        let time: Option<Time> = Time::strptime("%H:%M", &self.time).ok();
        let time = time.ok_or(("time", "Enter a time of 24 hours, such as 09:00 or 16:30"))?;
        let at = DateTime::from_parts(date, time).to_zoned_datetime(zone.clone());
        let at = at.map_err(|_| ("day", "Enter a date that is not so far away"))?.timestamp();
        if at <= now { Err(("day", "Enter a time that has not passed")) } else { Ok(Some(at)) }
    }

    /// The pace that was typed in; none where nothing was.
    fn pace(&self) -> Result<Option<NonZeroU32>, Fault> {
        if self.per_minute.is_empty() {
            return Ok(None);
        }
        let number = self.per_minute.parse::<NonZeroU32>().ok().filter(|n| n.get() <= PER_MINUTE_MAX);
        number.map(Some).ok_or(("per_minute", "Enter a whole number of messages, such as 60, or nothing"))
    }

    /// The hours that were typed in; none where nothing was.
    fn quiet(&self) -> Result<Option<QuietTimes>, Fault> {
        if self.quiet_from.is_empty() && self.quiet_until.is_empty() {
            return Ok(None);
        }
        let time = |text: &str| Time::strptime("%H:%M", text).ok();
        match (time(&self.quiet_from), time(&self.quiet_until)) {
            (Some(from), Some(until)) => QuietTimes::new(from, until)
                .map(Some)
                .map_err(|_| ("quiet_from", "Enter two times that are not the same, or leave both empty")),
            (None, _) => Err(("quiet_from", "Enter a time of 24 hours, such as 20:00, or leave both empty")),
            (_, None) => Err(("quiet_until", "Enter a time of 24 hours, such as 08:00, or leave both empty")),
        }
    }

    /// All of it; everything that is wrong is added to the errors.
    fn read(
        &self,
        zone: &TimeZone,
        now: Timestamp,
        errors: &mut Errors,
    ) -> Option<(Option<Timestamp>, CampaignLimits)> {
        let (begin, pace, quiet) = (self.begin(zone, now), self.pace(), self.quiet());
        for (field, text) in [begin.err(), pace.err(), quiet.err()].into_iter().flatten() {
            errors.add(field, text);
        }
        Some((begin.ok()?, CampaignLimits { per_minute: pace.ok()?, quiet: quiet.ok()? }))
    }
}

fn zone(visitor: &Visitor) -> TimeZone {
    TimeZone::get(&visitor.console.drafting.time_zone()).unwrap_or(TimeZone::UTC)
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let opened = opened(&visitor, &id).await?;
    Typed::of_draft(&opened, &zone(&visitor)).show(&visitor, &opened, Errors::default())
}

pub(crate) async fn set(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let mut opened = opened(&visitor, &id).await?;
    let typed = Typed::of_form(&form);
    let mut errors = Errors::default();
    if let Some((at, limits)) = typed.read(&zone(&visitor), visitor.at, &mut errors) {
        (opened.draft.wanted_at, opened.draft.limits) = (at, limits);
        match opened.save(&visitor.acting()?, version_of(&form)).await {
            Ok(()) => return Ok(opened.back()),
            Err(trouble) if is_changed(&trouble) => {
                errors
                    .add("when", "Somebody else has changed this draft meanwhile. Look at it, and try again");
            }
            Err(trouble) => return Err(trouble),
        }
    }
    typed.show(&visitor, &opened, errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(day: &str, month: &str, year: &str, time: &str) -> Result<Option<Timestamp>, &'static str> {
        let form = format!("when=later&day={day}&month={month}&year={year}&time={time}");
        let form = Form::read(form.as_bytes()).expect("a form");
        let zone = TimeZone::get("Europe/London").expect("a time zone");
        Typed::of_form(&form)
            .begin(&zone, "2027-03-01T00:00Z".parse().expect("a time"))
            .map_err(|(field, _)| field)
    }

    #[test]
    fn a_time_is_one_of_the_clock_on_the_wall() {
        let at = |text: &str| Ok(Some(text.parse().expect("a time")));
        assert_eq!(read("27", "3", "2027", "09:00"), at("2027-03-27T09:00Z"));
        assert_eq!(read("28", "03", "2027", "09:00"), at("2027-03-28T08:00Z"), "summer time");
        // The hour that there is not, in the night in which clocks go forward: the same moment an hour on.
        assert_eq!(read("28", "3", "2027", "01:30"), at("2027-03-28T01:30Z"));
    }

    #[test]
    fn limits_are_numbers_and_times_or_nothing() {
        let read = |form: &str| {
            let typed = Typed::of_form(&Form::read(form.as_bytes()).expect("a form"));
            let mut errors = Errors::default();
            let limits =
                typed.read(&TimeZone::UTC, Timestamp::UNIX_EPOCH, &mut errors).map(|(_, limits)| limits);
            (
                limits.and_then(|limits| limits.words()),
                errors.iter().map(|(field, _)| field).collect::<Vec<_>>(),
            )
        };
        assert_eq!(read("when=soon"), (None, vec![]));
        let both = "no more than 60 messages a minute; nothing from 20:00 to 08:00".to_owned();
        assert_eq!(read("per_minute=60&quiet_from=20:00&quiet_until=08:00"), (Some(both), vec![]));
        for (form, fields) in [
            ("per_minute=0", vec!["per_minute"]),
            ("per_minute=600001", vec!["per_minute"]),
            ("per_minute=-1&quiet_from=20:00", vec!["per_minute", "quiet_until"]),
            ("quiet_until=08:00", vec!["quiet_from"]),
            ("quiet_from=08:00&quiet_until=08:00", vec!["quiet_from"]),
            ("quiet_from=8&quiet_until=20:00", vec!["quiet_from"]),
            ("when=later&day=x&per_minute=x", vec!["day", "per_minute"]),
        ] {
            assert_eq!(read(form), (None, fields), "{form}");
        }
    }

    #[test]
    fn what_is_no_time_names_its_field() {
        for (day, month, year, time, field) in [
            ("30", "2", "2027", "09:00", "day"),
            ("", "3", "2027", "09:00", "day"),
            ("1", "3", "27", "09:00", "day"),
            ("1", "x", "2027", "09:00", "day"),
            ("27", "3", "2027", "25:00", "time"),
            ("27", "3", "2027", "", "time"),
            ("28", "2", "2027", "09:00", "day"),
        ] {
            assert_eq!(read(day, month, year, time), Err(field), "{day} {month} {year} {time}");
        }
    }
}
