//! The instance key, the wrapped keys beside the database, sealed fields and fingerprints.
//!
//! A database, and every backup of it, holds sealed fields and fingerprints alone. What opens them lies apart:
//! one [`InstanceKey`] in a file of mode 0600, and one [`DataKey`] for each audience, wrapped by the instance key,
//! in the [`KeyFolder`]. Destroying a wrapped key makes everything sealed under it unreadable (promise 11).

mod data_key;
mod erased;
mod folder;
mod forgotten;
mod instance;
mod key_backup;
mod sealed_file;

pub use data_key::{DataKey, FINGERPRINT_OCTETS, Fingerprint, OpenError};
pub use erased::{ErasedAt, ErasedPlace};
pub use folder::{KeyFolder, KeyFolderError, KeyName};
pub use instance::{InstanceKey, InstanceKeyError, KEY_FILE_NAME, Purpose};
pub use key_backup::{KeySetName, remove_key_sets};
pub use sealed_file::{CHUNK_OCTETS, SealedFile, SealedFileReader, SealedFileWriter};

use ring::rand::{SecureRandom, SystemRandom};

/// A source of key material: the operating system's generator.
#[derive(Debug, Clone)]
pub struct Random(SystemRandom);

impl Default for Random {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

/// The operating system gave no random octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random numbers, so no key can be made")]
pub struct NoRandomness;

impl Random {
    /// `N` unpredictable octets.
    ///
    /// # Errors
    /// [`NoRandomness`] when the system's generator fails.
    pub fn octets<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut octets = [0; N];
        self.0.fill(&mut octets).map_err(|_| NoRandomness)?;
        Ok(octets)
    }
}
