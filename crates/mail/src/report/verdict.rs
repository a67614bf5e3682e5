//! What a refusal says about an address: one table, for the reply in the dialogue and the report that comes later.

use std::fmt;

use super::status::Action;

/// An enhanced status code, `class.subject.detail` (RFC 3463).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EnhancedCode {
    /// 2, 4 or 5.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 7 policy.
    pub subject: u16,
    /// The particular condition.
    pub detail: u16,
}

impl EnhancedCode {
    /// Reads `5.1.1` at the beginning of a text (RFC 2034 §4, RFC 3464 §2.3.4).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.split([' ', '\t']).next()?;
        let mut numbers = word.split('.');
        let class = match numbers.next()? {
            "2" => 2,
            "4" => 4,
            "5" => 5,
            _ => return None,
        };
        let mut next = || {
            let digits = |n: &&str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
            numbers.next().filter(digits)?.parse().ok()
        };
        let (subject, detail) = (next()?, next()?);
        numbers.next().is_none().then_some(Self { class, subject, detail })
    }

    /// "Other or undefined": says no more than its class (RFC 3463 §3.1, and detail 0 of every subject but policy).
    const fn is_unspecific(self) -> bool {
        self.class == 5 && self.subject != 7 && (self.subject == 0 || self.detail == 0)
    }
}

impl fmt::Display for EnhancedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// What a refusal says about an address; the mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BounceClass {
    /// Nothing certain. Nobody is suppressed.
    Undecided,
    /// Policy or reputation: perhaps about us. Nobody is suppressed.
    Policy,
    /// Not now, or not before the time ran out. Nobody is suppressed.
    Transient,
    /// The mailbox is full. Several in a row mean that nobody empties it.
    MailboxFull,
    /// For good, but not because of the address: too large, a loop, a broken server.
    OtherPermanent,
    /// The address does not exist or takes no mail: it is not written to again.
    PermanentAddress,
}

impl BounceClass {
    /// What an enhanced code of a refusal means (RFC 3463; the registry of enhanced status codes, RFC 5248).
    #[must_use]
    pub const fn of(code: EnhancedCode) -> Self {
        match (code.class, code.subject, code.detail) {
            // X.2.2 mailbox full, for good or until somebody empties it.
            (4 | 5, 2, 2) => Self::MailboxFull,
            (4, _, _) => Self::Transient,
            // X.7.x security and policy.
            (5, 7, _) => Self::Policy,
            // 5.1.1 no such mailbox, 5.1.2 no such domain, 5.1.3 bad syntax, 5.1.6 moved (all RFC 3463 §3.2), 5.1.10
            // null MX (RFC 7505 §4.2; Exchange means by it that there is no such recipient), 5.2.1 disabled (§3.3).
            (5, 1, 1 | 2 | 3 | 6 | 10) | (5, 2, 1) => Self::PermanentAddress,
            (5, _, _) => Self::OtherPermanent,
            // A refusal with a code of success.
            _ => Self::Undecided,
        }
    }
}

/// Whether a refusal (5xx) says that the mailbox does not exist or takes no mail.
///
/// Without an enhanced code only the plain words of RFC 5321 §4.2.3 count, and only in reply to RCPT: 550 no such
/// mailbox, 551 not local, 553 name not allowed. 550 to the message is as often a filter's.
#[must_use]
pub const fn bad_mailbox(to_rcpt: bool, code: u16, enhanced: Option<EnhancedCode>) -> bool {
    match enhanced {
        Some(enhanced) => matches!(BounceClass::of(enhanced), BounceClass::PermanentAddress),
        None => to_rcpt && matches!(code, 550 | 551 | 553),
    }
}

/// A reply that another server gave, as a report tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmtpReply {
    /// The three digits (RFC 5321 §4.2).
    pub code: u16,
    /// Its enhanced code, if it has one.
    pub enhanced: Option<EnhancedCode>,
    /// The report says that it was the reply to RCPT.
    pub to_rcpt: bool,
}

impl SmtpReply {
    /// Reads `550 5.1.1 …`, `550-5.1.1 …`, `550 #5.1.1 …`, `550 …`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (digits, rest) = text.split_at_checked(3)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) || !matches!(digits.as_bytes()[0], b'2'..=b'5') {
            return None;
        }
        if !(rest.is_empty() || rest.starts_with([' ', '-', '#'])) {
            return None;
        }
        Some(Self { code: digits.parse().ok()?, enhanced: enhanced(rest), to_rcpt: false })
    }

    fn class(self) -> Option<(BounceClass, bool)> {
        let code = match self.code {
            400..=499 => Some((BounceClass::Transient, true)),
            500..=599 if bad_mailbox(self.to_rcpt, self.code, self.enhanced) => {
                Some((BounceClass::PermanentAddress, true))
            }
            // RFC 5321 §4.2.3: storage exceeded; in reply to RCPT that is the mailbox's.
            552 if self.to_rcpt && self.enhanced.is_none() => Some((BounceClass::MailboxFull, true)),
            500..=599 => Some((BounceClass::OtherPermanent, false)),
            _ => None,
        };
        match (self.enhanced, code) {
            // `450 5.1.1`: the digits are what the protocol goes by.
            (Some(enhanced), Some((BounceClass::Transient, _))) if enhanced.class != 4 => {
                Some((BounceClass::of(enhanced).min(BounceClass::Transient), true))
            }
            (Some(enhanced), _) => Some(opinion(enhanced)),
            (None, code) => code,
        }
    }
}

/// The enhanced code at the beginning of what follows the digits, with the punctuation that programs put around it.
fn enhanced(rest: &str) -> Option<EnhancedCode> {
    let word = rest.trim_start_matches([' ', '-', '#', '(']).split([' ', '\t']).next()?;
    EnhancedCode::parse(word.trim_end_matches([',', ';', ':', '.', ')', '>']))
}

fn opinion(code: EnhancedCode) -> (BounceClass, bool) {
    (BounceClass::of(code), !code.is_unspecific())
}

/// What a report's action, status and reply say together; nothing where the message arrived.
///
/// What is specific beats `5.0.0`; among two specific ones that differ the milder is taken, and policy beats all, for
/// reports often carry a status that the reporting server made up.
#[must_use]
pub fn classify(
    action: Option<Action>,
    status: Option<EnhancedCode>,
    reply: Option<SmtpReply>,
) -> Option<BounceClass> {
    match action {
        Some(Action::Delivered | Action::Relayed | Action::Expanded) => return None,
        Some(Action::Delayed) => return Some(BounceClass::Transient),
        None => return Some(BounceClass::Undecided),
        Some(Action::Failed) => {}
    }
    let opinions = [status.map(opinion), reply.and_then(SmtpReply::class)];
    let of = |specific| {
        opinions.into_iter().flatten().filter(move |(_, s)| *s == specific).map(|(class, _)| class)
    };
    Some(of(true).min().or_else(|| of(false).min()).unwrap_or(BounceClass::Undecided))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BounceClass as B;

    fn judged(status: &str, reply: &str, to_rcpt: bool) -> BounceClass {
        let reply = SmtpReply::parse(reply).map(|reply| SmtpReply { to_rcpt, ..reply });
        classify(Some(Action::Failed), EnhancedCode::parse(status), reply).unwrap()
    }

    #[test]
    fn enhanced_codes() {
        assert_eq!(EnhancedCode::parse("5.1.1 unknown").map(|c| c.to_string()).as_deref(), Some("5.1.1"));
        assert_eq!(EnhancedCode::parse("4.7.999").map(|c| c.detail), Some(999));
        for text in ["", "5.1", "5.1.1.1", "3.1.1", "5.1.1000", "5..1", "a.b.c", "5.1.x", "5.+1.1"] {
            assert_eq!(EnhancedCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn replies() {
        let parse = |text| SmtpReply::parse(text).map(|r| (r.code, r.enhanced.map(|e| e.to_string())));
        let full = |code, enhanced: &str| Some((code, Some(enhanced.to_owned())));
        assert_eq!(parse("550 5.1.1 unknown"), full(550, "5.1.1"));
        assert_eq!(parse("550-5.1.1 unknown"), full(550, "5.1.1"));
        assert_eq!(parse("550 #5.1.0 rejected"), full(550, "5.1.0"));
        assert_eq!(parse("554 5.7.1: blocked"), full(554, "5.7.1"));
        assert_eq!(parse("550"), Some((550, None)));
        for text in ["", "55", "5500 x", "650 x", "150 x", "5ü0", "550x"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_table() {
        for (status, reply, to_rcpt, class) in [
            ("5.1.1", "", false, B::PermanentAddress),
            ("5.1.10", "550 5.1.10 none", false, B::PermanentAddress),
            ("5.1.2", "", false, B::PermanentAddress),
            ("5.1.3", "", false, B::PermanentAddress),
            ("5.1.6", "", false, B::PermanentAddress),
            ("5.2.1", "", false, B::PermanentAddress),
            ("5.0.0", "550 5.1.1 unknown", false, B::PermanentAddress),
            ("5.0.0", "550 unknown", false, B::OtherPermanent),
            ("5.0.0", "550 unknown", true, B::PermanentAddress),
            ("", "551 not here", true, B::PermanentAddress),
            ("5.2.2", "", false, B::MailboxFull),
            ("4.2.2", "452 4.2.2 full", false, B::MailboxFull),
            ("5.0.0", "552 full", true, B::MailboxFull),
            ("5.0.0", "552 too long", false, B::OtherPermanent),
            ("5.7.1", "550 5.1.1 unknown", false, B::Policy),
            ("5.1.1", "550 5.7.1 blocked", false, B::Policy),
            ("5.7.0", "", false, B::Policy),
            ("5.4.1", "550 denied", true, B::OtherPermanent),
            ("5.1.8", "", false, B::OtherPermanent),
            ("5.1.0", "", false, B::OtherPermanent),
            ("4.4.7", "550 5.1.1 unknown", false, B::Transient),
            ("4.0.0", "550 5.1.1 unknown", false, B::Transient),
            ("5.1.1", "450 later", false, B::Transient),
            ("5.0.0", "450 5.1.1 later", false, B::Transient),
            ("4.7.1", "", false, B::Transient),
            ("2.0.0", "550 5.1.1 unknown", false, B::Undecided),
            ("", "250 fine", false, B::Undecided),
            ("", "", false, B::Undecided),
        ] {
            assert_eq!(judged(status, reply, to_rcpt), class, "{status} {reply}");
        }
    }

    #[test]
    fn the_action_comes_first() {
        let code = EnhancedCode::parse("5.1.1");
        let of = |action| classify(action, code, None);
        assert_eq!((of(None), of(Some(Action::Delayed))), (Some(B::Undecided), Some(B::Transient)));
        for action in [Action::Delivered, Action::Relayed, Action::Expanded] {
            assert_eq!(of(Some(action)), None);
        }
    }

    /// As `campaign::consequence` suppresses in the dialogue: these codes and no others.
    #[test]
    fn what_suppresses() {
        let mut bad = Vec::new();
        for (class, subject, detail) in [2, 4, 5].into_iter().flat_map(|class| {
            (0..12).flat_map(move |subject| (0..40).map(move |detail| (class, subject, detail)))
        }) {
            let code = EnhancedCode { class, subject, detail };
            if bad_mailbox(true, 550, Some(code)) {
                assert!(
                    bad_mailbox(false, 554, Some(code)),
                    "an enhanced code says the same after any command"
                );
                bad.push(code.to_string());
            }
        }
        assert_eq!(bad, ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"]);
        let plain =
            |to_rcpt| (500..600).filter(move |code| bad_mailbox(to_rcpt, *code, None)).collect::<Vec<u16>>();
        assert_eq!((plain(true), plain(false)), (vec![550, 551, 553], vec![]));
    }
}
