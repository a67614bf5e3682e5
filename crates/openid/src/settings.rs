//! Which provider, and who we are to it.

use std::fmt;
use std::time::Duration;

use openidconnect::url::{Host, Url};

/// A secret. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps it.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// A provider, and a client of it.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    /// As the provider writes it, to the last slash.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// Our secret there; a public client has none.
    pub client_secret: Option<Secret>,
    /// Where the browser comes back to.
    pub redirect_uri: String,
    /// Further certificate authorities, PEM, beside the system's.
    pub authorities: Option<Vec<u8>>,
    /// How long an answer is waited for: [`ANSWER_WAIT`](crate::ANSWER_WAIT), or less.
    pub wait: Duration,
}

/// Why a provider cannot be asked at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not a URL, or with a query or a fragment (OpenID Connect Discovery 1.0 §3).
    #[error("oidc.issuer is a URL like https://login.example/tenant, without `?` and `#`")]
    Issuer,
    /// Neither https nor this machine.
    #[error(
        "oidc.issuer begins with https://: whoever can change what crosses the network could sign in as anybody"
    )]
    Insecure,
    /// Empty.
    #[error("oidc.client_id is empty")]
    Client,
    /// The address of the console is no URL.
    #[error("the console's address is no URL to come back to")]
    Redirect,
    /// Not PEM, or no certificate in it.
    #[error("oidc.ca_file has no certificate in PEM")]
    Authorities,
}

impl ProviderSettings {
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let issuer = Url::parse(&self.issuer).map_err(|_| SettingsError::Issuer)?;
        if !issuer.has_host() || issuer.query().is_some() || issuer.fragment().is_some() {
            return Err(SettingsError::Issuer);
        }
        if !is_secure(&issuer) {
            return Err(SettingsError::Insecure);
        }
        if self.client_id.is_empty() {
            return Err(SettingsError::Client);
        }
        Url::parse(&self.redirect_uri).map(|_| ()).map_err(|_| SettingsError::Redirect)
    }
}

/// Under TLS, or on this machine.
pub(crate) fn is_secure(url: &Url) -> bool {
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(issuer: &str) -> ProviderSettings {
        ProviderSettings {
            issuer: issuer.to_owned(),
            client_id: "client".to_owned(),
            client_secret: Some(Secret::new("canary".to_owned())),
            redirect_uri: "https://console.example/back".to_owned(),
            authorities: None,
            wait: Duration::from_secs(1),
        }
    }

    #[test]
    fn issuers_are_reached_by_tls_or_are_here() {
        for issuer in [
            "https://login.example",
            "https://login.example:8443/tenant/v2.0",
            "http://127.0.0.1:8080/realms/unit",
            "http://localhost:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(of(issuer).check(), Ok(()), "{issuer}");
        }
        for issuer in ["", "login.example", "https://", "https://a.example/?x=1", "https://a.example/#x"] {
            assert_eq!(of(issuer).check(), Err(SettingsError::Issuer), "{issuer}");
        }
        for issuer in
            ["http://login.example", "http://localhost.example", "ftp://login.example", "http://10.0.0.1"]
        {
            assert_eq!(of(issuer).check(), Err(SettingsError::Insecure), "{issuer}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert!(!format!("{:?}", of("https://login.example")).contains("canary"));
    }
}
