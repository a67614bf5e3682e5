//! The one person that a delivery is to, opened: for whoever has the delivery's link, and for what came back about it.

use keys::{DataKey, Fingerprint};
use mail::Address;
use store::{Addressee, Audience, PersonFields, Sighting};

use crate::failure::Failure;
use crate::installation::Installation;

/// Somebody behind a delivery.
pub(crate) struct PersonBehind {
    pub(crate) addressee: Addressee,
    /// The delivery's number in its campaign.
    pub(crate) delivery: u64,
    pub(crate) fields: PersonFields,
    /// Under the suppression list's key.
    pub(crate) listed: Fingerprint,
}

impl Installation {
    /// Who is behind a delivery; nobody where it never was, or the person or the audience was erased.
    pub(crate) async fn person_behind(
        &self,
        (campaign, delivery): (i64, u64),
        suppressions: &DataKey,
    ) -> Result<Option<PersonBehind>, Failure> {
        let Some(addressee) = self.store.addressee(campaign, delivery).await? else { return Ok(None) };
        let audience = &addressee.audience;
        let key = self.audience_key(audience)?;
        let fields = PersonFields::open(&key, &audience.uid, addressee.row, &addressee.sealed)?;
        let listed = suppressions.fingerprint(&fields.address);
        Ok(Some(PersonBehind { addressee, delivery, fields, listed }))
    }

    /// An address's fingerprint under the key of each audience. Where a key cannot be read, nobody can be written to either,
    /// and that stops no wish.
    pub(crate) fn sightings(&self, address: &Address, audiences: Vec<Audience>) -> Vec<Sighting> {
        let sighting = |audience: Audience| {
            let person = self.audience_key(&audience).ok()?.fingerprint(address);
            Some(Sighting { audience, person })
        };
        audiences.into_iter().filter_map(sighting).collect()
    }
}
