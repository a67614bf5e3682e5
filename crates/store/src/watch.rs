//! What is asked of the database by whatever watches the program. Nothing here looks at every delivery of a campaign.

use campaign::CampaignState;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::audience::{count, small};
use crate::{CampaignId, Store, StoreError};

impl Store {
    /// How many campaigns stand where.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn campaigns_by_state(&self) -> Result<Vec<(CampaignState, u64)>, StoreError> {
        let rows =
            sqlx::query("SELECT state, count(*) AS campaigns FROM campaign GROUP BY state ORDER BY state")
                .fetch_all(&self.read)
                .await?;
        let read = |row: &AnyRow| {
            let state = CampaignState::from_number(small(row, "state")?);
            Ok((state.ok_or(StoreError::Foreign("campaign.state"))?, count(row, "campaigns")?))
        };
        rows.iter().map(read).collect()
    }

    /// Since when, or when, the first delivery of a campaign that waits is due; nothing where none waits.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn oldest_due(&self, id: CampaignId) -> Result<Option<Timestamp>, StoreError> {
        let start: i64 = sqlx::query_scalar("SELECT start_at FROM campaign WHERE id = $1")
            .bind(id.0)
            .fetch_one(&self.read)
            .await?;
        let mut oldest = None;
        // Written out, so that the index of what waits is used.
        for sql in [
            "SELECT next_attempt FROM delivery WHERE campaign_id = $1 AND state = 0 ORDER BY next_attempt LIMIT 1",
            "SELECT next_attempt FROM delivery WHERE campaign_id = $1 AND state = 5 ORDER BY next_attempt LIMIT 1",
        ] {
            let row = sqlx::query(sql).bind(id.0).fetch_optional(&self.read).await?;
            let due: Option<i64> = row.map(|row| row.try_get("next_attempt")).transpose()?;
            oldest = oldest.into_iter().chain(due.map(|due| due.max(start))).min();
        }
        oldest
            .map(|due| {
                Timestamp::from_microsecond(due).map_err(|_| StoreError::Foreign("delivery.next_attempt"))
            })
            .transpose()
    }
}
