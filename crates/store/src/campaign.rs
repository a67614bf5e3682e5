//! Campaigns: made whole in one transaction, moved by the table of transitions alone.

use campaign::{CampaignEvent, CampaignLimits, CampaignState, Counts, DeliveryState, SubmissionDigest};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use crate::approval::{Approval, approval};
use crate::audience::{complete, count, name_in_use, small, time};
use crate::draft::consume;
use crate::ledger::append;
use crate::limits::{limits, per_minute, quiet_hours};
use crate::submission::keep;
use crate::{Audience, Channel, DraftVersion, SealedEntry, Store, StoreError, WorkerId};

/// The number of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CampaignId(pub(crate) i64);

impl CampaignId {
    /// The number itself, for what is derived from it.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A campaign as it is made.
#[derive(Debug, Clone)]
pub struct NewCampaign<'a> {
    /// Its random name.
    pub uid: &'a str,
    /// The name people give it.
    pub name: &'a str,
    /// The message with translations, attachments and senders, as it was checked.
    pub message: &'a str,
    /// What was checked, as a hash.
    pub message_digest: &'a str,
    /// The relay's URL, without a password.
    pub relay: &'a str,
    /// Connections to it.
    pub connections: u32,
    /// Warnings that somebody acknowledged, and why the same message goes out again.
    pub acknowledged: &'a str,
    /// Who makes it.
    pub author: &'a str,
    /// The hash of all that a second person has to agree to; `None` where one person decides alone.
    pub submission: Option<SubmissionDigest>,
    /// When it is made.
    pub at: Timestamp,
    /// When sending is to begin, if a time was asked for.
    pub wanted_at: Option<Timestamp>,
    /// Its own pace and quiet hours.
    pub limits: CampaignLimits,
    /// Rows of people on the suppression list.
    pub suppressed_rows: &'a [u32],
    /// The draft that it is made of: it is one no more.
    pub draft: Option<DraftVersion>,
}

/// A campaign.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its number.
    pub id: CampaignId,
    /// Its random name.
    pub uid: String,
    /// The name people give it.
    pub name: String,
    /// Where it stands.
    pub state: CampaignState,
    /// Why it stands there, for people.
    pub reason: String,
    /// The message as it was checked.
    pub message: String,
    /// What was checked, as a hash.
    pub message_digest: String,
    /// The relay's URL.
    pub relay: String,
    /// Connections to it.
    pub connections: u32,
    /// Warnings that somebody acknowledged, as an object in JSON.
    pub acknowledged: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When sending begins.
    pub start_at: Timestamp,
    /// Who made or last changed it, and what a second person agreed to.
    pub approval: Approval,
    /// Its own pace and quiet hours, beside those of the installation.
    pub limits: CampaignLimits,
    pub(crate) audience_id: i64,
}

pub(crate) const COLUMNS: &str = "id, uid, name, state, reason, message, message_digest, relay, connections, acknowledged, created_at, \
                       start_at, audience_id, author, needs_approval, submission, submitted_at, approver, approved_at, \
                       wanted_at, per_minute, quiet_hours";

impl Store {
    /// Makes a campaign: with its deliveries, and its audience if that is not complete yet, in one transaction, so
    /// that a process killed in between leaves nothing that anybody sees.
    ///
    /// # Errors
    /// [`StoreError::NameInUse`] for the campaign's or the audience's name; [`StoreError::DraftChanged`].
    pub async fn create_campaign(
        &self,
        new: &NewCampaign<'_>,
        audience: &Audience,
        completes: bool,
        entry: &SealedEntry,
    ) -> Result<CampaignId, StoreError> {
        let mut transaction = self.write.begin().await?;
        if !completes {
            still_there(self, &mut transaction, audience).await?;
        }
        let start_at = new.wanted_at.unwrap_or(new.at);
        let state = match new.submission {
            Some(_) => CampaignState::Submitted,
            None if start_at > new.at => CampaignState::Waiting,
            None => CampaignState::Sending,
        };
        let row = sqlx::query(
            "INSERT INTO campaign (uid, name, audience_id, state, message, message_digest, relay, connections, \
             acknowledged, created_at, start_at, wanted_at, author, needs_approval, submission, submitted_at, per_minute, \
             quiet_hours) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) RETURNING id",
        )
        .bind(new.uid)
        .bind(new.name)
        .bind(audience.id)
        .bind(state.number())
        .bind(new.message)
        .bind(new.message_digest)
        .bind(new.relay)
        .bind(i64::from(new.connections))
        .bind(new.acknowledged)
        .bind(new.at.as_microsecond())
        .bind(start_at.as_microsecond())
        .bind(new.wanted_at.map_or(0, Timestamp::as_microsecond))
        .bind(new.author)
        .bind(i16::from(new.submission.is_some()))
        .bind(new.submission.map_or_else(String::new, |digest| digest.to_string()))
        .bind(new.submission.map_or(0, |_| new.at.as_microsecond()))
        .bind(per_minute(&new.limits))
        .bind(quiet_hours(&new.limits))
        .fetch_one(&mut *transaction)
        .await
        .map_err(name_in_use)?;
        let id: i64 = row.try_get("id")?;
        if completes {
            complete(&mut transaction, audience).await?;
        }
        let sql = format!(
            "INSERT INTO delivery (campaign_id, number, row_number, state) \
             SELECT $1, row_number() OVER (ORDER BY p.row_number), p.row_number, \
             CASE p.channel WHEN {} THEN {} WHEN {} THEN {} ELSE {} END \
             FROM person p WHERE p.audience_id = $2 ORDER BY p.row_number",
            Channel::Unsafe as i16,
            DeliveryState::Suppressed.number(),
            Channel::Unknown as i16,
            DeliveryState::Held.number(),
            DeliveryState::Queued.number(),
        );
        sqlx::query(AssertSqlSafe(sql)).bind(id).bind(audience.id).execute(&mut *transaction).await?;
        // A few rows among many: suppression lists are short beside an audience.
        for row in new.suppressed_rows {
            sqlx::query(
                "UPDATE delivery SET state = $3 WHERE campaign_id = $1 AND row_number = $2 AND state = $4",
            )
            .bind(id)
            .bind(i64::from(*row))
            .bind(DeliveryState::Suppressed.number())
            .bind(DeliveryState::Queued.number())
            .execute(&mut *transaction)
            .await?;
        }
        keep(&mut transaction, CampaignId(id)).await?;
        consume(&mut transaction, new.draft).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(CampaignId(id))
    }

    /// The campaign of that name.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn campaign(&self, name: &str) -> Result<Campaign, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM campaign WHERE name = $1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(name).fetch_optional(&self.read).await?;
        campaign(&row.ok_or(StoreError::NotFound)?)
    }

    /// The campaign of that number, as a page's address has it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn campaign_numbered(&self, number: i64) -> Result<Campaign, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM campaign WHERE id = $1");
        campaign(&sqlx::query(AssertSqlSafe(sql)).bind(number).fetch_one(&self.read).await?)
    }

    /// All campaigns, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn campaigns(&self) -> Result<Vec<Campaign>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM campaign ORDER BY id DESC");
        sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.read).await?.iter().map(campaign).collect()
    }

    /// The name of a campaign that sent the same message to the same people before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_before(
        &self,
        message: &str,
        audience_digest: &str,
    ) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT c.name FROM campaign c JOIN audience a ON a.id = c.audience_id \
             WHERE c.message_digest = $1 AND a.digest = $2 ORDER BY c.id LIMIT 1",
        )
        .bind(message)
        .bind(audience_digest)
        .fetch_optional(&self.read)
        .await?)
    }

    /// The audience of a campaign.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audience_of(&self, campaign: &Campaign) -> Result<Audience, StoreError> {
        self.audience_by_id(campaign.audience_id).await
    }

    /// Where the campaign stands now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn campaign_state(&self, id: CampaignId) -> Result<(CampaignState, String), StoreError> {
        let row = sqlx::query("SELECT state, reason FROM campaign WHERE id = $1")
            .bind(id.0)
            .fetch_one(&self.read)
            .await?;
        Ok((campaign_state(&row)?, row.try_get("reason")?))
    }

    /// Moves a campaign by an event, as a program does; the table of transitions decides, in the same statement.
    ///
    /// # Errors
    /// [`StoreError::Transition`] where the table has no such step.
    pub async fn move_campaign(
        &self,
        id: CampaignId,
        event: CampaignEvent,
        reason: &str,
        now: Timestamp,
    ) -> Result<CampaignState, StoreError> {
        let moved = step(&mut *self.write.acquire().await?, id, event, reason, now).await?;
        self.or_not_possible(moved, id, event).await
    }

    /// Moves a campaign by somebody's act, recorded in the same commit.
    ///
    /// # Errors
    /// [`StoreError::Transition`] where the table has no such step; then nothing is recorded.
    pub async fn act_on_campaign(
        &self,
        id: CampaignId,
        event: CampaignEvent,
        reason: &str,
        now: Timestamp,
        entry: &SealedEntry,
    ) -> Result<CampaignState, StoreError> {
        let mut transaction = self.write.begin().await?;
        let moved = step(&mut transaction, id, event, reason, now).await?;
        if moved.is_some() {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
        } else {
            drop(transaction);
        }
        self.or_not_possible(moved, id, event).await
    }

    pub(crate) async fn or_not_possible<T>(
        &self,
        done: Option<T>,
        id: CampaignId,
        event: CampaignEvent,
    ) -> Result<T, StoreError> {
        match done {
            Some(done) => Ok(done),
            None => {
                let (from, _) = self.campaign_state(id).await?;
                Err(campaign::CampaignTransitionError { from, event }.into())
            }
        }
    }

    /// Finishes a campaign that is being sent and has nothing open. `false`: it has, or stands elsewhere.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_campaign(&self, id: CampaignId, now: Timestamp) -> Result<bool, StoreError> {
        // Without a look first, everybody who waits for the last ones would hold up their intents.
        let open: Option<i64> = sqlx::query_scalar(
            "SELECT number FROM delivery WHERE campaign_id = $1 AND state IN (0, 5) \
             UNION ALL SELECT number FROM delivery WHERE campaign_id = $1 AND state IN (1, 2) LIMIT 1",
        )
        .bind(id.0)
        .fetch_optional(&self.read)
        .await?;
        if open.is_some() {
            return Ok(false);
        }
        let mut transaction = self.write.begin().await?;
        // First the campaign: a late outcome that opens a delivery again holds it, and is seen behind it.
        sqlx::query("UPDATE campaign SET reason = reason WHERE id = $1")
            .bind(id.0)
            .execute(&mut *transaction)
            .await?;
        let done = sqlx::query(
            "UPDATE campaign SET state = $2, reason = '', finished_at = $4 WHERE id = $1 AND state = $3 \
             AND NOT EXISTS (SELECT 1 FROM delivery WHERE campaign_id = $1 AND state IN (0, 5)) \
             AND NOT EXISTS (SELECT 1 FROM delivery WHERE campaign_id = $1 AND state IN (1, 2))",
        )
        .bind(id.0)
        .bind(CampaignState::Done.number())
        .bind(CampaignState::Sending.number())
        .bind(now.as_microsecond())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Campaigns that a worker may take up, with their names: approved, waiting for their time, or being sent. Oldest
    /// first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn campaigns_to_send(&self) -> Result<Vec<(CampaignId, String)>, StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT id, name FROM campaign WHERE state IN ($1, $2, $3) ORDER BY id")
                .bind(CampaignState::Approved.number())
                .bind(CampaignState::Waiting.number())
                .bind(CampaignState::Sending.number())
                .fetch_all(&self.read)
                .await?;
        Ok(rows.into_iter().map(|(id, name)| (CampaignId(id), name)).collect())
    }

    /// Gives a campaign a corrected message.
    ///
    /// # Errors
    /// [`StoreError::Transition`] where it is neither paused nor halted.
    pub async fn mend_campaign(
        &self,
        id: CampaignId,
        message: &str,
        message_digest: &str,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let before: Vec<i16> =
            CampaignState::before(CampaignEvent::Mend).iter().map(|s| s.number()).collect();
        let sql = format!(
            "UPDATE campaign SET message = $2, message_digest = $3, state = $4, reason = 'the message was mended' \
             WHERE id = $1 AND state IN ({})",
            before.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        );
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(id.0)
            .bind(message)
            .bind(message_digest)
            .bind(CampaignState::Paused.number())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            drop(transaction);
            return self.or_not_possible(None, id, CampaignEvent::Mend).await;
        }
        start_afresh(&mut transaction, id).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Changes relay and connections of a campaign.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_relay(&self, id: CampaignId, relay: &str, connections: u32) -> Result<(), StoreError> {
        sqlx::query("UPDATE campaign SET relay = $2, connections = $3 WHERE id = $1")
            .bind(id.0)
            .bind(relay)
            .bind(i64::from(connections))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// The accounting. An intent whose sender is dead counts as in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn counts(&self, id: CampaignId) -> Result<Counts, StoreError> {
        let rows = sqlx::query(
            "SELECT state, CASE WHEN state = 2 THEN worker ELSE 0 END AS worker, count(*) AS deliveries FROM delivery \
             WHERE campaign_id = $1 GROUP BY 1, 2",
        )
        .bind(id.0)
        .fetch_all(&self.read)
        .await?;
        let mut counts = Counts::default();
        for row in rows {
            let state = DeliveryState::from_number(small(&row, "state")?)
                .ok_or(StoreError::Foreign("delivery.state"))?;
            let worker: i64 = row.try_get("worker")?;
            let alive = state == DeliveryState::Intended && self.is_alive(id, WorkerId(worker)).await?;
            counts.add(state, alive, count(&row, "deliveries")?);
        }
        Ok(counts)
    }
}

/// An audience that somebody forgot meanwhile has no people; whoever wants to forget it waits for this commit.
pub(crate) async fn still_there(
    store: &Store,
    transaction: &mut sqlx::AnyConnection,
    audience: &Audience,
) -> Result<(), StoreError> {
    let sql = store.sql("SELECT id FROM audience WHERE id = $1 AND complete = 1 {share}");
    let there: Option<i64> = sqlx::query_scalar(sql).bind(audience.id).fetch_optional(transaction).await?;
    there.map(|_| ()).ok_or(StoreError::Forgotten)
}

/// Where the event led; nothing where the table has no such step from where the campaign stands.
async fn step(
    connection: &mut sqlx::AnyConnection,
    id: CampaignId,
    event: CampaignEvent,
    reason: &str,
    now: Timestamp,
) -> Result<Option<CampaignState>, StoreError> {
    for from in CampaignState::before(event) {
        let to = from.after(event)?;
        let done = sqlx::query(
            "UPDATE campaign SET state = $2, reason = $3, finished_at = $5 WHERE id = $1 AND state = $4",
        )
        .bind(id.0)
        .bind(to.number())
        .bind(reason)
        .bind(from.number())
        .bind(if to.is_final() { now.as_microsecond() } else { 0 })
        .execute(&mut *connection)
        .await?;
        if done.rows_affected() == 1 {
            return Ok(Some(to));
        }
    }
    Ok(None)
}

/// Another message has another Date; what was refused a while ago starts afresh.
pub(crate) async fn start_afresh(
    transaction: &mut sqlx::AnyConnection,
    id: CampaignId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE delivery SET date = 0, next_attempt = 0 WHERE campaign_id = $1 AND state IN ($2, $3)",
    )
    .bind(id.0)
    .bind(DeliveryState::Queued.number())
    .bind(DeliveryState::Deferred.number())
    .execute(transaction)
    .await?;
    Ok(())
}

fn campaign_state(row: &AnyRow) -> Result<CampaignState, StoreError> {
    CampaignState::from_number(small(row, "state")?).ok_or(StoreError::Foreign("campaign.state"))
}

pub(crate) fn campaign(row: &AnyRow) -> Result<Campaign, StoreError> {
    Ok(Campaign {
        id: CampaignId(row.try_get("id")?),
        uid: row.try_get("uid")?,
        name: row.try_get("name")?,
        state: campaign_state(row)?,
        reason: row.try_get("reason")?,
        message: row.try_get("message")?,
        message_digest: row.try_get("message_digest")?,
        relay: row.try_get("relay")?,
        connections: u32::try_from(count(row, "connections")?).unwrap_or(1),
        acknowledged: row.try_get("acknowledged")?,
        created_at: time(row, "created_at")?,
        start_at: time(row, "start_at")?,
        approval: approval(row)?,
        limits: limits(row)?,
        audience_id: row.try_get("audience_id")?,
    })
}
