//! Bearer tokens for relays that want them (XOAUTH2): from a file that somebody else renews, or renewed here by the
//! refresh grant (RFC 6749 §6).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::sync::Mutex;
use ureq::tls::{RootCerts, TlsConfig};

use crate::smtp::Secret;

/// A token is renewed when it has less than this left.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_secs(120);
/// A renewal takes at most this.
const RENEW_WAIT: Duration = Duration::from_secs(30);
/// Octets of a token endpoint's answer that are read.
const ANSWER_OCTETS_MAX: u64 = 64 * 1024;
/// What a token lasts if the endpoint does not say.
const LASTS_BY_DEFAULT: i64 = 300;

/// Why there is no token. Nothing of the secrets stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The file of the token.
    #[error("the file with the relay's token cannot be read")]
    File,
    /// Neither https nor this machine.
    #[error("the token endpoint must be an https URL: a refresh token is as good as a password")]
    Endpoint,
    /// Not reached, or not answered in time.
    #[error("the token endpoint cannot be reached")]
    Unreachable,
    /// It refuses us.
    #[error(
        "the token endpoint refuses to renew the token (HTTP {0}); log in again and store a new refresh token"
    )]
    Refused(u16),
    /// It answered something else.
    #[error("the token endpoint's answer makes no sense")]
    Answer,
}

impl TokenError {
    /// Whether trying again is of no use before somebody changes something.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        !matches!(self, Self::Unreachable)
    }
}

/// Where tokens come from.
pub struct TokenSource {
    user: String,
    origin: Origin,
    cached: Mutex<Option<(Secret, Timestamp)>>,
}

enum Origin {
    File(PathBuf),
    Refresh { agent: Box<ureq::Agent>, endpoint: String, form: Vec<(&'static str, Secret)> },
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[token source]")
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
}

impl TokenSource {
    /// A token in a file, read anew for each connection.
    #[must_use]
    pub fn from_file(user: String, path: PathBuf) -> Self {
        Self { user, origin: Origin::File(path), cached: Mutex::new(None) }
    }

    /// A token renewed at an endpoint.
    ///
    /// # Errors
    /// [`TokenError::Endpoint`].
    pub fn refreshing(
        user: String,
        endpoint: &str,
        client_id: &str,
        client_secret: Option<Secret>,
        refresh_token: Secret,
        scope: Option<&str>,
    ) -> Result<Self, TokenError> {
        if !is_secure(endpoint) {
            return Err(TokenError::Endpoint);
        }
        let mut form = vec![
            ("grant_type", Secret::new("refresh_token".to_owned())),
            ("client_id", Secret::new(client_id.to_owned())),
            ("refresh_token", refresh_token),
        ];
        form.extend(client_secret.map(|secret| ("client_secret", secret)));
        form.extend(scope.map(|scope| ("scope", Secret::new(scope.to_owned()))));
        let roots: Vec<_> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|certificate| ureq::tls::Certificate::from_der(certificate).to_owned())
            .collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(RENEW_WAIT))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        let origin = Origin::Refresh { agent: Box::new(agent), endpoint: endpoint.to_owned(), form };
        Ok(Self { user, origin, cached: Mutex::new(None) })
    }

    /// Whose tokens they are.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A token that is good for a while; renewed by one connection for all.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn token(&self, now: Timestamp) -> Result<Secret, TokenError> {
        let (agent, endpoint, form) = match &self.origin {
            Origin::File(path) => {
                let text = tokio::fs::read_to_string(path).await.map_err(|_| TokenError::File)?;
                return Ok(Secret::new(text.trim().to_owned()));
            }
            Origin::Refresh { agent, endpoint, form } => (agent.clone(), endpoint.clone(), form.clone()),
        };
        let mut cached = self.cached.lock().await;
        if let Some((token, until)) = &*cached
            && now + RENEW_BEFORE < *until
        {
            return Ok(token.clone());
        }
        let renewed = tokio::task::spawn_blocking(move || renew(&agent, &endpoint, &form)).await;
        let (token, seconds) = renewed.map_err(|_| TokenError::Answer)??;
        *cached = Some((token.clone(), now + SignedDuration::from_secs(seconds)));
        Ok(token)
    }
}

fn renew(
    agent: &ureq::Agent,
    endpoint: &str,
    form: &[(&'static str, Secret)],
) -> Result<(Secret, i64), TokenError> {
    let pairs = form.iter().map(|(name, value)| (*name, value.expose()));
    let mut response = agent.post(endpoint).send_form(pairs).map_err(|_| TokenError::Unreachable)?;
    let status = response.status().as_u16();
    match status {
        200 => {}
        400..=499 => return Err(TokenError::Refused(status)),
        _ => return Err(TokenError::Unreachable),
    }
    let text = response
        .body_mut()
        .with_config()
        .limit(ANSWER_OCTETS_MAX)
        .read_to_vec()
        .map_err(|_| TokenError::Answer)?;
    let answer: Answer = serde_json::from_slice(&text).map_err(|_| TokenError::Answer)?;
    Ok((Secret::new(answer.access_token), answer.expires_in.unwrap_or(LASTS_BY_DEFAULT)))
}
/// Under TLS, or on this machine. The host decides: in `http://localhost:x@elsewhere.example/` another one stands first.
fn is_secure(endpoint: &str) -> bool {
    let Ok(uri) = endpoint.parse::<ureq::http::Uri>() else { return false };
    let here = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
    uri.host().is_some() && (uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http") && here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_clear_on_this_machine_alone() {
        for endpoint in [
            "https://login.example/token",
            "http://127.0.0.1:8/t",
            "http://localhost:8/t",
            "http://[::1]:8/t",
        ] {
            assert!(is_secure(endpoint), "{endpoint}");
        }
        for endpoint in [
            "http://login.example/token",
            "http://localhost:x@login.example/",
            "http://127.0.0.1:8@login.example/",
            "http://localhost.login.example:8/",
            "ftp://localhost:8/",
            "/token",
            "",
        ] {
            assert!(!is_secure(endpoint), "{endpoint}");
        }
    }
}
