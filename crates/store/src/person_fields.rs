//! A person's address and fields, sealed under the audience's key and bound to their row.

use keys::{DataKey, NoRandomness};
use mail::Address;

use crate::{AudienceUid, StoreError};

/// A person in the clear. Lives only as long as their message is made.
#[derive(Clone)]
pub struct PersonFields {
    /// Where the message goes.
    pub address: Address,
    /// The values, in the order of the audience's fields.
    pub values: Vec<String>,
}

impl std::fmt::Debug for PersonFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[person]")
    }
}

impl PersonFields {
    /// Seals the person for one row of one audience: moved to another row it does not open.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn seal(&self, key: &DataKey, audience: &AudienceUid, row: u64) -> Result<Vec<u8>, NoRandomness> {
        let plain = serde_json::json!([self.address.expose(), self.values]).to_string();
        key.seal(&context(audience, row), plain.as_bytes())
    }

    /// Opens a sealed person.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when it was changed, moved, or sealed under another key.
    pub fn open(key: &DataKey, audience: &AudienceUid, row: u64, sealed: &[u8]) -> Result<Self, StoreError> {
        const FOREIGN: StoreError = StoreError::Foreign("person.sealed");
        let plain = key.open(&context(audience, row), sealed).map_err(|_| FOREIGN)?;
        let (address, values): (String, Vec<String>) = serde_json::from_slice(&plain).map_err(|_| FOREIGN)?;
        let address = Address::parse(&address).map_err(|_| FOREIGN)?;
        Ok(Self { address, values })
    }
}

fn context(audience: &AudienceUid, row: u64) -> Vec<u8> {
    format!("person {} {row}", audience.0).into_bytes()
}
