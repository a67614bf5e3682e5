//! The folder of wrapped keys, beside the database and never in it.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::{DataKey, InstanceKey, NoRandomness, OpenError, Random};

/// The folder `keys/`.
#[derive(Debug, Clone)]
pub struct KeyFolder {
    pub(crate) path: PathBuf,
}

/// The name of a wrapped key: random, so that the folder's listing tells nothing about an audience.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// A fresh name.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(random: &Random) -> Result<Self, NoRandomness> {
        Ok(Self(HEXLOWER.encode(&random.octets::<16>()?)))
    }

    /// The key of the suppression list: one an installation, kept when audiences are forgotten.
    #[must_use]
    pub fn suppressions() -> Self {
        Self("suppressions".to_owned())
    }

    /// The key of the ledger: one an installation. With it the contents of its entries are read, and its checkpoints
    /// are signed.
    #[must_use]
    pub fn ledger() -> Self {
        Self("ledger".to_owned())
    }

    /// A name as the database holds it; nothing that could leave the folder.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        plain.then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a wrapped key is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFolderError {
    /// The file system.
    #[error("the folder of keys cannot be used: {0}")]
    Io(#[from] io::Error),
    /// Destroyed, or the folder is another one than the database's.
    #[error(
        "the key of this audience is not in the folder of keys: it was destroyed, or this is another folder than the \
         one that belongs to this database; without it nobody can read the addresses"
    )]
    Missing,
    /// Wrapped by another instance key, or damaged.
    #[error(
        "the key of this audience does not open: it was wrapped under another instance key, or it is damaged"
    )]
    Open(#[from] OpenError),
    /// No randomness.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl KeyFolder {
    /// The folder at `path`, made with mode 0700 where it is missing.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        Ok(Self { path: path.to_owned() })
    }

    pub(crate) fn file(&self, name: &KeyName) -> PathBuf {
        self.path.join(format!("{}.key", name.as_str()))
    }

    /// A new data key, wrapped and durable on disk before it is used: what is sealed under it can be opened again.
    ///
    /// # Errors
    /// [`KeyFolderError`]; a name in use is an error of the file system, and that key is left alone.
    pub fn create(
        &self,
        name: &KeyName,
        instance: &InstanceKey,
        random: &Random,
    ) -> Result<DataKey, KeyFolderError> {
        let key = DataKey::generate(random)?;
        let wrapped = key.wrap(instance, name.as_str())?;
        let path = self.file(name);
        // Written under another name first: a key file is whole or it is not there.
        let temporary = self.path.join(format!("{}.new", name.as_str()));
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&wrapped)?;
        file.sync_all()?;
        fs::hard_link(&temporary, &path)?;
        fs::remove_file(&temporary)?;
        self.sync()?;
        Ok(key)
    }

    /// The data key of that name.
    ///
    /// # Errors
    /// [`KeyFolderError::Missing`] or another [`KeyFolderError`].
    pub fn load(
        &self,
        name: &KeyName,
        instance: &InstanceKey,
        random: &Random,
    ) -> Result<DataKey, KeyFolderError> {
        let wrapped = match fs::read(self.file(name)) {
            Ok(wrapped) => wrapped,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(KeyFolderError::Missing),
            Err(error) => return Err(error.into()),
        };
        Ok(DataKey::unwrap_from(&wrapped, instance, name.as_str(), random)?)
    }

    /// The data key of that name, made where there is none yet.
    ///
    /// # Errors
    /// [`KeyFolderError`].
    pub fn load_or_create(
        &self,
        name: &KeyName,
        instance: &InstanceKey,
        random: &Random,
    ) -> Result<DataKey, KeyFolderError> {
        match self.load(name, instance, random) {
            Err(KeyFolderError::Missing) => match self.create(name, instance, random) {
                // Somebody else made it in between: theirs counts.
                Err(KeyFolderError::Io(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                    self.load(name, instance, random)
                }
                other => other,
            },
            other => other,
        }
    }

    /// Destroys a key: what was sealed under it cannot be read again. No key of that name is no error.
    ///
    /// # Errors
    /// What the file system says.
    pub fn destroy(&self, name: &KeyName) -> io::Result<()> {
        match fs::remove_file(self.file(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.sync(),
        }
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        fs::File::open(&self.path)?.sync_all()
    }
}
