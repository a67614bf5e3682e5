//! Deliveries, for the accounting.

use campaign::DeliveryState;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::audience::{count, number, small};
use crate::claim::moment;
use crate::{CampaignId, Store, StoreError, WorkerId};

/// Reasons that are told apart.
pub const REASONS_MAX: u32 = 100;

/// A delivery, for the accounting.
#[derive(Debug, Clone)]
pub struct DeliveryRow {
    /// Its number in the campaign.
    pub number: u64,
    /// The spreadsheet's row.
    pub row: u64,
    /// Where it stands.
    pub state: DeliveryState,
    /// The sender that has it in hand, if any.
    pub worker: WorkerId,
    /// Attempts that were made.
    pub attempts: u32,
    /// The relay's last code; 0 without a reply.
    pub code: u16,
    /// Its enhanced code.
    pub enhanced: String,
    /// When it was last settled.
    pub settled_at: Option<Timestamp>,
    /// The relay's words, sealed and in base64.
    pub reply: String,
}

impl Store {
    /// Fails deferred deliveries whose refusal turned out to be about the person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fail_deferred(&self, campaign: CampaignId, numbers: &[u64]) -> Result<(), StoreError> {
        for number in numbers {
            sqlx::query("UPDATE delivery SET state = 4 WHERE campaign_id = $1 AND number = $2 AND state = 5")
                .bind(campaign.0)
                .bind(i64::try_from(*number).unwrap_or(i64::MAX))
                .execute(&self.write)
                .await?;
        }
        Ok(())
    }

    /// Deliveries of a campaign behind number `after`, in any or one state, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries(
        &self,
        campaign: CampaignId,
        state: Option<DeliveryState>,
        after: u64,
        limit: u32,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, row_number, state, worker, attempts, code, enhanced, settled_at, reply FROM delivery \
             WHERE campaign_id = $1 AND number > $2 AND ($3 < 0 OR state = $3) ORDER BY number LIMIT $4",
        )
        .bind(campaign.0)
        .bind(number(after))
        .bind(i64::from(state.map_or(-1, DeliveryState::number)))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(delivery).collect()
    }
}

/// So many deliveries that stand somewhere for the same reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonCount {
    /// Failed, deferred or in doubt.
    pub state: DeliveryState,
    /// The relay's code; 0 without a reply.
    pub code: u16,
    /// Its enhanced code, or nothing.
    pub enhanced: String,
    /// How many.
    pub number: u64,
}

impl Store {
    /// Why deliveries of a campaign failed, were deferred or are in doubt, the most frequent first; at most
    /// [`REASONS_MAX`]. Codes alone: the relay's words can hold addresses.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reasons(&self, campaign: CampaignId) -> Result<Vec<ReasonCount>, StoreError> {
        let rows = sqlx::query(
            "SELECT state, code, enhanced, count(*) AS number FROM delivery \
             WHERE campaign_id = $1 AND state IN (4, 5, 6) \
             GROUP BY state, code, enhanced ORDER BY count(*) DESC, state, code, enhanced LIMIT $2",
        )
        .bind(campaign.0)
        .bind(i64::from(REASONS_MAX))
        .fetch_all(&self.read)
        .await?;
        let reason = |row: &AnyRow| {
            Ok(ReasonCount {
                state: DeliveryState::from_number(small(row, "state")?)
                    .ok_or(StoreError::Foreign("delivery.state"))?,
                code: u16::try_from(small(row, "code")?).unwrap_or(0),
                enhanced: row.try_get("enhanced")?,
                number: count(row, "number")?,
            })
        };
        rows.iter().map(reason).collect()
    }
}

fn delivery(row: &AnyRow) -> Result<DeliveryRow, StoreError> {
    Ok(DeliveryRow {
        number: count(row, "number")?,
        row: count(row, "row_number")?,
        state: DeliveryState::from_number(small(row, "state")?)
            .ok_or(StoreError::Foreign("delivery.state"))?,
        worker: WorkerId(row.try_get("worker")?),
        attempts: u32::try_from(count(row, "attempts")?).unwrap_or(u32::MAX),
        code: u16::try_from(small(row, "code")?).unwrap_or(0),
        enhanced: row.try_get("enhanced")?,
        settled_at: moment(row, "settled_at")?,
        reply: row.try_get("reply")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DatabaseUrl;
    use crate::claim::{CLAIM, NEXT_DUE};
    use crate::journal::{Otherwise, write_statement};

    #[tokio::test]
    async fn no_statement_of_a_message_looks_at_the_whole_campaign() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("it.db"))).await.unwrap();
        let commits =
            [Otherwise::Nothing, Otherwise::TheOthers].map(|other| write_statement(store.dialect, 8, other));
        for statement in [CLAIM, &commits[0], &commits[1], NEXT_DUE] {
            let sql = store.dialect.sql(&format!("EXPLAIN QUERY PLAN {statement}"));
            let plan: Vec<String> = sqlx::query(sqlx::AssertSqlSafe(sql))
                .fetch_all(&store.read)
                .await
                .unwrap()
                .iter()
                .map(|row| row.get("detail"))
                .collect();
            let narrow = |step: &&String| step.contains("number=?") || step.contains("delivery_due");
            let deliveries: Vec<&String> = plan.iter().filter(|step| step.contains(" delivery ")).collect();
            assert!(!deliveries.is_empty() && deliveries.iter().all(narrow), "{plan:?}");
        }
    }
}
