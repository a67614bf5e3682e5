//! The one key of an installation, in a file that only its owner reads.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use data_encoding::BASE64;
use ring::hkdf;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{NoRandomness, Random};

/// The name of the key file beside `undisclosed.toml`.
pub const KEY_FILE_NAME: &str = "undisclosed.key";
/// The first word of the file: says what it is, and the version of its format.
const HEADER: &str = "undisclosed-instance-key-v1";
/// Largest key file read, in octets: the header, 44 characters and room for line ends.
const KEY_FILE_OCTETS_MAX: u64 = 256;

/// The installation's own key: wraps the data keys and makes the keyed identifiers.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct InstanceKey([u8; 32]);

/// Why there is no instance key.
#[derive(Debug, thiserror::Error)]
pub enum InstanceKeyError {
    /// Not readable, not writable, not there.
    #[error("the key file cannot be used: {0}")]
    Io(#[from] io::Error),
    /// `init` does not overwrite: the old key opens the old data.
    #[error("there is a key file already, and it opens the data that is there; it is left as it is")]
    Exists,
    /// Others may read it.
    #[error(
        "the key file can be read by others (mode {0:o}); whoever has it and the data folder can read every \
         address: make it 0600, or 0640 for a group"
    )]
    TooOpen(u32),
    /// Not what `init` wrote.
    #[error(
        "the key file is not one that `undisclosed init` wrote, or it is damaged: restore it from its backup"
    )]
    Damaged,
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// What a derived key is for: one key is never used for two things (RFC 5869 §3.2 `info`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Wrapping data keys.
    Wrap,
    /// Message-ID, boundaries.
    MessageIdentity,
    /// VERP return paths, and what stands in the subject of an unsubscribe request by mail.
    ReturnPath,
    /// Links to the public pages.
    PublicLink,
    /// What a public page says behind a form, for a moment.
    PublicReceipt,
    /// Telling whether an audience was written to before.
    AudienceDigest,
    /// Knowing browsers again in which a member of staff has signed in.
    Device,
    /// Sealing the secrets of second factors.
    SecondFactor,
    /// Picking the messages that an approver looks at.
    Pick,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Wrap => b"undisclosed wrap v1",
            Self::MessageIdentity => b"undisclosed message identity v1",
            Self::ReturnPath => b"undisclosed return path v1",
            Self::PublicLink => b"undisclosed public link v1",
            Self::PublicReceipt => b"undisclosed public receipt v1",
            Self::AudienceDigest => b"undisclosed audience digest v1",
            Self::Device => b"undisclosed device v1",
            Self::SecondFactor => b"undisclosed second factor v1",
            Self::Pick => b"undisclosed pick v1",
        }
    }
}

impl InstanceKey {
    /// A new key, written durably to `path` with mode 0600; an existing file is left alone.
    ///
    /// # Errors
    /// [`InstanceKeyError::Exists`], or what the file system or the random generator says.
    pub fn create(path: &Path, random: &Random) -> Result<Self, InstanceKeyError> {
        let key = Self(random.octets()?);
        let mut file = match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(InstanceKeyError::Exists);
            }
            Err(error) => return Err(error.into()),
        };
        writeln!(file, "{HEADER} {}", BASE64.encode(&key.0))?;
        file.sync_all()?;
        Ok(key)
    }

    /// A key for tests and the demo, never written anywhere.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn ephemeral(random: &Random) -> Result<Self, NoRandomness> {
        Ok(Self(random.octets()?))
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// [`InstanceKeyError`]: also when the file's mode lets others read it.
    pub fn read(path: &Path) -> Result<Self, InstanceKeyError> {
        let metadata = fs::metadata(path)?;
        let mode = metadata.mode() & 0o777;
        if mode & 0o037 != 0 {
            return Err(InstanceKeyError::TooOpen(mode));
        }
        if metadata.len() > KEY_FILE_OCTETS_MAX {
            return Err(InstanceKeyError::Damaged);
        }
        let mut text = fs::read_to_string(path)?;
        let decoded = text
            .trim()
            .strip_prefix(HEADER)
            .and_then(|rest| BASE64.decode(rest.trim().as_bytes()).ok())
            .and_then(|octets| <[u8; 32]>::try_from(octets).ok());
        text.zeroize();
        decoded.map(Self).ok_or(InstanceKeyError::Damaged)
    }

    /// A key for one purpose (HKDF-SHA-256, RFC 5869).
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> [u8; 32] {
        derive(&self.0, purpose.label())
    }
}

impl std::fmt::Debug for InstanceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[instance key]")
    }
}

struct Octets32;
impl hkdf::KeyType for Octets32 {
    fn len(&self) -> usize {
        32
    }
}

/// HKDF-SHA-256 with an empty salt: the input is uniformly random already (RFC 5869 §3.1).
pub(crate) fn derive(secret: &[u8; 32], label: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let info = [label];
    let filled = hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(secret)
        .expand(&info, Octets32)
        .and_then(|okm| okm.fill(&mut out));
    assert!(filled.is_ok(), "32 octets are far below HKDF's limit of 255 × 32 (RFC 5869 §2.3)");
    out
}
