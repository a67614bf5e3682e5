//! What a sender's domain must publish so that messages in its name arrive: looked up, and the value of what is missing.

use alignment::{Alignment, Record, Report, Standing, What};
use askama::Template;
use axum::Extension;
use axum::response::Response;

use crate::form::Form;
use crate::page::{Frame, html};
use crate::parts::{Errors, Input, Kind};
use crate::trouble::Trouble;
use crate::visitor::Visitor;

const HERE: &str = "/senders";

/// A record as the page shows it.
struct Shown {
    title: &'static str,
    tag: (&'static str, &'static str),
    said: String,
    name: String,
    kind: &'static str,
    found: Vec<String>,
    publish: Option<String>,
}

impl Shown {
    fn of(record: Record) -> Self {
        Self {
            title: title(record.what),
            tag: tag(record.standing),
            said: record.said,
            name: record.name,
            kind: record.kind,
            found: record.found,
            publish: record.publish,
        }
    }
}

/// What was looked up, and what follows.
struct Looked {
    from: String,
    verdict: &'static str,
    is_good: bool,
    records: Vec<Shown>,
}

#[derive(Template)]
#[template(path = "senders.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    domain: Input,
    looked: Option<Looked>,
}

pub(crate) async fn show(Extension(visitor): Extension<Visitor>) -> Result<Response, Trouble> {
    let usual = visitor.console.mail_set_up.senders().into_iter().next().unwrap_or_default();
    page(&visitor, &usual, None, Errors::default())
}

pub(crate) async fn look_up(
    Extension(visitor): Extension<Visitor>,
    Extension(form): Extension<Form>,
) -> Result<Response, Trouble> {
    let (domain, mut errors) = (form.text("domain"), Errors::default());
    if domain.is_empty() {
        errors.add("domain", "Enter a domain");
        return page(&visitor, domain, None, errors);
    }
    match visitor.console.mail_set_up.look_up(domain).await {
        Ok(report) => page(&visitor, domain, Some(looked(report)), errors),
        Err(why) => {
            errors.add("domain", format!("{}. Nothing was changed", sentence(&why.0)));
            page(&visitor, domain, None, errors)
        }
    }
}

/// With a capital letter: it stands alone.
pub(crate) fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn page(
    visitor: &Visitor,
    domain: &str,
    looked: Option<Looked>,
    errors: Errors,
) -> Result<Response, Trouble> {
    let others: Vec<String> = visitor.console.mail_set_up.senders();
    let hint = match others.is_empty() {
        true => "What stands behind the @ of the sender’s address".to_owned(),
        false => format!("What stands behind the @ of the sender’s address. Set here: {}", others.join(", ")),
    };
    html(&Page {
        frame: Frame::of(visitor, "Senders", HERE)?.with_error(!errors.is_empty()),
        domain: Input::new("domain", "Domain", Kind::Text, &errors).hint_text(hint).value(domain),
        looked,
        errors,
    })
}

fn looked(report: Report) -> Looked {
    let (verdict, is_good) = match report.alignment {
        Alignment::Aligned { by_spf: true, by_dkim: true } => {
            ("Messages in its name pass, by the mail server’s address and by their signature.", true)
        }
        Alignment::Aligned { by_dkim: true, .. } => (
            "Messages in its name pass by their signature. The mail server’s address alone does not carry them.",
            true,
        ),
        Alignment::Aligned { .. } => (
            "Messages in its name pass by the mail server’s address. One that somebody forwards does not: only a signature \
             (DKIM) lasts.",
            true,
        ),
        Alignment::NotAligned => (
            "Messages in its name do not pass: large mailbox providers refuse them, or put them among the spam. Publish what \
             is missing below, and look it up again.",
            false,
        ),
        Alignment::Unknown => (
            "Whether messages in its name pass cannot be told: see what could not be looked up below.",
            false,
        ),
    };
    let records = report.records.into_iter().map(Shown::of).collect();
    Looked { from: report.from, verdict, is_good, records }
}

const fn title(what: What) -> &'static str {
    match what {
        What::Spf => "Who may send (SPF)",
        What::Dkim => "The key that signs (DKIM)",
        What::Dmarc => "The policy (DMARC)",
        What::Replies => "Where answers go",
        What::Bounces => "Where bounces go",
    }
}

const fn tag(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Right => ("Right", "govuk-tag--green"),
        Standing::Remark => ("Look at this", "govuk-tag--yellow"),
        Standing::Missing => ("Missing", "govuk-tag--red"),
        Standing::Wrong => ("Wrong", "govuk-tag--red"),
        Standing::Unknown => ("Not known", "govuk-tag--grey"),
    }
}
