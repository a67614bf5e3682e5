//! The life of a campaign: one message to one audience.

/// Where a campaign stands. The numbers are what the database holds: never reused, never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum CampaignState {
    /// Its author can change it; nobody else has been asked.
    Draft = 0,
    /// Waits for a second person.
    Submitted = 1,
    /// A second person agreed; no process has taken it up yet.
    Approved = 2,
    /// A process will send it when its time (`--at`, and the time to take it back) has come.
    Waiting = 10,
    /// Messages leave.
    Sending = 11,
    /// Somebody, or a rule that protects the people on the list, stopped it; `resume` goes on.
    Paused = 12,
    /// The proof refused a message as it was about to leave. Only a mended message lets it go on.
    Halted = 13,
    /// Nothing is open any more.
    Done = 14,
    /// Stopped for good.
    Cancelled = 15,
}

impl CampaignState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Draft,
        Self::Submitted,
        Self::Approved,
        Self::Waiting,
        Self::Sending,
        Self::Paused,
        Self::Halted,
        Self::Done,
        Self::Cancelled,
    ];

    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        self as i16
    }

    /// The state of a number from the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// The word in tables and JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Paused => "paused",
            Self::Halted => "halted",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen by itself or by `resume`; a doubt that is settled can reopen it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// What can happen to a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CampaignEvent {
    /// The author asks for approval.
    Submit,
    /// Somebody else agrees to exactly what was submitted.
    Approve,
    /// The second person does not agree, and says why.
    Return,
    /// Somebody changes what was or would be approved: whatever was agreed is void.
    Edit,
    /// Somebody takes it back, before the first message left.
    TakeBack,
    /// A process takes it up, and waits for its time.
    Await,
    /// Its time has come.
    Begin,
    /// A person, or too many doubts, or a relay that refuses us.
    Pause,
    /// A person.
    Resume,
    /// The proof refused a message.
    Halt,
    /// Where one person decides alone: a corrected message was proved for everybody who is still to be written to.
    Mend,
    /// Nothing is open any more.
    Finish,
    /// A log or a person says that somebody in doubt was not written to.
    Reopen,
    /// A person.
    Cancel,
}

impl CampaignEvent {
    /// Every event.
    pub const ALL: [Self; 14] = [
        Self::Submit,
        Self::Approve,
        Self::Return,
        Self::Edit,
        Self::TakeBack,
        Self::Await,
        Self::Begin,
        Self::Pause,
        Self::Resume,
        Self::Halt,
        Self::Mend,
        Self::Finish,
        Self::Reopen,
        Self::Cancel,
    ];

    /// The word in a sentence.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Submit => "be submitted",
            Self::Approve => "be approved",
            Self::Return => "be returned",
            Self::Edit => "be changed",
            Self::TakeBack => "be taken back",
            Self::Await => "be taken up",
            Self::Begin => "begin",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Halt => "halt",
            Self::Mend => "be mended",
            Self::Finish => "finish",
            Self::Reopen => "be reopened",
            Self::Cancel => "be cancelled",
        }
    }
}

/// A transition that the table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a campaign that is {} cannot {}", .from.word(), .event.word())]
pub struct CampaignTransitionError {
    /// Where it stands.
    pub from: CampaignState,
    /// What was asked.
    pub event: CampaignEvent,
}

/// The table: every other pair is an error.
const TRANSITIONS: &[(CampaignState, CampaignEvent, CampaignState)] = {
    use CampaignEvent as E;
    use CampaignState as S;
    &[
        (S::Draft, E::Edit, S::Draft),
        (S::Draft, E::Submit, S::Submitted),
        (S::Draft, E::Cancel, S::Cancelled),
        (S::Submitted, E::Approve, S::Approved),
        (S::Submitted, E::Return, S::Draft),
        (S::Submitted, E::Edit, S::Draft),
        (S::Submitted, E::TakeBack, S::Draft),
        (S::Submitted, E::Cancel, S::Cancelled),
        (S::Approved, E::Await, S::Waiting),
        (S::Approved, E::Edit, S::Draft),
        (S::Approved, E::TakeBack, S::Draft),
        (S::Approved, E::Cancel, S::Cancelled),
        (S::Waiting, E::Edit, S::Draft),
        (S::Waiting, E::TakeBack, S::Draft),
        (S::Waiting, E::Begin, S::Sending),
        (S::Waiting, E::Pause, S::Paused),
        (S::Waiting, E::Cancel, S::Cancelled),
        (S::Sending, E::TakeBack, S::Draft), // as long as no message has left
        (S::Sending, E::Pause, S::Paused),
        (S::Sending, E::Resume, S::Sending), // a sender was killed; another goes on
        (S::Sending, E::Halt, S::Halted),
        (S::Sending, E::Finish, S::Done),
        (S::Sending, E::Cancel, S::Cancelled),
        (S::Paused, E::Edit, S::Draft),
        (S::Paused, E::TakeBack, S::Draft),
        (S::Paused, E::Pause, S::Paused),
        (S::Paused, E::Resume, S::Sending),
        (S::Paused, E::Mend, S::Paused),
        (S::Paused, E::Halt, S::Halted), // a message was refused while others were still in flight
        (S::Paused, E::Cancel, S::Cancelled),
        (S::Halted, E::Edit, S::Draft),
        (S::Halted, E::Mend, S::Paused),
        (S::Halted, E::Cancel, S::Cancelled),
        (S::Done, E::Reopen, S::Paused),
    ]
};

impl CampaignState {
    /// Where `event` leads from here.
    ///
    /// # Errors
    /// [`CampaignTransitionError`] for every pair that the table does not have.
    pub fn after(self, event: CampaignEvent) -> Result<Self, CampaignTransitionError> {
        TRANSITIONS
            .iter()
            .find(|(from, on, _)| *from == self && *on == event)
            .map(|(_, _, to)| *to)
            .ok_or(CampaignTransitionError { from: self, event })
    }

    /// The states from which `event` leads anywhere: for an update that is its own check.
    #[must_use]
    pub fn before(event: CampaignEvent) -> Vec<Self> {
        TRANSITIONS.iter().filter(|(_, on, _)| *on == event).map(|(from, _, _)| *from).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CampaignEvent as E;
    use CampaignState as S;

    #[test]
    fn every_pair_outside_the_table_is_an_error() {
        for from in S::ALL {
            assert_eq!(S::from_number(from.number()), Some(from));
            for event in E::ALL {
                let listed = TRANSITIONS.iter().any(|(f, e, _)| (*f, *e) == (from, event));
                assert_eq!(from.after(event).is_ok(), listed, "{from:?} {event:?}");
                assert_eq!(S::before(event).contains(&from), listed);
            }
        }
    }

    #[test]
    fn a_halted_campaign_goes_on_only_when_mended() {
        assert!(S::Halted.after(E::Resume).is_err());
        assert_eq!(S::Halted.after(E::Mend).and_then(|s| s.after(E::Resume)), Ok(S::Sending));
        assert_eq!(S::Halted.after(E::Edit).and_then(|s| s.after(E::Submit)), Ok(S::Submitted));
    }

    #[test]
    fn nothing_is_sent_before_two_people_agreed() {
        // Every way from a draft to sending leads through an approval.
        let (mut reached, mut open) = (vec![S::Draft], vec![S::Draft]);
        while let Some(state) = open.pop() {
            for event in E::ALL.into_iter().filter(|event| *event != E::Approve) {
                if let Ok(next) = state.after(event)
                    && !reached.contains(&next)
                {
                    reached.push(next);
                    open.push(next);
                }
            }
        }
        assert_eq!(reached, [S::Draft, S::Submitted, S::Cancelled]);
    }

    #[test]
    fn every_edit_leads_back_to_a_draft() {
        for (_, event, to) in TRANSITIONS {
            assert!(!matches!(event, E::Edit | E::TakeBack) || *to == S::Draft);
        }
    }

    #[test]
    fn what_is_final_stays() {
        for state in S::ALL.into_iter().filter(|s| s.is_final()) {
            let reopens = |event| state == S::Done && event == E::Reopen;
            assert!(E::ALL.into_iter().all(|event| state.after(event).is_ok() == reopens(event)));
        }
        let error = S::Done.after(E::Pause).unwrap_err();
        assert_eq!(error.to_string(), "a campaign that is done cannot pause");
    }
}
