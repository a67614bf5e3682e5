//! Who signed in at the provider.

use std::fmt;
use std::time::SystemTime;

/// What an ID token that holds says. Prints nothing of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider, as the settings name it.
    pub issuer: String,
    /// The person's identifier there. With the issuer it is all that tells people apart: names and addresses change hands
    /// (OpenID Connect Core 1.0 §5.7).
    pub subject: String,
    /// The address, if it says one.
    pub email: Option<String>,
    /// Whether the provider says that the address is the person's; `false` where it says nothing.
    pub email_verified: bool,
    /// How the person showed who they are (RFC 8176): `pwd`, `otp`, `mfa` …
    pub amr: Vec<String>,
    /// How much that is worth, in the provider's own words.
    pub acr: Option<String>,
    /// When the person did; nothing where it does not say.
    pub auth_time: Option<SystemTime>,
}

impl Identity {
    /// The address, if the provider says that it is the person's.
    #[must_use]
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }

    /// Whether one of these values of `amr` or `acr` is among what it says.
    #[must_use]
    pub fn shows_one_of(&self, values: &[String]) -> bool {
        self.amr.iter().chain(&self.acr).any(|shown| values.contains(shown))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("email_verified", &self.email_verified)
            .field("amr", &self.amr)
            .field("acr", &self.acr)
            .finish_non_exhaustive()
    }
}
