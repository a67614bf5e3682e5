//! When sending is to begin.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::response::Response;
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
}

impl Typed {
    fn of_form(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            later: form.text("when") == "later",
            day: text("day"),
            month: text("month"),
            year: text("year"),
            time: text("time"),
        }
    }

    fn of_draft(opened: &Opened, zone: &TimeZone) -> Self {
        let Some(at) = opened.draft.wanted_at else {
            return Self { time: "09:00".to_owned(), ..Self::default() };
        };
        let at = zone.to_datetime(at);
        Self {
            later: true,
            day: at.day().to_string(),
            month: at.month().to_string(),
            year: at.year().to_string(),
            time: at.strftime("%H:%M").to_string(),
        }
    }

    fn show(self, visitor: &Visitor, opened: &Opened, errors: Errors) -> Result<Response, Trouble> {
        let frame = Frame::of(visitor, "When is sending to begin?", "/campaigns")?;
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
    fn read(
        &self,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, (&'static str, &'static str)> {
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
    match typed.read(&zone(&visitor), visitor.at) {
        Err((field, text)) => errors.add(field, text),
        Ok(at) => {
            opened.draft.wanted_at = at;
            match opened.save(&visitor.acting()?, version_of(&form)).await {
                Ok(()) => return Ok(opened.back()),
                Err(trouble) if is_changed(&trouble) => {
                    errors.add(
                        "when",
                        "Somebody else has changed this draft meanwhile. Look at it, and try again",
                    );
                }
                Err(trouble) => return Err(trouble),
            }
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
            .read(&zone, "2027-03-01T00:00Z".parse().expect("a time"))
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
