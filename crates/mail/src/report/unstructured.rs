//! Bounces without a delivery status that can be read. Text of people must never pass for one.

use super::automatic;
use super::entity::Arrived;
use super::fields::{self, Fields};
use super::limits::RECIPIENTS_MAX;
use super::names::Names;
use super::told;
use super::verdict::BounceClass;
use crate::Address;

/// A bounce that is not of RFC 3464.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounce {
    /// How it was recognised.
    pub form: BounceForm,
    /// The addresses that it names, at most [`RECIPIENTS_MAX`].
    pub recipients: Vec<Address>,
    /// What the codes in its text agree on.
    pub class: BounceClass,
}

/// How a bounce was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BounceForm {
    /// Declared as a delivery status of RFC 3464, whose fields are missing or damaged.
    BrokenReport,
    /// `X-Failed-Recipients` (Exim; Google has it too).
    FailedRecipients,
    /// The format of qmail (QSBMF): "Hi. This is the …".
    Qsbmf,
    /// From a mail system, with a sign that nobody wrote it.
    MailSystem,
}

/// How the subjects of bounces begin, in lower case. A sign only beside a mail system in From.
const SUBJECTS: [&str; 13] = [
    "undelivered mail returned to sender",
    "mail delivery failed",
    "mail delivery failure",
    "delivery status notification",
    "delivery failure",
    "delivery has failed",
    "undeliverable:",
    "undeliverable mail",
    "returned mail:",
    "failure notice",
    "warning: message",
    "warning: could not send message",
    "message delivery has been delayed",
];

/// Reads one, if the message is one.
pub(super) fn read(arrived: &Arrived, names: &mut Names) -> Option<Bounce> {
    let text = arrived.explanation();
    let form = form(arrived, &text)?;
    let (before, behind) = told::before_and_behind_copy(&text);
    let copied = behind.map(|copy| Fields::of(copy.trim_start().as_bytes()).0);
    names.of_returned(arrived.returned().or(copied));
    let recipients = recipients(arrived, before, form);
    // RFC 5321 §4.5.5: a bounce has an empty sender. One that has another may be anybody's letter.
    let structured = matches!(form, BounceForm::BrokenReport | BounceForm::FailedRecipients);
    let believed = arrived.by_system() || structured || arrived.null_sender == Some(true);
    let class = if !believed || arrived.null_sender == Some(false) {
        BounceClass::Undecided
    } else if is_delay(&arrived.subject()) {
        BounceClass::Transient
    } else {
        told::verdict(before)
    };
    Some(Bounce { form, recipients, class })
}

fn form(arrived: &Arrived, text: &str) -> Option<BounceForm> {
    if arrived.report_type.as_deref() == Some("delivery-status") {
        return Some(BounceForm::BrokenReport);
    }
    if arrived.fields.has("x-failed-recipients") {
        return Some(BounceForm::FailedRecipients);
    }
    let unanswerable = arrived.null_sender == Some(true);
    if is_qsbmf(text) && (unanswerable || arrived.by_system()) {
        return Some(BounceForm::Qsbmf);
    }
    if !arrived.sender_may_be_system() {
        return None;
    }
    let subject = arrived.subject().to_ascii_lowercase();
    let signed = SUBJECTS.iter().any(|beginning| subject.starts_with(beginning));
    (unanswerable || signed || automatic::submitted(arrived)).then_some(BounceForm::MailSystem)
}

/// QSBMF: the first paragraph begins so, and one begins with the address in angle brackets and a colon.
fn is_qsbmf(text: &str) -> bool {
    text.trim_start().starts_with("Hi. This is the ")
        && text.lines().any(|line| qsbmf_recipient(line).is_some())
}

fn qsbmf_recipient(line: &str) -> Option<&str> {
    line.trim_end().strip_prefix('<')?.strip_suffix(">:")
}

/// "Warning: message … delayed 24 hours" (Exim), "Delivery Status Notification (Delay)" (Google, Exchange).
fn is_delay(subject: &str) -> bool {
    let subject = subject.to_ascii_lowercase();
    subject.starts_with("warning: ") || subject.contains("(delay") || subject.contains("delayed")
}

fn recipients(arrived: &Arrived, before: &str, form: BounceForm) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    let mut push = |text: &str| {
        if let Some(address) = fields::address(text)
            && found.len() < RECIPIENTS_MAX
            && !found.contains(&address)
        {
            found.push(address);
        }
    };
    for value in arrived.fields.all("x-failed-recipients") {
        value.split(',').for_each(&mut push);
    }
    if form == BounceForm::Qsbmf {
        before.lines().filter_map(qsbmf_recipient).for_each(&mut push);
    }
    found
}

impl Bounce {
    /// The one address that it names, if it names one.
    #[must_use]
    pub fn recipient(&self) -> Option<&Address> {
        if let [one] = self.recipients.as_slice() { Some(one) } else { None }
    }
}
