//! Claims: a sender takes deliveries that are due, under its number.

use campaign::DeliveryState;
use jiff::Timestamp;
use keys::Fingerprint;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::audience::{count, time};
use crate::{CampaignId, Presence, Store, StoreError, WorkerId};

/// Deliveries claimed at once.
pub const CLAIM_BATCH_MAX: u32 = 500;

/// A delivery that this sender has taken, with the person's sealed fields.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its number in the campaign.
    pub number: u64,
    /// Who took it: the fencing token that the intent checks.
    pub worker: WorkerId,
    /// The spreadsheet's row.
    pub row: u64,
    /// The person's fields, sealed.
    pub sealed: Vec<u8>,
    /// Attempts that were made.
    pub attempts: u32,
    /// When the first was made.
    pub first_attempt: Option<Timestamp>,
    /// The message's Date, fixed at the first intent.
    pub date: Option<Timestamp>,
    /// The address's fingerprint in the suppression list: the sender has it once the fields are opened. Behind a
    /// suppression no intent holds, and nothing waits for another try.
    pub person: Option<Fingerprint>,
}

// `state IN (0, 5)` repeats the words of the partial index: without them the planner does not use it. And the
// campaign's number is a value of each row of a list, so that the list leads and the deliveries are looked up by it:
// otherwise every commit would look at the whole campaign. A test holds the plans.
pub(crate) const CLAIM: &str = "UPDATE delivery SET state = 1, worker = $2 WHERE campaign_id = $1 {lease} AND number {in}\
    SELECT number FROM delivery WHERE campaign_id = $1 AND state IN (0, 5) AND state = $3 \
     AND next_attempt <= $4 ORDER BY next_attempt, number LIMIT $5 {skip}{end} \
    RETURNING number, row_number, attempts, first_attempt, date, \
    (SELECT sealed FROM person p WHERE p.row_number = delivery.row_number AND p.audience_id = \
     (SELECT audience_id FROM campaign WHERE id = $1)) AS sealed";

pub(crate) const NEXT_DUE: &str = "SELECT next_attempt FROM delivery WHERE campaign_id = $1 AND state IN (0, 5) AND state = $2 \
    ORDER BY next_attempt LIMIT 1";

impl Store {
    /// Claims deliveries that are due: those that were deferred first, then those not tried yet.
    ///
    /// # Errors
    /// [`StoreError::TakenOver`] when others took this sender for dead: nothing is claimed under its number any more.
    pub async fn claim(
        &self,
        campaign: CampaignId,
        me: &Presence,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let limit = limit.min(CLAIM_BATCH_MAX);
        let mut claimed = self.claim_state(campaign, me, DeliveryState::Deferred, now, limit).await?;
        let rest = limit - u32::try_from(claimed.len()).unwrap_or(limit).min(limit);
        if rest > 0 {
            claimed.extend(self.claim_state(campaign, me, DeliveryState::Queued, now, rest).await?);
        }
        if claimed.is_empty() && self.is_buried(me.worker).await? {
            return Err(StoreError::TakenOver);
        }
        Ok(claimed)
    }

    async fn claim_state(
        &self,
        campaign: CampaignId,
        me: &Presence,
        state: DeliveryState,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let rows = sqlx::query(self.sql(CLAIM))
            .bind(campaign.0)
            .bind(me.worker.0)
            .bind(state.number())
            .bind(now.as_microsecond())
            .bind(i64::from(limit))
            .fetch_all(&self.write)
            .await?;
        let mut claimed: Vec<Claimed> =
            rows.iter().map(|row| claim(row, me.worker)).collect::<Result<_, _>>()?;
        claimed.sort_unstable_by_key(|c| c.number);
        Ok(claimed)
    }

    /// When the next delivery is due, if any is open and unclaimed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn next_due(&self, campaign: CampaignId) -> Result<Option<Timestamp>, StoreError> {
        let mut next: Option<i64> = None;
        for state in [DeliveryState::Queued, DeliveryState::Deferred] {
            let due: Option<i64> = sqlx::query_scalar(NEXT_DUE)
                .bind(campaign.0)
                .bind(state.number())
                .fetch_optional(&self.read)
                .await?;
            next = match (next, due) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        next.map(|due| {
            Timestamp::from_microsecond(due).map_err(|_| StoreError::Foreign("delivery.next_attempt"))
        })
        .transpose()
    }

    /// Gives back every claim of this sender that has no intent: for one that has nothing in hand, and whose claim may
    /// have come through though its answer was lost.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_claims(&self, me: &Presence) -> Result<u64, StoreError> {
        let sql =
            "UPDATE delivery SET state = 0, worker = 0 WHERE campaign_id = $1 AND worker = $2 AND state = 1";
        let done = sqlx::query(sql).bind(me.campaign.0).bind(me.worker.0).execute(&self.write).await?;
        Ok(done.rows_affected())
    }
}

pub(crate) fn moment(row: &AnyRow, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    Ok(Some(time(row, column)?).filter(|time| *time != Timestamp::UNIX_EPOCH))
}

fn claim(row: &AnyRow, worker: WorkerId) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        number: count(row, "number")?,
        worker,
        row: count(row, "row_number")?,
        sealed: row.try_get("sealed")?,
        attempts: u32::try_from(count(row, "attempts")?).unwrap_or(u32::MAX),
        first_attempt: moment(row, "first_attempt")?,
        date: moment(row, "date")?,
        person: None,
    })
}
