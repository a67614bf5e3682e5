//! Deliveries: claim, intend, settle. Set-based, one durable commit for a batch of all connections.

use campaign::{DeliveryEvent, DeliveryState};
use jiff::Timestamp;
use keys::Fingerprint;
use ledger::Digest;
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::audience::{count, number, small, time};
use crate::suppression::suppress;
use crate::{CampaignId, Presence, Scope, Store, StoreError, WorkerId};

/// Deliveries claimed at once.
pub const CLAIM_BATCH_MAX: u32 = 500;
/// Settlements and intents in one commit: more than the connections there can be.
pub const JOURNAL_BATCH_MAX: usize = 1_000;

/// A delivery that this sender has taken, with the person's sealed fields.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its number in the campaign.
    pub number: u64,
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
}

/// How a delivery comes out of an attempt.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Its number in the campaign.
    pub number: u64,
    /// Where it stood.
    pub from: DeliveryState,
    /// What happened.
    pub event: DeliveryEvent,
    /// When.
    pub at: Timestamp,
    /// The relay's code; 0 without a reply.
    pub code: u16,
    /// Its enhanced code, or nothing.
    pub enhanced: String,
    /// Its words, sealed and in base64, or nothing.
    pub reply: String,
    /// When to try again, for what is deferred or released.
    pub next_attempt: Option<Timestamp>,
    /// The address is bad: not written to again, from the same commit on.
    pub suppress: Option<Fingerprint>,
}

/// The wish to hand over a final dot.
#[derive(Debug, Clone, Copy)]
pub struct Intent {
    /// The delivery.
    pub number: u64,
    /// The message's Date.
    pub date: Timestamp,
    /// Now.
    pub at: Timestamp,
    /// The octets that will go out.
    pub message: Digest,
}

/// What a commit made durable.
#[derive(Debug, Clone, Default)]
pub struct Journaled {
    /// The intents that hold. Those missing may not be sent: the campaign was stopped, or the claim was taken over.
    pub intended: Vec<u64>,
    /// Settlements that found their delivery as they left it.
    pub settled: u64,
}

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

// `state IN (0, 5)` repeats the words of the partial index: without them the planner does not use it. And the
// campaign's number is a value of each row of a list, so that the list leads and the deliveries are looked up by it:
// otherwise every commit would look at the whole campaign. A test holds the plans.
const CLAIM: &str = "UPDATE delivery SET state = 1, worker = $2 WHERE campaign_id = $1 AND number {in}\
    SELECT number FROM delivery WHERE campaign_id = $1 AND state IN (0, 5) AND state = $3 \
     AND next_attempt <= $4 ORDER BY next_attempt, number LIMIT $5 {skip}{end} \
    RETURNING number, row_number, attempts, first_attempt, date, \
    (SELECT sealed FROM person p WHERE p.row_number = delivery.row_number AND p.audience_id = \
     (SELECT audience_id FROM campaign WHERE id = $1)) AS sealed";

const NEXT_DUE: &str = "SELECT next_attempt FROM delivery WHERE campaign_id = $1 AND state IN (0, 5) AND state = $2 \
    ORDER BY next_attempt LIMIT 1";

const SETTLE: &str = "UPDATE delivery SET state = r.state, code = r.code, enhanced = r.enhanced, reply = r.reply, \
    next_attempt = r.next_attempt, settled_at = r.at, worker = 0, \
    attempts = attempts + r.attempt, \
    first_attempt = CASE WHEN first_attempt = 0 AND r.attempt = 1 THEN r.at ELSE first_attempt END \
    FROM (SELECT CAST(value->>0 AS BIGINT) AS number, CAST(value->>1 AS SMALLINT) AS was, \
          CAST(value->>2 AS SMALLINT) AS state, CAST(value->>3 AS SMALLINT) AS code, value->>4 AS enhanced, \
          value->>5 AS reply, CAST(value->>6 AS BIGINT) AS next_attempt, CAST(value->>7 AS BIGINT) AS at, \
          CAST(value->>8 AS BIGINT) AS attempt, CAST(value->>9 AS BIGINT) AS campaign FROM {rows}) AS r \
    WHERE delivery.campaign_id = r.campaign AND delivery.number = r.number AND delivery.state = r.was \
    AND delivery.worker = $2";

// The same intent once more is the journal trying again after a commit whose answer was lost: no dot went out yet.
const INTEND: &str = "UPDATE delivery SET state = 2, intended_at = r.at, message_hash = r.message, \
    date = CASE WHEN delivery.date = 0 THEN r.date ELSE delivery.date END \
    FROM (SELECT CAST(value->>0 AS BIGINT) AS number, CAST(value->>1 AS BIGINT) AS date, \
          CAST(value->>2 AS BIGINT) AS at, CAST(value->>3 AS BIGINT) AS campaign, value->>4 AS message FROM {rows}) AS r \
    WHERE delivery.campaign_id = r.campaign AND delivery.number = r.number AND delivery.worker = $2 \
    AND (delivery.state = 1 OR (delivery.state = 2 AND delivery.intended_at = r.at)) \
    AND EXISTS (SELECT 1 FROM campaign WHERE id = r.campaign AND state = 11 AND message_digest = $3 {share}) \
    RETURNING delivery.number AS number";

impl Store {
    /// Takes over from senders of this campaign that died: what had no intent waits again, what had one is in doubt.
    /// Returns how many became in doubt.
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
            let dead = self.is_single_sender() || !self.is_alive(campaign, worker).await?;
            if dead {
                doubts += self.bury(campaign, worker.0, now).await?;
            }
        }
        Ok(doubts)
    }

    /// Senders that have deliveries in hand, but this one.
    async fn other_workers(&self, campaign: CampaignId, me: WorkerId) -> Result<Vec<WorkerId>, StoreError> {
        let workers: Vec<i64> = sqlx::query_scalar(
            "SELECT DISTINCT worker FROM delivery WHERE campaign_id = $1 AND state IN (1, 2) AND worker <> $2",
        )
        .bind(campaign.0)
        .bind(me.0)
        .fetch_all(&self.read)
        .await?;
        Ok(workers.into_iter().map(WorkerId).collect())
    }

    fn is_single_sender(&self) -> bool {
        self.dialect == crate::dialect::Dialect::Sqlite
    }

    async fn bury(&self, campaign: CampaignId, worker: i64, now: Timestamp) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        sqlx::query(
            "UPDATE delivery SET state = 0, worker = 0 WHERE campaign_id = $1 AND worker = $2 AND state = 1",
        )
        .bind(campaign.0)
        .bind(worker)
        .execute(&mut *transaction)
        .await?;
        let doubts = sqlx::query(
            "UPDATE delivery SET state = 6, settled_at = $3, attempts = attempts + 1, \
             first_attempt = CASE WHEN first_attempt = 0 THEN intended_at ELSE first_attempt END \
             WHERE campaign_id = $1 AND worker = $2 AND state = 2",
        )
        .bind(campaign.0)
        .bind(worker)
        .bind(now.as_microsecond())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        transaction.commit().await?;
        Ok(doubts)
    }

    /// Claims deliveries that are due: those that were deferred first, then those not tried yet.
    ///
    /// # Errors
    /// [`StoreError`].
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
        let mut claimed: Vec<Claimed> = rows.iter().map(claim).collect::<Result<_, _>>()?;
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

    /// One durable commit, of a sender of the message with this digest: outcomes of messages whose reply came, and intents of those about to be handed over.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the batch is durable, and no dot of it may go out.
    pub async fn journal(
        &self,
        campaign: CampaignId,
        me: &Presence,
        message_digest: &str,
        settlements: &[Settlement],
        intents: &[Intent],
    ) -> Result<Journaled, StoreError> {
        let mut journaled = Journaled::default();
        let mut transaction = self.write.begin().await?;
        if !settlements.is_empty() {
            journaled.settled = sqlx::query(self.sql(SETTLE))
                .bind(settled_rows(campaign, settlements)?)
                .bind(me.worker.0)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        for (fingerprint, at) in settlements.iter().filter_map(|s| Some((s.suppress?, s.at))) {
            suppress(&mut transaction, fingerprint, Scope::Address, at).await?;
        }
        if !intents.is_empty() {
            let rows: Vec<Value> = intents
                .iter()
                .map(|i| {
                    json!([
                        i.number,
                        i.date.as_microsecond(),
                        i.at.as_microsecond(),
                        campaign.0,
                        i.message.to_hex()
                    ])
                })
                .collect();
            let rows = sqlx::query(self.sql(INTEND))
                .bind(Value::from(rows).to_string())
                .bind(me.worker.0)
                .bind(message_digest)
                .fetch_all(&mut *transaction)
                .await?;
            journaled.intended = rows.iter().map(|row| count(row, "number")).collect::<Result<_, _>>()?;
        }
        transaction.commit().await?;
        Ok(journaled)
    }

    /// Fails everything that waits, in one statement: the relay could not be reached for `delivery.give_up_after`.
    /// Nothing, while another sender with deliveries in hand lives: its relay may be another.
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
            if !self.is_single_sender() && self.is_alive(campaign, worker).await? {
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

fn settled_rows(campaign: CampaignId, settlements: &[Settlement]) -> Result<String, StoreError> {
    let mut rows = Vec::with_capacity(settlements.len());
    for s in settlements {
        let to = s
            .from
            .after(s.event)
            .map_err(|_| StoreError::Foreign("a transition that the table does not have"))?;
        let attempt = i64::from(s.event != DeliveryEvent::Release);
        let next = s.next_attempt.map_or(0, Timestamp::as_microsecond);
        rows.push(json!([
            s.number,
            s.from.number(),
            to.number(),
            s.code,
            s.enhanced,
            s.reply,
            next,
            s.at.as_microsecond(),
            attempt,
            campaign.0
        ]));
    }
    Ok(Value::from(rows).to_string())
}

fn moment(row: &AnyRow, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
    Ok(Some(time(row, column)?).filter(|time| *time != Timestamp::UNIX_EPOCH))
}

fn claim(row: &AnyRow) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        number: count(row, "number")?,
        row: count(row, "row_number")?,
        sealed: row.try_get("sealed")?,
        attempts: u32::try_from(count(row, "attempts")?).unwrap_or(u32::MAX),
        first_attempt: moment(row, "first_attempt")?,
        date: moment(row, "date")?,
    })
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

    #[tokio::test]
    async fn no_statement_of_a_message_looks_at_the_whole_campaign() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&DatabaseUrl::Sqlite(folder.path().join("it.db"))).await.unwrap();
        for statement in [CLAIM, SETTLE, INTEND, NEXT_DUE] {
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
