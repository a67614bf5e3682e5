//! Up to where staff was told by mail of what is in the ledger.

use crate::audience::{count, number};
use crate::{Store, StoreError};

impl Store {
    /// So many entries were told of; nothing where nobody was ever told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn staff_told(&self) -> Result<Option<u64>, StoreError> {
        let row =
            sqlx::query("SELECT entries FROM staff_told WHERE id = 1").fetch_optional(&self.read).await?;
        row.map(|row| count(&row, "entries")).transpose()
    }

    /// Remembers that so many entries were told of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_staff_told(&self, entries: u64) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO staff_told (id, entries) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET entries = excluded.entries",
        )
        .bind(number(entries))
        .execute(&self.write)
        .await?;
        Ok(())
    }
}
