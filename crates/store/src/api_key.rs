//! API keys: other programs that import, compose and look. A key that was revoked stays in the list.

use accounts::{Scopes, TOUCH_INTERVAL, TokenDigest};
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use crate::audience::{name_in_use, small, time};
use crate::ledger::append;
use crate::{SealedEntry, Store, StoreError};

/// Keys that are listed, the newest first.
pub const API_KEYS_MAX: u32 = 1_000;
const COLUMNS: &str = "id, name, scopes, created_by, created_at, expires_at, last_used, revoked_at";

/// A key's number in this database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ApiKeyId(pub i64);

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The number.
    pub id: ApiKeyId,
    /// The name: what it is for. It acts under it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Who made it, as the ledger names people.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    pub last_used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A key to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewApiKey<'a> {
    /// Of the key.
    pub digest: TokenDigest,
    /// The name, which no other key has that works.
    pub name: &'a str,
    /// What it may do.
    pub scopes: Scopes,
    /// Who makes it.
    pub created_by: &'a str,
    /// Now.
    pub at: Timestamp,
    /// Until when it works.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// Makes a key.
    ///
    /// # Errors
    /// [`StoreError::NameInUse`].
    pub async fn create_api_key(
        &self,
        new: &NewApiKey<'_>,
        entry: &SealedEntry,
    ) -> Result<ApiKeyId, StoreError> {
        let mut transaction = self.write.begin().await?;
        let id = sqlx::query_scalar(
            "INSERT INTO api_key (digest, name, scopes, created_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        )
        .bind(new.digest.0.to_vec())
        .bind(new.name)
        .bind(new.scopes.number())
        .bind(new.created_by)
        .bind(new.at.as_microsecond())
        .bind(new.expires_at.map_or(0, Timestamp::as_microsecond))
        .fetch_one(&mut *transaction)
        .await
        .map_err(name_in_use)?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(ApiKeyId(id))
    }

    /// The key of a digest, if it works now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_api_key(
        &self,
        digest: TokenDigest,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM api_key WHERE digest = $1 AND revoked_at = 0 \
             AND (expires_at = 0 OR expires_at > $2)"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(digest.0.to_vec())
            .bind(now.as_microsecond())
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(api_key).transpose()
    }

    /// Writes down that a key is used, at most once in [`TOUCH_INTERVAL`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touch_api_key(&self, id: ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE api_key SET last_used = $2 WHERE id = $1 AND last_used <= $3")
            .bind(id.0)
            .bind(now.as_microsecond())
            .bind((now - TOUCH_INTERVAL).as_microsecond())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Revokes a key, for good.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also for one that was revoked already.
    pub async fn revoke_api_key(
        &self,
        id: ApiKeyId,
        now: Timestamp,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query("UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0")
            .bind(id.0)
            .bind(now.as_microsecond())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Keys, also those that do not work any more, the newest first, at most [`API_KEYS_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM api_key ORDER BY id DESC LIMIT $1");
        let rows =
            sqlx::query(AssertSqlSafe(sql)).bind(i64::from(API_KEYS_MAX)).fetch_all(&self.read).await?;
        rows.iter().map(api_key).collect()
    }
}

fn api_key(row: &AnyRow) -> Result<ApiKey, StoreError> {
    let some_time = |column| time(row, column).map(|at| Some(at).filter(|at| *at != Timestamp::UNIX_EPOCH));
    Ok(ApiKey {
        id: ApiKeyId(row.try_get("id")?),
        name: row.try_get("name")?,
        scopes: Scopes::from_number(small(row, "scopes")?).ok_or(StoreError::Foreign("api_key.scopes"))?,
        created_by: row.try_get("created_by")?,
        created_at: time(row, "created_at")?,
        expires_at: some_time("expires_at")?,
        last_used: some_time("last_used")?,
        revoked_at: some_time("revoked_at")?,
    })
}
