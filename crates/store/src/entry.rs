//! Entries: every act that somebody will have to answer for.

use jiff::Timestamp;

use crate::{Store, StoreError};

/// One act. No address and no name in any field.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// When.
    pub at: Timestamp,
    /// Who: a login name.
    pub actor: &'a str,
    /// What: `import`, `preview`, `reveal`, `test`, `send`, `pause`, `resume`, `cancel`, `halt`, `mend`.
    pub act: &'a str,
    /// The audience or campaign, by its name.
    pub subject: &'a str,
    /// Particulars, for people and programs.
    pub detail: serde_json::Value,
}

impl Store {
    /// Records an act.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, entry: &Entry<'_>) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO entry (at, actor, act, subject, detail) VALUES ($1, $2, $3, $4, $5)")
            .bind(entry.at.as_microsecond())
            .bind(entry.actor)
            .bind(entry.act)
            .bind(entry.subject)
            .bind(entry.detail.to_string())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// The latest acts on a subject, newest first: when, who, what, particulars.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(
        &self,
        subject: &str,
        limit: u32,
    ) -> Result<Vec<(Timestamp, String, String, String)>, StoreError> {
        let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
            "SELECT at, actor, act, detail FROM entry WHERE subject = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(subject)
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.into_iter()
            .map(|(at, actor, act, detail)| {
                let at = Timestamp::from_microsecond(at).map_err(|_| StoreError::Foreign("entry.at"))?;
                Ok((at, actor, act, detail))
            })
            .collect()
    }
}
