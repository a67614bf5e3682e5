//! The suppression list, changed by an officer: whoever is on it is not written to, from the same commit on.

use mail::Address;
use serde_json::json;
use store::{Objection, Scope};

use super::Officer;
use crate::book::Act;
use crate::erasing::check_reason;
use crate::failure::Failure;

impl Officer {
    pub(super) async fn suppress_address(
        &self,
        address: &str,
        scope: Scope,
        reason: &str,
        by: &str,
    ) -> Result<Option<bool>, Failure> {
        let Ok(address) = Address::parse(address.trim()) else { return Ok(None) };
        check_reason(reason)?;
        let installation = &*self.0;
        let sightings = installation.sightings(&address, installation.store.audiences_in_use().await?);
        let act = Act::new("suppress", "", json!({"scope": scope.word(), "reason": reason}));
        let entry = installation.entry(&Act { by: Some(by), ..act }).await?;
        let objection = Objection {
            person: installation.suppression_key()?.fingerprint(&address),
            scope,
            sightings: &sightings,
            request: None,
            unsubscribed: None,
            at: installation.now(),
        };
        Ok(Some(installation.store.object(&objection, &entry).await?))
    }

    pub(super) async fn release_address(
        &self,
        address: &str,
        scope: Scope,
        reason: &str,
        by: &str,
    ) -> Result<Option<bool>, Failure> {
        let Ok(address) = Address::parse(address.trim()) else { return Ok(None) };
        check_reason(reason)?;
        let installation = &*self.0;
        let act = Act::new("end suppression", "", json!({"scope": scope.word(), "reason": reason}));
        let entry = installation.entry(&Act { by: Some(by), ..act }).await?;
        let person = installation.suppression_key()?.fingerprint(&address);
        Ok(Some(installation.store.end_suppression(person, scope, &entry).await?))
    }
}
