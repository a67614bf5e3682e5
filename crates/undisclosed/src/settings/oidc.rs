//! A provider that people sign in at, beside the console's own passwords.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use super::Words;
use crate::failure::Failure;

/// Characters of what the button says: it stays one line on a telephone.
const NAME_CHARS_MAX: usize = 40;

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Oidc {
    /// As the provider writes it; without it there is no provider.
    pub(crate) issuer: Option<String>,
    pub(crate) client_id: Option<String>,
    /// From the environment alone; in the file it would lie beside everything else.
    pub(crate) client_secret: Option<String>,
    pub(crate) client_secret_file: Option<PathBuf>,
    /// What people call it: "Sign in with …".
    pub(crate) name: String,
    pub(crate) ca_file: Option<PathBuf>,
    /// Values of `amr` and `acr` that stand for a second factor.
    pub(crate) second_factor: Words,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret: None,
            client_secret_file: None,
            name: "your organisation".to_owned(),
            ca_file: None,
            second_factor: Words::default(),
        }
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc").field("second_factor", &self.second_factor).finish_non_exhaustive()
    }
}

impl Oidc {
    pub(super) fn check(&self) -> Result<(), Failure> {
        let wrong = |text: &str| Err(Failure::usage("settings", text));
        let more = self.client_id.is_some()
            || self.client_secret.is_some()
            || self.client_secret_file.is_some()
            || self.ca_file.is_some()
            || !self.second_factor.0.is_empty();
        if self.issuer.is_none() {
            return if more {
                wrong("the settings of oidc need oidc.issuer: the provider that people sign in at")
            } else {
                Ok(())
            };
        }
        if self.client_id.is_none() {
            return wrong(
                "oidc.issuer needs oidc.client_id: what this installation is called at the provider",
            );
        }
        if self.client_secret.is_some() && self.client_secret_file.is_some() {
            return wrong(
                "there is a client secret in the environment and one in oidc.client_secret_file: set one",
            );
        }
        let chars = self.name.chars().count();
        if !(1..=NAME_CHARS_MAX).contains(&chars) || self.name.chars().any(char::is_control) {
            return wrong("oidc.name has from 1 to 40 characters: it stands on a button");
        }
        if self.second_factor.0.iter().any(|word| word.trim().is_empty()) {
            return wrong(
                "oidc.second_factor has an empty value: whoever shows nothing would count as having shown it",
            );
        }
        Ok(())
    }
}
