//! Taking over from senders that died: what had no intent waits again, what had one is in doubt.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::presence::dead;
use crate::{CampaignId, Presence, Store, StoreError, WorkerId};

impl Store {
    /// Takes over from senders of this campaign that died. Returns how many deliveries became in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_over(
        &self,
        campaign: CampaignId,
        me: &Presence,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut doubts = 0;
        for worker in self.other_workers(campaign, me.worker).await? {
            // On SQLite this process holds the campaign's only lock, so every other worker is dead.
            if !self.has_leases() || !self.is_alive(campaign, worker).await? {
                doubts += self.bury(campaign, worker, now, false).await?;
            }
        }
        Ok(doubts)
    }

    /// Ends a sender in order: it is not waited for, and what it still had in hand is open to others at once.
    ///
    /// # Errors
    /// [`StoreError`]; then its lease runs out, or its lock is let go.
    pub async fn discharge(&self, me: &Presence, now: Timestamp) -> Result<(), StoreError> {
        self.bury(me.campaign, me.worker, now, true).await.map(|_| ())
    }

    /// Senders that have a lease or deliveries in hand, but this one.
    async fn other_workers(&self, campaign: CampaignId, me: WorkerId) -> Result<Vec<WorkerId>, StoreError> {
        let workers: Vec<i64> = sqlx::query_scalar(
            "SELECT worker FROM delivery WHERE campaign_id = $1 AND state IN (1, 2) AND worker <> $2 \
             UNION SELECT id FROM worker WHERE campaign_id = $1 AND id <> $2",
        )
        .bind(campaign.0)
        .bind(me.0)
        .fetch_all(&self.read)
        .await?;
        Ok(workers.into_iter().map(WorkerId).collect())
    }

    /// The lease first, and in one transaction with the claims: a claim under this number holds the lease for a moment,
    /// so that none can slip in between; and who renewed it in time is not dead.
    async fn bury(
        &self,
        campaign: CampaignId,
        worker: WorkerId,
        now: Timestamp,
        by_itself: bool,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        if self.has_leases() {
            let check = if by_itself { "TRUE".to_owned() } else { dead() };
            sqlx::query(AssertSqlSafe(format!("DELETE FROM worker w WHERE w.id = $1 AND {check}")))
                .bind(worker.0)
                .execute(&mut *transaction)
                .await?;
            let lives: Option<i64> = sqlx::query_scalar("SELECT id FROM worker WHERE id = $1")
                .bind(worker.0)
                .fetch_optional(&mut *transaction)
                .await?;
            if lives.is_some() {
                return Ok(0);
            }
        }
        sqlx::query(
            "UPDATE delivery SET state = 0, worker = 0 WHERE campaign_id = $1 AND worker = $2 AND state = 1",
        )
        .bind(campaign.0)
        .bind(worker.0)
        .execute(&mut *transaction)
        .await?;
        // What came back already was sent: no doubt about that.
        sqlx::query(
            "UPDATE delivery SET state = 3, settled_at = $3, attempts = attempts + 1, worker = 0, \
             first_attempt = CASE WHEN first_attempt = 0 THEN intended_at ELSE first_attempt END \
             WHERE campaign_id = $1 AND worker = $2 AND state = 2 AND EXISTS \
             (SELECT 1 FROM delivery_return r WHERE r.campaign_id = delivery.campaign_id AND r.delivery = delivery.number)",
        )
        .bind(campaign.0)
        .bind(worker.0)
        .bind(now.as_microsecond())
        .execute(&mut *transaction)
        .await?;
        // The worker's number stays: if it lives after all, the outcome of this attempt settles the doubt.
        let doubts = sqlx::query(
            "UPDATE delivery SET state = 6, settled_at = $3, attempts = attempts + 1, \
             first_attempt = CASE WHEN first_attempt = 0 THEN intended_at ELSE first_attempt END \
             WHERE campaign_id = $1 AND worker = $2 AND state = 2",
        )
        .bind(campaign.0)
        .bind(worker.0)
        .bind(now.as_microsecond())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(doubts)
    }

    /// Fails everything that waits, in one statement: the relay could not be reached for `delivery.give_up_after`.
    /// Nothing, while another sender of the campaign lives: its relay may be another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fail_waiting(
        &self,
        campaign: CampaignId,
        me: WorkerId,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        for worker in self.other_workers(campaign, me).await? {
            if self.has_leases() && self.is_alive(campaign, worker).await? {
                return Ok(0);
            }
        }
        let sql = "UPDATE delivery SET state = 4, settled_at = $2 WHERE campaign_id = $1 AND state IN (0, 5)";
        Ok(sqlx::query(sql)
            .bind(campaign.0)
            .bind(now.as_microsecond())
            .execute(&self.write)
            .await?
            .rows_affected())
    }
}
