//! Campaigns, audiences and drafts, a page at a time: the newest first, those with lower numbers than the last one seen. What is
//! made in between moves nothing to another page.

use sqlx::AssertSqlSafe;

use crate::audience::audience;
use crate::campaign::campaign;
use crate::{Audience, Campaign, Draft, Store, StoreError};

impl Store {
    /// Campaigns with a number below `before`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn campaigns_before(&self, before: i64, limit: u32) -> Result<Vec<Campaign>, StoreError> {
        let sql = format!(
            "SELECT {} FROM campaign WHERE id < $1 ORDER BY id DESC LIMIT $2",
            crate::campaign::COLUMNS
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(before).bind(i64::from(limit));
        rows.fetch_all(&self.read).await?.iter().map(campaign).collect()
    }

    /// Audiences, complete or forgotten, with a number below `before`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audiences_before(&self, before: i64, limit: u32) -> Result<Vec<Audience>, StoreError> {
        let sql = format!(
            "SELECT {} FROM audience WHERE complete IN (1, 2) AND id < $1 ORDER BY id DESC LIMIT $2",
            crate::audience::COLUMNS
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(before).bind(i64::from(limit));
        rows.fetch_all(&self.read).await?.iter().map(audience).collect()
    }

    /// Drafts with a number below `before`, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drafts_before(&self, before: i64, limit: u32) -> Result<Vec<Draft>, StoreError> {
        let sql =
            format!("SELECT {} FROM draft WHERE id < $1 ORDER BY id DESC LIMIT $2", crate::draft::COLUMNS);
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(before).bind(i64::from(limit));
        let mut drafts = Vec::new();
        for row in &rows.fetch_all(&self.read).await? {
            drafts.push(self.read_draft(row).await?);
        }
        Ok(drafts)
    }
}
