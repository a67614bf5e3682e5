//! Messages that are being written. What is in them is the program's affair; here they are text with a version, so that two
//! people who change one at once do not undo each other's work unseen.

use campaign::CampaignLimits;
use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::audience::{count, name_in_use, number, time};
use crate::ledger::append;
use crate::limits::{limits, per_minute, quiet_hours};
use crate::{Audience, CampaignId, SealedEntry, Store, StoreError};

/// Drafts at once: more than any team works on, and few enough to be listed.
pub const DRAFTS_MAX: usize = 200;

/// The number of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DraftId(pub i64);

/// Exactly one version of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftVersion {
    /// Which draft.
    pub id: DraftId,
    /// Which version of it.
    pub version: u64,
}

/// A message that is being written.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its number and version.
    pub at: DraftVersion,
    /// The campaign's name.
    pub name: String,
    /// Who it is for.
    pub audience: Audience,
    /// The campaign whose message it changes; none: it makes a new one.
    pub campaign: Option<CampaignId>,
    /// The fields of the form.
    pub content: String,
    /// When sending is to begin, if a time was asked for.
    pub wanted_at: Option<Timestamp>,
    /// Its own pace and quiet hours.
    pub limits: CampaignLimits,
    /// Who changed it last.
    pub author: String,
    /// When.
    pub changed_at: Timestamp,
}

/// What a draft is to be.
#[derive(Debug, Clone)]
pub struct NewDraft<'a> {
    /// The campaign's name.
    pub name: &'a str,
    /// The campaign whose message it changes.
    pub campaign: Option<CampaignId>,
    /// The fields of the form.
    pub content: &'a str,
    /// When sending is to begin.
    pub wanted_at: Option<Timestamp>,
    /// Its own pace and quiet hours.
    pub limits: CampaignLimits,
    /// Who makes or changes it.
    pub author: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// A file that goes with a message.
#[derive(Clone)]
pub struct DraftFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// What is in it.
    pub octets: Vec<u8>,
}

impl std::fmt::Debug for DraftFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[file of a draft]")
    }
}

pub(crate) const COLUMNS: &str = "id, name, audience_id, campaign_id, content, wanted_at, per_minute, quiet_hours, author, changed_at, version";

impl Store {
    /// Begins a draft: for a campaign that there is, or for a new one.
    ///
    /// # Errors
    /// [`StoreError::NameInUse`] where another draft, or another campaign, has the name or is changed by it already;
    /// [`StoreError::TooMany`] beyond [`DRAFTS_MAX`]; [`StoreError::Forgotten`].
    pub async fn create_draft(
        &self,
        new: &NewDraft<'_>,
        audience: &Audience,
        files: &[DraftFile],
        entry: &SealedEntry,
    ) -> Result<DraftId, StoreError> {
        let mut transaction = self.write.begin().await?;
        crate::campaign::still_there(self, &mut transaction, audience).await?;
        let taken: Option<i64> = sqlx::query_scalar("SELECT id FROM campaign WHERE name = $1")
            .bind(new.name)
            .fetch_optional(&mut *transaction)
            .await?;
        if taken.is_some() && taken != new.campaign.map(|campaign| campaign.0) {
            return Err(StoreError::NameInUse);
        }
        let there: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM draft").fetch_one(&mut *transaction).await?;
        if usize::try_from(there).unwrap_or(usize::MAX) >= DRAFTS_MAX {
            return Err(StoreError::TooMany("drafts"));
        }
        let row = sqlx::query(
            "INSERT INTO draft (name, audience_id, campaign_id, content, wanted_at, author, changed_at, per_minute, \
             quiet_hours) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
        )
        .bind(new.name)
        .bind(audience.id)
        .bind(new.campaign.map(|campaign| campaign.0))
        .bind(new.content)
        .bind(new.wanted_at.map_or(0, Timestamp::as_microsecond))
        .bind(new.author)
        .bind(new.now.as_microsecond())
        .bind(per_minute(&new.limits))
        .bind(quiet_hours(&new.limits))
        .fetch_one(&mut *transaction)
        .await
        .map_err(name_in_use)?;
        let id = DraftId(row.try_get("id")?);
        for file in files {
            insert_file(&mut transaction, id, file).await?;
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(id)
    }

    /// The draft of that number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn draft(&self, id: DraftId) -> Result<Draft, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM draft WHERE id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id.0).fetch_optional(&self.read).await?;
        self.read_draft(&row.ok_or(StoreError::NotFound)?).await
    }

    /// The draft that changes a campaign, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn draft_of(&self, campaign: CampaignId) -> Result<Option<DraftId>, StoreError> {
        let id: Option<i64> = sqlx::query_scalar("SELECT id FROM draft WHERE campaign_id = $1")
            .bind(campaign.0)
            .fetch_optional(&self.read)
            .await?;
        Ok(id.map(DraftId))
    }

    /// All drafts, the one changed last first; at most [`DRAFTS_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM draft ORDER BY changed_at DESC, id DESC LIMIT {DRAFTS_MAX}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.read).await?;
        let mut drafts = Vec::with_capacity(rows.len());
        for row in &rows {
            drafts.push(self.read_draft(row).await?);
        }
        Ok(drafts)
    }

    pub(crate) async fn read_draft(&self, row: &AnyRow) -> Result<Draft, StoreError> {
        let campaign: Option<i64> = row.try_get("campaign_id")?;
        Ok(Draft {
            at: DraftVersion { id: DraftId(row.try_get("id")?), version: count(row, "version")? },
            name: row.try_get("name")?,
            audience: self.audience_by_id(row.try_get("audience_id")?).await?,
            campaign: campaign.map(CampaignId),
            content: row.try_get("content")?,
            wanted_at: Some(time(row, "wanted_at")?).filter(|at| *at != Timestamp::UNIX_EPOCH),
            limits: limits(row)?,
            author: row.try_get("author")?,
            changed_at: time(row, "changed_at")?,
        })
    }

    /// Changes a draft. Returns its new version.
    ///
    /// # Errors
    /// [`StoreError::DraftChanged`] where somebody else has changed or removed that version: nothing is lost of theirs.
    pub async fn save_draft(
        &self,
        at: DraftVersion,
        new: &NewDraft<'_>,
        entry: &SealedEntry,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        let version = step(&mut transaction, at, new.author, new.now).await?;
        sqlx::query(
            "UPDATE draft SET content = $2, wanted_at = $3, per_minute = $4, quiet_hours = $5 WHERE id = $1",
        )
        .bind(at.id.0)
        .bind(new.content)
        .bind(new.wanted_at.map_or(0, Timestamp::as_microsecond))
        .bind(per_minute(&new.limits))
        .bind(quiet_hours(&new.limits))
        .execute(&mut *transaction)
        .await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// Adds a file to a draft, or puts another in the place of one of that name; with the content that names it.
    ///
    /// # Errors
    /// As [`Store::save_draft`].
    pub async fn add_draft_file(
        &self,
        at: DraftVersion,
        new: &NewDraft<'_>,
        file: &DraftFile,
        entry: &SealedEntry,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        let version = step(&mut transaction, at, new.author, new.now).await?;
        remove_file(&mut transaction, at.id, &file.name).await?;
        insert_file(&mut transaction, at.id, file).await?;
        set_content(&mut transaction, at.id, new.content).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// Takes a file away from a draft, with the content that does not name it any more.
    ///
    /// # Errors
    /// As [`Store::save_draft`].
    pub async fn remove_draft_file(
        &self,
        at: DraftVersion,
        new: &NewDraft<'_>,
        name: &str,
        entry: &SealedEntry,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.write.begin().await?;
        let version = step(&mut transaction, at, new.author, new.now).await?;
        remove_file(&mut transaction, at.id, name).await?;
        set_content(&mut transaction, at.id, new.content).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(version)
    }

    /// The files of a draft, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn draft_files(&self, id: DraftId) -> Result<Vec<DraftFile>, StoreError> {
        let rows = sqlx::query(
            "SELECT name, content_type, octets FROM draft_file WHERE draft_id = $1 ORDER BY name",
        )
        .bind(id.0)
        .fetch_all(&self.read)
        .await?;
        let file = |row: &AnyRow| {
            Ok(DraftFile {
                name: row.try_get("name")?,
                content_type: row.try_get("content_type")?,
                octets: row.try_get("octets")?,
            })
        };
        rows.iter().map(file).collect()
    }

    /// Throws a draft away. A campaign that it would have changed stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete_draft(&self, id: DraftId, entry: &SealedEntry) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let done =
            sqlx::query("DELETE FROM draft WHERE id = $1").bind(id.0).execute(&mut *transaction).await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::NotFound);
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// A draft that became what was submitted: only if nobody changed it since.
pub(crate) async fn consume(
    transaction: &mut AnyConnection,
    draft: Option<DraftVersion>,
) -> Result<(), StoreError> {
    let Some(at) = draft else { return Ok(()) };
    let done = sqlx::query("DELETE FROM draft WHERE id = $1 AND version = $2")
        .bind(at.id.0)
        .bind(number(at.version))
        .execute(transaction)
        .await?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::DraftChanged) }
}

async fn step(
    transaction: &mut AnyConnection,
    at: DraftVersion,
    author: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let row = sqlx::query(
        "UPDATE draft SET version = version + 1, author = $3, changed_at = $4 WHERE id = $1 AND version = $2 \
         RETURNING version",
    )
    .bind(at.id.0)
    .bind(number(at.version))
    .bind(author)
    .bind(now.as_microsecond())
    .fetch_optional(transaction)
    .await?;
    count(&row.ok_or(StoreError::DraftChanged)?, "version")
}

async fn set_content(transaction: &mut AnyConnection, id: DraftId, content: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE draft SET content = $2 WHERE id = $1")
        .bind(id.0)
        .bind(content)
        .execute(transaction)
        .await?;
    Ok(())
}

async fn insert_file(
    transaction: &mut AnyConnection,
    id: DraftId,
    file: &DraftFile,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO draft_file (draft_id, name, content_type, octets) VALUES ($1, $2, $3, $4)")
        .bind(id.0)
        .bind(&file.name)
        .bind(&file.content_type)
        .bind(&file.octets)
        .execute(transaction)
        .await?;
    Ok(())
}

async fn remove_file(transaction: &mut AnyConnection, id: DraftId, name: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM draft_file WHERE draft_id = $1 AND name = $2")
        .bind(id.0)
        .bind(name)
        .execute(transaction)
        .await?;
    Ok(())
}
