//! Proxies before the console and the public pages.

use serde::Deserialize;
use web::Proxies;

use super::Words;
use crate::failure::Failure;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ProxySettings {
    trusted: Words,
}

impl ProxySettings {
    /// Those from which it is believed for whom they ask.
    ///
    /// # Errors
    /// One is neither an address nor a network.
    pub(crate) fn trusted(&self) -> Result<Proxies, Failure> {
        Proxies::parse(self.trusted.0.iter().map(String::as_str))
            .map_err(|error| Failure::usage("settings", format!("proxy.trusted: {error}")))
    }
}
