//! What is kept, and since when nothing happened to it: for whoever decides that its time is over.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row};

use crate::audience::{COLUMNS, audience, count, time};
use crate::claim::moment;
use crate::ledger::append;
use crate::{Audience, CampaignId, SealedEntry, Store, StoreError};

/// An audience that is kept.
#[derive(Debug, Clone)]
pub struct KeptAudience {
    /// The audience.
    pub audience: Audience,
    /// A campaign to it has not ended.
    pub open: bool,
    /// The last of: its import, the end of a campaign to it, a change of a message that is written for it.
    pub used_at: Timestamp,
}

/// A campaign of which the relay's words are still kept.
#[derive(Debug, Clone)]
pub struct KeptWords {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its name.
    pub name: String,
    /// Its audience.
    pub audience: Audience,
    /// When it ended.
    pub ended_at: Timestamp,
}

impl Store {
    /// Audiences that are kept, the one longest unused first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept_audiences(&self) -> Result<Vec<KeptAudience>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, \
             (SELECT count(*) FROM campaign c WHERE c.audience_id = audience.id AND c.state NOT IN (14, 15)) AS open, \
             (SELECT COALESCE(MAX(c.finished_at), 0) FROM campaign c WHERE c.audience_id = audience.id) AS ended, \
             (SELECT COALESCE(MAX(d.changed_at), 0) FROM draft d WHERE d.audience_id = audience.id) AS changed \
             FROM audience WHERE complete = 1"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.read).await?;
        let mut kept = rows
            .iter()
            .map(|row| {
                let audience = audience(row)?;
                let used_at = audience.created_at.max(time(row, "ended")?).max(time(row, "changed")?);
                Ok(KeptAudience { audience, open: count(row, "open")? > 0, used_at })
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        kept.sort_by_key(|kept| kept.used_at);
        Ok(kept)
    }

    /// Campaigns that ended and of which the relay's words are still kept, the one that ended first before others.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn kept_words(&self) -> Result<Vec<KeptWords>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.id, c.name, c.audience_id, c.finished_at FROM campaign c \
             JOIN audience a ON a.id = c.audience_id AND a.complete = 1 \
             WHERE c.state IN (14, 15) AND c.finished_at > 0 \
             AND EXISTS (SELECT 1 FROM delivery d WHERE d.campaign_id = c.id AND d.reply <> '') ORDER BY c.finished_at",
        )
        .fetch_all(&self.read)
        .await?;
        let mut kept = Vec::with_capacity(rows.len());
        for row in &rows {
            kept.push(KeptWords {
                campaign: CampaignId(row.try_get("id")?),
                name: row.try_get("name")?,
                audience: self.audience_by_id(row.try_get("audience_id")?).await?,
                ended_at: moment(row, "finished_at")?.unwrap_or_default(),
            });
        }
        Ok(kept)
    }

    /// Drops what the relay said of a campaign's deliveries; codes and times stay. In one commit with its entry. `false`: there
    /// was nothing, and nothing is entered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_words(&self, campaign: CampaignId, entry: &SealedEntry) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query("UPDATE delivery SET reply = '' WHERE campaign_id = $1 AND reply <> ''")
            .bind(campaign.0)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            > 0;
        if done {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
            self.empty_log().await?;
        }
        Ok(done)
    }
}
