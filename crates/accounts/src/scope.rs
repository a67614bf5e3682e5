//! What an API key may do: one table, and nothing in it that takes a person.

use std::fmt;

use crate::Right;

/// What an API key was made for. The numbers are what the database holds: bits, never reused, never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Scope {
    /// Look at campaigns, audiences and deliveries, masked; read the ledger.
    Read = 1,
    /// Import audiences.
    Import = 2,
    /// Make and change campaigns.
    Compose = 4,
    /// Ask a person to approve.
    Submit = 8,
    /// Take back, pause, resume, cancel.
    SendControl = 16,
    /// Add and take away suppressions: an unsubscribe list kept elsewhere.
    Suppress = 32,
}

const RIGHTS: [(Scope, &[Right]); 6] = {
    use Right as R;
    [
        (Scope::Read, &[R::SeeCampaigns, R::SeeAudiences, R::SeeDeliveries, R::ReadLedger]),
        (Scope::Import, &[R::SeeAudiences, R::ImportAudience]),
        (Scope::Compose, &[R::SeeCampaigns, R::SeeAudiences, R::Preview, R::Compose]),
        (Scope::Submit, &[R::SeeCampaigns, R::Submit]),
        (Scope::SendControl, &[R::SeeCampaigns, R::TakeBack, R::Pause, R::Resume, R::Cancel]),
        (Scope::Suppress, &[R::ManageSuppressions]),
    ]
};

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 6] =
        [Self::Read, Self::Import, Self::Compose, Self::Submit, Self::SendControl, Self::Suppress];

    /// The word on pages and in commands.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Import => "import",
            Self::Compose => "compose",
            Self::Submit => "submit",
            Self::SendControl => "send-control",
            Self::Suppress => "suppress",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// What it may do.
    #[must_use]
    pub fn rights(self) -> &'static [Right] {
        RIGHTS.iter().find(|(scope, _)| *scope == self).map_or(&[], |(_, rights)| rights)
    }
}

/// The scopes of one API key. A key is the installation's and acts under its own name: it does not lose its scopes
/// when whoever made it leaves, and never has more than these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// None.
    pub const NONE: Self = Self(0);

    /// With one more.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope as u8)
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope as u8 != 0
    }

    /// Each of them, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// Whether the key may do this. What takes a person it never may: that is looked at here too, so that a mistake in
    /// the table gives no key a right to approve.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        !right.needs_a_person() && self.iter().any(|scope| scope.rights().contains(&right))
    }

    /// The number in the database: a bit for each scope.
    #[must_use]
    pub const fn number(self) -> i16 {
        self.0 as i16
    }

    /// The scopes of a number from the database; nothing if it has a bit that no scope has.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        let all = Scope::ALL.into_iter().collect::<Self>();
        u8::try_from(number).ok().filter(|bits| bits & !all.0 == 0).map(Self)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
