//! What can be done in the console, one word for each.

/// One thing that somebody may do. A page or an act asks for one of these, never for a role.
///
/// What it does not say: whether a campaign is one's own (an approver is never its author; `store` checks that in the
/// statement that approves).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// See campaigns, their states and their counts.
    SeeCampaigns,
    /// See audiences: names, counts, warnings, people masked.
    SeeAudiences,
    /// See deliveries, one by one, addresses masked.
    SeeDeliveries,
    /// Look at a message as a person would get it, values masked.
    Preview,
    /// Read the ledger's entries and hold the tree against its checkpoints.
    ReadLedger,
    /// Import a spreadsheet.
    ImportAudience,
    /// Make a campaign, and change one: message, translations, sender, time.
    Compose,
    /// Send a test to one's own address, with a sample person's values.
    TestToOneself,
    /// Ask a second person to approve a campaign.
    Submit,
    /// Agree to exactly what was submitted, or return it with a reason.
    Approve,
    /// Take a campaign back before its first message left.
    TakeBack,
    /// Stop what is being sent; it can go on.
    Pause,
    /// Let it go on.
    Resume,
    /// Stop it for good.
    Cancel,
    /// Say what became of deliveries in doubt, by a relay's log or by an assumption with a reason.
    SettleDoubts,
    /// Download the accounting of a campaign: who was written to, with addresses.
    DownloadAccount,
    /// See one address in full, with a reason that is entered in the ledger.
    Reveal,
    /// Search by address, to answer a person's request for access (GDPR art. 15).
    AnswerAccessRequest,
    /// Erase one person (GDPR art. 17).
    ErasePerson,
    /// Forget a whole audience: its key is destroyed.
    ForgetAudience,
    /// Add and take away suppressions.
    ManageSuppressions,
    /// Set how long audiences are kept.
    SetRetention,
    /// Make, change, disable and recover users, give them roles, end their sessions.
    ManageUsers,
    /// Make and revoke API keys.
    ManageApiKeys,
    /// Change settings, senders and relays.
    ChangeSettings,
    /// Make backups.
    Backup,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 26] = [
        Self::SeeCampaigns,
        Self::SeeAudiences,
        Self::SeeDeliveries,
        Self::Preview,
        Self::ReadLedger,
        Self::ImportAudience,
        Self::Compose,
        Self::TestToOneself,
        Self::Submit,
        Self::Approve,
        Self::TakeBack,
        Self::Pause,
        Self::Resume,
        Self::Cancel,
        Self::SettleDoubts,
        Self::DownloadAccount,
        Self::Reveal,
        Self::AnswerAccessRequest,
        Self::ErasePerson,
        Self::ForgetAudience,
        Self::ManageSuppressions,
        Self::SetRetention,
        Self::ManageUsers,
        Self::ManageApiKeys,
        Self::ChangeSettings,
        Self::Backup,
    ];

    /// Whether it only looks: nothing is changed, nothing leaves, and no address is seen in full.
    #[must_use]
    pub const fn only_looks(self) -> bool {
        matches!(
            self,
            Self::SeeCampaigns | Self::SeeAudiences | Self::SeeDeliveries | Self::Preview | Self::ReadLedger
        )
    }

    /// Whether the second factor must have been shown a short while ago
    /// ([`STEP_UP_AGE_MAX`](crate::STEP_UP_AGE_MAX)): an open browser that somebody walked away from must not approve,
    /// see an address, erase, or make another way in.
    #[must_use]
    pub const fn needs_step_up(self) -> bool {
        matches!(
            self,
            Self::Approve
                | Self::DownloadAccount
                | Self::Reveal
                | Self::AnswerAccessRequest
                | Self::ErasePerson
                | Self::ForgetAudience
                | Self::SetRetention
                | Self::ManageUsers
                | Self::ManageApiKeys
                | Self::ChangeSettings
                | Self::Backup
        )
    }

    /// Whether it takes a person in a session: an API key never has it, whatever its scopes (promise 4, promise 9).
    #[must_use]
    pub const fn needs_a_person(self) -> bool {
        self.needs_step_up() || matches!(self, Self::TestToOneself | Self::SettleDoubts)
    }
}
