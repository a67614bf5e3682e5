//! How long a session lives, what it may do, and when its token changes.

use jiff::{SignedDuration, Timestamp};

use crate::Right;

/// Without a request for so long, a session ends (below the hour of NIST SP 800-63B-4 §2.2.3, AAL2).
pub const SESSION_IDLE_MAX: SignedDuration = SignedDuration::from_mins(30);
/// After so long a session ends whatever happens in it: a working day (below the 24 hours of SP 800-63B-4 §2.2.3).
pub const SESSION_AGE_MAX: SignedDuration = SignedDuration::from_hours(12);
/// A session that has shown the password alone is given so long to show the second factor.
pub const PASSWORD_ONLY_AGE_MAX: SignedDuration = SignedDuration::from_mins(10);
/// How long ago the second factor may have been shown for what [`Right::needs_step_up`] names.
pub const STEP_UP_AGE_MAX: SignedDuration = SignedDuration::from_mins(15);
/// The time of the last request is written at most so often.
pub const TOUCH_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// A clock that was set back by more than this ends the sessions from its future: they would live too long.
pub const CLOCK_SET_BACK_MAX: SignedDuration = SignedDuration::from_mins(5);

/// How much a session has shown. The numbers are what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Strength {
    /// The password: it may show the second factor, or enrol one where there is none yet, and nothing else.
    PasswordOnly = 1,
    /// The second factor too.
    Full = 2,
}

impl Strength {
    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The strength of a number from the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        [Self::PasswordOnly, Self::Full].into_iter().find(|strength| strength.number() == number)
    }
}

/// The limits in force: settings may make them shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    idle: SignedDuration,
    age: SignedDuration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: SESSION_IDLE_MAX, age: SESSION_AGE_MAX }
    }
}

impl SessionLimits {
    /// Limits no longer than [`SESSION_IDLE_MAX`] and [`SESSION_AGE_MAX`]: what is longer is cut to them.
    #[must_use]
    pub fn new(idle: SignedDuration, age: SignedDuration) -> Self {
        let within = |wanted: SignedDuration, max: SignedDuration| wanted.clamp(SignedDuration::ZERO, max);
        Self { idle: within(idle, SESSION_IDLE_MAX), age: within(age, SESSION_AGE_MAX) }
    }
}

/// The times of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimes {
    /// The login. Rotation keeps it: another token is not another session.
    pub created: Timestamp,
    /// The last request that was written down ([`TOUCH_INTERVAL`]).
    pub last_seen: Timestamp,
    /// When the second factor was shown last.
    pub second_factor: Option<Timestamp>,
    /// How much it has shown.
    pub strength: Strength,
}

/// What a session is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionVerdict {
    /// It may show the second factor, and nothing else.
    SecondFactorFirst,
    /// It may do what its user's roles allow.
    Live,
    /// Over: nobody used it.
    Idle,
    /// Over: its day is done.
    TooOld,
    /// Over: it is from a time that has not come, so the clock was set back.
    FromTheFuture,
}

impl SessionVerdict {
    /// Whether it is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Idle | Self::TooOld | Self::FromTheFuture)
    }
}

/// Whether a session may do something now, as far as its own state goes: its user's roles are asked apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionAllows {
    /// Yes.
    Yes,
    /// After the second factor was shown once more.
    AfterStepUp,
    /// No: it is over, or has shown the password alone.
    No,
}

impl SessionTimes {
    /// What the session is worth at `now`.
    #[must_use]
    pub fn verdict(&self, limits: &SessionLimits, now: Timestamp) -> SessionVerdict {
        let newest = self.second_factor.unwrap_or(self.created).max(self.created).max(self.last_seen);
        if newest.duration_since(now) > CLOCK_SET_BACK_MAX {
            return SessionVerdict::FromTheFuture;
        }
        // A session without the time of its second factor never had one, whatever its strength says.
        let full = self.strength == Strength::Full && self.second_factor.is_some();
        let age_max = if full { limits.age } else { limits.age.min(PASSWORD_ONLY_AGE_MAX) };
        if now.duration_since(self.created) >= age_max {
            SessionVerdict::TooOld
        } else if now.duration_since(self.last_seen) >= limits.idle {
            SessionVerdict::Idle
        } else if full {
            SessionVerdict::Live
        } else {
            SessionVerdict::SecondFactorFirst
        }
    }

    /// Whether it may do what `right` names at `now`.
    #[must_use]
    pub fn allows(&self, right: Right, limits: &SessionLimits, now: Timestamp) -> SessionAllows {
        if self.verdict(limits, now) != SessionVerdict::Live {
            return SessionAllows::No;
        }
        let recent = self.second_factor.is_some_and(|shown| now.duration_since(shown) < STEP_UP_AGE_MAX);
        if right.needs_step_up() && !recent { SessionAllows::AfterStepUp } else { SessionAllows::Yes }
    }

    /// Whether this request's time is to be written down.
    #[must_use]
    pub fn touch_due(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen) >= TOUCH_INTERVAL
    }
}

/// What changes how much a session is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionEvent {
    /// The password was right.
    LoggedIn,
    /// The second factor was right, at the login or once more.
    SecondFactorShown,
    /// The user's roles were changed, by an administrator.
    RolesChanged,
    /// The user changed the password or the second factor.
    CredentialsChanged,
    /// Another administrator recovered the account, or disabled it.
    Recovered,
}

/// What is to be done to the user's sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionConsequence {
    /// The session gets another token; the old one is worth nothing (session fixation).
    Rotate,
    /// The session gets another token, and all others of the user end.
    RotateAndEndOthers,
    /// All of them end.
    EndAll,
}

impl SessionEvent {
    /// What follows from it.
    #[must_use]
    pub const fn consequence(self) -> SessionConsequence {
        match self {
            Self::LoggedIn | Self::SecondFactorShown => SessionConsequence::Rotate,
            Self::CredentialsChanged => SessionConsequence::RotateAndEndOthers,
            // Somebody else's session cannot be given another token from here, so it ends: a new login has the new roles.
            Self::RolesChanged | Self::Recovered => SessionConsequence::EndAll,
        }
    }
}
