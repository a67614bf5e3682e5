//! Audiences and their people. An import is written in batches and seen by nobody until it is complete.

use jiff::Timestamp;
use keys::Fingerprint;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::ledger::append;
use crate::{SealedEntry, Store, StoreError};

/// People written in one statement and one commit.
pub const PEOPLE_BATCH_MAX: usize = 500;
/// SQLite takes 32,766 parameters a statement and PostgreSQL 65,535; each person has five.
const _: () = assert!(PEOPLE_BATCH_MAX * 5 < 32_766);

/// The random name of an audience: what its people's fields are bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudienceUid(pub String);

/// Whether e-mail is safe for a person. The numbers are what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum Channel {
    /// It is, or the list says nothing of it at all (a warning, acknowledged).
    Safe = 0,
    /// It is not: never mailed.
    Unsafe = 1,
    /// Not known, blank, or past its date: held.
    Unknown = 2,
}

/// An audience as it begins.
#[derive(Debug, Clone)]
pub struct NewAudience<'a> {
    /// Its random name.
    pub uid: &'a AudienceUid,
    /// The name people give it.
    pub name: &'a str,
    /// The name of its key.
    pub key_name: &'a str,
    /// Names of the fields, in the order of the values.
    pub fields: &'a [String],
    /// Which field is the language.
    pub language_field: Option<usize>,
    /// When.
    pub at: Timestamp,
}

/// A person, sealed.
#[derive(Debug, Clone)]
pub struct SealedPerson {
    /// The spreadsheet's row, the heading being row 1.
    pub row: u64,
    /// Of the address, under the audience's key.
    pub fingerprint: Fingerprint,
    /// Whether e-mail is safe.
    pub channel: Channel,
    /// The address and the values, sealed under the audience's key.
    pub sealed: Vec<u8>,
}

/// A person as stored.
#[derive(Debug, Clone)]
pub struct PersonRow {
    /// The spreadsheet's row.
    pub row: u64,
    /// Whether e-mail is safe.
    pub channel: Channel,
    /// The address and the values, sealed.
    pub sealed: Vec<u8>,
}

/// An audience.
#[derive(Debug, Clone)]
pub struct Audience {
    pub(crate) id: i64,
    /// Its random name.
    pub uid: AudienceUid,
    /// The name people give it.
    pub name: String,
    /// The name of its key.
    pub key_name: String,
    /// Names of the fields.
    pub fields: Vec<String>,
    /// Which field is the language.
    pub language_field: Option<usize>,
    /// People, after folding.
    pub people: u64,
    /// Rows equal in every column that were folded into one.
    pub folded: u64,
    /// Bad rows left out with `--skip-bad`.
    pub skipped: u64,
    /// Warnings of the import, by their words.
    pub warnings: Vec<String>,
    /// A keyed digest of its people, the same for the same list in any order.
    pub digest: String,
    /// When it was imported.
    pub created_at: Timestamp,
    /// When it was forgotten, if it was: nobody can read its people any more.
    pub forgotten_at: Option<Timestamp>,
}

impl Audience {
    /// The number by which pages name it.
    #[must_use]
    pub const fn number(&self) -> i64 {
        self.id
    }
}

pub(crate) const COLUMNS: &str = "id, uid, name, key_name, fields, language_field, people, folded, skipped, warnings, digest, created_at, \
     forgotten_at";

impl Store {
    /// Begins an import: nobody sees it until [`Store::complete_audience`].
    ///
    /// # Errors
    /// [`StoreError::NameInUse`] when a complete audience has the name.
    pub async fn begin_audience(&self, new: &NewAudience<'_>) -> Result<Audience, StoreError> {
        if self.find_audience(new.name).await?.is_some() {
            return Err(StoreError::NameInUse);
        }
        let language = new.language_field.map_or(-1, |index| i64::try_from(index).unwrap_or(-1));
        let sql = format!(
            "INSERT INTO audience (uid, name, key_name, fields, language_field, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) RETURNING {COLUMNS}"
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(&new.uid.0)
            .bind(new.name)
            .bind(new.key_name)
            .bind(serde_json::to_string(new.fields).map_err(|_| StoreError::Foreign("audience.fields"))?)
            .bind(language)
            .bind(new.at.as_microsecond())
            .fetch_one(&self.write)
            .await?;
        audience(&row)
    }

    /// Adds people to an import, at most [`PEOPLE_BATCH_MAX`] at once.
    ///
    /// # Errors
    /// [`StoreError`].
    ///
    /// # Panics
    /// With more than [`PEOPLE_BATCH_MAX`].
    pub async fn add_people(&self, audience: &Audience, people: &[SealedPerson]) -> Result<(), StoreError> {
        assert!(people.len() <= PEOPLE_BATCH_MAX);
        if people.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO person (audience_id, row_number, fingerprint, channel, sealed) VALUES {}",
            self.dialect.places(people.len(), 5)
        );
        // Every full batch has the same text, so only the last one is prepared anew.
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(people.len() == PEOPLE_BATCH_MAX);
        for person in people {
            query = query
                .bind(audience.id)
                .bind(number(person.row))
                .bind(person.fingerprint.0.to_vec())
                .bind(person.channel as i16)
                .bind(person.sealed.clone());
        }
        query.execute(&self.write).await?;
        Ok(())
    }

    /// Makes an import seen, with its counts.
    ///
    /// # Errors
    /// [`StoreError::NameInUse`] when another import of that name was completed in between.
    pub async fn complete_audience(
        &self,
        audience: &Audience,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        complete(&mut transaction, audience).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Removes an import that is not complete, and its people. `false`: it is complete, and stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn discard_audience(&self, audience: &Audience) -> Result<bool, StoreError> {
        sqlx::query("DELETE FROM person WHERE audience_id IN (SELECT id FROM audience WHERE id = $1 AND complete = 0)")
            .bind(audience.id)
            .execute(&self.write)
            .await?;
        let sql = "DELETE FROM audience WHERE id = $1 AND complete = 0";
        Ok(sqlx::query(sql).bind(audience.id).execute(&self.write).await?.rows_affected() == 1)
    }

    /// Imports that were begun before `before` and never completed: their processes were killed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn abandoned_audiences(&self, before: Timestamp) -> Result<Vec<Audience>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audience WHERE complete = 0 AND created_at < $1");
        let rows =
            sqlx::query(AssertSqlSafe(sql)).bind(before.as_microsecond()).fetch_all(&self.read).await?;
        rows.iter().map(audience).collect()
    }

    /// The complete audience of that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_audience(&self, name: &str) -> Result<Option<Audience>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audience WHERE name = $1 AND complete = 1");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(name).fetch_optional(&self.read).await?;
        row.as_ref().map(audience).transpose()
    }

    pub(crate) async fn audience_by_id(&self, id: i64) -> Result<Audience, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audience WHERE id = $1");
        audience(&sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_one(&self.read).await?)
    }

    /// All complete audiences, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audiences(&self) -> Result<Vec<Audience>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM audience WHERE complete = 1 ORDER BY name");
        sqlx::query(AssertSqlSafe(sql)).fetch_all(&self.read).await?.iter().map(audience).collect()
    }

    /// People of an audience in the order of their rows, those behind row `after`, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn people(
        &self,
        audience: &Audience,
        after: u64,
        limit: u32,
    ) -> Result<Vec<PersonRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT row_number, channel, sealed FROM person WHERE audience_id = $1 AND row_number > $2 \
             ORDER BY row_number LIMIT $3",
        )
        .bind(audience.id)
        .bind(number(after))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(person).collect()
    }

    /// The person at `place` (from 1) in the order of the rows.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn person_at(&self, audience: &Audience, place: u64) -> Result<Option<PersonRow>, StoreError> {
        let row = sqlx::query(
            "SELECT row_number, channel, sealed FROM person WHERE audience_id = $1 \
             ORDER BY row_number LIMIT 1 OFFSET $2",
        )
        .bind(audience.id)
        .bind(number(place.saturating_sub(1)))
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(person).transpose()
    }
}

pub(crate) async fn complete(connection: &mut AnyConnection, audience: &Audience) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE audience SET complete = 1, people = $2, folded = $3, skipped = $4, warnings = $5, digest = $6 \
         WHERE id = $1 AND complete = 0",
    )
    .bind(audience.id)
    .bind(number(audience.people))
    .bind(number(audience.folded))
    .bind(number(audience.skipped))
    .bind(serde_json::to_string(&audience.warnings).map_err(|_| StoreError::Foreign("audience.warnings"))?)
    .bind(&audience.digest)
    .execute(connection)
    .await
    .map_err(name_in_use)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::NotFound) }
}

/// A violated unique index on a name.
pub(crate) fn name_in_use(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => StoreError::NameInUse,
        _ => error.into(),
    }
}

pub(crate) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn count(row: &AnyRow, column: &'static str) -> Result<u64, StoreError> {
    u64::try_from(row.try_get::<i64, _>(column)?).map_err(|_| StoreError::Foreign(column))
}

pub(crate) fn time(row: &AnyRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(row.try_get(column)?).map_err(|_| StoreError::Foreign(column))
}

pub(crate) fn list(row: &AnyRow, column: &'static str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(&row.try_get::<String, _>(column)?).map_err(|_| StoreError::Foreign(column))
}

/// A small number: SQLite hands back 64 bits for every integer, PostgreSQL 16 for a smallint.
pub(crate) fn small(row: &AnyRow, column: &'static str) -> Result<i16, StoreError> {
    if let Ok(value) = row.try_get::<i16, _>(column) {
        return Ok(value);
    }
    i16::try_from(row.try_get::<i64, _>(column)?).map_err(|_| StoreError::Foreign(column))
}

pub(crate) fn audience(row: &AnyRow) -> Result<Audience, StoreError> {
    Ok(Audience {
        id: row.try_get("id")?,
        uid: AudienceUid(row.try_get("uid")?),
        name: row.try_get("name")?,
        key_name: row.try_get("key_name")?,
        fields: list(row, "fields")?,
        language_field: usize::try_from(row.try_get::<i64, _>("language_field")?).ok(),
        people: count(row, "people")?,
        folded: count(row, "folded")?,
        skipped: count(row, "skipped")?,
        warnings: list(row, "warnings")?,
        digest: row.try_get("digest")?,
        created_at: time(row, "created_at")?,
        forgotten_at: Some(time(row, "forgotten_at")?).filter(|at| *at != Timestamp::UNIX_EPOCH),
    })
}

fn person(row: &AnyRow) -> Result<PersonRow, StoreError> {
    let channel = match small(row, "channel")? {
        0 => Channel::Safe,
        1 => Channel::Unsafe,
        2 => Channel::Unknown,
        _ => return Err(StoreError::Foreign("person.channel")),
    };
    Ok(PersonRow { row: count(row, "row_number")?, channel, sealed: row.try_get("sealed")? })
}
