//! The keys that sign messages.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dkim {
    pub(crate) domain: String,
    pub(crate) selector: String,
    pub(crate) key_file: PathBuf,
}

/// The keys that sign: in the file a list, in the environment each by a number (`UNDISCLOSED_DKIM__1__DOMAIN`), and
/// then those of the file do not count.
#[derive(Debug, Clone, Default)]
pub(crate) struct DkimKeys(pub(crate) Vec<Dkim>);

impl<'de> Deserialize<'de> for DkimKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = DkimKeys;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("DKIM keys with domain, selector and key_file")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<DkimKeys, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(DkimKeys)
            }

            fn visit_map<A: MapAccess<'de>>(self, numbered: A) -> Result<DkimKeys, A::Error> {
                let keys = BTreeMap::<u8, Dkim>::deserialize(MapAccessDeserializer::new(numbered))?;
                Ok(DkimKeys(keys.into_values().collect()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
