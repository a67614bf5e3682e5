//! Creations that another program asked for by a name of its own (draft-ietf-httpapi-idempotency-key-header): once is once, whatever
//! breaks off on the way back.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;

use crate::audience::small;
use crate::{ApiKeyId, Store, StoreError};

/// How long an answer is kept.
pub const API_REQUEST_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// After so long nobody works on a request any more: the process has ended. Longer than the largest import takes.
pub const API_REQUEST_ABANDONED: SignedDuration = SignedDuration::from_hours(3);
/// Requests of one key that are kept: more creations in a day are no program's work, and the table stays small.
pub const API_REQUESTS_MAX: i64 = 1_000;

/// A creation, as a program asks for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiRequest {
    /// By which key.
    pub key: ApiKeyId,
    /// A keyed hash of what the program calls it.
    pub name: [u8; 32],
    /// A keyed hash of all of it.
    pub request: [u8; 32],
}

impl std::fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiRequest(by key {})", self.key.0)
    }
}

/// How a creation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// It is new: whoever asked does it now.
    New,
    /// Somebody is doing it.
    Running,
    /// The name is another request's.
    Other,
    /// It was done; this was the answer.
    Done {
        /// Its status.
        status: u16,
        /// Its body.
        answer: String,
    },
    /// The key has [`API_REQUESTS_MAX`] already.
    Full,
}

impl Store {
    /// Begins a creation, if it is new. What is too old goes first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_api_request(&self, asked: &ApiRequest, now: Timestamp) -> Result<Begun, StoreError> {
        let mut transaction = self.write.begin().await?;
        // One after another of a key: so none of them counts past the others.
        sqlx::query("UPDATE api_key SET last_used = last_used WHERE id = $1")
            .bind(asked.key.0)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM api_request WHERE begun_at <= $1 OR (status = 0 AND begun_at <= $2)")
            .bind((now - API_REQUEST_KEPT).as_microsecond())
            .bind((now - API_REQUEST_ABANDONED).as_microsecond())
            .execute(&mut *transaction)
            .await?;
        let there = sqlx::query(
            "SELECT request, status, answer FROM api_request WHERE api_key_id = $1 AND name = $2",
        )
        .bind(asked.key.0)
        .bind(asked.name.to_vec())
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(row) = there {
            let request: Vec<u8> = row.try_get("request")?;
            let status = u16::try_from(small(&row, "status")?).unwrap_or(0);
            transaction.commit().await?;
            return Ok(match status {
                _ if request != asked.request => Begun::Other,
                0 => Begun::Running,
                status => Begun::Done { status, answer: row.try_get("answer")? },
            });
        }
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM api_request WHERE api_key_id = $1")
            .bind(asked.key.0)
            .fetch_one(&mut *transaction)
            .await?;
        if kept < API_REQUESTS_MAX {
            sqlx::query(
                "INSERT INTO api_request (api_key_id, name, request, begun_at) VALUES ($1, $2, $3, $4)",
            )
            .bind(asked.key.0)
            .bind(asked.name.to_vec())
            .bind(asked.request.to_vec())
            .bind(now.as_microsecond())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(if kept < API_REQUESTS_MAX { Begun::New } else { Begun::Full })
    }

    /// Keeps the answer to a creation.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer_api_request(
        &self,
        asked: &ApiRequest,
        status: u16,
        answer: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE api_request SET status = $3, answer = $4 WHERE api_key_id = $1 AND name = $2")
            .bind(asked.key.0)
            .bind(asked.name.to_vec())
            .bind(i16::try_from(status).unwrap_or(i16::MAX))
            .bind(answer)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Gives a creation up that came to nothing: it may be asked for again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drop_api_request(&self, asked: &ApiRequest) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM api_request WHERE api_key_id = $1 AND name = $2 AND status = 0")
            .bind(asked.key.0)
            .bind(asked.name.to_vec())
            .execute(&self.write)
            .await?;
        Ok(())
    }
}
