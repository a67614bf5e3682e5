//! What people asked of the officer by the public pages, with its clock (UK GDPR Art. 12(3)).

use futures_util::TryStreamExt;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, civil::Date};
use keys::Fingerprint;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::audience::{count, number, small, time};
use crate::ledger::append;
use crate::{CampaignId, SealedEntry, Store, StoreError};

/// Requests read at once.
pub const REQUEST_PAGE_MAX: u32 = 200;

/// What somebody asks for. The numbers are what the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i16)]
pub enum RequestKind {
    /// What is held about them (UK GDPR Art. 15).
    Access = 1,
    /// To be erased (Art. 17).
    Erasure = 2,
    /// To be telephoned instead.
    Telephone = 3,
    /// E-mail is not safe for them: whoever has something to tell them needs another way.
    NotSafe = 4,
}

impl RequestKind {
    const ALL: [Self; 4] = [Self::Access, Self::Erasure, Self::Telephone, Self::NotSafe];

    /// The word in the ledger and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Erasure => "erasure",
            Self::Telephone => "telephone",
            Self::NotSafe => "not safe",
        }
    }

    /// Whether the law sets a time for the answer.
    #[must_use]
    pub const fn has_deadline(self) -> bool {
        matches!(self, Self::Access | Self::Erasure)
    }
}

/// A request as it is made.
#[derive(Debug, Clone, Copy)]
pub struct NewRequest {
    /// The campaign whose message had the link.
    pub campaign: CampaignId,
    /// The delivery's number in it.
    pub delivery: u64,
    /// The address's fingerprint under the suppression list's key.
    pub person: Fingerprint,
    /// What is asked for.
    pub kind: RequestKind,
    /// When.
    pub at: Timestamp,
}

/// The number of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub i64);

/// A request that nobody has handled yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRequest {
    /// Its number.
    pub id: RequestId,
    /// What is asked for.
    pub kind: RequestKind,
    /// The name of the campaign whose message had the link.
    pub campaign: String,
    /// The delivery's number in it.
    pub delivery: u64,
    /// The spreadsheet's row.
    pub row: u64,
    /// When it was made.
    pub made_at: Timestamp,
}

impl SubjectRequest {
    /// The last day for the answer: one month later, or that month's last day where it has no such day (UK GDPR
    /// Art. 12(3)). Days are those of the given time zone. Nothing where the law sets no time.
    #[must_use]
    pub fn due(&self, zone: &TimeZone) -> Option<Date> {
        let day = self.made_at.to_zoned_datetime(zone.clone()).date();
        self.kind.has_deadline().then(|| day.saturating_add(1.month()))
    }
}

impl Store {
    /// Makes a request. `false`: the person asked the same before and has no answer yet; then nothing is entered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn make_request(&self, new: &NewRequest, entry: &SealedEntry) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let made = ask(&mut transaction, new).await?;
        if made {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
        }
        Ok(made)
    }

    /// Requests that are open, the oldest first, behind number `after`; at most [`REQUEST_PAGE_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_requests(
        &self,
        after: RequestId,
        limit: u32,
    ) -> Result<Vec<SubjectRequest>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.id, r.kind, r.delivery, r.made_at, c.name, d.row_number FROM subject_request r \
             JOIN campaign c ON c.id = r.campaign_id \
             JOIN delivery d ON d.campaign_id = r.campaign_id AND d.number = r.delivery \
             WHERE r.handled_at = 0 AND r.id > $1 ORDER BY r.id LIMIT $2",
        )
        .bind(after.0)
        .bind(i64::from(limit.min(REQUEST_PAGE_MAX)))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(request).collect()
    }

    /// One request that is open.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn open_request(&self, id: RequestId) -> Result<SubjectRequest, StoreError> {
        // The same statement: the one behind the number before it.
        let found = self.open_requests(RequestId(id.0.saturating_sub(1)), 1).await?;
        found.into_iter().find(|request| request.id == id).ok_or(StoreError::NotFound)
    }

    /// Says of a request that it was handled, in one commit with the entry that says so. `false`: it was already, or never
    /// was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn handle_request(
        &self,
        id: RequestId,
        at: Timestamp,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query("UPDATE subject_request SET handled_at = $2 WHERE id = $1 AND handled_at = 0")
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

    /// Takes over what people asked in another database, of campaigns that are in this one: a restore loses no request. What was
    /// handled since the backup is open again, and handled once more.
    pub(crate) async fn take_requests(&self, other: &Self) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut rows = sqlx::query(
            "SELECT campaign_id, delivery, person, kind, made_at FROM subject_request WHERE handled_at = 0 ORDER BY id",
        )
        .fetch(&other.read);
        while let Some(row) = rows.try_next().await? {
            let campaign: i64 = row.try_get("campaign_id")?;
            let known: Option<i64> = sqlx::query_scalar("SELECT id FROM campaign WHERE id = $1")
                .bind(campaign)
                .fetch_optional(&mut *transaction)
                .await?;
            if known.is_none() {
                continue;
            }
            insert(
                &mut transaction,
                (campaign, row.try_get("delivery")?),
                row.try_get("person")?,
                small(&row, "kind")?,
                row.try_get("made_at")?,
            )
            .await?;
        }
        drop(rows);
        transaction.commit().await?;
        Ok(())
    }
}

/// Writes a request down, once for each person and kind while it is open.
pub(crate) async fn ask(connection: &mut AnyConnection, new: &NewRequest) -> Result<bool, StoreError> {
    let place = (new.campaign.0, number(new.delivery));
    insert(connection, place, new.person.0.to_vec(), new.kind as i16, new.at.as_microsecond()).await
}

async fn insert(
    connection: &mut AnyConnection,
    (campaign, delivery): (i64, i64),
    person: Vec<u8>,
    kind: i16,
    made_at: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO subject_request (campaign_id, delivery, person, kind, made_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
    )
    .bind(campaign)
    .bind(delivery)
    .bind(person)
    .bind(kind)
    .bind(made_at)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) fn kind_of(row: &AnyRow) -> Result<RequestKind, StoreError> {
    let kind = small(row, "kind")?;
    RequestKind::ALL
        .into_iter()
        .find(|known| *known as i16 == kind)
        .ok_or(StoreError::Foreign("subject_request.kind"))
}

fn request(row: &AnyRow) -> Result<SubjectRequest, StoreError> {
    Ok(SubjectRequest {
        id: RequestId(row.try_get("id")?),
        kind: kind_of(row)?,
        campaign: row.try_get("name")?,
        delivery: count(row, "delivery")?,
        row: count(row, "row_number")?,
        made_at: time(row, "made_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_month_is_the_same_day_of_the_next_or_its_last() {
        let london = TimeZone::get("Europe/London").unwrap();
        let due = |made: &str, kind| {
            SubjectRequest {
                id: RequestId(1),
                kind,
                campaign: String::new(),
                delivery: 1,
                row: 2,
                made_at: made.parse().unwrap(),
            }
            .due(&london)
            .map(|date| date.to_string())
        };
        assert_eq!(due("2026-01-31T09:00:00Z", RequestKind::Access).as_deref(), Some("2026-02-28"));
        assert_eq!(due("2026-09-03T09:00:00Z", RequestKind::Erasure).as_deref(), Some("2026-10-03"));
        // In summer London is an hour ahead: late on the third is the fourth there.
        assert_eq!(due("2026-06-03T23:30:00Z", RequestKind::Access).as_deref(), Some("2026-07-04"));
        assert_eq!(due("2026-06-03T23:30:00Z", RequestKind::Telephone), None);
    }
}
