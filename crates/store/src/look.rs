//! Messages that an approver has opened: of exactly the submission that is approved.

use campaign::SubmissionDigest;
use jiff::Timestamp;

use crate::audience::{count, number};
use crate::ledger::append;
use crate::{CampaignId, SealedEntry, Store, StoreError, UserId};

/// Whose looks, and at what.
#[derive(Debug, Clone, Copy)]
pub struct Looker {
    /// The campaign.
    pub campaign: CampaignId,
    /// The member of staff.
    pub user: UserId,
    /// What was submitted: after an edit, everything is looked at anew.
    pub submission: SubmissionDigest,
}

impl Store {
    /// Notes that somebody opens the message of the person at `place`, from 1. Once more is a look too, and an entry of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(
        &self,
        looker: &Looker,
        place: u64,
        now: Timestamp,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        sqlx::query(
            "INSERT INTO look (campaign_id, staff_id, submission, place, at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING",
        )
        .bind(looker.campaign.0)
        .bind(looker.user.0)
        .bind(looker.submission.to_string())
        .bind(number(place))
        .bind(now.as_microsecond())
        .execute(&mut *transaction)
        .await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The places of the messages that somebody has opened.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn looks(&self, looker: &Looker) -> Result<Vec<u64>, StoreError> {
        let rows = sqlx::query(
            "SELECT place FROM look WHERE campaign_id = $1 AND staff_id = $2 AND submission = $3 \
             ORDER BY place LIMIT $4",
        )
        .bind(looker.campaign.0)
        .bind(looker.user.0)
        .bind(looker.submission.to_string())
        .bind(i64::from(LOOKS_MAX))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| count(row, "place")).collect()
    }
}

/// Looks of one person at one submission that are told.
pub const LOOKS_MAX: u32 = 1_000;
