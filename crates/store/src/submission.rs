//! Every version of a campaign that somebody was asked to agree to: an approver sees what is different since the last one
//! that they saw; and a campaign that an approver returns, with a remark.

use campaign::{CampaignEvent, CampaignLimits, CampaignState, SubmissionDigest};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::approval::author_for;
use crate::audience::{number, time};
use crate::ledger::append;
use crate::limits::limits;
use crate::{CampaignId, Looker, SealedEntry, Store, StoreError};

/// What was submitted at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The message with translations, attachments and senders.
    pub message: String,
    /// The relay's URL.
    pub relay: String,
    /// When sending was to begin, if a time was asked for.
    pub wanted_at: Option<Timestamp>,
    /// Its own pace and quiet hours.
    pub limits: CampaignLimits,
    /// When it was submitted.
    pub at: Timestamp,
}

impl Store {
    /// The last version before this one of which the approver opened messages.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_seen(&self, looker: &Looker) -> Result<Option<Submission>, StoreError> {
        let row = sqlx::query(
            "SELECT s.message, s.relay, s.wanted_at, s.per_minute, s.quiet_hours, s.at FROM submission s JOIN look l \
             ON l.campaign_id = s.campaign_id AND l.submission = s.digest \
             WHERE l.campaign_id = $1 AND l.staff_id = $2 AND l.submission <> $3 ORDER BY l.at DESC LIMIT 1",
        )
        .bind(looker.campaign.0)
        .bind(looker.user.0)
        .bind(looker.submission.to_string())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(submission).transpose()
    }

    /// Gives a campaign back to its author: it is a draft again. The entry has the remark.
    ///
    /// # Errors
    /// [`StoreError::SamePerson`] for its author, who takes it back instead; [`StoreError::Edited`] when it was changed
    /// since `seen`; [`StoreError::Transition`].
    pub async fn return_campaign(
        &self,
        id: CampaignId,
        seen: SubmissionDigest,
        approver: &str,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let Some(author) = author_for(&mut transaction, id, approver).await? else {
            drop(transaction);
            return self.why_not(id, seen, approver, CampaignEvent::Return).await;
        };
        let done = sqlx::query(
            "UPDATE campaign SET state = $2 WHERE id = $1 AND state = $3 AND submission = $4 AND author = $5",
        )
        .bind(id.0)
        .bind(CampaignState::Draft.number())
        .bind(CampaignState::Submitted.number())
        .bind(seen.to_string())
        .bind(author)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            drop(transaction);
            return self.why_not(id, seen, approver, CampaignEvent::Return).await;
        }
        let remark = append(&mut transaction, entry).await?;
        sqlx::query("UPDATE campaign SET remark = $2 WHERE id = $1")
            .bind(id.0)
            .bind(number(remark))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The place in the ledger of the remark with which a campaign was returned the last time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn remark_of(&self, id: CampaignId) -> Result<Option<u64>, StoreError> {
        let remark: i64 = sqlx::query_scalar("SELECT remark FROM campaign WHERE id = $1")
            .bind(id.0)
            .fetch_one(&self.read)
            .await?;
        Ok(u64::try_from(remark).ok())
    }
}

/// Keeps what a campaign says now, as it is submitted. The same once more (taken back, and submitted again) is the newest
/// again.
pub(crate) async fn keep(transaction: &mut AnyConnection, id: CampaignId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO submission (campaign_id, digest, message, relay, wanted_at, at, per_minute, quiet_hours) \
         SELECT id, submission, message, relay, wanted_at, submitted_at, per_minute, quiet_hours FROM campaign WHERE id = $1 AND submission <> '' \
         ON CONFLICT (campaign_id, digest) DO UPDATE SET at = excluded.at",
    )
    .bind(id.0)
    .execute(transaction)
    .await?;
    Ok(())
}

fn submission(row: &AnyRow) -> Result<Submission, StoreError> {
    Ok(Submission {
        message: row.try_get("message")?,
        relay: row.try_get("relay")?,
        wanted_at: Some(time(row, "wanted_at")?).filter(|at| *at != Timestamp::UNIX_EPOCH),
        limits: limits(row)?,
        at: time(row, "at")?,
    })
}
