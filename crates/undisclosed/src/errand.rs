//! Work that takes longer than a page may, one at a time. Its end is kept until the next one begins; a process that ends loses
//! it, and nothing else.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::failure::Failure;
use crate::installation::Installation;

/// Short work is done by then, and its page says so at once.
const PATIENCE: Duration = Duration::from_millis(1_500);

struct Desk<T> {
    state: Mutex<web::Errand<T>>,
    ended: Notify,
}

/// One errand and its end.
pub(crate) struct Errand<T>(Arc<Desk<T>>);

impl<T> Default for Errand<T> {
    fn default() -> Self {
        Self(Arc::new(Desk { state: Mutex::new(web::Errand::NotYet), ended: Notify::new() }))
    }
}

impl<T: Clone + Send + 'static> Errand<T> {
    /// Begins it, unless one is under way.
    pub(crate) fn begin(
        &self,
        installation: &Arc<Installation>,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) {
        {
            let mut state = self.lock();
            if matches!(*state, web::Errand::Running { .. }) {
                return;
            }
            *state = web::Errand::Running { since: installation.now() };
        }
        let (desk, installation) = (self.0.clone(), installation.clone());
        tokio::spawn(async move {
            // By itself: if it panics, it has ended all the same.
            let outcome = match tokio::spawn(work).await {
                Ok(outcome) => outcome.map_err(|failure| failure.message),
                Err(_) => Err("it broke off; try again".to_owned()),
            };
            let at: Timestamp = installation.now();
            *desk.state.lock().unwrap_or_else(PoisonError::into_inner) = web::Errand::Ended { at, outcome };
            desk.ended.notify_waiters();
        });
    }

    /// Where it is; what has just begun is waited for a little.
    pub(crate) async fn look(&self) -> web::Errand<T> {
        let ended = self.0.ended.notified();
        if matches!(*self.lock(), web::Errand::Running { .. }) {
            // Not ended yet: whoever asks is told so.
            let _ = tokio::time::timeout(PATIENCE, ended).await;
        }
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, web::Errand<T>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
