//! Spreadsheets that were uploaded and are not imported yet: whose they are, how far each is, and for how long.
//!
//! They are this process's alone. What they hold lies on disk sealed under keys in its memory, in files without names
//! ([`keys::SealedFile`]): after a crash nothing is there to be read or removed, and whoever uploaded one does it again.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use audience::ImportError;
use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use keys::{Random, SealedFile, SealedFileWriter};
use store::{ApiKeyId, UserId};
use tokio::sync::{Notify, Semaphore};

use crate::lists::{Choices, ReadList};

/// Octets of one spreadsheet: what its reader takes.
pub const UPLOAD_OCTETS_MAX: u64 = audience::FILE_OCTETS_MAX;
/// Octets of all that wait: two of the largest, or thousands of usual ones. A disk holds them beside its database.
pub const UPLOADS_OCTETS_MAX: u64 = 2 * UPLOAD_OCTETS_MAX;
/// Spreadsheets of one user that wait: one that is looked at, one that is corrected, and one more.
pub const UPLOADS_PER_USER_MAX: usize = 3;
/// Spreadsheets that wait: each keeps up to 40 MB in memory, for a list of five million.
pub const UPLOADS_MAX: usize = 20;
/// How long one waits for its user since anything was last done with it.
pub const UPLOAD_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Spreadsheets that come in at once, of all users together: each holds a connection for as long as its sender likes.
pub const UPLOADS_ARRIVING_MAX: usize = 8;
/// Spreadsheets that are read or imported at once: each takes a core.
const PASSES_MAX: usize = 2;

/// Characters of a name that are kept until somebody says what is wrong with it.
const NAME_CHARS_KEPT: usize = 500;

/// How much may wait. The defaults are the constants of the same names.
#[derive(Debug, Clone, Copy)]
pub struct UploadLimits {
    /// [`UPLOAD_OCTETS_MAX`].
    pub octets: u64,
    /// [`UPLOADS_OCTETS_MAX`].
    pub all_octets: u64,
    /// [`UPLOADS_PER_USER_MAX`].
    pub per_user: usize,
    /// [`UPLOADS_MAX`].
    pub all: usize,
    /// [`UPLOADS_ARRIVING_MAX`].
    pub arriving: usize,
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            octets: UPLOAD_OCTETS_MAX,
            all_octets: UPLOADS_OCTETS_MAX,
            per_user: UPLOADS_PER_USER_MAX,
            all: UPLOADS_MAX,
            arriving: UPLOADS_ARRIVING_MAX,
        }
    }
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    #[error("The spreadsheet is larger than {0} octets; split it into several")]
    TooLarge(u64),
    #[error("You have {0} spreadsheets waiting; import or remove one of them first")]
    OwnFull(usize),
    #[error("Too many spreadsheets are waiting at present; try again in some minutes")]
    Full,
    #[error(
        "The spreadsheet could not be kept on the server’s disk; tell your administrator that it may be full"
    )]
    Disk(#[source] io::Error),
}

/// The number of an upload. It is random; and whose it is, is looked at all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UploadId(u64);

impl UploadId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits =
            text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        digits.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl std::fmt::Display for UploadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Whose an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    User(UserId),
    /// Another program's, for as long as its request goes on.
    Key(ApiKeyId),
}

/// How far an upload is.
#[derive(Clone)]
pub(crate) enum Stage {
    /// Its octets are coming in.
    Arriving,
    /// It is being read.
    Reading,
    /// It cannot be read like that: why, where it is the spreadsheet's fault.
    Unreadable(Option<Arc<ImportError>>),
    /// It was read, and waits for its user.
    Read(Arc<dyn ReadList>),
    /// Its people are being imported.
    Importing { written: Arc<AtomicU64>, total: u64 },
    /// It is the audience of that number.
    Imported(i64),
}

/// One upload, as it is at a moment.
#[derive(Clone)]
pub(crate) struct Upload {
    owner: Owner,
    /// What its audience is to be called.
    pub(crate) name: String,
    pub(crate) choices: Choices,
    pub(crate) stage: Stage,
    /// Why it could not be imported, or not be read by no fault of its own.
    pub(crate) trouble: Option<String>,
    octets: u64,
    file: Option<SealedFile>,
    touched: Timestamp,
}

impl Upload {
    /// Whether something is being done with it, that its user waits for.
    pub(crate) const fn is_busy(&self) -> bool {
        matches!(self.stage, Stage::Arriving | Stage::Reading | Stage::Importing { .. })
    }
}

/// All uploads.
pub(crate) struct Uploads {
    folder: PathBuf,
    random: Random,
    limits: UploadLimits,
    /// Forms with a file at once, of users who may send one.
    pub(crate) arriving: Arc<Semaphore>,
    all: Mutex<BTreeMap<UploadId, Upload>>,
    changed: Notify,
    pub(crate) passes: Semaphore,
}

impl Uploads {
    pub(crate) fn new(folder: PathBuf, random: Random, limits: UploadLimits) -> Self {
        Self {
            folder,
            random,
            limits,
            arriving: Arc::new(Semaphore::new(limits.arriving)),
            all: Mutex::default(),
            changed: Notify::new(),
            passes: Semaphore::new(PASSES_MAX),
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<UploadId, Upload>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn octets_max(&self) -> u64 {
        self.limits.octets
    }

    /// A place for a file of this user. It is given back if the file does not come.
    pub(crate) fn begin(self: &Arc<Self>, owner: Owner, now: Timestamp) -> Result<Arrival, NotTaken> {
        self.sweep(now);
        let number = self.random.octets().map_err(|error| NotTaken::Disk(io::Error::other(error)))?;
        let id = UploadId(u64::from_be_bytes(number));
        let mut all = self.all();
        if all.values().filter(|upload| upload.owner == owner).count() >= self.limits.per_user {
            return Err(NotTaken::OwnFull(self.limits.per_user));
        }
        if all.len() >= self.limits.all || all.contains_key(&id) {
            return Err(NotTaken::Full);
        }
        let writer = SealedFileWriter::create(&self.folder, &self.random).map_err(NotTaken::Disk)?;
        let upload = Upload {
            owner,
            name: String::new(),
            choices: Choices::default(),
            stage: Stage::Arriving,
            trouble: None,
            octets: 0,
            file: None,
            touched: now,
        };
        all.insert(id, upload);
        drop(all);
        Ok(Arrival { uploads: self.clone(), id, writer: Some(writer), octets: 0, kept: false })
    }

    /// Room for more octets of a file.
    fn grow(&self, id: UploadId, octets: u64) -> Result<(), NotTaken> {
        let mut all = self.all();
        let sum = all.values().map(|upload| upload.octets).sum::<u64>();
        let Some(upload) = all.get_mut(&id) else { return Err(gone()) };
        if upload.octets + octets > self.limits.octets {
            return Err(NotTaken::TooLarge(self.limits.octets));
        }
        if sum + octets > self.limits.all_octets {
            return Err(NotTaken::Full);
        }
        upload.octets += octets;
        Ok(())
    }

    /// An upload of this user. Somebody else's is not there.
    pub(crate) fn of(&self, owner: Owner, id: UploadId, now: Timestamp) -> Option<Upload> {
        self.all().get(&id).filter(|upload| upload.owner == owner && !is_over(upload, now)).cloned()
    }

    /// Those of this user that are not imported.
    pub(crate) fn waiting(&self, owner: Owner, now: Timestamp) -> Vec<(UploadId, String)> {
        let mine = |upload: &Upload| {
            upload.owner == owner
                && !is_over(upload, now)
                && !matches!(upload.stage, Stage::Arriving | Stage::Imported(_))
        };
        let all = self.all();
        all.iter().filter(|(_, upload)| mine(upload)).map(|(id, upload)| (*id, upload.name.clone())).collect()
    }

    /// Its file, to be read anew with these choices; nothing while something else is done with it.
    pub(crate) fn begin_reading(
        &self,
        id: UploadId,
        choices: &Choices,
        now: Timestamp,
    ) -> Option<SealedFile> {
        self.step(id, now, |upload| {
            let file = upload.file.clone().filter(|_| !upload.is_busy())?;
            upload.choices = choices.clone();
            upload.stage = Stage::Reading;
            upload.trouble = None;
            Some(file)
        })
    }

    /// What its audience is to be called, as far as anybody has said.
    pub(crate) fn name(&self, id: UploadId, name: &str) {
        if let Some(upload) = self.all().get_mut(&id).filter(|upload| !upload.is_busy()) {
            upload.name = name.chars().take(NAME_CHARS_KEPT).collect();
        }
    }

    /// What was read, to be imported under this name; nothing while something else is done with it.
    pub(crate) fn begin_import(
        &self,
        id: UploadId,
        name: &str,
        written: Arc<AtomicU64>,
        now: Timestamp,
    ) -> Option<Arc<dyn ReadList>> {
        self.step(id, now, |upload| {
            let Stage::Read(list) = &upload.stage else { return None };
            let (list, total) = (list.clone(), list.inspection().people);
            name.clone_into(&mut upload.name);
            upload.stage = Stage::Importing { written, total };
            upload.trouble = None;
            Some(list)
        })
    }

    /// It has come to this. Once it is an audience its file is gone.
    pub(crate) fn settle(&self, id: UploadId, stage: Stage, trouble: Option<String>, now: Timestamp) {
        let _ = self.step(id, now, |upload| {
            if matches!(stage, Stage::Imported(_)) {
                upload.file = None;
                upload.octets = 0;
            }
            upload.stage = stage;
            upload.trouble = trouble;
            Some(())
        });
    }

    fn step<T>(
        &self,
        id: UploadId,
        now: Timestamp,
        step: impl FnOnce(&mut Upload) -> Option<T>,
    ) -> Option<T> {
        let done = self.all().get_mut(&id).and_then(|upload| {
            let done = step(upload)?;
            upload.touched = now;
            Some(done)
        });
        self.changed.notify_waiters();
        done
    }

    /// Removes one of this user. Whether it was there; one that is being imported stays.
    pub(crate) fn remove(&self, owner: Owner, id: UploadId) -> bool {
        let mut all = self.all();
        let there = all.get(&id).is_some_and(|upload| {
            upload.owner == owner && !matches!(upload.stage, Stage::Importing { .. } | Stage::Arriving)
        });
        there && all.remove(&id).is_some()
    }

    /// Removes those that nobody came back to.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.all().retain(|_, upload| !is_over(upload, now));
    }

    /// Waits until nothing is being done with it, no longer than `patience`.
    pub(crate) async fn settled(&self, id: UploadId, patience: Duration) {
        let settled = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                // Before looking: a change in between is heard.
                changed.as_mut().enable();
                if !self.all().get(&id).is_some_and(Upload::is_busy) {
                    return;
                }
                changed.await;
            }
        };
        let _ = tokio::time::timeout(patience, settled).await;
    }
}

/// One with which something is being done is never over: the time-outs of that end it.
fn is_over(upload: &Upload, now: Timestamp) -> bool {
    !upload.is_busy() && now.duration_since(upload.touched) >= UPLOAD_LIFE
}

/// A file that is coming in.
pub(crate) struct Arrival {
    uploads: Arc<Uploads>,
    id: UploadId,
    writer: Option<SealedFileWriter>,
    octets: u64,
    kept: bool,
}

impl Arrival {
    /// Keeps these octets, sealed.
    pub(crate) async fn take(&mut self, octets: Bytes) -> Result<(), NotTaken> {
        let length = octets.len() as u64;
        self.uploads.grow(self.id, length)?;
        self.octets += length;
        let Some(mut writer) = self.writer.take() else { return Err(gone()) };
        let written = tokio::task::spawn_blocking(move || writer.write_all(&octets).map(|()| writer)).await;
        self.writer = Some(written.map_err(|_| gone())?.map_err(NotTaken::Disk)?);
        Ok(())
    }

    /// Octets so far.
    pub(crate) const fn octets(&self) -> u64 {
        self.octets
    }

    /// The whole of it is there: it waits to be read.
    pub(crate) async fn keep(mut self, name: String, now: Timestamp) -> Result<UploadId, NotTaken> {
        let Some(writer) = self.writer.take() else { return Err(gone()) };
        let finished = tokio::task::spawn_blocking(move || writer.finish()).await;
        let file = finished.map_err(|_| gone())?.map_err(NotTaken::Disk)?;
        let there = self.uploads.step(self.id, now, |upload| {
            upload.name = name;
            upload.file = Some(file);
            // What is not read yet cannot be read: `begin_reading` comes next.
            upload.stage = Stage::Unreadable(None);
            Some(())
        });
        self.kept = there.is_some();
        there.map(|()| self.id).ok_or_else(gone)
    }
}

fn gone() -> NotTaken {
    NotTaken::Disk(io::Error::other("the file is not there any more"))
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if !self.kept {
            self.uploads.all().remove(&self.id);
        }
    }
}
