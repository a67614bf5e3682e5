//! Delivery status notifications (RFC 3464), international ones too (RFC 6533).

use super::Text;
use super::entity::Arrived;
use super::fields::{self, Fields};
use super::limits::RECIPIENTS_MAX;
use super::names::{self, Names};
use super::text::prefix;
use super::told;
use super::verdict::{BounceClass, EnhancedCode, SmtpReply, classify};
use crate::{ADDRESS_OCTETS_MAX, Address};

/// A delivery status notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryStatus {
    /// The server that reports.
    pub reporting_mta: Option<Text>,
    /// When the message arrived there, as written (RFC 5322 §3.3).
    pub arrival_date: Option<Text>,
    /// What became of it, for each recipient; at least one.
    pub recipients: Vec<Recipient>,
    /// There are more than [`RECIPIENTS_MAX`], or may be more, because the report breaks off.
    pub more: bool,
}

/// What became of a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The address that the message was sent to, if it is told (RFC 3464 §2.3.1).
    pub original: Option<Address>,
    /// The address that it was to be delivered to in the end (§2.3.2): that of a forwarding, perhaps.
    pub last: Option<Address>,
    /// What was done (§2.3.3).
    pub action: Option<Action>,
    /// Why (§2.3.4).
    pub status: Option<EnhancedCode>,
    /// What the other server said, if it spoke SMTP.
    pub reply: Option<SmtpReply>,
    /// The same with all its words, and of other systems too (§2.3.6).
    pub diagnostic: Option<Text>,
    /// Who said it (§2.3.5).
    pub remote_mta: Option<Text>,
    /// Until when a delayed message is tried, as written (§2.3.8).
    pub will_retry_until: Option<Text>,
    /// What that says about the address; nothing if the message arrived.
    pub class: Option<BounceClass>,
}

/// What was done with a message (RFC 3464 §2.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Given up.
    Failed,
    /// Not yet delivered, and tried on.
    Delayed,
    /// In the mailbox.
    Delivered,
    /// Handed to a system that reports nothing more.
    Relayed,
    /// Sent on to several addresses.
    Expanded,
}

impl Action {
    fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "failed" => Self::Failed,
            "delayed" => Self::Delayed,
            "delivered" => Self::Delivered,
            "relayed" => Self::Relayed,
            "expanded" => Self::Expanded,
            _ => return None,
        })
    }
}

impl DeliveryStatus {
    /// What all recipients' verdicts agree on; undecided where they differ or are not all there, nothing where the
    /// message arrived. A message to one person that reports on several went through a list or an alias: that one
    /// member of it is gone says nothing about the person.
    #[must_use]
    pub fn class(&self) -> Option<BounceClass> {
        let first = self.recipients.first().and_then(|recipient| recipient.class);
        let agreed = !self.more && self.recipients.iter().all(|recipient| recipient.class == first);
        if agreed { first } else { Some(BounceClass::Undecided) }
    }

    /// What is said of one address: as the message was sent to it or, where that is not told, delivered.
    #[must_use]
    pub fn of(&self, address: &Address) -> Option<&Recipient> {
        self.recipients
            .iter()
            .find(|recipient| recipient.original.as_ref().or(recipient.last.as_ref()) == Some(address))
    }
}

const CONTENT_TYPES: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];

/// Reads one, if the message is one: a status part by itself is no proof, for people forward them.
pub(super) fn read(arrived: &Arrived, names: &mut Names) -> Option<DeliveryStatus> {
    let leaf = arrived.leaf(&CONTENT_TYPES)?;
    let declared = arrived.report_type.as_deref().is_some_and(|kind| matches!(kind, "delivery-status" | ""));
    if !(declared || arrived.by_system()) {
        return None;
    }
    // One more than the recipients: the first group is about the message.
    let (mut groups, mut more) = leaf.groups(RECIPIENTS_MAX + 1);
    let message = match groups.first() {
        Some(first) if !is_recipient(first) => groups.remove(0),
        _ => Fields::default(),
    };
    groups.retain(is_recipient);
    more |= groups.len() > RECIPIENTS_MAX || !leaf.ended;
    groups.truncate(RECIPIENTS_MAX);
    if groups.is_empty() {
        return None;
    }
    let to_rcpt = groups.len() == 1 && told::rcpt_alone(&arrived.explanation());
    names.of_status(&message);
    names.of_returned(arrived.returned());
    Some(DeliveryStatus {
        reporting_mta: named(&message, "reporting-mta"),
        arrival_date: message.get("arrival-date").and_then(Text::of),
        recipients: groups.iter().map(|group| recipient(group, to_rcpt)).collect(),
        more,
    })
}

fn is_recipient(group: &Fields) -> bool {
    ["final-recipient", "original-recipient", "action", "status"].iter().any(|name| group.has(name))
}

fn recipient(group: &Fields, to_rcpt: bool) -> Recipient {
    let action = group.only("action").and_then(|word| Action::parse(&word));
    let status = group.only("status").and_then(|code| EnhancedCode::parse(&code));
    let diagnostic = group.get("diagnostic-code");
    let reply = diagnostic
        .and_then(fields::typed)
        .filter(|(kind, _)| kind == "smtp")
        .and_then(|(_, said)| SmtpReply::parse(said))
        .map(|reply| SmtpReply { to_rcpt, ..reply });
    Recipient {
        original: group.get("original-recipient").and_then(typed_address),
        last: group.get("final-recipient").and_then(typed_address),
        action,
        status,
        reply,
        diagnostic: diagnostic.and_then(Text::of),
        remote_mta: named(group, "remote-mta"),
        will_retry_until: group.get("will-retry-until").and_then(Text::of),
        class: classify(action, status, reply),
    }
}

/// `dns; mx.example` without its type.
fn named(group: &Fields, name: &str) -> Option<Text> {
    let value = group.get(name)?;
    Text::of(fields::typed(value).map_or(value, |(_, name)| name))
}

/// Longest address with `\x{10FFFF}` for each of its characters, in octets.
const CODED_ADDRESS_OCTETS_MAX: usize = 10 * ADDRESS_OCTETS_MAX;

/// `rfc822; ann@x.test`; `utf-8; …` with `\x{…}` for what is not ASCII (RFC 6533 §3); the bare address of old programs.
fn typed_address(value: &str) -> Option<Address> {
    let (kind, value) = fields::typed(value).unwrap_or_else(|| ("rfc822".to_owned(), value));
    match kind.as_str() {
        "rfc822" => fields::address(value),
        "utf-8" => fields::address(&names::utf8_addr_xtext(prefix(value, CODED_ADDRESS_OCTETS_MAX))),
        _ => None,
    }
}
