//! Whoever was shut out since a backup stays out after its restore.

use futures_util::TryStreamExt;
use sqlx::Row;

use crate::{Store, StoreError};

impl Store {
    /// Takes over from another database who was disabled and which API keys were revoked. Where that leaves no
    /// administrator, the program offers the link for the first one at its start.
    pub(crate) async fn take_ended_access(&self, other: &Self) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut disabled =
            sqlx::query("SELECT login_folded FROM staff WHERE disabled <> 0").fetch(&other.read);
        while let Some(row) = disabled.try_next().await? {
            sqlx::query("UPDATE staff SET disabled = 1 WHERE login_folded = $1")
                .bind(row.try_get::<String, _>("login_folded")?)
                .execute(&mut *transaction)
                .await?;
        }
        drop(disabled);
        let mut revoked =
            sqlx::query("SELECT digest, revoked_at FROM api_key WHERE revoked_at <> 0").fetch(&other.read);
        while let Some(row) = revoked.try_next().await? {
            sqlx::query("UPDATE api_key SET revoked_at = $2 WHERE digest = $1 AND revoked_at = 0")
                .bind(row.try_get::<Vec<u8>, _>("digest")?)
                .bind(row.try_get::<i64, _>("revoked_at")?)
                .execute(&mut *transaction)
                .await?;
        }
        drop(revoked);
        transaction.commit().await?;
        Ok(())
    }
}
