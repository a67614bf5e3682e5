//! Forgetting an audience (promise 11): first that it is forgotten, in one commit with the ledger's entry; then, when
//! its key is destroyed, the rows that nobody can read any more.

use campaign::CampaignState;
use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row};

use crate::audience::{COLUMNS, audience, number, small};
use crate::hold::not_held_since;
use crate::ledger::append;
use crate::{Audience, HoldsSeen, SealedEntry, Store, StoreError};

/// Rows deleted or emptied in one commit.
const ERASE_BATCH: u64 = 5_000;

/// An audience that was forgotten, and how far that has come.
#[derive(Debug, Clone)]
pub struct Forgotten {
    /// Which.
    pub audience: Audience,
    /// Its rows are deleted too.
    pub erased: bool,
}

impl Store {
    /// Marks an audience as forgotten. From this commit on nobody finds it by its name, which is free again.
    ///
    /// With `ends`, campaigns of it that have not ended are cancelled: a backup brought them back, and the ledger that
    /// said that they had ended is gone. `seen`: how far it was looked for holds; nothing where they do not count. `false`: it was
    /// forgotten already.
    ///
    /// # Errors
    /// [`StoreError::CampaignOpen`] without `ends` when a campaign has not ended or has no account yet;
    /// [`StoreError::HeldSince`].
    pub async fn forget_audience(
        &self,
        audience: &Audience,
        at: Timestamp,
        ends: bool,
        seen: Option<HoldsSeen>,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        not_held_since(&mut transaction, audience.id, seen).await?;
        // First the row: whoever is making a campaign of it commits before, or finds it gone.
        let done = sqlx::query(
            "UPDATE audience SET complete = 2, forgotten_at = $2, erased = 0 WHERE id = $1 AND complete = 1",
        )
        .bind(audience.id)
        .bind(at.as_microsecond())
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        if ends {
            let sql = "UPDATE campaign SET state = $2, reason = 'its audience was forgotten', finished_at = $3 \
                       WHERE audience_id = $1 AND state NOT IN (14, 15)";
            sqlx::query(sql)
                .bind(audience.id)
                .bind(CampaignState::Cancelled.number())
                .bind(at.as_microsecond())
                .execute(&mut *transaction)
                .await?;
        } else {
            let sql = "SELECT id FROM campaign WHERE audience_id = $1 AND (state NOT IN (14, 15) OR account < 0) LIMIT 1";
            let open: Option<i64> =
                sqlx::query_scalar(sql).bind(audience.id).fetch_optional(&mut *transaction).await?;
            if open.is_some() {
                return Err(StoreError::CampaignOpen);
            }
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Deletes what nobody can read any more: the people's fields and fingerprints, typed reasons, the relay's words,
    /// and the hashes of messages. What is counted and what was entered stays. Can be done again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_audience(&self, audience: &Audience) -> Result<(), StoreError> {
        let people = "DELETE FROM person WHERE audience_id = $1 AND row_number IN \
                      (SELECT row_number FROM person WHERE audience_id = $1 ORDER BY row_number LIMIT $2)";
        let batch = number(ERASE_BATCH);
        while sqlx::query(people).bind(audience.id).bind(batch).execute(&self.write).await?.rows_affected()
            > 0
        {}
        sqlx::query("UPDATE ledger_entry SET confidence = $2 WHERE key_name = $1")
            .bind(&audience.key_name)
            .bind(Vec::<u8>::new())
            .execute(&self.write)
            .await?;
        let campaigns: Vec<i64> = sqlx::query_scalar("SELECT id FROM campaign WHERE audience_id = $1")
            .bind(audience.id)
            .fetch_all(&self.read)
            .await?;
        for campaign in campaigns {
            self.empty_deliveries(campaign, batch).await?;
        }
        sqlx::query("UPDATE audience SET erased = 1 WHERE id = $1 AND complete = 2")
            .bind(audience.id)
            .execute(&self.write)
            .await?;
        self.empty_log().await?;
        Ok(())
    }

    /// Without the number of its attempt a doubt is not settled by a late outcome: no account could be made of that.
    async fn empty_deliveries(&self, campaign: i64, batch: i64) -> Result<(), StoreError> {
        let last: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(number), 0) FROM delivery WHERE campaign_id = $1")
                .bind(campaign)
                .fetch_one(&self.read)
                .await?;
        let mut after = 0;
        while after < last {
            sqlx::query(
                "UPDATE delivery SET reply = '', message_hash = '', worker = 0 \
                 WHERE campaign_id = $1 AND number > $2 AND number <= $3",
            )
            .bind(campaign)
            .bind(after)
            .bind(after + batch)
            .execute(&self.write)
            .await?;
            after += batch;
        }
        Ok(())
    }

    /// Every audience that was forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forgotten_audiences(&self) -> Result<Vec<Forgotten>, StoreError> {
        let sql = format!("SELECT {COLUMNS}, erased FROM audience WHERE complete = 2 ORDER BY id");
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.read).await?;
        rows.iter()
            .map(|row| Ok(Forgotten { audience: audience(row)?, erased: small(row, "erased")? == 1 }))
            .collect()
    }

    /// Campaigns of an audience: name, state, and deliveries in doubt.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn campaigns_of(
        &self,
        audience: &Audience,
    ) -> Result<Vec<(String, CampaignState, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, state, (SELECT count(*) FROM delivery d WHERE d.campaign_id = c.id AND d.state = 6) AS doubts \
             FROM campaign c WHERE audience_id = $1 ORDER BY id",
        )
        .bind(audience.id)
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                let state = CampaignState::from_number(small(row, "state")?)
                    .ok_or(StoreError::Foreign("campaign.state"))?;
                Ok((row.try_get("name")?, state, crate::audience::count(row, "doubts")?))
            })
            .collect()
    }
}
