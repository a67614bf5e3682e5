//! Deliveries in doubt, and how a log or a person settles them.

use campaign::{CampaignEvent, CampaignState, DeliveryEvent, DeliveryState};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::account::ACCOUNT_NONE;
use crate::audience::{count, number, time};
use crate::ledger::append;
use crate::{CampaignId, SealedEntry, Store, StoreError};

/// Doubts settled in one commit: as many numbers as the detail of an entry takes.
pub const DOUBTS_SETTLED_MAX: usize = 5_000;
/// Rows read at once.
const PAGE: u32 = 1_000;

/// A delivery in doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InDoubt {
    /// Its number in the campaign.
    pub number: u64,
    /// The spreadsheet's row.
    pub row: u64,
    /// The first moment at which it can have been handed over.
    pub from: Timestamp,
    /// The last.
    pub until: Timestamp,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The relay took it.
    Sent,
    /// The relay did not: it waits for its turn again.
    Unsent,
}

impl Settled {
    const fn event(self) -> DeliveryEvent {
        match self {
            Self::Sent => DeliveryEvent::FoundSent,
            Self::Unsent => DeliveryEvent::FoundUnsent,
        }
    }
}

/// Who was erased does not wait again: nobody could write to them.
const SETTLE: &str = "UPDATE delivery SET state = CASE WHEN r.state = 0 AND delivery.erased = 1 THEN 7 ELSE r.state END, settled_at = r.at, next_attempt = 0, worker = 0 \
    FROM (SELECT CAST(value->>0 AS BIGINT) AS number, CAST(value->>1 AS SMALLINT) AS state, \
          CAST(value->>2 AS BIGINT) AS at, CAST(value->>3 AS BIGINT) AS campaign FROM {rows}) AS r \
    WHERE delivery.campaign_id = r.campaign AND delivery.number = r.number AND delivery.state = $2";

const AMONG: &str = "SELECT d.number, d.row_number, d.intended_at, d.doubt_until FROM delivery d \
    JOIN (SELECT CAST(value->>0 AS BIGINT) AS number, CAST(value->>1 AS BIGINT) AS campaign FROM {rows}) AS r \
    ON d.campaign_id = r.campaign AND d.number = r.number WHERE d.state = $2 ORDER BY d.number";

fn in_doubt(row: &AnyRow) -> Result<InDoubt, StoreError> {
    let from = time(row, "intended_at")?;
    Ok(InDoubt {
        number: count(row, "number")?,
        row: count(row, "row_number")?,
        from,
        until: time(row, "doubt_until")?.max(from),
    })
}

impl Store {
    /// Every delivery of a campaign that is in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn doubts(&self, campaign: CampaignId) -> Result<Vec<InDoubt>, StoreError> {
        let (mut doubts, mut after) = (Vec::new(), 0);
        loop {
            let page = self.doubts_after(campaign, after, PAGE).await?;
            let Some(last) = page.last() else { return Ok(doubts) };
            after = last.number;
            doubts.extend(page);
        }
    }

    /// Deliveries of a campaign that are in doubt, behind number `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn doubts_after(
        &self,
        campaign: CampaignId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<InDoubt>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, row_number, intended_at, doubt_until FROM delivery \
             WHERE campaign_id = $1 AND state = $2 AND number > $3 ORDER BY number LIMIT $4",
        )
        .bind(campaign.0)
        .bind(DeliveryState::InDoubt.number())
        .bind(number(after))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(in_doubt).collect()
    }

    /// Those of these deliveries that are in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn doubts_among(
        &self,
        campaign: CampaignId,
        numbers: &[u64],
    ) -> Result<Vec<InDoubt>, StoreError> {
        let asked: Vec<Value> = numbers.iter().map(|number| json!([number, campaign.0])).collect();
        let rows = sqlx::query(self.sql(AMONG))
            .bind(Value::from(asked).to_string())
            .bind(DeliveryState::InDoubt.number())
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(in_doubt).collect()
    }

    /// Deliveries that the relay is known to have taken in a span of time: a log of that time must have them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn taken_between(
        &self,
        campaign: CampaignId,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(u64, Timestamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT number, intended_at FROM delivery WHERE campaign_id = $1 AND state = $2 AND code > 0 \
             AND intended_at >= $3 AND intended_at <= $4 ORDER BY number LIMIT $5",
        )
        .bind(campaign.0)
        .bind(DeliveryState::Accepted.number())
        .bind(from.as_microsecond())
        .bind(until.as_microsecond())
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| Ok((count(row, "number")?, time(row, "intended_at")?))).collect()
    }

    /// Settles doubts, at most [`DOUBTS_SETTLED_MAX`], in one commit with the entry that says so. A campaign that was
    /// done goes on, paused, when somebody is to be written to after all. Returns how many were still in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_doubts(
        &self,
        campaign: CampaignId,
        settled: &[(u64, Settled)],
        now: Timestamp,
        entry: &SealedEntry,
    ) -> Result<u64, StoreError> {
        let rows = settled
            .iter()
            .map(|(number, settled)| {
                let to = DeliveryState::InDoubt
                    .after(settled.event())
                    .map_err(|_| StoreError::Foreign("a transition that the table does not have"))?;
                Ok(json!([number, to.number(), now.as_microsecond(), campaign.0]))
            })
            .collect::<Result<Vec<Value>, StoreError>>()?;
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query(self.sql(SETTLE))
            .bind(Value::from(rows).to_string())
            .bind(DeliveryState::InDoubt.number())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        // The account does not hold any more: another one is made.
        sqlx::query("UPDATE campaign SET account = $2 WHERE id = $1")
            .bind(campaign.0)
            .bind(ACCOUNT_NONE)
            .execute(&mut *transaction)
            .await?;
        if settled.iter().any(|(_, settled)| *settled == Settled::Unsent) {
            reopen(&mut transaction, campaign).await?;
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(done)
    }
}

/// A campaign that was done has somebody to write to after all.
async fn reopen(transaction: &mut AnyConnection, campaign: CampaignId) -> Result<(), StoreError> {
    let to = CampaignState::Done.after(CampaignEvent::Reopen)?;
    sqlx::query(
        "UPDATE campaign SET state = $2, finished_at = 0, reason = 'messages in doubt turned out not to have been sent' \
         WHERE id = $1 AND state = $3",
    )
    .bind(campaign.0)
    .bind(to.number())
    .bind(CampaignState::Done.number())
    .execute(transaction)
    .await?;
    Ok(())
}
