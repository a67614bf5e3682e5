//! After a restore (promise 3): what happened between the backup and now is not in the database, so whatever was not
//! final then is in doubt, and no campaign goes on by itself.

use campaign::{CampaignState, DeliveryState};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::ledger::append;
use crate::{SealedEntry, Store, StoreError};

/// From the backup to the restore: the time that the database knows nothing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The time of the backup.
    pub from: Timestamp,
    /// The time of the restore.
    pub to: Timestamp,
}

const fn list(states: [CampaignState; 4]) -> [i16; 4] {
    [states[0].number(), states[1].number(), states[2].number(), states[3].number()]
}

/// Nobody has begun to send it, as far as the backup knows: whatever was agreed may have been taken back since.
const NOT_BEGUN: [i16; 4] =
    list([CampaignState::Draft, CampaignState::Submitted, CampaignState::Approved, CampaignState::Waiting]);

impl Store {
    /// The time of the backup that this database is, or was put back from without [`Store::mark_gap`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn backup_mark(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> =
            sqlx::query_scalar("SELECT at FROM backup_mark WHERE id = 1").fetch_optional(&self.read).await?;
        at.map(|at| Timestamp::from_microsecond(at).map_err(|_| StoreError::Foreign("backup_mark.at")))
            .transpose()
    }

    /// When anything was last sent or made, as far as this database knows: the beginning of the gap, for a copy
    /// that some other tool made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn last_activity(&self) -> Result<Timestamp, StoreError> {
        let at: i64 = sqlx::query_scalar(
            "SELECT MAX(at) FROM (SELECT COALESCE(MAX(settled_at), 0) AS at FROM delivery \
             UNION ALL SELECT COALESCE(MAX(intended_at), 0) FROM delivery \
             UNION ALL SELECT COALESCE(MAX(created_at), 0) FROM campaign \
             UNION ALL SELECT COALESCE(MAX(created_at), 0) FROM audience) AS times",
        )
        .fetch_one(&self.read)
        .await?;
        Timestamp::from_microsecond(at).map_err(|_| StoreError::Foreign("delivery.settled_at"))
    }

    /// Enters a restore in one commit: every delivery that was not final is in doubt, possibly attempted at any moment
    /// of the gap; campaigns that were being sent are paused, those not begun are drafts again, those that were halted
    /// stay so. Returns how many deliveries became in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_gap(&self, gap: Gap, entry: &SealedEntry) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        // A campaign that had ended sent nothing new after; only what was in flight then is in doubt.
        sqlx::query(
            "UPDATE delivery SET state = $1, worker = 0 WHERE state = $2 AND campaign_id IN \
             (SELECT id FROM campaign WHERE state IN (14, 15))",
        )
        .bind(DeliveryState::Queued.number())
        .bind(DeliveryState::Claimed.number())
        .execute(&mut *transaction)
        .await?;
        let doubts = sqlx::query(
            "UPDATE delivery SET state = $1, worker = 0, next_attempt = 0, settled_at = $3, doubt_until = $3, \
             intended_at = CASE WHEN intended_at > 0 AND intended_at < $2 THEN intended_at ELSE $2 END \
             WHERE state = 2 OR (state IN (0, 1, 5) AND campaign_id IN \
             (SELECT id FROM campaign WHERE state NOT IN (14, 15)))",
        )
        .bind(DeliveryState::InDoubt.number())
        .bind(gap.from.as_microsecond())
        .bind(gap.to.as_microsecond())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        let reason = format!("restored from a backup of {}", gap.from.strftime("%Y-%m-%d %H:%M UTC"));
        let not_begun = NOT_BEGUN.map(|state| state.to_string()).join(",");
        let drafts = format!(
            "UPDATE campaign SET state = $1, reason = $2, approver = '', approved_at = 0 WHERE state IN ({not_begun})"
        );
        sqlx::query(AssertSqlSafe(drafts))
            .bind(CampaignState::Draft.number())
            .bind(&reason)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE campaign SET state = $1, reason = $2 WHERE state IN ($3, $4)")
            .bind(CampaignState::Paused.number())
            .bind(&reason)
            .bind(CampaignState::Sending.number())
            .bind(CampaignState::Paused.number())
            .execute(&mut *transaction)
            .await?;
        // Nobody who had a lease then is at work on this database.
        sqlx::query("DELETE FROM worker").execute(&mut *transaction).await?;
        sqlx::query("DELETE FROM backup_mark").execute(&mut *transaction).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(doubts)
    }
}
