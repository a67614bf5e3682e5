//! What a relay's reply means for a delivery and for the campaign.

pub use mail::report::EnhancedCode;
use mail::report::bad_mailbox;

/// Policy refusals (5.7.x) in a row that pause a campaign: a relay that has begun to refuse us refuses everybody.
pub const POLICY_REFUSALS_MAX: u32 = 10;

/// The three digits of a reply (RFC 5321 §4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplyCode(pub u16);

/// Which command a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The banner, before anything was said.
    Greeting,
    /// EHLO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// AUTH and its steps.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// The final dot.
    Dot,
}

impl Stage {
    /// As it is named in errors.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Greeting => "the greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Dot => "the message",
        }
    }
}

/// Why a campaign is paused by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PauseCause {
    /// 5xx to the greeting, EHLO, STARTTLS, AUTH or MAIL: about us, not about a person.
    RelayRefusesUs(Stage),
    /// [`POLICY_REFUSALS_MAX`] in a row.
    PolicyRefusals,
    /// `delivery.doubt_max` reached.
    Doubts,
}

/// What follows from a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consequence {
    /// Go on (2xx, or 354 to DATA).
    Proceed,
    /// Try this delivery again later.
    Defer,
    /// The same, and the relay closes (421): wait before connecting again.
    DeferAndClose,
    /// Refused for good.
    Fail {
        /// The mailbox is bad: it is not written to again.
        suppress: bool,
        /// The refusal is a matter of policy (5.7.x), perhaps about us.
        policy: bool,
    },
    /// Pauses the campaign and fails nobody.
    Pause(PauseCause),
    /// Not a reply that this command can have (RFC 5321 §4.3.2); before the dot the connection is dropped and the
    /// delivery tried again, after it the delivery is in doubt.
    Protocol,
}

/// What a complete reply to a command means.
#[must_use]
pub fn consequence(stage: Stage, code: ReplyCode, enhanced: Option<EnhancedCode>) -> Consequence {
    match code.0 {
        354 if stage == Stage::Data => Consequence::Proceed,
        235 | 334 if stage == Stage::Auth => Consequence::Proceed,
        200..=299 if stage != Stage::Data && stage != Stage::Auth => Consequence::Proceed,
        421 => Consequence::DeferAndClose,
        // RFC 5321 §4.5.3.1.10: 552 to RCPT means "too many recipients" in old servers; RFC 5321 asks to read it as
        // 452. With one recipient it is a full mailbox, which may empty.
        552 if stage == Stage::Rcpt && enhanced.is_none_or(|e| e.class != 5) => Consequence::Defer,
        400..=499 => Consequence::Defer,
        500..=599 => permanent(stage, code, enhanced),
        _ => Consequence::Protocol,
    }
}

fn permanent(stage: Stage, code: ReplyCode, enhanced: Option<EnhancedCode>) -> Consequence {
    match stage {
        Stage::Rcpt | Stage::Dot | Stage::Data => {
            let policy = enhanced.is_some_and(|e| e.class == 5 && e.subject == 7);
            Consequence::Fail {
                suppress: stage != Stage::Data && bad_mailbox(stage == Stage::Rcpt, code.0, enhanced),
                policy,
            }
        }
        // 5.1.x to MAIL is about the sender; 5.6.x and 5.3.4 about the message's size: still the same for everybody.
        stage => Consequence::Pause(PauseCause::RelayRefusesUs(stage)),
    }
}

/// Counts policy refusals in a row.
#[derive(Debug, Clone, Copy, Default)]
pub struct PolicyRefusals(u32);

impl PolicyRefusals {
    /// Notes how a delivery ended: `true` means pause.
    pub fn note(&mut self, consequence: Consequence) -> bool {
        match consequence {
            Consequence::Fail { policy: true, .. } => self.0 += 1,
            Consequence::Fail { policy: false, .. } | Consequence::Proceed => self.0 = 0,
            _ => {}
        }
        self.0 >= POLICY_REFUSALS_MAX
    }

    /// Whether there is no row at present.
    #[must_use]
    pub const fn is_broken(&self) -> bool {
        self.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Consequence as C;

    fn of(stage: Stage, reply: &str) -> Consequence {
        let (code, text) = reply.split_once(' ').unwrap_or((reply, ""));
        consequence(stage, ReplyCode(code.parse().expect("digits")), EnhancedCode::parse(text))
    }

    #[test]
    fn replies_and_what_follows() {
        let fail = |suppress, policy| C::Fail { suppress, policy };
        for (stage, reply, expected) in [
            (Stage::Greeting, "220 hello", C::Proceed),
            (Stage::Greeting, "554 no", C::Pause(PauseCause::RelayRefusesUs(Stage::Greeting))),
            (Stage::Ehlo, "250", C::Proceed),
            (Stage::Ehlo, "550 who are you", C::Pause(PauseCause::RelayRefusesUs(Stage::Ehlo))),
            (Stage::Auth, "235 2.7.0 yes", C::Proceed),
            (Stage::Auth, "535 5.7.8 no", C::Pause(PauseCause::RelayRefusesUs(Stage::Auth))),
            (Stage::Auth, "454 4.7.0 later", C::Defer),
            (Stage::Mail, "250 2.1.0 ok", C::Proceed),
            (Stage::Mail, "550 5.7.1 not you", C::Pause(PauseCause::RelayRefusesUs(Stage::Mail))),
            (Stage::Mail, "452 4.3.1 full", C::Defer),
            (Stage::Rcpt, "550 5.1.1 unknown", fail(true, false)),
            (Stage::Rcpt, "550 unknown", fail(true, false)),
            (Stage::Rcpt, "550 5.7.1 blocked", fail(false, true)),
            (Stage::Rcpt, "550 5.2.2 full", fail(false, false)),
            (Stage::Rcpt, "552 full", C::Defer),
            (Stage::Rcpt, "552 5.2.2 full", fail(false, false)),
            (Stage::Rcpt, "450 4.2.0 greylisted", C::Defer),
            (Stage::Rcpt, "421 4.3.2 closing", C::DeferAndClose),
            (Stage::Data, "354 go", C::Proceed),
            (Stage::Data, "250 go", C::Protocol),
            (Stage::Data, "554 5.5.1 no valid recipients", fail(false, false)),
            (Stage::Dot, "250 2.0.0 queued", C::Proceed),
            (Stage::Dot, "354 again", C::Protocol),
            (Stage::Dot, "451 4.3.0 later", C::Defer),
            (Stage::Dot, "421 later", C::DeferAndClose),
            (Stage::Dot, "550 spam", fail(false, false)),
            (Stage::Dot, "550 5.1.1 unknown", fail(true, false)),
            (Stage::Dot, "199 what", C::Protocol),
            (Stage::Dot, "600 what", C::Protocol),
        ] {
            assert_eq!(of(stage, reply), expected, "{stage:?} {reply}");
        }
    }

    #[test]
    fn enhanced_codes() {
        assert_eq!(EnhancedCode::parse("5.1.1 unknown").map(|c| c.to_string()).as_deref(), Some("5.1.1"));
        assert_eq!(EnhancedCode::parse("4.7.999").map(|c| c.detail), Some(999));
        for text in ["", "5.1", "5.1.1.1", "3.1.1", "5.1.1000", "5..1", "a.b.c", "5.1.x"] {
            assert_eq!(EnhancedCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ten_policy_refusals_in_a_row_pause_and_nine_do_not() {
        let refusal = C::Fail { suppress: false, policy: true };
        let mut row = PolicyRefusals::default();
        for _ in 0..POLICY_REFUSALS_MAX - 1 {
            assert!(!row.note(refusal));
        }
        assert!(!row.note(C::Proceed));
        for _ in 0..POLICY_REFUSALS_MAX - 1 {
            assert!(!row.note(refusal));
        }
        assert!(!row.note(C::Defer), "a deferral neither counts nor ends the row");
        assert!(row.note(refusal));
    }
}
