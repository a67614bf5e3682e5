//! Holds: what must not be erased for now, though its time is over or somebody wants it so. An open request for access is one
//! by itself: who asks what is held about them gets an answer first.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::audience::{count, number, time};
use crate::ledger::append;
use crate::{Audience, RequestId, RequestKind, SealedEntry, Store, StoreError};

/// Holds that are listed: more than anybody keeps an eye on.
pub const HOLDS_MAX: u32 = 500;

/// The number of a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HoldId(pub i64);

/// Something that is held.
#[derive(Debug, Clone)]
pub struct Hold {
    /// Its number.
    pub id: HoldId,
    /// The audience.
    pub audience: i64,
    /// The audience's name.
    pub audience_name: String,
    /// The spreadsheet's row of the one person that is held; nothing: everybody.
    pub row: Option<u64>,
    /// Who set it, as the ledger names people.
    pub actor: String,
    /// Since when.
    pub since: Timestamp,
}

const COLUMNS: &str = "h.id, h.audience_id, a.name, h.row_number, h.actor, h.since";

/// How far somebody had looked for holds when they decided: what came later they have not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldsSeen {
    hold: i64,
    request: i64,
}

impl Store {
    /// How far there is to look now: to be asked before the look.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds_seen(&self) -> Result<HoldsSeen, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COALESCE(MAX(id), 0) FROM hold) AS hold, \
             (SELECT COALESCE(MAX(id), 0) FROM subject_request) AS request",
        )
        .fetch_one(&self.read)
        .await?;
        Ok(HoldsSeen { hold: row.try_get("hold")?, request: row.try_get("request")? })
    }

    /// Holds an audience, or the person of one row. `false`: it is held already, and nothing is entered.
    ///
    /// # Errors
    /// [`StoreError::Forgotten`] when there is nothing left to hold.
    pub async fn set_hold(
        &self,
        audience: &Audience,
        row: Option<u64>,
        actor: &str,
        at: Timestamp,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        // The row first: an audience that is forgotten just now has nothing left to hold.
        let there = sqlx::query("UPDATE audience SET complete = 1 WHERE id = $1 AND complete = 1")
            .bind(audience.id)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        if there == 0 {
            return Err(StoreError::Forgotten);
        }
        let sql = "SELECT id FROM hold WHERE audience_id = $1 AND row_number = $2 AND lifted_at = 0 LIMIT 1";
        let row = number(row.unwrap_or(0));
        let known: Option<i64> =
            sqlx::query_scalar(sql).bind(audience.id).bind(row).fetch_optional(&mut *transaction).await?;
        if known.is_some() {
            return Ok(false);
        }
        sqlx::query("INSERT INTO hold (audience_id, row_number, actor, since) VALUES ($1, $2, $3, $4)")
            .bind(audience.id)
            .bind(row)
            .bind(actor)
            .bind(at.as_microsecond())
            .execute(&mut *transaction)
            .await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Lifts a hold. `false`: it was lifted already, or never was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lift_hold(
        &self,
        id: HoldId,
        at: Timestamp,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query("UPDATE hold SET lifted_at = $2 WHERE id = $1 AND lifted_at = 0")
            .bind(id.0)
            .bind(at.as_microsecond())
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            == 1;
        if done {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
        }
        Ok(done)
    }

    /// Everything that is held, of audiences that were not forgotten; at most [`HOLDS_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM hold h JOIN audience a ON a.id = h.audience_id \
             WHERE h.lifted_at = 0 AND a.complete = 1 ORDER BY h.id LIMIT $1"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(i64::from(HOLDS_MAX)).fetch_all(&self.read);
        rows.await?.iter().map(hold).collect()
    }

    /// What holds an audience: itself, or anybody in it; with a row, what holds that person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds_on(&self, audience: &Audience, row: Option<u64>) -> Result<Vec<Hold>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM hold h JOIN audience a ON a.id = h.audience_id \
             WHERE h.lifted_at = 0 AND h.audience_id = $1 AND ($2 = 0 OR h.row_number IN (0, $2)) ORDER BY h.id LIMIT $3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(audience.id)
            .bind(number(row.unwrap_or(0)))
            .bind(i64::from(HOLDS_MAX))
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(hold).collect()
    }

    /// Requests for access that are open: whatever is known of these people is held.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_access_requests(&self) -> Result<Vec<RequestId>, StoreError> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM subject_request WHERE handled_at = 0 AND kind = 1 ORDER BY id",
        )
        .fetch_all(&self.read)
        .await?;
        Ok(ids.into_iter().map(RequestId).collect())
    }
}

/// Refuses what somebody holds, or asks about, since it was looked at: in the transaction that erases. Whoever sets a hold takes the
/// audience's row first, and so does this.
pub(crate) async fn not_held_since(
    transaction: &mut AnyConnection,
    audience: i64,
    seen: Option<HoldsSeen>,
) -> Result<(), StoreError> {
    let Some(seen) = seen else { return Ok(()) };
    sqlx::query("UPDATE audience SET complete = complete WHERE id = $1")
        .bind(audience)
        .execute(&mut *transaction)
        .await?;
    let later: i64 = sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM hold WHERE audience_id = $1 AND lifted_at = 0 AND id > $2) + \
         (SELECT COUNT(*) FROM subject_request WHERE kind = $3 AND handled_at = 0 AND id > $4)",
    )
    .bind(audience)
    .bind(seen.hold)
    .bind(RequestKind::Access as i16)
    .bind(seen.request)
    .fetch_one(&mut *transaction)
    .await?;
    if later == 0 { Ok(()) } else { Err(StoreError::HeldSince) }
}

fn hold(row: &AnyRow) -> Result<Hold, StoreError> {
    Ok(Hold {
        id: HoldId(row.try_get("id")?),
        audience: row.try_get("audience_id")?,
        audience_name: row.try_get("name")?,
        row: Some(count(row, "row_number")?).filter(|row| *row > 0),
        actor: row.try_get("actor")?,
        since: time(row, "since")?,
    })
}
