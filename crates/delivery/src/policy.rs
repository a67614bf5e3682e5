//! Refusals for policy (5.7.x): about a person, or about us?

use campaign::{Consequence, PauseCause};

use crate::lock::lock;
use crate::sender::{SendError, Shared};
use crate::settle::Outcome;

impl Shared {
    /// Refusals for policy are kept open until it is known whether they are about a person or about us.
    pub(crate) async fn note_policy(
        &self,
        number: u64,
        outcome: Outcome,
        consequence: Consequence,
    ) -> Result<(), SendError> {
        let (pause, about_persons) = {
            let mut row = lock(&self.policy_row);
            let pause = row.0.note(consequence);
            if outcome == Outcome::Policy {
                row.1.push(number);
            }
            let about_persons = if row.0.is_broken() { std::mem::take(&mut row.1) } else { Vec::new() };
            (pause, about_persons)
        };
        self.fail_for_policy(&about_persons).await?;
        if pause {
            // They stay deferred: `resume` tries them again.
            *lock(&self.policy_row) = Default::default();
            self.pause(PauseCause::PolicyRefusals, "").await?;
        }
        Ok(())
    }

    /// Nothing more will break the row: fewer than the limit were refused, so it was about them.
    pub(crate) async fn settle_policy_row(&self) -> Result<(), SendError> {
        let (_, numbers) = std::mem::take(&mut *lock(&self.policy_row));
        self.fail_for_policy(&numbers).await
    }

    async fn fail_for_policy(&self, numbers: &[u64]) -> Result<(), SendError> {
        if !numbers.is_empty() {
            self.patience.keep(|| self.store.fail_deferred(self.campaign.id, numbers)).await?;
        }
        Ok(())
    }
}
