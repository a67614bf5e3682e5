//! Lists, a page at a time: so many things, and a cursor for those that follow.

use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::api::json;
use crate::api::problem::Problem;
use crate::form::Form;

/// Things on a page, at most.
const LIMIT_MAX: u32 = 100;
/// Things on a page where nobody says how many.
const LIMIT_DEFAULT: u32 = 50;
/// The parameters of every list.
pub(super) const LIMIT: &str = "limit";
pub(super) const AFTER: &str = "after";

/// Whose cursor it is: that of one list means nothing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum List {
    Campaigns = 1,
    Deliveries = 2,
    Audiences = 3,
    People = 4,
    Drafts = 5,
    Ledger = 6,
}

/// The page that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    list: List,
    pub(super) limit: u32,
    /// The number of the last thing on the page before.
    pub(super) after: Option<i64>,
}

impl Page {
    pub(super) fn of(list: List, query: &Form) -> Result<Self, Problem> {
        let limit = match query.get(LIMIT) {
            None => LIMIT_DEFAULT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LIMIT_MAX).contains(limit))
                .ok_or_else(|| Problem::invalid(LIMIT, "A number from 1 to 100."))?,
        };
        let wrong = || Problem::invalid(AFTER, "The `next` of the page before, as it stood there.");
        let after = query.get(AFTER).map(|text| number(list, text).ok_or_else(wrong)).transpose()?;
        Ok(Self { list, limit, after })
    }

    /// How many to look up: one more says whether there are others.
    pub(super) const fn look_up(&self) -> u32 {
        self.limit + 1
    }

    /// What comes of a look-up: those on this page, and where the next one begins.
    pub(super) fn cut<T>(&self, mut found: Vec<T>, number: impl Fn(&T) -> i64) -> (Vec<T>, Option<String>) {
        let more = found.len() > self.limit as usize;
        found.truncate(self.limit as usize);
        let next = found.last().filter(|_| more).map(|last| cursor(self.list, number(last)));
        (found, next)
    }
}

fn cursor(list: List, number: i64) -> String {
    let mut octets = vec![list as u8];
    octets.extend(number.to_be_bytes());
    BASE64URL_NOPAD.encode(&octets)
}

fn number(list: List, cursor: &str) -> Option<i64> {
    // Nine octets are twelve characters: anything else is not decoded.
    let octets = Some(cursor).filter(|cursor| cursor.len() == 12)?;
    let octets = BASE64URL_NOPAD.decode(octets.as_bytes()).ok()?;
    let (kind, number) = octets.split_first()?;
    let number: [u8; 8] = number.try_into().ok()?;
    (*kind == list as u8).then(|| i64::from_be_bytes(number)).filter(|number| *number >= 0)
}

/// A page.
pub(super) fn page(items: &[Value], next: Option<&str>) -> Response {
    json(&json!({"items": items, "next": next}))
}

/// The schema of a page of these.
pub(super) fn schema(item: &str) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": format!("#/components/schemas/{item}")}},
            "next": {"type": ["string", "null"], "description": "`after` of the next page; null at the end."},
        },
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: List, query: &str) -> Option<Page> {
        Page::of(list, &Form::read(query.as_bytes()).expect("a query")).ok()
    }

    #[test]
    fn a_page_has_from_one_to_a_hundred_things() {
        for (query, limit) in [("", Some(50)), ("limit=1", Some(1)), ("limit=100", Some(100))] {
            assert_eq!(of(List::Campaigns, query).map(|page| page.limit), limit, "{query}");
        }
        for query in ["limit=0", "limit=101", "limit=-1", "limit=", "limit=x", "limit=99999999999"] {
            assert_eq!(of(List::Campaigns, query), None, "{query}");
        }
    }

    #[test]
    fn a_cursor_is_one_lists_and_nothing_else_is_one() {
        let next = cursor(List::Campaigns, 77);
        assert_eq!(of(List::Campaigns, &format!("after={next}")).and_then(|page| page.after), Some(77));
        assert_eq!(of(List::Drafts, &format!("after={next}")), None);
        for wrong in ["", "77", "AAAAAAAAAAAA", "!!!!!!!!!!!!", "AQAAAAAAAABNAA", "Af________-w"] {
            assert_eq!(of(List::Campaigns, &format!("after={wrong}")), None, "{wrong}");
        }
    }
}
