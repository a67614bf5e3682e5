//! Whoever was shut out since a backup stays out after its restore.

use futures_util::TryStreamExt;
use sqlx::Row;

use crate::{Store, StoreError};

impl Store {
    /// Takes over from another database who was disabled, which API keys were revoked, and who is not known at a provider any
    /// more. Where that leaves no administrator, the program offers the link for the first one at its start.
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
        for (issuer, subject) in self.not_known_any_more(other).await? {
            sqlx::query("DELETE FROM staff_sign_on WHERE issuer = $1 AND subject = $2")
                .bind(issuer)
                .bind(subject)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// As whom users here are known at providers that the other database has too, and does not know there any more. They are tied
    /// again by hand, or at the next sign-on.
    async fn not_known_any_more(&self, other: &Self) -> Result<Vec<(String, String)>, StoreError> {
        let mut gone = Vec::new();
        let sql = "SELECT s.login_folded, o.issuer, o.subject FROM staff_sign_on o JOIN staff s ON s.id = o.staff_id";
        let mut known = sqlx::query(sql).fetch(&self.read);
        while let Some(row) = known.try_next().await? {
            let (issuer, subject): (String, String) = (row.try_get("issuer")?, row.try_get("subject")?);
            let taken_away: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM staff s WHERE s.login_folded = $1 AND NOT EXISTS (SELECT 1 FROM staff_sign_on o \
                 WHERE o.staff_id = s.id AND o.issuer = $2 AND o.subject = $3)",
            )
            .bind(row.try_get::<String, _>("login_folded")?)
            .bind(issuer.as_str())
            .bind(subject.as_str())
            .fetch_one(&other.read)
            .await?;
            if taken_away > 0 {
                gone.push((issuer, subject));
            }
        }
        Ok(gone)
    }
}
