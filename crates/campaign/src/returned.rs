//! What follows from what came back about a delivery: one table.

use jiff::{SignedDuration, Timestamp};
use mail::Address;
use mail::report::{Bounce, BounceClass, Complaint, DeliveryStatus, EnhancedCode, FeedbackType, What};

/// Full mailboxes that are an abandoned one: so many campaigns, one after another.
pub const FULL_TIMES: usize = 3;
/// Apart by so much at least: within it somebody may be on leave.
pub const FULL_APART: SignedDuration = SignedDuration::from_hours(7 * 24);
/// And all of them in so much: whoever emptied it in between begins anew.
pub const FULL_WITHIN: SignedDuration = SignedDuration::from_hours(365 * 24);

/// What came back about a delivery. The numbers are what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i16)]
pub enum ReturnKind {
    /// It bounced: the mailbox does not exist, or takes no mail.
    BadMailbox = 1,
    /// It bounced: the mailbox is full.
    FullMailbox = 2,
    /// It bounced for another reason, or none that is certain.
    Undelivered = 3,
    /// The person told their provider that it is unwanted (RFC 5965).
    Complaint = 4,
    /// The person asked for no more, by mail or by the link.
    Unsubscribe = 5,
    /// The person wrote back, to the return path or to the mailbox for unsubscribing.
    Reply = 6,
}

impl ReturnKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::BadMailbox,
        Self::FullMailbox,
        Self::Undelivered,
        Self::Complaint,
        Self::Unsubscribe,
        Self::Reply,
    ];

    /// The kind of a number from the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i16 == number)
    }

    /// The word in the ledger and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::BadMailbox => "bad mailbox",
            Self::FullMailbox => "full mailbox",
            Self::Undelivered => "undelivered",
            Self::Complaint => "complaint",
            Self::Unsubscribe => "unsubscribe",
            Self::Reply => "reply",
        }
    }

    /// The message did not reach the person, although the relay took it.
    #[must_use]
    pub const fn is_bounce(self) -> bool {
        matches!(self, Self::BadMailbox | Self::FullMailbox | Self::Undelivered)
    }
}

/// What is made of a message that came back about one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// A program wrote it, or it says that all is well or not yet lost: nothing is counted.
    Nothing,
    /// This, and the reason of a bounce.
    Counted(ReturnKind, Option<EnhancedCode>),
    /// A person's own words: somebody is to read them.
    Words,
}

/// Judges what came back about a delivery to `person`.
///
/// A report about another address is about a forwarding of theirs: that it ended says nothing of the person's own mailbox.
#[must_use]
pub fn judge(what: &What, person: &Address) -> Judgement {
    match what {
        What::DeliveryStatus(status) => of_status(status, person),
        What::Bounce(bounce) => of_bounce(bounce, person),
        What::Complaint(complaint) => of_complaint(complaint),
        What::Unsubscribe(_) => Judgement::Counted(ReturnKind::Unsubscribe, None),
        What::Person(_) => Judgement::Words,
        _ => Judgement::Nothing,
    }
}

fn of_status(status: &DeliveryStatus, person: &Address) -> Judgement {
    let others = status
        .recipients
        .iter()
        .any(|one| one.last.as_ref().or(one.original.as_ref()).is_some_and(|told| !same(told, person)));
    let Some(class) = status.class() else { return Judgement::Nothing };
    let first = status.recipients.first();
    // RFC 3464 §2.3.3: a delay is no failure, and what was relayed or expanded went on.
    if first.is_some_and(|one| one.action != Some(mail::report::Action::Failed)) {
        return Judgement::Nothing;
    }
    let code = first.and_then(|one| one.reply.and_then(|reply| reply.enhanced).or(one.status));
    Judgement::Counted(kind(class, others), code)
}

fn of_bounce(bounce: &Bounce, person: &Address) -> Judgement {
    let others = bounce.recipients.iter().any(|told| !same(told, person));
    match bounce.class {
        // "Delayed" and the like, in words.
        BounceClass::Transient => Judgement::Nothing,
        class => Judgement::Counted(kind(class, others), None),
    }
}

const fn kind(class: BounceClass, others: bool) -> ReturnKind {
    match class {
        BounceClass::PermanentAddress if !others => ReturnKind::BadMailbox,
        BounceClass::MailboxFull if !others => ReturnKind::FullMailbox,
        _ => ReturnKind::Undelivered,
    }
}

const fn of_complaint(complaint: &Complaint) -> Judgement {
    match complaint.feedback {
        // RFC 6591: about our domain, and from no person. Taken back: nothing is undone, for only the person can know.
        Some(FeedbackType::AuthFailure | FeedbackType::NotSpam) => Judgement::Nothing,
        Some(FeedbackType::OptOut) => Judgement::Counted(ReturnKind::Unsubscribe, None),
        _ => Judgement::Counted(ReturnKind::Complaint, None),
    }
}

/// Servers fold capital letters, and so do we here: no two people share an address but for them.
fn same(a: &Address, b: &Address) -> bool {
    a.key() == b.key()
}

/// Whether full mailboxes at these times, one a campaign, are one that nobody empties.
#[must_use]
pub fn nobody_empties(times: &[Timestamp]) -> bool {
    let mut times = times.to_vec();
    times.sort_unstable();
    let Some(last) = times.last().copied() else { return false };
    let mut counted: Vec<Timestamp> = Vec::new();
    for time in times.into_iter().rev() {
        let in_time = last.duration_since(time) <= FULL_WITHIN;
        let apart = counted.last().is_none_or(|after| after.duration_since(time) >= FULL_APART);
        if in_time && apart {
            counted.push(time);
        }
    }
    counted.len() >= FULL_TIMES
}

#[cfg(test)]
mod tests {
    use super::*;
    use mail::report::read_enveloped;

    const DSN: &str = "From: MAILER-DAEMON@mx.test\r\nSubject: Undelivered Mail Returned to Sender\r\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\nMIME-Version: 1.0\r\n\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
        Reporting-MTA: dns; mx.test\r\n\r\nFinal-Recipient: rfc822; WHO\r\nAction: ACTION\r\nStatus: STATUS\r\n\r\n--b--\r\n";

    fn judged(who: &str, action: &str, status: &str) -> Judgement {
        let text = DSN.replace("WHO", who).replace("ACTION", action).replace("STATUS", status);
        let person = Address::parse("ada@inbox.test").unwrap();
        judge(&read_enveloped(text.as_bytes(), true).what, &person)
    }

    fn counted(judgement: Judgement) -> Option<(ReturnKind, String)> {
        match judgement {
            Judgement::Counted(kind, code) => {
                Some((kind, code.map_or(String::new(), |code| code.to_string())))
            }
            _ => None,
        }
    }

    #[test]
    fn the_table() {
        use ReturnKind as K;
        for (who, action, status, kind) in [
            ("ada@inbox.test", "failed", "5.1.1", Some(K::BadMailbox)),
            ("Ada@INBOX.test", "failed", "5.1.1", Some(K::BadMailbox)),
            ("grace@other.test", "failed", "5.1.1", Some(K::Undelivered)),
            ("ada@inbox.test", "failed", "5.2.2", Some(K::FullMailbox)),
            ("grace@other.test", "failed", "5.2.2", Some(K::Undelivered)),
            ("ada@inbox.test", "failed", "5.7.1", Some(K::Undelivered)),
            ("ada@inbox.test", "failed", "4.4.7", Some(K::Undelivered)),
            ("ada@inbox.test", "delayed", "4.4.7", None),
            ("ada@inbox.test", "delivered", "2.0.0", None),
            ("ada@inbox.test", "expanded", "2.0.0", None),
        ] {
            let expected = kind.map(|kind| (kind, status.to_owned()));
            assert_eq!(counted(judged(who, action, status)), expected, "{who} {action} {status}");
        }
    }

    #[test]
    fn words_are_for_people() {
        let person = Address::parse("ada@inbox.test").unwrap();
        let of = |text: &str| judge(&read_enveloped(text.as_bytes(), false).what, &person);
        assert_eq!(
            of("From: ada@inbox.test\r\nSubject: Re: survey\r\n\r\nPlease call me.\r\n"),
            Judgement::Words
        );
        let away =
            "From: ada@inbox.test\r\nSubject: Away\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n";
        assert_eq!(of(away), Judgement::Nothing);
        let stop = "From: ada@inbox.test\r\nSubject: unsubscribe\r\n\r\n\r\n";
        assert_eq!(of(stop), Judgement::Counted(ReturnKind::Unsubscribe, None));
    }

    #[test]
    fn a_mailbox_is_abandoned_after_three_campaigns_a_week_apart_within_a_year() {
        let day = |day: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day);
        let full = |days: &[i64]| nobody_empties(&days.iter().map(|d| day(*d)).collect::<Vec<_>>());
        assert!(!full(&[]) && !full(&[0]) && !full(&[0, 100]));
        assert!(full(&[0, 7, 14]) && full(&[14, 0, 7]));
        assert!(!full(&[0, 6, 12]), "two of them, less than a week apart, are one");
        assert!(full(&[0, 6, 8, 15]));
        assert!(full(&[0, 200, 365]) && !full(&[0, 200, 366]));
    }

    #[test]
    fn the_numbers_are_what_the_database_holds() {
        for kind in ReturnKind::ALL {
            assert_eq!(ReturnKind::from_number(kind as i16), Some(kind));
        }
        assert_eq!(ReturnKind::from_number(0), None);
        assert_eq!(ReturnKind::from_number(7), None);
    }
}
