//! What the database knows of one person, for whoever answers them (UK GDPR Art. 15).

use campaign::{DeliveryState, ReturnKind};
use jiff::Timestamp;
use keys::Fingerprint;
use mail::report::EnhancedCode;
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::audience::{count, number, small, time};
use crate::claim::moment;
use crate::request::kind_of;
use crate::returned::{code, kind_of_return};
use crate::{CampaignId, PersonAt, RequestId, RequestKind, Scope, Store, StoreError};

/// Deliveries to one person of one audience that are read: more campaigns than an audience is kept for.
pub const DELIVERIES_OF_PERSON_MAX: u32 = 500;

/// A message to one person, or one that is to come.
#[derive(Debug, Clone)]
pub struct PersonDelivery {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its name.
    pub name: String,
    /// Its number in the campaign.
    pub number: u64,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts that were made.
    pub attempts: u32,
    /// The relay's last code; 0 without a reply.
    pub code: u16,
    /// Its enhanced code.
    pub enhanced: String,
    /// The message's Date, fixed when it was first to go out.
    pub date: Option<Timestamp>,
    /// When the final dot was last to go out.
    pub intended_at: Option<Timestamp>,
    /// When it was last settled.
    pub settled_at: Option<Timestamp>,
    /// The SHA-256 of the octets that went out, in hexadecimal; empty where none did.
    pub message_hash: String,
    /// The relay's words, sealed and in base64.
    pub reply: String,
    /// What came back about it, as it first came.
    pub came_back: Vec<PersonReturn>,
}

/// Something that came back about a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonReturn {
    /// What.
    pub kind: ReturnKind,
    /// Why, for a bounce that said so.
    pub code: Option<EnhancedCode>,
    /// When it came first.
    pub at: Timestamp,
}

/// Something that one person asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRequest {
    /// Its number.
    pub id: RequestId,
    /// What was asked for.
    pub kind: RequestKind,
    /// When.
    pub made_at: Timestamp,
    /// When it was handled; nothing while it is open.
    pub handled_at: Option<Timestamp>,
}

impl Store {
    /// Deliveries to one person of an audience, the oldest campaign first; at most [`DELIVERIES_OF_PERSON_MAX`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deliveries_of_person(&self, place: &PersonAt) -> Result<Vec<PersonDelivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT c.id, c.name, d.number, d.state, d.attempts, d.code, d.enhanced, d.date, d.intended_at, d.settled_at, \
             d.message_hash, d.reply FROM campaign c JOIN delivery d ON d.campaign_id = c.id \
             WHERE c.audience_id = $1 AND d.row_number = $2 ORDER BY c.id, d.number LIMIT $3",
        )
        .bind(place.audience.id)
        .bind(number(place.row))
        .bind(i64::from(DELIVERIES_OF_PERSON_MAX))
        .fetch_all(&self.read)
        .await?;
        let mut deliveries: Vec<PersonDelivery> = rows.iter().map(delivery).collect::<Result<_, _>>()?;
        for (campaign, number, came_back) in self.returns_of_person(place).await? {
            let about = deliveries.iter_mut().find(|one| (one.campaign, one.number) == (campaign, number));
            if let Some(delivery) = about {
                delivery.came_back.push(came_back);
            }
        }
        Ok(deliveries)
    }

    async fn returns_of_person(
        &self,
        place: &PersonAt,
    ) -> Result<Vec<(CampaignId, u64, PersonReturn)>, StoreError> {
        let rows = sqlx::query(
            "SELECT r.campaign_id, r.delivery, r.kind, r.code, r.first_at FROM campaign c \
             JOIN delivery d ON d.campaign_id = c.id \
             JOIN delivery_return r ON r.campaign_id = d.campaign_id AND r.delivery = d.number \
             WHERE c.audience_id = $1 AND d.row_number = $2 ORDER BY r.first_at, r.kind LIMIT $3",
        )
        .bind(place.audience.id)
        .bind(number(place.row))
        .bind(i64::from(DELIVERIES_OF_PERSON_MAX))
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                let came_back =
                    PersonReturn { kind: kind_of_return(row)?, code: code(row)?, at: time(row, "first_at")? };
                Ok((CampaignId(row.try_get("campaign_id")?), count(row, "delivery")?, came_back))
            })
            .collect()
    }

    /// The suppressions of an address, and since when.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suppressions_of(&self, listed: Fingerprint) -> Result<Vec<(Scope, Timestamp)>, StoreError> {
        let rows =
            sqlx::query("SELECT scope, created_at FROM suppression WHERE fingerprint = $1 ORDER BY scope")
                .bind(listed.0.to_vec())
                .fetch_all(&self.read)
                .await?;
        rows.iter()
            .map(|row| {
                let scope = Scope::from_number(small(row, "scope")?)
                    .ok_or(StoreError::Foreign("suppression.scope"))?;
                Ok((scope, time(row, "created_at")?))
            })
            .collect()
    }

    /// What one person asked for, open or handled.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requests_of(&self, listed: Fingerprint) -> Result<Vec<PersonRequest>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, kind, made_at, handled_at FROM subject_request WHERE person = $1 ORDER BY id",
        )
        .bind(listed.0.to_vec())
        .fetch_all(&self.read)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(PersonRequest {
                    id: RequestId(row.try_get("id")?),
                    kind: kind_of(row)?,
                    made_at: time(row, "made_at")?,
                    handled_at: moment(row, "handled_at")?,
                })
            })
            .collect()
    }

    /// Where the person of a request stands in the list of the campaign whose message had the link; nothing where they, or
    /// that audience, are erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn place_of_request(&self, request: RequestId) -> Result<Option<PersonAt>, StoreError> {
        let row = sqlx::query(
            "SELECT c.audience_id, d.row_number FROM subject_request r JOIN campaign c ON c.id = r.campaign_id \
             JOIN delivery d ON d.campaign_id = r.campaign_id AND d.number = r.delivery \
             JOIN person p ON p.audience_id = c.audience_id AND p.row_number = d.row_number WHERE r.id = $1",
        )
        .bind(request.0)
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let audience = self.audience_by_id(row.try_get("audience_id")?).await?;
        Ok(Some(PersonAt { audience, row: count(&row, "row_number")? }))
    }

    /// The sealed fields of one person; nothing where nobody is there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sealed_person(&self, place: &PersonAt) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(sqlx::query_scalar("SELECT sealed FROM person WHERE audience_id = $1 AND row_number = $2")
            .bind(place.audience.id)
            .bind(number(place.row))
            .fetch_optional(&self.read)
            .await?)
    }
}

fn delivery(row: &AnyRow) -> Result<PersonDelivery, StoreError> {
    Ok(PersonDelivery {
        campaign: CampaignId(row.try_get("id")?),
        name: row.try_get("name")?,
        number: count(row, "number")?,
        state: DeliveryState::from_number(small(row, "state")?)
            .ok_or(StoreError::Foreign("delivery.state"))?,
        attempts: u32::try_from(count(row, "attempts")?).unwrap_or(u32::MAX),
        code: u16::try_from(small(row, "code")?).unwrap_or(0),
        enhanced: row.try_get("enhanced")?,
        date: moment(row, "date")?,
        intended_at: moment(row, "intended_at")?,
        settled_at: moment(row, "settled_at")?,
        message_hash: row.try_get("message_hash")?,
        reply: row.try_get("reply")?,
        came_back: Vec::new(),
    })
}
