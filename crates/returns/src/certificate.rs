//! The certificate of the listener, read anew when it was renewed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Why a certificate cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The file of the certificate.
    #[error("the file with the certificate cannot be read, or has none in PEM")]
    Chain,
    /// The file of the key.
    #[error("the file with the certificate's key cannot be read, or has none in PEM")]
    Key,
    /// They do not belong together, or cannot be used.
    #[error("the certificate and the key do not belong together")]
    Pair,
}

/// A certificate with its key, from two files.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    loaded: Mutex<(Changed, TlsAcceptor)>,
}

/// When the two files were written.
type Changed = (Option<SystemTime>, Option<SystemTime>);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[certificate]")
    }
}

impl Certificate {
    /// Reads it.
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn load(chain: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let changed = changed(&chain, &key);
        let acceptor = read(&chain, &key)?;
        Ok(Self { chain, key, loaded: Mutex::new((changed, acceptor)) })
    }

    /// What makes handshakes: with the files as they are now, or as they were last when they could be read.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        let now = changed(&self.chain, &self.key);
        if now != loaded.0
            && let Ok(acceptor) = read(&self.chain, &self.key)
        {
            *loaded = (now, acceptor);
        }
        loaded.1.clone()
    }
}

fn changed(chain: &Path, key: &Path) -> Changed {
    let of = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    (of(chain), of(key))
}

fn read(chain: &Path, key: &Path) -> Result<TlsAcceptor, CertificateError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect)
        .map_err(|_| CertificateError::Chain)?;
    if certificates.is_empty() {
        return Err(CertificateError::Chain);
    }
    let key = PrivateKeyDer::from_pem_file(key).map_err(|_| CertificateError::Key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|config| config.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|_| CertificateError::Pair)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
