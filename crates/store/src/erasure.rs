//! One person erased (UK GDPR Art. 17, promise 11): their rows, what the relay said of them, what they asked, and what was
//! typed about them. What is counted stays, and so does every root: accounts are made anew without them.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keys::Fingerprint;
use sqlx::{AnyConnection, Row};

use crate::account::ACCOUNT_NONE;
use crate::audience::{count, number, small, time};
use crate::dialect::Dialect;
use crate::hold::not_held_since;
use crate::ledger::append;
use crate::suppression::suppress;
use crate::{Audience, HoldsSeen, Scope, SealedEntry, Store, StoreError};

/// Somebody's row in an audience.
#[derive(Debug, Clone)]
pub struct PersonAt {
    /// The audience.
    pub audience: Audience,
    /// The spreadsheet's row.
    pub row: u64,
}

/// What an erasure changes beside the rows, for its entry: without it nobody could tell it from tampering.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Touched {
    /// Random names of campaigns with a delivery to the person: their accounts are made anew.
    pub campaigns: Vec<String>,
    /// Entries with a reason that somebody typed about the person.
    pub reasons: Vec<u64>,
}

/// One person, to be erased.
#[derive(Debug, Clone)]
pub struct Erasure<'a> {
    /// Where they are.
    pub places: &'a [PersonAt],
    /// The address's fingerprint under the suppression list's key.
    pub listed: Fingerprint,
    /// Whether that fingerprint stays, so that nobody writes to them again; else every suppression of theirs goes too.
    pub keep_suppressed: bool,
    /// What the entry says is touched.
    pub touched: &'a Touched,
    /// How far it was looked for what holds them; nothing where it does not count.
    pub seen: Option<HoldsSeen>,
    /// When.
    pub at: Timestamp,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erased {
    /// They are erased. So many deliveries were still open, and are suppressed.
    Done(u64),
    /// A campaign or an entry about them came in between: look again. Nothing was done.
    Changed,
    /// They are at none of these places any more.
    Gone,
}

/// Somebody who was erased: nothing is known of them but where they stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedPerson {
    /// The name of their audience's key.
    pub key_name: String,
    /// The spreadsheet's row.
    pub row: u64,
    /// When.
    pub at: Timestamp,
    /// Their address's fingerprint was kept in the suppression list.
    pub keep_suppressed: bool,
}

const CAMPAIGNS: &str = "SELECT c.uid FROM campaign c WHERE c.audience_id = $1 AND EXISTS \
    (SELECT 1 FROM delivery d WHERE d.campaign_id = c.id AND d.row_number = $2)";
const REASONS: &str =
    "SELECT number FROM ledger_entry WHERE key_name = $1 AND about_row = $2 AND length(confidence) > 0";
/// Open ones of campaigns that have not ended, and those that are held: there is nobody to write to.
const STOP: &str = "UPDATE delivery SET state = 7, worker = 0, settled_at = $3 WHERE row_number = $2 AND state IN (0, 1, 5, 8) \
    AND campaign_id IN (SELECT id FROM campaign WHERE audience_id = $1 AND state NOT IN (14, 15))";
/// What is in flight keeps its sender, and in doubt its doubt: the outcome settles it.
const EMPTY: &str = "UPDATE delivery SET erased = 1, reply = '', message_hash = '', leaf = $3 WHERE row_number = $2 \
    AND campaign_id IN (SELECT id FROM campaign WHERE audience_id = $1)";
/// An account that was late before is made anew for that reason.
const REOPEN: &str = "UPDATE campaign SET account = $3 WHERE audience_id = $1 AND account >= 0 AND EXISTS \
    (SELECT 1 FROM delivery d WHERE d.campaign_id = campaign.id AND d.row_number = $2)";

impl Store {
    /// What erasing somebody touches.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn touched_by_erasing(&self, places: &[PersonAt]) -> Result<Touched, StoreError> {
        touched(&mut *self.read.acquire().await?, places).await
    }

    /// Erases one person everywhere, in one commit with the entry that says so. A message in flight may still arrive; its
    /// outcome is counted, without words.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was done.
    pub async fn erase_person(
        &self,
        erasure: &Erasure<'_>,
        entry: &SealedEntry,
    ) -> Result<Erased, StoreError> {
        let mut transaction = self.write.begin().await?;
        for place in erasure.places {
            not_held_since(&mut transaction, place.audience.id, erasure.seen).await?;
        }
        let (mut gone, mut stopped) = (true, 0);
        for place in erasure.places {
            // The row first: whoever makes a campaign of the audience comes before, or does not find them.
            let deleted = sqlx::query("DELETE FROM person WHERE audience_id = $1 AND row_number = $2")
                .bind(place.audience.id)
                .bind(number(place.row))
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if deleted == 1 {
                gone = false;
                stopped += empty(&mut transaction, place, erasure).await?;
            }
        }
        if gone {
            return Ok(Erased::Gone);
        }
        if touched(&mut transaction, erasure.places).await? != *erasure.touched {
            return Ok(Erased::Changed);
        }
        for place in erasure.places {
            sqlx::query("UPDATE ledger_entry SET confidence = $3 WHERE key_name = $1 AND about_row = $2")
                .bind(&place.audience.key_name)
                .bind(number(place.row))
                .bind(Vec::<u8>::new())
                .execute(&mut *transaction)
                .await?;
        }
        for statement in [
            Some("DELETE FROM subject_request WHERE person = $1 AND made_at <= $2"),
            Some("DELETE FROM full_mailbox WHERE person = $1 AND at <= $2"),
            (!erasure.keep_suppressed)
                .then_some("DELETE FROM suppression WHERE fingerprint = $1 AND created_at <= $2"),
        ] {
            let Some(statement) = statement else { continue };
            // Erased once more after a restore: what they asked since, by another list, stays.
            sqlx::query(statement)
                .bind(erasure.listed.0.to_vec())
                .bind(erasure.at.as_microsecond())
                .execute(&mut *transaction)
                .await?;
        }
        if erasure.keep_suppressed {
            suppress(&mut transaction, erasure.listed, Scope::Surveys, erasure.at).await?;
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        self.empty_log().await?;
        Ok(Erased::Done(stopped))
    }

    /// Everybody who was erased, of audiences that were not forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erased_people(&self) -> Result<Vec<ErasedPerson>, StoreError> {
        let rows = sqlx::query(
            "SELECT a.key_name, e.row_number, e.erased_at, e.suppressed FROM erased_person e \
             JOIN audience a ON a.id = e.audience_id ORDER BY e.audience_id, e.row_number",
        )
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ErasedPerson {
                    key_name: row.try_get("key_name")?,
                    row: count(row, "row_number")?,
                    at: time(row, "erased_at")?,
                    keep_suppressed: small(row, "suppressed")? == 1,
                })
            })
            .collect()
    }

    /// SQLite overwrites in the file what was deleted (`secure_delete`); this empties the log beside it. Who reads just now
    /// keeps it a little longer.
    pub(crate) async fn empty_log(&self) -> Result<(), StoreError> {
        if self.dialect == Dialect::Sqlite {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&self.write).await?;
        }
        Ok(())
    }
}

/// How many deliveries were still open.
async fn empty(
    connection: &mut AnyConnection,
    place: &PersonAt,
    erasure: &Erasure<'_>,
) -> Result<u64, StoreError> {
    let (audience, row) = (place.audience.id, number(place.row));
    sqlx::query(
        "INSERT INTO erased_person (audience_id, row_number, erased_at, suppressed) VALUES ($1, $2, $3, $4)",
    )
    .bind(audience)
    .bind(row)
    .bind(erasure.at.as_microsecond())
    .bind(i16::from(erasure.keep_suppressed))
    .execute(&mut *connection)
    .await?;
    let stopped = sqlx::query(STOP)
        .bind(audience)
        .bind(row)
        .bind(erasure.at.as_microsecond())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    sqlx::query(EMPTY).bind(audience).bind(row).bind(Vec::<u8>::new()).execute(&mut *connection).await?;
    sqlx::query(
        "UPDATE hold SET lifted_at = $3 WHERE audience_id = $1 AND row_number = $2 AND lifted_at = 0",
    )
    .bind(audience)
    .bind(row)
    .bind(erasure.at.as_microsecond())
    .execute(&mut *connection)
    .await?;
    sqlx::query(REOPEN).bind(audience).bind(row).bind(ACCOUNT_NONE).execute(&mut *connection).await?;
    Ok(stopped)
}

async fn touched(connection: &mut AnyConnection, places: &[PersonAt]) -> Result<Touched, StoreError> {
    let (mut campaigns, mut reasons) = (BTreeSet::<String>::new(), BTreeSet::new());
    for place in places {
        let found: Vec<String> = sqlx::query_scalar(CAMPAIGNS)
            .bind(place.audience.id)
            .bind(number(place.row))
            .fetch_all(&mut *connection)
            .await?;
        campaigns.extend(found);
        let found = sqlx::query(REASONS)
            .bind(&place.audience.key_name)
            .bind(number(place.row))
            .fetch_all(&mut *connection)
            .await?;
        for row in &found {
            reasons.insert(count(row, "number")?);
        }
    }
    Ok(Touched { campaigns: campaigns.into_iter().collect(), reasons: reasons.into_iter().collect() })
}
