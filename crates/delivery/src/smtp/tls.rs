//! TLS with verification, always.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Why TLS cannot be set up on this side.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of further authorities.
    #[error("the file of certificate authorities (relay.ca_file) cannot be read or holds no certificate")]
    Authorities,
    /// Nobody to trust.
    #[error(
        "this machine has no certificate authorities: install the package ca-certificates, or set relay.ca_file"
    )]
    NoRoots,
    /// rustls refused its own defaults.
    #[error("TLS cannot be set up")]
    Setup,
}

/// Trusts the machine's certificate authorities, and those of `ca_file` if there is one. There is no way to switch
/// verification off.
///
/// # Errors
/// [`TlsError`].
pub fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<_, _>>)
            .map_err(|_| TlsError::Authorities)?;
        if roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(TlsError::Authorities);
        }
    }
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::Setup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
