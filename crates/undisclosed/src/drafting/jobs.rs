//! Work that takes longer than a page may: everybody's message is built and proved. It goes on in this process, one result for
//! each draft; a process that ends loses it, and nothing else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use delivery::LetterError;
use store::{CampaignId, Draft, DraftId, DraftVersion};
use tokio::sync::{Notify, Semaphore};
use web::{Checking, Checklist};

use super::checklist::check;
use super::submitting::submit;
use crate::check::Watch;
use crate::installation::Installation;

/// Jobs that run at once: each takes all cores, and what is being sent needs them too.
const JOBS_RUNNING_MAX: usize = 1;
/// Jobs that are kept, run or not: as many as drafts.
const JOBS_MAX: usize = store::DRAFTS_MAX;
/// A short list is done by then, and its page says so at once.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Failing rows that a page names.
const ROWS_SHOWN_MAX: usize = 20;

/// Who submits, and the warnings that they accepted.
type Submitting = Option<(Vec<String>, String)>;

/// How it ended.
enum Outcome {
    Checked(Box<Checklist>),
    Failed(String),
    Submitted(CampaignId),
}

/// One job.
pub(super) struct Job {
    version: u64,
    submits: bool,
    people: u64,
    proved: AtomicU64,
    failing: Mutex<Vec<String>>,
    outcome: OnceLock<Outcome>,
    ended: Notify,
}

impl Watch for Job {
    fn proved(&self, number: u64) {
        self.proved.store(number, Ordering::Relaxed);
    }

    fn fails(&self, error: &LetterError) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if failing.len() < ROWS_SHOWN_MAX {
            failing.push(error.to_string());
        }
    }
}

impl Job {
    /// The first rows that failed, and why.
    pub(super) fn failing(&self) -> Vec<String> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&self, outcome: Outcome) {
        // It ends once.
        let _ = self.outcome.set(outcome);
        self.ended.notify_waiters();
    }

    fn told(&self) -> Checking {
        match self.outcome.get() {
            None => Checking::Running {
                done: self.proved.load(Ordering::Relaxed),
                of: self.people,
                submits: self.submits,
            },
            Some(Outcome::Checked(list)) => Checking::Checked(list.clone()),
            Some(Outcome::Failed(text)) => Checking::Failed(text.clone()),
            Some(Outcome::Submitted(id)) => Checking::Submitted(*id),
        }
    }
}

/// The jobs of this process.
pub(crate) struct Jobs {
    all: Mutex<HashMap<DraftId, Arc<Job>>>,
    running: Arc<Semaphore>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { all: Mutex::default(), running: Arc::new(Semaphore::new(JOBS_RUNNING_MAX)) }
    }
}

impl Jobs {
    /// Begins a job, unless the same one runs already.
    pub(super) fn begin(&self, installation: &Arc<Installation>, draft: &Draft, submitting: Submitting) {
        let job = Arc::new(Job {
            version: draft.at.version,
            submits: submitting.is_some(),
            people: draft.audience.people,
            proved: AtomicU64::default(),
            failing: Mutex::default(),
            outcome: OnceLock::new(),
            ended: Notify::new(),
        });
        {
            let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            let runs = |other: &Arc<Job>| {
                other.version == job.version && other.submits == job.submits && other.outcome.get().is_none()
            };
            if all.get(&draft.at.id).is_some_and(runs) {
                return;
            }
            if all.len() >= JOBS_MAX {
                all.retain(|_, job| job.outcome.get().is_none());
            }
            all.insert(draft.at.id, job.clone());
        }
        let (installation, draft, running) = (installation.clone(), draft.clone(), self.running.clone());
        tokio::spawn(async move {
            // The semaphore is never closed, so this only waits.
            let Ok(_running) = running.acquire_owned().await else { return };
            // By itself: if it panics, the job has ended all the same.
            let of = job.clone();
            let work = async move {
                match submitting {
                    None => check(&installation, &draft, &job).await.map(|(list, _)| Outcome::Checked(list)),
                    Some((accepted, by)) => {
                        submit(&installation, &draft, &accepted, &by, &job).await.map(Outcome::Submitted)
                    }
                }
            };
            of.end(match tokio::spawn(work).await {
                Ok(Ok(outcome)) => outcome,
                Ok(Err(failure)) => Outcome::Failed(failure.message),
                Err(_) => Outcome::Failed("it broke off; check everything again".to_owned()),
            });
        });
    }

    /// How far the job of this version is.
    pub(super) async fn look(&self, at: DraftVersion) -> Checking {
        let job = {
            let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(&at.id).cloned()
        };
        let Some(job) = job else { return Checking::NotYet };
        let ended = job.ended.notified();
        if job.outcome.get().is_none() {
            // Not ended yet: whoever asks gets what there is.
            let _ = tokio::time::timeout(PATIENCE, ended).await;
        }
        match job.outcome.get() {
            Some(Outcome::Submitted(id)) => Checking::Submitted(*id),
            _ if job.version == at.version => job.told(),
            _ => Checking::NotYet,
        }
    }
}
