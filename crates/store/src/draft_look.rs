//! Who said that they look at people's messages of a draft: the ledger has it once.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use crate::ledger::append;
use crate::{ApiKeyId, DraftId, SealedEntry, Store, StoreError, UserId};

/// Whoever looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftReader {
    /// Somebody in a session.
    User(UserId),
    /// Another program.
    Key(ApiKeyId),
}

impl DraftReader {
    /// The table, its column, and the number there.
    const fn place(self) -> (&'static str, &'static str, i64) {
        match self {
            Self::User(id) => ("draft_look", "staff_id", id.0),
            Self::Key(id) => ("draft_look_api", "api_key_id", id.0),
        }
    }
}

impl Store {
    /// Notes that somebody looks at people's messages. Once is an entry; `entry` is dropped after that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look_at_draft(
        &self,
        id: DraftId,
        reader: DraftReader,
        now: Timestamp,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let (table, column, number) = reader.place();
        let sql = format!(
            "INSERT INTO {table} (draft_id, {column}, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
        );
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(id.0)
            .bind(number)
            .bind(now.as_microsecond())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 1 {
            append(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Whether somebody has done that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn looked_at_draft(&self, id: DraftId, reader: DraftReader) -> Result<bool, StoreError> {
        let (table, column, number) = reader.place();
        let sql = format!("SELECT at FROM {table} WHERE draft_id = $1 AND {column} = $2");
        let at: Option<i64> =
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.0).bind(number).fetch_optional(&self.read).await?;
        Ok(at.is_some())
    }
}
