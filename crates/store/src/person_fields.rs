//! A person's address and fields, sealed under the audience's key and bound to their row.

use keys::{DataKey, NoRandomness};
use mail::Address;
use serde::Deserialize;

use crate::{AudienceUid, StoreError};

/// A person in the clear. Lives only as long as their message is made.
#[derive(Clone)]
pub struct PersonFields {
    /// Where the message goes.
    pub address: Address,
    /// The values, in the order of the audience's fields.
    pub values: Vec<String>,
    /// The language that the person asked for; it comes before that of the list.
    pub language: Option<String>,
}

impl std::fmt::Debug for PersonFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[person]")
    }
}

impl PersonFields {
    /// The person's language: what they asked for, else the value of the list's field of languages.
    #[must_use]
    pub fn language(&self, field: Option<usize>) -> Option<&str> {
        let listed = || field.and_then(|index| self.values.get(index)).map(String::as_str);
        self.language.as_deref().or_else(listed).filter(|tag| !tag.is_empty())
    }

    /// Seals the person for one row of one audience: moved to another row it does not open.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn seal(&self, key: &DataKey, audience: &AudienceUid, row: u64) -> Result<Vec<u8>, NoRandomness> {
        let (address, values) = (self.address.expose(), &self.values);
        let plain = match &self.language {
            None => serde_json::json!([address, values]),
            Some(language) => serde_json::json!([address, values, language]),
        };
        key.seal(&context(audience, row), plain.to_string().as_bytes())
    }

    /// Opens a sealed person.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] when it was changed, moved, or sealed under another key.
    pub fn open(key: &DataKey, audience: &AudienceUid, row: u64, sealed: &[u8]) -> Result<Self, StoreError> {
        const FOREIGN: StoreError = StoreError::Foreign("person.sealed");
        let plain = key.open(&context(audience, row), sealed).map_err(|_| FOREIGN)?;
        let Stored(address, values, language) = serde_json::from_slice(&plain).map_err(|_| FOREIGN)?;
        let address = Address::parse(&address).map_err(|_| FOREIGN)?;
        Ok(Self { address, values, language })
    }
}

/// Address, values, and the language that was asked for, which most do not have.
#[derive(Deserialize)]
struct Stored(String, Vec<String>, #[serde(default)] Option<String>);

fn context(audience: &AudienceUid, row: u64) -> Vec<u8> {
    format!("person {} {row}", audience.0).into_bytes()
}

#[cfg(test)]
mod tests {
    use keys::Random;

    use super::*;

    #[test]
    fn a_language_is_kept_and_rows_from_before_still_open() {
        let (key, uid) = (DataKey::generate(&Random::default()).unwrap(), AudienceUid("uid".to_owned()));
        let old = key.seal(&context(&uid, 2), br#"["ann@x.test",["ann@x.test","Ann"]]"#).unwrap();
        let mut person = PersonFields::open(&key, &uid, 2, &old).unwrap();
        assert_eq!((person.values.len(), person.language.as_deref()), (2, None));
        person.language = Some("cy".to_owned());
        let sealed = person.seal(&key, &uid, 2).unwrap();
        assert_eq!(PersonFields::open(&key, &uid, 2, &sealed).unwrap().language.as_deref(), Some("cy"));
        assert!(PersonFields::open(&key, &uid, 3, &sealed).is_err(), "bound to its row");
        let odd = key.seal(&context(&uid, 2), br#"["ann@x.test",[],"cy",4]"#).unwrap();
        assert!(PersonFields::open(&key, &uid, 2, &odd).is_err());
    }
}
