//! Who has a database of SQLite open: every process by a shared lock beside the file, a restore by the whole lock.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::StoreError;

/// The lock; the operating system lets it go when the process ends.
pub(crate) struct InUse {
    _held: fs::File,
}

impl InUse {
    /// Opens the database among others; waits while a restore puts another one in its place.
    pub(crate) async fn shared(path: &Path) -> Result<Self, StoreError> {
        let file = lock_file(path)?;
        // On a thread of its own: waiting for the lock must not stop the task that holds it.
        let waiting = tokio::task::spawn_blocking(move || {
            flock(&file, FlockOperation::LockShared)?;
            Ok::<_, std::io::Error>(file)
        });
        let held = waiting.await.map_err(|_| StoreError::Foreign("a thread that ended early"))??;
        Ok(Self { _held: held })
    }

    /// Has the database for itself alone, now or not at all.
    pub(crate) fn alone(path: &Path) -> Result<Self, StoreError> {
        let held = lock_file(path)?;
        flock(&held, FlockOperation::NonBlockingLockExclusive).map_err(|_| StoreError::InUse)?;
        Ok(Self { _held: held })
    }
}

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn lock_file(path: &Path) -> Result<fs::File, StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    // Never deleted: two processes would hold locks on two files.
    Ok(fs::File::options().create(true).truncate(false).write(true).open(path.with_file_name(name))?)
}
