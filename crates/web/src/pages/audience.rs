//! One audience: what is known of it, and its people, masked (promise 9).

use accounts::Right;
use askama::Template;
use axum::Extension;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use store::{Audience, Channel};

use crate::form::Form;
use crate::page::{Frame, html};
use crate::pages::audiences::on;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// People on a page.
const PEOPLE_SHOWN: u32 = 50;
/// Campaigns on the page, the newest first.
const CAMPAIGNS_SHOWN: u32 = 20;

struct Row {
    row: u64,
    address: String,
    channel: &'static str,
    class: &'static str,
    suppressed: bool,
}

#[derive(Template)]
#[template(path = "audience.html")]
struct Page {
    frame: Frame,
    id: i64,
    forgotten: Option<String>,
    facts: Vec<(&'static str, String)>,
    campaigns: Vec<(i64, String)>,
    campaigns_more: bool,
    see_campaigns: bool,
    people: Vec<Row>,
    first: bool,
    /// Behind which row the next page begins.
    next: Option<u64>,
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Trouble> {
    let id = id.parse().map_err(|_| Trouble::NotFound)?;
    let audience = visitor.console.store.audience_numbered(id).await?;
    let query = Form::read(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let after = match query.text("after") {
        "" => 0,
        text => text.parse().map_err(|_| Trouble::NotFound)?,
    };
    let (people, next) = people(&visitor, &audience, after).await?;
    let mut campaigns = visitor.console.store.campaigns_with(&audience, CAMPAIGNS_SHOWN + 1).await?;
    let campaigns_more = campaigns.len() > CAMPAIGNS_SHOWN as usize;
    campaigns.truncate(CAMPAIGNS_SHOWN as usize);
    html(&Page {
        frame: Frame::of(&visitor, &audience.name, "/audiences")?,
        id,
        forgotten: audience.forgotten_at.map(on),
        facts: facts(&audience),
        campaigns,
        campaigns_more,
        see_campaigns: visitor.may(Right::SeeCampaigns),
        people,
        first: after == 0,
        next,
    })
}

fn facts(audience: &Audience) -> Vec<(&'static str, String)> {
    let warnings: Vec<&str> = audience.warnings.iter().map(|word| in_words(word)).collect();
    let none = || "none".to_owned();
    let language = audience.language_field.and_then(|index| audience.fields.get(index)).cloned();
    vec![
        ("People", audience.people.to_string()),
        ("Bad rows left out", audience.skipped.to_string()),
        ("Equal rows folded into one", audience.folded.to_string()),
        ("Made on", on(audience.created_at)),
        ("Warnings that were accepted", if warnings.is_empty() { none() } else { warnings.join("; ") }),
        ("Fields for messages", audience.fields.join(", ")),
        ("Field of the language", language.unwrap_or_else(none)),
    ]
}

/// What was accepted with the import, as its page said it.
fn in_words(word: &str) -> &str {
    match word {
        "channel" => "no column says to whom e-mail is safe",
        "channel_ignored" => "a column that says to whom e-mail is safe is not used",
        "names" => "names do not go with the addresses beside them",
        "sheets" => "other sheets of the workbook were not imported",
        "hidden_rows" => "hidden rows were imported too",
        "encoding" => "the file’s encoding is a guess",
        "discretion" => "words that a bystander should not read",
        "attachments" => "attachments that could not be read",
        other => other,
    }
}

async fn people(
    visitor: &Visitor,
    audience: &Audience,
    after: u64,
) -> Result<(Vec<Row>, Option<u64>), Trouble> {
    if audience.forgotten_at.is_some() {
        return Ok((Vec::new(), None));
    }
    let mut people = visitor.console.lists.people(audience, after, PEOPLE_SHOWN + 1).await?;
    let more = people.len() > PEOPLE_SHOWN as usize;
    people.truncate(PEOPLE_SHOWN as usize);
    let next = people.last().filter(|_| more).map(|person| person.row);
    let row = |person: crate::lists::MaskedPerson| {
        let (channel, class) = match person.channel {
            Channel::Safe => ("safe", "govuk-tag--green"),
            Channel::Unsafe => ("not safe", "govuk-tag--red"),
            Channel::Unknown => ("not known", "govuk-tag--yellow"),
        };
        Row { row: person.row, address: person.address, channel, class, suppressed: person.suppressed }
    };
    Ok((people.into_iter().map(row).collect(), next))
}
