//! The way to the provider: TLS on ring, bounded in time and size, and no redirect is followed.

use std::sync::Arc;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::OpenIdError;
use crate::settings::SettingsError;

/// How long a whole answer is waited for: somebody sits before the browser.
pub const ANSWER_WAIT: Duration = Duration::from_secs(10);
/// Octets of an answer: keys and documents of the large providers are some 20 KB.
pub const ANSWER_OCTETS_MAX: u64 = 512 * 1024;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransportError {
    #[error("not reached")]
    Unreachable,
    #[error("too large")]
    TooLarge,
}

impl From<TransportError> for OpenIdError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Unreachable => Self::Unreachable,
            TransportError::TooLarge => Self::TooLarge,
        }
    }
}

pub(crate) struct Transport(ureq::Agent);

impl Transport {
    pub(crate) fn new(authorities: Option<&[u8]>, wait: Duration) -> Result<Self, SettingsError> {
        let mut roots: Vec<Certificate<'static>> = rustls_native_certs::load_native_certs()
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned())
            .collect();
        if let Some(pem) = authorities {
            roots.extend(further(pem)?);
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::Specific(Arc::new(roots)))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(wait.min(ANSWER_WAIT)))
            // A redirect is an answer, and not the one that is waited for.
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .build()
            .new_agent();
        Ok(Self(agent))
    }

    pub(crate) fn call(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let answered =
            if request.body().is_empty() { self.0.run(request.map(|_| ())) } else { self.0.run(request) };
        let (parts, mut body) = answered.map_err(|_| TransportError::Unreachable)?.into_parts();
        let read = body.with_config().limit(ANSWER_OCTETS_MAX).read_to_vec();
        let octets = read.map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => TransportError::TooLarge,
            _ => TransportError::Unreachable,
        })?;
        Ok(HttpResponse::from_parts(parts, octets))
    }
}

fn further(pem: &[u8]) -> Result<Vec<Certificate<'static>>, SettingsError> {
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        if let PemItem::Certificate(certificate) = item.map_err(|_| SettingsError::Authorities)? {
            found.push(certificate);
        }
    }
    if found.is_empty() { Err(SettingsError::Authorities) } else { Ok(found) }
}
