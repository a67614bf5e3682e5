//! Audiences as pages list them: those that were forgotten too, for what is counted of them stays.

use sqlx::{AssertSqlSafe, Row};

use crate::audience::{COLUMNS, audience, count};
use crate::{Audience, Store, StoreError};

impl Store {
    /// The audience of that number, complete or forgotten.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn audience_numbered(&self, number: i64) -> Result<Audience, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audience WHERE id = $1 AND complete IN (1, 2)");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(number).fetch_optional(&self.read).await?;
        audience(&row.ok_or(StoreError::NotFound)?)
    }

    /// Audiences, complete or forgotten, the newest first, at most `limit`; each with how many campaigns are of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn newest_audiences(&self, limit: u32) -> Result<Vec<(Audience, u64)>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT count(*) FROM campaign c WHERE c.audience_id = audience.id) AS campaigns \
             FROM audience WHERE complete IN (1, 2) ORDER BY id DESC LIMIT $1"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(limit)).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok((audience(row)?, count(row, "campaigns")?))).collect()
    }

    /// Whether an audience of that name was forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn was_forgotten(&self, name: &str) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM audience WHERE name = $1 AND complete = 2";
        Ok(sqlx::query_scalar::<_, i64>(sql).bind(name).fetch_one(&self.read).await? > 0)
    }

    /// Campaigns of an audience, the newest first, at most `limit`: number and name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn campaigns_with(
        &self,
        audience: &Audience,
        limit: u32,
    ) -> Result<Vec<(i64, String)>, StoreError> {
        let sql = "SELECT id, name FROM campaign WHERE audience_id = $1 ORDER BY id DESC LIMIT $2";
        let rows = sqlx::query(sql).bind(audience.id).bind(i64::from(limit)).fetch_all(&self.read).await?;
        rows.iter().map(|row| Ok((row.try_get("id")?, row.try_get("name")?))).collect()
    }
}
