//! One person, found by their address in every audience whose key is here.

use keys::Fingerprint;
use mail::Address;
use store::{PersonAt, PersonFields};

use crate::failure::Failure;
use crate::installation::Installation;

/// Somebody, in the clear. Lives only as long as a question about them is answered.
pub(crate) struct Subject {
    pub(crate) address: Address,
    /// The address's fingerprint under the suppression list's key.
    pub(crate) listed: Fingerprint,
    /// Where they are, the audience by its name.
    pub(crate) places: Vec<(PersonAt, PersonFields)>,
    /// Audiences that could not be searched: their keys are not on this machine.
    pub(crate) unreadable: usize,
}

impl Subject {
    /// Where they are.
    pub(crate) fn at(&self) -> Vec<PersonAt> {
        self.places.iter().map(|(at, _)| at.clone()).collect()
    }
}

impl Installation {
    /// Whoever has this address, in whatever audience.
    pub(crate) async fn subject(&self, address: &Address) -> Result<Subject, Failure> {
        let listed = self.suppression_key()?.fingerprint(address);
        let (mut places, mut unreadable) = (Vec::new(), 0);
        for audience in self.store.audiences().await? {
            let Ok(key) = self.audience_key(&audience) else {
                unreadable += 1;
                continue;
            };
            for (row, sealed) in self.store.rows_of_person(&audience, key.fingerprint(address)).await? {
                let fields = PersonFields::open(&key, &audience.uid, row, &sealed)?;
                places.push((PersonAt { audience: audience.clone(), row }, fields));
            }
        }
        Ok(Subject { address: address.clone(), listed, places, unreadable })
    }

    /// The person of a row, wherever else they are too; nothing where nobody is.
    pub(crate) async fn subject_at(&self, place: &PersonAt) -> Result<Option<Subject>, Failure> {
        let Some(address) = self.address_at(place).await? else { return Ok(None) };
        self.subject(&address).await.map(Some)
    }

    /// The address of a row.
    pub(crate) async fn address_at(&self, place: &PersonAt) -> Result<Option<Address>, Failure> {
        if place.audience.forgotten_at.is_some() {
            return Ok(None);
        }
        let Some(sealed) = self.store.sealed_person(place).await? else { return Ok(None) };
        let key = self.audience_key(&place.audience)?;
        Ok(Some(PersonFields::open(&key, &place.audience.uid, place.row, &sealed)?.address))
    }
}
