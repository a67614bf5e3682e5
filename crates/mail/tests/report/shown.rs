//! A report as text that can be read and compared, everything in the clear.

use std::fmt::Write;

use mail::Address;
use mail::report::{Names, Report, Text, What};

fn line(out: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        writeln!(out, "{name}: {value}").unwrap();
    }
}

fn text(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.expose().to_owned())
}

fn address(address: Option<&Address>) -> Option<String> {
    address.map(Address::expose)
}

fn word(value: Option<impl std::fmt::Debug>) -> Option<String> {
    value.map(|value| format!("{value:?}"))
}

pub(crate) fn shown(report: &Report) -> String {
    let mut out = String::new();
    let to = &mut out;
    match &report.what {
        What::DeliveryStatus(status) => {
            line(to, "delivery status", Some(format!("{:?}", status.class())));
            line(to, "reporting MTA", text(status.reporting_mta.as_ref()));
            line(to, "arrival", text(status.arrival_date.as_ref()));
            line(to, "more", status.more.then(|| "there may be".to_owned()));
            for recipient in &status.recipients {
                line(to, "recipient", Some(format!("{:?}", recipient.class)));
                line(to, "  original", address(recipient.original.as_ref()));
                line(to, "  last", address(recipient.last.as_ref()));
                line(to, "  action", word(recipient.action));
                line(to, "  status", recipient.status.map(|code| code.to_string()));
                let reply = recipient.reply.map(|r| {
                    let code = r.enhanced.map_or_else(|| "none".to_owned(), |code| code.to_string());
                    format!("{} {code}{}", r.code, if r.to_rcpt { " to RCPT" } else { "" })
                });
                line(to, "  reply", reply);
                line(to, "  diagnostic", text(recipient.diagnostic.as_ref()));
                line(to, "  remote MTA", text(recipient.remote_mta.as_ref()));
                line(to, "  retried until", text(recipient.will_retry_until.as_ref()));
            }
        }
        What::Bounce(bounce) => {
            line(to, "bounce", Some(format!("{:?}", bounce.class)));
            line(to, "form", word(Some(bounce.form)));
            bounce.recipients.iter().for_each(|one| line(to, "recipient", address(Some(one))));
        }
        What::Complaint(complaint) => {
            line(to, "complaint", Some(if complaint.unwanted() { "unwanted" } else { "no wish" }.to_owned()));
            line(to, "feedback", word(complaint.feedback));
            complaint.recipients.iter().for_each(|one| line(to, "recipient", address(Some(one))));
            complaint.reported_domains.iter().for_each(|one| line(to, "domain", text(Some(one))));
            line(to, "source", complaint.source_ip.map(|ip| ip.to_string()));
            line(to, "arrival", text(complaint.arrival_date.as_ref()));
        }
        What::Disposition(disposition) => {
            line(to, "disposition", Some(text(disposition.kind.as_ref()).unwrap_or_default()));
        }
        What::AutoReply(mark) => line(to, "automatic", word(Some(mark))),
        What::Unsubscribe(request) => {
            line(
                to,
                "unsubscribe",
                Some(text(request.token.as_ref()).unwrap_or_else(|| "no token".to_owned())),
            );
            line(to, "from", address(request.from.as_ref()));
        }
        What::Person(person) => line(to, "person", Some(address(person.from.as_ref()).unwrap_or_default())),
        other => panic!("not shown: {other:?}"),
    }
    names(to, report.names());
    out
}

fn names(out: &mut String, names: &Names) {
    names.envelope_ids.iter().for_each(|one| line(out, "names envelope", text(Some(one))));
    names.message_ids.iter().for_each(|one| line(out, "names message", text(Some(one))));
    names.return_paths.iter().for_each(|one| line(out, "names path", address(Some(one))));
    names.tokens.iter().for_each(|one| line(out, "names token", text(Some(one))));
}
