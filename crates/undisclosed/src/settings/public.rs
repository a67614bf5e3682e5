//! The pages that face the internet, and what everybody may see.

use serde::Deserialize;
use web::Origin;

use super::Words;
use crate::failure::Failure;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Public {
    /// Where people find the public pages; the links in messages lead there.
    pub(crate) url: Option<String>,
    /// Where `serve` has the public pages; without it they are off, and something else has to answer at `url`.
    pub(crate) listen: Option<String>,
    /// Addresses that every message may show, beside the sender's: a helpline, a data protection officer.
    pub(crate) contacts: Words,
}

impl Public {
    pub(super) fn check(&self) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::usage("settings", text));
        let secure = self.url.as_ref().is_none_or(|url| url.starts_with("https://"));
        let is_origin = self.url.as_ref().is_some_and(|url| Origin::parse(url).is_ok());
        match (&self.listen, &self.url) {
            (Some(_), None) => wrong(
                "public.listen needs public.url: where people find the pages, https://NAME, for the links in messages",
            ),
            // In the clear Origin takes this machine alone.
            (Some(_), Some(_)) if !is_origin => wrong(
                "public.url is https://NAME or https://NAME:PORT, without a path, where public.listen is set: the links in \
                 messages lead there",
            ),
            (None, _) if !secure => {
                wrong("public.url must be an https URL: people unsubscribe there (RFC 8058)")
            }
            _ => Ok(()),
        }
    }
}
