//! Somebody does not want to be written to any more, or must not be (UK GDPR Art. 21): the suppression, and in the same
//! commit every message to them that has not left.

use campaign::{DeliveryState, ReturnKind};
use jiff::Timestamp;
use keys::Fingerprint;
use sqlx::AnyConnection;

use crate::audience::{count, number};
use crate::ledger::append;
use crate::request::ask;
use crate::returned::insert;
use crate::suppression::suppress;
use crate::{Audience, CampaignId, NewRequest, Scope, SealedEntry, Store, StoreError};

/// A person in an audience that may have them: their address's fingerprint under that audience's key.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The audience.
    pub audience: Audience,
    /// The fingerprint.
    pub person: Fingerprint,
}

/// What somebody wants, by their own word.
#[derive(Debug, Clone)]
pub struct Objection<'a> {
    /// The address's fingerprint under the suppression list's key.
    pub person: Fingerprint,
    /// What is to stop.
    pub scope: Scope,
    /// Every audience with a campaign that has not ended.
    pub sightings: &'a [Sighting],
    /// What an officer is to do beside it.
    pub request: Option<NewRequest>,
    /// The delivery whose link said so, if it asked for no more: it counts among what came back.
    pub unsubscribed: Option<(CampaignId, u64)>,
    /// When.
    pub at: Timestamp,
}

/// The one person that a delivery is to.
#[derive(Debug, Clone)]
pub struct Addressee {
    /// The campaign.
    pub campaign: CampaignId,
    /// Its name.
    pub campaign_name: String,
    /// The digest of its message.
    pub message_digest: String,
    /// Its audience.
    pub audience: Audience,
    /// The spreadsheet's row.
    pub row: u64,
    /// The fields, sealed.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Who got, or would get, a delivery; nothing where it never was, or the person or the audience was erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn addressee(&self, campaign: i64, delivery: u64) -> Result<Option<Addressee>, StoreError> {
        use sqlx::Row;
        let row = sqlx::query(
            "SELECT c.name, c.message_digest, c.audience_id, d.row_number, p.sealed FROM delivery d \
             JOIN campaign c ON c.id = d.campaign_id JOIN audience a ON a.id = c.audience_id AND a.complete = 1 \
             JOIN person p ON p.audience_id = c.audience_id AND p.row_number = d.row_number \
             WHERE d.campaign_id = $1 AND d.number = $2",
        )
        .bind(campaign)
        .bind(number(delivery))
        .fetch_optional(&self.read)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Addressee {
            campaign: CampaignId(campaign),
            campaign_name: row.try_get("name")?,
            message_digest: row.try_get("message_digest")?,
            audience: self.audience_by_id(row.try_get("audience_id")?).await?,
            row: count(&row, "row_number")?,
            sealed: row.try_get("sealed")?,
        }))
    }

    /// The stored message of a campaign: what it was checked as.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn message_of(&self, campaign: CampaignId) -> Result<String, StoreError> {
        Ok(sqlx::query_scalar("SELECT message FROM campaign WHERE id = $1")
            .bind(campaign.0)
            .fetch_one(&self.read)
            .await?)
    }

    /// Suppresses an address, and in the same commit every delivery to it that has no intent: of whatever campaign that has
    /// not ended. What is in flight may still arrive; it is not tried again. `false`: all of it was so already, and nothing
    /// is entered.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was done.
    pub async fn object(&self, objection: &Objection<'_>, entry: &SealedEntry) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let mut new = suppress(&mut transaction, objection.person, objection.scope, objection.at).await?;
        for sighting in objection.sightings {
            new |= stop_deliveries(&mut transaction, sighting, objection.at).await? > 0;
        }
        if let Some((campaign, delivery)) = objection.unsubscribed {
            let kind = ReturnKind::Unsubscribe;
            new |= insert(&mut transaction, campaign, delivery, kind, None, objection.at).await?;
        }
        if let Some(request) = &objection.request {
            new |= ask(&mut transaction, request).await?;
        }
        if new {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
        }
        Ok(new)
    }

    /// Undoes somebody's own wish for no more surveys. What a bounce suppressed, or what is not safe, stays suppressed; so do
    /// deliveries that were. `false`: there was no such wish, and nothing is entered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdraw_objection(
        &self,
        person: Fingerprint,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        self.end_suppression(person, Scope::Surveys, entry).await
    }

    /// Takes an address off the suppression list for one scope; deliveries that were suppressed stay so. `false`: it was not
    /// on it, and nothing is entered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_suppression(
        &self,
        person: Fingerprint,
        scope: Scope,
        entry: &SealedEntry,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.write.begin().await?;
        let gone = sqlx::query("DELETE FROM suppression WHERE fingerprint = $1 AND scope = $2")
            .bind(person.0.to_vec())
            .bind(scope as i16)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
            > 0;
        if gone {
            append(&mut transaction, entry).await?;
            transaction.commit().await?;
        }
        Ok(gone)
    }

    /// Audiences of campaigns that have not ended: where an objection has something to stop.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audiences_in_use(&self) -> Result<Vec<Audience>, StoreError> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT a.id FROM audience a WHERE a.complete = 1 AND EXISTS \
             (SELECT 1 FROM campaign c WHERE c.audience_id = a.id AND c.state NOT IN (14, 15)) ORDER BY a.id",
        )
        .fetch_all(&self.read)
        .await?;
        let mut audiences = Vec::with_capacity(ids.len());
        for id in ids {
            audiences.push(self.audience_by_id(id).await?);
        }
        Ok(audiences)
    }
}

/// Of campaigns that have ended nothing changes: their accounts hold. Whoever is held stays held; the intent would be
/// refused, should somebody let them go.
pub(crate) async fn stop_deliveries(
    connection: &mut AnyConnection,
    sighting: &Sighting,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let places: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT d.campaign_id, d.number FROM person p JOIN campaign c ON c.audience_id = p.audience_id \
         JOIN delivery d ON d.campaign_id = c.id AND d.row_number = p.row_number \
         WHERE p.audience_id = $1 AND p.fingerprint = $2 AND c.state NOT IN (14, 15) AND d.state IN (0, 1, 5)",
    )
    .bind(sighting.audience.id)
    .bind(sighting.person.0.to_vec())
    .fetch_all(&mut *connection)
    .await?;
    let mut stopped = 0;
    for (campaign, delivery) in places {
        // A claim loses its delivery too: what it would intend is not there any more.
        stopped += sqlx::query(
            "UPDATE delivery SET state = $3, worker = 0, settled_at = $4 \
             WHERE campaign_id = $1 AND number = $2 AND state IN (0, 1, 5)",
        )
        .bind(campaign)
        .bind(delivery)
        .bind(DeliveryState::Suppressed.number())
        .bind(at.as_microsecond())
        .execute(&mut *connection)
        .await?
        .rows_affected();
    }
    Ok(stopped)
}
