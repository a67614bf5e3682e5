//! Outcomes and intents: set-based, one durable commit for a batch of all connections.

use campaign::{DeliveryEvent, DeliveryState};
use jiff::Timestamp;
use keys::Fingerprint;
use ledger::Digest;
use serde_json::{Value, json};

use crate::account::ACCOUNT_LATE;
use crate::audience::count;
use crate::suppression::suppress;
use crate::{Campaign, CampaignId, Scope, Store, StoreError, WorkerId};

/// Settlements and intents in one commit: more than the connections there can be.
pub const JOURNAL_BATCH_MAX: usize = 1_000;

/// How a delivery comes out of an attempt.
#[derive(Debug, Clone)]
pub struct Settlement {
    /// Its number in the campaign.
    pub number: u64,
    /// Who attempted it.
    pub worker: WorkerId,
    /// When its intent was made durable, or asked for: by this a late outcome finds the doubt that its own attempt left.
    pub intended_at: Option<Timestamp>,
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
    /// Who claimed it: it holds for nobody else.
    pub worker: WorkerId,
    /// The message's Date.
    pub date: Timestamp,
    /// Now.
    pub at: Timestamp,
    /// The octets that will go out.
    pub message: Digest,
}

/// What of a campaign a sender goes by: once its message is mended, or another way of sending it is submitted, the
/// intents of who did not notice do not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The message's digest.
    pub message: String,
    /// The hash of what two people agreed on; nothing where one decides alone.
    pub submission: String,
}

impl Version {
    /// That of a campaign as it was read.
    #[must_use]
    pub fn of(campaign: &Campaign) -> Self {
        Self { message: campaign.message_digest.clone(), submission: campaign.approval.submission.clone() }
    }
}

/// What a commit made durable.
#[derive(Debug, Clone, Default)]
pub struct Journaled {
    /// The intents that hold. Those missing may not be sent: the campaign was stopped, or the claim was taken over.
    pub intended: Vec<u64>,
    /// Deliveries whose settlement found them as they were left, or in the doubt of the same attempt. One that found
    /// neither changed nothing.
    pub settled: Vec<u64>,
}

// A delivery as it was left, or the doubt that the same attempt left behind when its sender was taken for dead: then the
// attempt was counted already. "Later" of a campaign that was finished meanwhile is a failure, for nobody would try again.
pub(crate) const SETTLE: &str = "UPDATE delivery SET \
    state = CASE WHEN delivery.state = 6 AND r.state = 5 \
            AND (SELECT c.state FROM campaign c WHERE c.id = r.campaign {share}) = 14 THEN 4 ELSE r.state END, \
    code = r.code, enhanced = r.enhanced, reply = r.reply, \
    next_attempt = r.next_attempt, settled_at = r.at, worker = 0, \
    attempts = attempts + CASE WHEN delivery.state = 6 THEN 0 ELSE r.attempt END, \
    first_attempt = CASE WHEN first_attempt = 0 AND r.attempt = 1 THEN r.at ELSE first_attempt END \
    FROM (SELECT CAST(value->>0 AS BIGINT) AS number, CAST(value->>1 AS SMALLINT) AS was, \
          CAST(value->>2 AS SMALLINT) AS state, CAST(value->>3 AS SMALLINT) AS code, value->>4 AS enhanced, \
          value->>5 AS reply, CAST(value->>6 AS BIGINT) AS next_attempt, CAST(value->>7 AS BIGINT) AS at, \
          CAST(value->>8 AS BIGINT) AS attempt, CAST(value->>9 AS BIGINT) AS campaign, \
          CAST(value->>10 AS BIGINT) AS worker, CAST(value->>11 AS BIGINT) AS intended_at FROM {rows}) AS r \
    WHERE delivery.campaign_id = r.campaign AND delivery.number = r.number AND delivery.worker = r.worker \
    AND (delivery.state = r.was OR (delivery.state = 6 AND r.was = 2 AND delivery.intended_at = r.intended_at))";

// The same intent once more is the journal trying again after a commit whose answer was lost: no dot went out yet.
pub(crate) const INTEND: &str = "UPDATE delivery SET state = 2, intended_at = r.at, message_hash = r.message, \
    date = CASE WHEN delivery.date = 0 THEN r.date ELSE delivery.date END \
    FROM (SELECT CAST(value->>0 AS BIGINT) AS number, CAST(value->>1 AS BIGINT) AS date, \
          CAST(value->>2 AS BIGINT) AS at, CAST(value->>3 AS BIGINT) AS campaign, \
          CAST(value->>4 AS BIGINT) AS worker, value->>5 AS message FROM {rows}) AS r \
    WHERE delivery.campaign_id = r.campaign AND delivery.number = r.number AND delivery.worker = r.worker \
    AND (delivery.state = 1 OR (delivery.state = 2 AND delivery.intended_at = r.at)) \
    AND EXISTS (SELECT 1 FROM campaign WHERE id = r.campaign AND state = 11 AND message_digest = $2 \
     AND submission = $3 {share})";

/// Which rows a statement changed: asked for only where it were not all, for each row that is handed back costs.
const WHICH: &str = " RETURNING delivery.number AS number";

impl Store {
    /// One durable commit, of senders of this version: outcomes of messages whose reply came, and intents of those about to
    /// be handed over.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of the batch is durable, and no dot of it may go out.
    pub async fn journal(
        &self,
        campaign: CampaignId,
        version: &Version,
        settlements: &[Settlement],
        intents: &[Intent],
    ) -> Result<Journaled, StoreError> {
        let settled = settled_rows(campaign, settlements)?;
        let intended = intended_rows(campaign, intents);
        let mut transaction = self.write.begin().await?;
        let mut all = true;
        if !settlements.is_empty() {
            let done = sqlx::query(self.sql(SETTLE)).bind(&settled).execute(&mut *transaction).await?;
            all = done.rows_affected() == settlements.len() as u64;
        }
        if all && !intents.is_empty() {
            let intend = sqlx::query(self.sql(INTEND)).bind(&intended);
            let intend = intend.bind(&version.message).bind(&version.submission);
            all = intend.execute(&mut *transaction).await?.rows_affected() == intents.len() as u64;
        }
        let mut journaled = Journaled {
            settled: settlements.iter().map(|settlement| settlement.number).collect(),
            intended: intents.iter().map(|intent| intent.number).collect(),
        };
        if !all {
            // Rare: somebody paused the campaign, or took a delivery over. Once more, asking which.
            transaction.rollback().await?;
            transaction = self.write.begin().await?;
            let settle = self.sql(&format!("{SETTLE}{WHICH}"));
            let rows = sqlx::query(settle).bind(&settled).fetch_all(&mut *transaction).await?;
            journaled.settled = rows.iter().map(|row| count(row, "number")).collect::<Result<_, _>>()?;
            let intend = sqlx::query(self.sql(&format!("{INTEND}{WHICH}"))).bind(&intended);
            let intend = intend.bind(&version.message).bind(&version.submission);
            let rows = intend.fetch_all(&mut *transaction).await?;
            journaled.intended = rows.iter().map(|row| count(row, "number")).collect::<Result<_, _>>()?;
        }
        // What is settled after the account was made is late: the account does not hold any more. On SQLite nobody is late,
        // for a sender is taken for dead only when it is.
        if self.has_leases() && !journaled.settled.is_empty() {
            sqlx::query("UPDATE campaign SET account = $2 WHERE id = $1 AND account >= 0")
                .bind(campaign.0)
                .bind(ACCOUNT_LATE)
                .execute(&mut *transaction)
                .await?;
        }
        for (fingerprint, at) in settlements.iter().filter_map(|s| Some((s.suppress?, s.at))) {
            suppress(&mut transaction, fingerprint, Scope::Address, at).await?;
        }
        transaction.commit().await?;
        Ok(journaled)
    }
}

fn intended_rows(campaign: CampaignId, intents: &[Intent]) -> String {
    let rows: Vec<Value> = intents
        .iter()
        .map(|i| {
            let (date, at) = (i.date.as_microsecond(), i.at.as_microsecond());
            json!([i.number, date, at, campaign.0, i.worker.0, i.message.to_hex()])
        })
        .collect();
    Value::from(rows).to_string()
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
            campaign.0,
            s.worker.0,
            s.intended_at.map_or(0, Timestamp::as_microsecond)
        ]));
    }
    Ok(Value::from(rows).to_string())
}
