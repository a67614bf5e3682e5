//! The account of a campaign: one leaf a delivery, and the entry of the ledger that has their root (promise 10).

use jiff::Timestamp;
use ledger::{Digest, Hash};
use serde_json::{Value, json};
use sqlx::Row;

use crate::audience::{count, number, small, time};
use crate::ledger::append;
use crate::{Campaign, CampaignId, SealedEntry, Store, StoreError};

/// Deliveries read and written at once.
pub const ACCOUNT_PAGE_MAX: u32 = 1_000;

/// `campaign.account` of a campaign without an account.
pub(crate) const ACCOUNT_NONE: i64 = -1;
/// And of one with an account that a late outcome has changed since.
pub(crate) const ACCOUNT_LATE: i64 = -2;

/// What stands in an account for somebody who was erased: no fingerprint is that.
pub const ERASED: [u8; 16] = [0; 16];

/// What an account says of a delivery, and the leaf that stands in the database.
#[derive(Debug, Clone)]
pub struct AccountRow {
    /// Its number in the campaign, from 1.
    pub number: u64,
    /// The spreadsheet's row.
    pub row: u64,
    /// Where it stands.
    pub state: campaign::DeliveryState,
    /// The relay's code; 0 without a reply.
    pub code: u16,
    /// Its enhanced code.
    pub enhanced: String,
    /// When it was settled; the beginning of 1970 for who was never written to.
    pub settled_at: Timestamp,
    /// The message's octets, where it was to go out.
    pub message: Option<Digest>,
    /// The person's fingerprint under the audience's key; [`ERASED`] once the person is erased.
    pub person: Vec<u8>,
    /// The leaf of the account; nothing before there is one.
    pub leaf: Option<Hash>,
}

const SET_LEAVES: &str = "UPDATE delivery SET leaf = {unhex} FROM (SELECT CAST(value->>0 AS BIGINT) AS number, \
    value->>1 AS leaf, CAST(value->>2 AS BIGINT) AS campaign FROM {rows}) AS r \
    WHERE delivery.campaign_id = r.campaign AND delivery.number = r.number";

impl Store {
    /// Deliveries of a campaign behind number `after`, for its account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn account_rows(&self, campaign: &Campaign, after: u64) -> Result<Vec<AccountRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT d.number, d.row_number, d.state, d.code, d.enhanced, d.settled_at, d.message_hash, d.leaf, \
             d.erased, p.fingerprint FROM delivery d LEFT JOIN person p ON p.audience_id = $2 AND p.row_number = d.row_number \
             WHERE d.campaign_id = $1 AND d.number > $3 ORDER BY d.number LIMIT $4",
        )
        .bind(campaign.id.0)
        .bind(campaign.audience_id)
        .bind(number(after))
        .bind(i64::from(ACCOUNT_PAGE_MAX))
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                let leaf: Vec<u8> = row.try_get("leaf")?;
                let person = match small(row, "erased")? {
                    0 => row.try_get::<Option<Vec<u8>>, _>("fingerprint")?.unwrap_or_default(),
                    _ => ERASED.to_vec(),
                };
                Ok(AccountRow {
                    number: count(row, "number")?,
                    row: count(row, "row_number")?,
                    state: campaign::DeliveryState::from_number(small(row, "state")?)
                        .ok_or(StoreError::Foreign("delivery.state"))?,
                    code: u16::try_from(small(row, "code")?)
                        .map_err(|_| StoreError::Foreign("delivery.code"))?,
                    enhanced: row.try_get("enhanced")?,
                    settled_at: time(row, "settled_at")?,
                    message: Digest::from_hex(row.try_get("message_hash")?),
                    person,
                    leaf: leaf.try_into().ok().map(Hash),
                })
            })
            .collect()
    }

    /// Writes the leaves of an account.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_leaves(&self, campaign: CampaignId, leaves: &[(u64, Hash)]) -> Result<(), StoreError> {
        let rows: Vec<Value> = leaves
            .iter()
            .map(|(number, leaf)| json!([number, Digest(leaf.0).to_hex(), campaign.0]))
            .collect();
        sqlx::query(self.sql(SET_LEAVES)).bind(Value::from(rows).to_string()).execute(&self.write).await?;
        Ok(())
    }

    /// Campaigns that ended and have no account, or whose deliveries changed since. Without those of forgotten
    /// audiences: what their leaves would be made with is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unaccounted(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(
            "SELECT name FROM campaign c WHERE account < 0 AND state IN (14, 15) AND NOT EXISTS \
             (SELECT 1 FROM delivery d WHERE d.campaign_id = c.id AND d.state IN (1, 2)) AND NOT EXISTS \
             (SELECT 1 FROM audience a WHERE a.id = c.audience_id AND a.complete = 2) ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?)
    }

    /// Whether a late outcome has changed what the account of a campaign says.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn came_late(&self, campaign: CampaignId) -> Result<bool, StoreError> {
        let entry: i64 = sqlx::query_scalar("SELECT account FROM campaign WHERE id = $1")
            .bind(campaign.0)
            .fetch_one(&self.read)
            .await?;
        Ok(entry == ACCOUNT_LATE)
    }

    /// Deliveries of a campaign whose person was erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erased_deliveries(&self, campaign: CampaignId) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) AS number FROM delivery WHERE campaign_id = $1 AND erased = 1";
        count(&sqlx::query(sql).bind(campaign.0).fetch_one(&self.read).await?, "number")
    }

    /// Closes the account: its entries, and the campaign's word that it has one. `erased` is how many people were erased
    /// before its leaves were made. `false`: somebody else came first, or somebody was erased meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_account(
        &self,
        campaign: CampaignId,
        erased: u64,
        late: Option<&SealedEntry>,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        if let Some(late) = late {
            append(&mut transaction, late).await?;
        }
        let place = append(&mut transaction, entry).await?;
        let sql = "UPDATE campaign SET account = $2 WHERE id = $1 AND account < 0 \
                   AND (SELECT count(*) FROM delivery d WHERE d.campaign_id = $1 AND d.erased = 1) = $3";
        let closed = sqlx::query(sql)
            .bind(campaign.0)
            .bind(number(place))
            .bind(number(erased))
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            == 1;
        if closed {
            transaction.commit().await?;
        }
        Ok(closed)
    }
}
