//! Who is not written to: fingerprints under a key of their own, which outlive the audiences.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use keys::Fingerprint;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::audience::{count, small};
use crate::{Store, StoreError};

/// Fingerprints looked up in one statement.
const LOOK_UP_BATCH: usize = 256;

/// What a suppression stops. The numbers are what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Scope {
    /// Surveys, by own wish; a legal notice still comes.
    Surveys = 1,
    /// The address, because its mailbox is bad.
    Address = 2,
    /// All e-mail: it is not safe for the person.
    Unsafe = 3,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::Surveys, Self::Address, Self::Unsafe];

    /// The scope of a number from the database.
    #[must_use]
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| *scope as i16 == number)
    }

    /// The word in the ledger and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Surveys => "surveys",
            Self::Address => "address",
            Self::Unsafe => "unsafe",
        }
    }
}

impl Store {
    /// Suppresses an address; more than once is once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppress(
        &self,
        fingerprint: Fingerprint,
        scope: Scope,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        suppress(&mut *self.write.acquire().await?, fingerprint, scope, at).await.map(|_| ())
    }

    /// Which of these are suppressed, in any scope.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppressed(&self, fingerprints: &[Fingerprint]) -> Result<HashSet<Fingerprint>, StoreError> {
        let mut found = HashSet::new();
        let any: i64 =
            sqlx::query_scalar("SELECT count(*) FROM (SELECT 1 FROM suppression LIMIT 1) AS first")
                .fetch_one(&self.read)
                .await?;
        if any == 0 {
            return Ok(found);
        }
        for batch in fingerprints.chunks(LOOK_UP_BATCH) {
            let places: Vec<String> = (1..=batch.len()).map(|n| format!("${n}")).collect();
            let sql = format!(
                "SELECT DISTINCT fingerprint FROM suppression WHERE fingerprint IN ({})",
                places.join(",")
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for fingerprint in batch {
                query = query.bind(fingerprint.0.to_vec());
            }
            for row in query.fetch_all(&self.read).await? {
                let octets: Vec<u8> = row.try_get(0)?;
                found.extend(octets.try_into().map(Fingerprint));
            }
        }
        Ok(found)
    }

    /// Takes over the suppressions of another database: who did not want to be written to stays so.
    pub(crate) async fn take_suppressions(&self, other: &Self) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut rows =
            sqlx::query("SELECT fingerprint, scope, created_at FROM suppression").fetch(&other.read);
        while let Some(row) = rows.try_next().await? {
            sqlx::query(
                "INSERT INTO suppression (fingerprint, scope, created_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (fingerprint, scope) DO UPDATE SET created_at = excluded.created_at",
            )
            .bind(row.try_get::<Vec<u8>, _>("fingerprint")?)
            .bind(small(&row, "scope")?)
            .bind(row.try_get::<i64, _>("created_at")?)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// How many suppressions there are, by scope.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppressions_by_scope(&self) -> Result<Vec<(Scope, u64)>, StoreError> {
        let rows = sqlx::query("SELECT scope, count(*) AS number FROM suppression GROUP BY scope")
            .fetch_all(&self.read)
            .await?;
        let mut counts = Scope::ALL.map(|scope| (scope, 0)).to_vec();
        for row in &rows {
            let scope =
                Scope::from_number(small(row, "scope")?).ok_or(StoreError::Foreign("suppression.scope"))?;
            for (_, number) in counts.iter_mut().filter(|(known, _)| *known == scope) {
                *number = count(row, "number")?;
            }
        }
        Ok(counts)
    }

    /// How many suppressions there are.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppressions(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT count(*) FROM suppression").fetch_one(&self.read).await?;
        Ok(u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(0))
    }
}

/// `false`: it was so already.
pub(crate) async fn suppress(
    connection: &mut AnyConnection,
    fingerprint: Fingerprint,
    scope: Scope,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO suppression (fingerprint, scope, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(fingerprint.0.to_vec())
    .bind(scope as i16)
    .bind(at.as_microsecond())
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
