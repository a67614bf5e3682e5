//! Who may do what: one table.

use std::fmt;

use crate::Right;

/// What somebody is there for. A user has any number of roles. The numbers are what the database holds: bits, never
/// reused, never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Role {
    /// Makes campaigns and sends them, once a second person agreed.
    Author = 1,
    /// The second person.
    Approver = 2,
    /// The data protection officer: sees addresses where there is a reason, answers and erases.
    Officer = 4,
    /// Runs the installation: users, settings, keys, backups. Needs no people's data for that, and sees none.
    Administrator = 8,
    /// Looks, and changes nothing: a manager, an auditor.
    Reader = 16,
}

/// Who may do what. A right is listed with every role that needs it for its task, and with no other.
///
/// - Every role sees campaigns and counts, and reads the ledger: whoever is part of it can hold the others to it.
/// - Author and approver see the same, masked: an approver looks at what was submitted, and cannot change it.
/// - Whoever may notice that something goes wrong can pause. To let it go on is the author's.
/// - Addresses in full are the officer's alone (promise 9), and so is erasing (promise 11).
/// - An administrator gives roles, and so could take any; the ledger shows it. What the role itself holds touches no
///   person on a list.
const RIGHTS: [(Role, &[Right]); 5] = {
    use Right as R;
    [
        (
            Role::Author,
            &[
                R::SeeCampaigns,
                R::SeeAudiences,
                R::SeeDeliveries,
                R::Preview,
                R::ReadLedger,
                R::ImportAudience,
                R::Compose,
                R::TestToOneself,
                R::Submit,
                R::TakeBack,
                R::Pause,
                R::Resume,
                R::Cancel,
                R::SettleDoubts,
            ],
        ),
        (
            Role::Approver,
            &[
                R::SeeCampaigns,
                R::SeeAudiences,
                R::SeeDeliveries,
                R::Preview,
                R::ReadLedger,
                R::TestToOneself,
                R::Approve,
                R::TakeBack,
                R::Pause,
            ],
        ),
        (
            Role::Officer,
            &[
                R::SeeCampaigns,
                R::SeeAudiences,
                R::SeeDeliveries,
                R::Preview,
                R::ReadLedger,
                R::Pause,
                R::Cancel,
                R::SettleDoubts,
                R::DownloadAccount,
                R::Reveal,
                R::AnswerAccessRequest,
                R::ErasePerson,
                R::ForgetAudience,
                R::ManageSuppressions,
                R::SetRetention,
            ],
        ),
        (
            Role::Administrator,
            &[
                R::SeeCampaigns,
                R::ReadLedger,
                R::Pause,
                R::ManageUsers,
                R::ManageApiKeys,
                R::ChangeSettings,
                R::Backup,
            ],
        ),
        (Role::Reader, &[R::SeeCampaigns, R::SeeAudiences, R::SeeDeliveries, R::Preview, R::ReadLedger]),
    ]
};

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Author, Self::Approver, Self::Officer, Self::Administrator, Self::Reader];

    /// The word on pages, in commands and in the ledger.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Author => "author",
            Self::Approver => "approver",
            Self::Officer => "officer",
            Self::Administrator => "administrator",
            Self::Reader => "reader",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What it may do.
    #[must_use]
    pub fn rights(self) -> &'static [Right] {
        RIGHTS.iter().find(|(role, _)| *role == self).map_or(&[], |(_, rights)| rights)
    }

    /// Whether it may do this.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        self.rights().contains(&right)
    }
}

/// The roles of one user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Roles(u8);

impl Roles {
    /// None: such a user can log in and do nothing.
    pub const NONE: Self = Self(0);

    /// With one more.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | role as u8)
    }

    /// With one less.
    #[must_use]
    pub const fn without(self, role: Role) -> Self {
        Self(self.0 & !(role as u8))
    }

    /// Whether this one is among them.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & role as u8 != 0
    }

    /// Each of them, in the order of [`Role::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// Whether any of them may do this.
    #[must_use]
    pub fn may(self, right: Right) -> bool {
        self.iter().any(|role| role.may(right))
    }

    /// The number in the database: a bit for each role.
    #[must_use]
    pub const fn number(self) -> i16 {
        self.0 as i16
    }

    /// The roles of a number from the database; nothing if it has a bit that no role has.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        let all = Role::ALL.into_iter().collect::<Self>();
        u8::try_from(number).ok().filter(|bits| bits & !all.0 == 0).map(Self)
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        roles.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
