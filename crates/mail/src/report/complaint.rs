//! Feedback reports (RFC 5965, ARF), and the older form that hides the feedback in the message complained about.

use std::net::IpAddr;

use super::Text;
use super::entity::Arrived;
use super::fields::{self, Fields};
use super::limits::RECIPIENTS_MAX;
use super::names::Names;
use crate::Address;

/// What a mailbox provider passes on from a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is said about the message; nothing where the report does not tell.
    pub feedback: Option<FeedbackType>,
    /// Who complained, where the provider tells (RFC 5965 §3.2), at most [`RECIPIENTS_MAX`].
    pub recipients: Vec<Address>,
    /// The domains that the provider holds responsible, as written, at most [`RECIPIENTS_MAX`].
    pub reported_domains: Vec<Text>,
    /// Which server brought the message to the provider.
    pub source_ip: Option<IpAddr>,
    /// When the message arrived there, as written.
    pub arrival_date: Option<Text>,
}

/// What is said about the message (RFC 5965 §7.3 and the registry that it opens).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FeedbackType {
    /// Unwanted mail.
    Abuse,
    /// Fraud or phishing.
    Fraud,
    /// A virus.
    Virus,
    /// The person takes a complaint back.
    NotSpam,
    /// The person asks for no more (drafts before RFC 5965).
    OptOut,
    /// A signature or policy that failed (RFC 6591): about our domain, and from no person.
    AuthFailure,
    /// Another.
    Other,
}

impl FeedbackType {
    fn parse(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "abuse" => Self::Abuse,
            "fraud" | "phishing" => Self::Fraud,
            "virus" => Self::Virus,
            "not-spam" => Self::NotSpam,
            "opt-out" | "opt-out-list" => Self::OptOut,
            "auth-failure" => Self::AuthFailure,
            _ => Self::Other,
        }
    }
}

impl Complaint {
    /// Whether a person does not want this mail.
    #[must_use]
    pub const fn unwanted(&self) -> bool {
        matches!(self.feedback, None | Some(FeedbackType::Abuse | FeedbackType::Fraud | FeedbackType::OptOut))
    }
}

/// How the subject of a report of Microsoft's JMRP began, in lower case.
const JMRP_SUBJECT: &str = "complaint about message from ";
/// The field that it put into the message complained about.
const JMRP_RECIPIENT: &str = "x-hmxmroriginalrecipient";

/// Reads one, if the message is one.
pub(super) fn read(arrived: &Arrived, names: &mut Names) -> Option<Complaint> {
    let declared = arrived.report_type.as_deref() == Some("feedback-report");
    let part = arrived.leaf(&["message/feedback-report"]);
    let group = part.and_then(|leaf| leaf.groups(1).0.into_iter().next()).unwrap_or_default();
    // RFC 5965 §3.1: both are required. Some providers leave out the multipart/report around them.
    let recognised = declared || group.has("feedback-type") && group.has("user-agent");
    if !recognised {
        return jmrp(arrived, names);
    }
    names.of_status(&group);
    names.of_returned(arrived.returned());
    let addresses = group.all("original-rcpt-to").filter_map(fields::address);
    Some(Complaint {
        feedback: group.only("feedback-type").map(|word| FeedbackType::parse(&word)),
        recipients: addresses.take(RECIPIENTS_MAX).collect(),
        reported_domains: group.all("reported-domain").filter_map(Text::of).take(RECIPIENTS_MAX).collect(),
        source_ip: group.only("source-ip").and_then(|text| ip(&text)),
        arrival_date: group.get("arrival-date").or_else(|| group.get("received-date")).and_then(Text::of),
    })
}

fn jmrp(arrived: &Arrived, names: &mut Names) -> Option<Complaint> {
    let subject = arrived.subject().to_ascii_lowercase();
    let source = subject.strip_prefix(JMRP_SUBJECT)?;
    let returned: Fields = arrived.returned().filter(|fields| fields.has(JMRP_RECIPIENT))?;
    let recipients = returned.address(JMRP_RECIPIENT).into_iter().collect();
    names.of_returned(Some(returned));
    Some(Complaint {
        feedback: None,
        recipients,
        reported_domains: Vec::new(),
        source_ip: ip(source),
        arrival_date: None,
    })
}

fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    text.strip_prefix("IPv6:").unwrap_or(text).parse().ok()
}
