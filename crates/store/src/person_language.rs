//! Somebody reads another language than their list says: kept with the person, in every audience that has them.

use keys::Fingerprint;
use sqlx::Row;

use crate::audience::{count, number};
use crate::ledger::append;
use crate::{Audience, SealedEntry, Store, StoreError};

/// A person's row sealed anew.
#[derive(Debug, Clone)]
pub struct Resealed {
    /// The audience.
    pub audience: Audience,
    /// The spreadsheet's row.
    pub row: u64,
    /// As it was read.
    pub before: Vec<u8>,
    /// As it is to be.
    pub after: Vec<u8>,
}

impl Store {
    /// The rows of one person in an audience, by the fingerprint under its key, with the fields as they are sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rows_of_person(
        &self,
        audience: &Audience,
        person: Fingerprint,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let rows = sqlx::query(
            "SELECT row_number, sealed FROM person WHERE audience_id = $1 AND fingerprint = $2 ORDER BY row_number",
        )
        .bind(audience.id)
        .bind(person.0.to_vec())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| Ok((count(row, "row_number")?, row.try_get("sealed")?))).collect()
    }

    /// Puts rows in the place of those that were read. One that somebody else changed meanwhile stays as it is. `false`:
    /// none was changed, and nothing is entered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reseal(&self, rows: &[Resealed], entry: &SealedEntry) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut changed = 0;
        for row in rows {
            changed += sqlx::query(
                "UPDATE person SET sealed = $4 WHERE audience_id = $1 AND row_number = $2 AND sealed = $3",
            )
            .bind(row.audience.id)
            .bind(number(row.row))
            .bind(&row.before[..])
            .bind(&row.after[..])
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        }
        if changed > 0 {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
        }
        Ok(changed > 0)
    }
}
