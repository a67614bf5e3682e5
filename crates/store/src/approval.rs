//! Two people (promise 4): what was submitted, by whom, and who agreed to it. Each step is one statement that is its own
//! check, so that an edit and an approval at the same moment cannot both win.

use campaign::{CampaignEvent, CampaignLimits, CampaignState, SubmissionDigest};
use jiff::{SignedDuration, Timestamp};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row};

use crate::audience::{small, time};
use crate::campaign::start_afresh;
use crate::draft::consume;
use crate::ledger::append;
use crate::limits::{per_minute, quiet_hours};
use crate::one_person::are_one_person;
use crate::submission::keep;
use crate::{CampaignId, DraftVersion, SealedEntry, Store, StoreError};

/// Who stands behind a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approval {
    /// Who made it or changed it last.
    pub author: String,
    /// It was submitted for approval, and stays so whatever the settings say later.
    pub needed: bool,
    /// The hash of what was submitted, in hexadecimal digits; nothing for a draft and where one person decides alone.
    pub submission: String,
    /// When it was submitted.
    pub submitted_at: Option<Timestamp>,
    /// Who agreed, if somebody has.
    pub approver: Option<String>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// The time that was asked for.
    pub wanted_at: Option<Timestamp>,
}

/// A campaign that is submitted, for the first time or again.
#[derive(Debug, Clone)]
pub struct Resubmission<'a> {
    /// Who changes and submits it.
    pub author: &'a str,
    /// A corrected message.
    pub message: Option<CorrectedMessage<'a>>,
    /// The relay's URL.
    pub relay: &'a str,
    /// Connections to it.
    pub connections: u32,
    /// When sending is to begin, if a time is asked for.
    pub wanted_at: Option<Timestamp>,
    /// Its own pace and quiet hours.
    pub limits: CampaignLimits,
    /// The hash of all that.
    pub submission: SubmissionDigest,
    /// The draft that it is made of: it is one no more.
    pub draft: Option<DraftVersion>,
    /// Now.
    pub now: Timestamp,
}

/// A message in place of another.
#[derive(Debug, Clone, Copy)]
pub struct CorrectedMessage<'a> {
    /// The message with translations, attachments and senders, as it was checked.
    pub bundle: &'a str,
    /// What was checked, as a hash.
    pub digest: &'a str,
    /// Warnings that somebody acknowledged, as an object in JSON.
    pub acknowledged: &'a str,
}

impl Store {
    /// Submits a campaign, with changes or as it is: an approval that it had is void. It goes on with those only who
    /// were neither written to nor are in doubt, for the deliveries stay as they are.
    ///
    /// # Errors
    /// [`StoreError::Transition`]: it is being sent, or has ended; a halted one needs a corrected message.
    pub async fn resubmit(
        &self,
        id: CampaignId,
        new: &Resubmission<'_>,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let from: Vec<i16> = CampaignState::before(CampaignEvent::Edit)
            .into_iter()
            .filter(|state| *state != CampaignState::Halted || new.message.is_some())
            .map(CampaignState::number)
            .collect();
        let from = from.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let sql = format!(
            "UPDATE campaign SET state = $2, reason = '', author = $3, needs_approval = 1, submission = $4, \
             submitted_at = $5, approver = '', approved_at = 0, wanted_at = $6, relay = $7, connections = $8, \
             message = COALESCE($9, message), message_digest = COALESCE($10, message_digest), \
             acknowledged = COALESCE($11, acknowledged), per_minute = $12, quiet_hours = $13 \
             WHERE id = $1 AND state IN ({from})"
        );
        let mut transaction = self.write.begin().await?;
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(id.0)
            .bind(CampaignState::Submitted.number())
            .bind(new.author)
            .bind(new.submission.to_string())
            .bind(new.now.as_microsecond())
            .bind(new.wanted_at.map_or(0, Timestamp::as_microsecond))
            .bind(new.relay)
            .bind(i64::from(new.connections))
            .bind(new.message.map(|message| message.bundle))
            .bind(new.message.map(|message| message.digest))
            .bind(new.message.map(|message| message.acknowledged))
            .bind(per_minute(&new.limits))
            .bind(quiet_hours(&new.limits))
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            drop(transaction);
            return self.or_not_possible(None, id, CampaignEvent::Submit).await;
        }
        if new.message.is_some() {
            start_afresh(&mut transaction, id).await?;
        }
        keep(&mut transaction, id).await?;
        consume(&mut transaction, new.draft).await?;
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Agrees to exactly what was looked at. Sending begins at the time that was asked for, and not before the time to
    /// take it back has run.
    ///
    /// # Errors
    /// [`StoreError::SamePerson`], [`StoreError::Edited`] when it was changed since `seen`, or
    /// [`StoreError::Transition`].
    pub async fn approve(
        &self,
        id: CampaignId,
        seen: SubmissionDigest,
        approver: &str,
        now: Timestamp,
        take_back: SignedDuration,
        entry: &SealedEntry,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write.begin().await?;
        let Some(author) = author_for(&mut transaction, id, approver).await? else {
            drop(transaction);
            return self.why_not(id, seen, approver, CampaignEvent::Approve).await;
        };
        let done = sqlx::query(
            "UPDATE campaign SET state = $2, approver = $3, approved_at = $4, \
             start_at = CASE WHEN wanted_at > $5 THEN wanted_at ELSE $5 END \
             WHERE id = $1 AND state = $6 AND submission = $7 AND author = $8 AND author <> $3",
        )
        .bind(id.0)
        .bind(CampaignState::Approved.number())
        .bind(approver)
        .bind(now.as_microsecond())
        .bind((now + take_back).as_microsecond())
        .bind(CampaignState::Submitted.number())
        .bind(seen.to_string())
        .bind(author)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 1 {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
            return Ok(());
        }
        drop(transaction);
        self.why_not(id, seen, approver, CampaignEvent::Approve).await
    }

    /// Why nothing was decided about what was looked at.
    pub(crate) async fn why_not(
        &self,
        id: CampaignId,
        seen: SubmissionDigest,
        approver: &str,
        event: CampaignEvent,
    ) -> Result<(), StoreError> {
        let (submission, author): (String, String) =
            sqlx::query_as("SELECT submission, author FROM campaign WHERE id = $1")
                .bind(id.0)
                .fetch_one(&self.read)
                .await?;
        let (state, _) = self.campaign_state(id).await?;
        if state == CampaignState::Submitted && self.are_one_person(&author, approver).await? {
            return Err(StoreError::SamePerson);
        }
        if submission != seen.to_string() {
            return Err(StoreError::Edited);
        }
        self.or_not_possible(None, id, event).await
    }

    /// Takes a campaign back into a draft, as long as no message has left.
    ///
    /// # Errors
    /// [`StoreError::Left`] when one has, or may have; [`StoreError::Transition`].
    pub async fn take_back(&self, id: CampaignId, entry: &SealedEntry) -> Result<(), StoreError> {
        let from: Vec<String> = CampaignState::before(CampaignEvent::TakeBack)
            .iter()
            .map(|state| state.number().to_string())
            .collect();
        let sql = format!(
            "UPDATE campaign SET state = $2, reason = '', approver = '', approved_at = 0 \
             WHERE id = $1 AND state IN ({})",
            from.join(",")
        );
        let mut transaction = self.write.begin().await?;
        // First the step, which holds up every intent of this campaign until the commit; then the look.
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(id.0)
            .bind(CampaignState::Draft.number())
            .execute(&mut *transaction)
            .await?;
        if done.rows_affected() == 0 {
            drop(transaction);
            return self.or_not_possible(None, id, CampaignEvent::TakeBack).await;
        }
        let left: Option<i64> = sqlx::query_scalar(
            "SELECT number FROM delivery WHERE campaign_id = $1 AND (state IN (2, 3, 6) OR attempts > 0) LIMIT 1",
        )
        .bind(id.0)
        .fetch_optional(&mut *transaction)
        .await?;
        if left.is_some() {
            return Err(StoreError::Left);
        }
        append(&mut transaction, entry).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The author of a campaign; nothing where they and the other name stand for one person.
pub(crate) async fn author_for(
    transaction: &mut AnyConnection,
    id: CampaignId,
    approver: &str,
) -> Result<Option<String>, StoreError> {
    let author: String = sqlx::query_scalar("SELECT author FROM campaign WHERE id = $1")
        .bind(id.0)
        .fetch_one(&mut *transaction)
        .await?;
    let one = are_one_person(transaction, &author, approver).await?;
    Ok((!one).then_some(author))
}

pub(crate) fn approval(row: &AnyRow) -> Result<Approval, StoreError> {
    let some_time = |column| time(row, column).map(|at| Some(at).filter(|at| *at != Timestamp::UNIX_EPOCH));
    let approver: String = row.try_get("approver")?;
    Ok(Approval {
        author: row.try_get("author")?,
        needed: small(row, "needs_approval")? == 1,
        submission: row.try_get("submission")?,
        submitted_at: some_time("submitted_at")?,
        approver: Some(approver).filter(|approver| !approver.is_empty()),
        approved_at: some_time("approved_at")?,
        wanted_at: some_time("wanted_at")?,
    })
}
