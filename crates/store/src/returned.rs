//! What came back about deliveries: counted once, and what follows in the same commit.

use campaign::{DeliveryEvent, DeliveryState, FULL_WITHIN, ReturnKind};
use jiff::Timestamp;
use keys::Fingerprint;
use mail::report::EnhancedCode;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::account::ACCOUNT_NONE;
use crate::audience::{count, number, small, time};
use crate::ledger::append;
use crate::objection::stop_deliveries;
use crate::suppression::suppress;
use crate::{CampaignId, Scope, SealedEntry, Sighting, Store, StoreError};

/// Reasons of bounces that are told apart for one campaign; the rarest are left out.
pub const RETURN_REASONS_MAX: u32 = 50;
/// Full mailboxes of one person that are looked at, the last ones: far more than a rule needs.
pub const FULL_MAILBOXES_MAX: u32 = 100;

/// What came back about one delivery, and what follows.
#[derive(Debug, Clone)]
pub struct Returned<'a> {
    /// The campaign.
    pub campaign: CampaignId,
    /// The delivery's number in it.
    pub delivery: u64,
    /// What is counted, with the code of a bounce; nothing for a program's words, which show only that the message was sent.
    pub kind: Option<(ReturnKind, Option<EnhancedCode>)>,
    /// Who is not written to any more.
    pub stop: Option<Stop<'a>>,
    /// Whose mailbox is full: their address's fingerprint under the suppression list's key.
    pub full: Option<Fingerprint>,
    /// When.
    pub at: Timestamp,
}

/// Somebody who is not written to any more.
#[derive(Debug, Clone, Copy)]
pub struct Stop<'a> {
    /// The address's fingerprint under the suppression list's key.
    pub person: Fingerprint,
    /// What stops.
    pub scope: Scope,
    /// Every audience with a campaign that has not ended.
    pub sightings: &'a [Sighting],
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Something changed, and an entry says so. Not: the same came before.
    pub new: bool,
    /// How often it has come, with this time.
    pub times: u64,
}

/// How many people's messages came back for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnCount {
    /// What came back.
    pub kind: ReturnKind,
    /// Why, for a bounce that said so.
    pub code: Option<EnhancedCode>,
    /// People.
    pub number: u64,
}

const INSERT: &str = "INSERT INTO delivery_return (campaign_id, delivery, kind, code, first_at, times) \
    VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT DO NOTHING";
const AGAIN: &str = "UPDATE delivery_return SET times = times + 1 WHERE campaign_id = $1 AND delivery = $2 AND kind = $3 \
    RETURNING times";
/// What came back was sent: nobody knew, and now it is known.
const SETTLE: &str = "UPDATE delivery SET state = $3, settled_at = $4, next_attempt = 0, worker = 0 \
    WHERE campaign_id = $1 AND number = $2 AND state = $5";

impl Store {
    /// Counts what came back, once however often it comes, and carries out what follows in one commit with the entry: a doubt
    /// is settled as sent, and who is to be written to no more is suppressed with every open delivery. Where nothing of it is
    /// new, nothing is entered.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was done, and the same can come again.
    pub async fn take_return(
        &self,
        returned: &Returned<'_>,
        entry: &SealedEntry,
    ) -> Result<Noted, StoreError> {
        let mut transaction = self.write.begin().await?;
        let (mut new, times) = counted(&mut transaction, returned).await?;
        new |= settle_doubt(&mut transaction, returned).await?;
        if let Some(person) = returned.full {
            remember_full(&mut transaction, person, returned).await?;
        }
        if let Some(stop) = &returned.stop {
            new |= suppress(&mut transaction, stop.person, stop.scope, returned.at).await?;
            for sighting in stop.sightings {
                new |= stop_deliveries(&mut transaction, sighting, returned.at).await? > 0;
            }
        }
        if new {
            append(&mut transaction, entry).await?;
        }
        transaction.commit().await?;
        Ok(Noted { new, times })
    }

    /// How often something has come back about a delivery.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn times_returned(
        &self,
        campaign: CampaignId,
        delivery: u64,
        kind: ReturnKind,
    ) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "SELECT coalesce(max(times), 0) AS times FROM delivery_return \
             WHERE campaign_id = $1 AND delivery = $2 AND kind = $3",
        )
        .bind(campaign.0)
        .bind(number(delivery))
        .bind(kind as i16)
        .fetch_one(&self.read)
        .await?;
        count(&row, "times")
    }

    /// When somebody's mailbox was full, by campaign; the last first, at most [`FULL_MAILBOXES_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn full_mailboxes(
        &self,
        person: Fingerprint,
    ) -> Result<Vec<(CampaignId, Timestamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT campaign_id, at FROM full_mailbox WHERE person = $1 ORDER BY at DESC, campaign_id LIMIT $2",
        )
        .bind(person.0.to_vec())
        .bind(i64::from(FULL_MAILBOXES_MAX))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(|row| Ok((CampaignId(row.try_get("campaign_id")?), time(row, "at")?))).collect()
    }

    /// What came back of a campaign, by kind and reason, the most frequent first, at most [`RETURN_REASONS_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn returns(&self, campaign: CampaignId) -> Result<Vec<ReturnCount>, StoreError> {
        let rows = sqlx::query(
            "SELECT kind, code, count(*) AS number FROM delivery_return WHERE campaign_id = $1 \
             GROUP BY kind, code ORDER BY number DESC, kind, code LIMIT $2",
        )
        .bind(campaign.0)
        .bind(i64::from(RETURN_REASONS_MAX))
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(ReturnCount {
                    kind: kind_of_return(row)?,
                    code: code(row)?,
                    number: count(row, "number")?,
                })
            })
            .collect()
    }

    /// How many people's messages bounced, and how many complained: of all campaigns, or of one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bounced_and_complained(
        &self,
        campaign: Option<CampaignId>,
    ) -> Result<(u64, u64), StoreError> {
        // Somebody whose message bounced twice for two reasons is one.
        let row = sqlx::query(
            "SELECT count(DISTINCT CASE WHEN kind IN (1, 2, 3) THEN campaign_id * 4294967296 + delivery END) AS bounced, \
             count(CASE WHEN kind = 4 THEN 1 END) AS complained \
             FROM delivery_return WHERE $1 = 0 OR campaign_id = $1",
        )
        .bind(campaign.map_or(0, |campaign| campaign.0))
        .fetch_one(&self.read)
        .await?;
        Ok((count(&row, "bounced")?, count(&row, "complained")?))
    }
}

/// Whether it is new, and how often it has come.
async fn counted(connection: &mut AnyConnection, returned: &Returned<'_>) -> Result<(bool, u64), StoreError> {
    let Some((kind, code)) = returned.kind else { return Ok((false, 1)) };
    let inserted =
        insert(&mut *connection, returned.campaign, returned.delivery, kind, code, returned.at).await?;
    if inserted {
        return Ok((true, 1));
    }
    let row = sqlx::query(AGAIN)
        .bind(returned.campaign.0)
        .bind(number(returned.delivery))
        .bind(kind as i16)
        .fetch_one(connection)
        .await?;
    Ok((false, count(&row, "times")?))
}

/// `false`: it was there.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    campaign: CampaignId,
    delivery: u64,
    kind: ReturnKind,
    code: Option<EnhancedCode>,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(INSERT)
        .bind(campaign.0)
        .bind(number(delivery))
        .bind(kind as i16)
        .bind(encoded(code))
        .bind(at.as_microsecond())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn settle_doubt(connection: &mut AnyConnection, returned: &Returned<'_>) -> Result<bool, StoreError> {
    let to = DeliveryState::InDoubt
        .after(DeliveryEvent::FoundSent)
        .map_err(|_| StoreError::Foreign("a transition that the table does not have"))?;
    let settled = sqlx::query(SETTLE)
        .bind(returned.campaign.0)
        .bind(number(returned.delivery))
        .bind(to.number())
        .bind(returned.at.as_microsecond())
        .bind(DeliveryState::InDoubt.number())
        .execute(&mut *connection)
        .await?
        .rows_affected()
        > 0;
    if settled {
        // The account does not hold any more: another one is made.
        sqlx::query("UPDATE campaign SET account = $2 WHERE id = $1")
            .bind(returned.campaign.0)
            .bind(ACCOUNT_NONE)
            .execute(connection)
            .await?;
    }
    Ok(settled)
}

/// What is too old to count is forgotten as the next comes.
async fn remember_full(
    connection: &mut AnyConnection,
    person: Fingerprint,
    returned: &Returned<'_>,
) -> Result<(), StoreError> {
    let oldest = returned.at.checked_sub(FULL_WITHIN).unwrap_or(Timestamp::UNIX_EPOCH);
    sqlx::query("DELETE FROM full_mailbox WHERE at < $1")
        .bind(oldest.as_microsecond())
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO full_mailbox (person, campaign_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(person.0.to_vec())
    .bind(returned.campaign.0)
    .bind(returned.at.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// As one number; 0 is none.
fn encoded(code: Option<EnhancedCode>) -> i64 {
    code.map_or(0, |code| {
        i64::from(code.class) * 1_000_000 + i64::from(code.subject) * 1_000 + i64::from(code.detail)
    })
}

pub(crate) fn kind_of_return(row: &AnyRow) -> Result<ReturnKind, StoreError> {
    ReturnKind::from_number(small(row, "kind")?).ok_or(StoreError::Foreign("delivery_return.kind"))
}

/// Why it came back.
pub(crate) fn code(row: &AnyRow) -> Result<Option<EnhancedCode>, StoreError> {
    Ok(decoded(count(row, "code")?))
}

fn decoded(number: u64) -> Option<EnhancedCode> {
    let class = u8::try_from(number / 1_000_000).ok().filter(|class| *class > 0)?;
    let subject = u16::try_from(number / 1_000 % 1_000).ok()?;
    Some(EnhancedCode { class, subject, detail: u16::try_from(number % 1_000).ok()? })
}
