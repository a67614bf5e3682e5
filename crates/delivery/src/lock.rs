//! Locks that are held for a moment, never across a wait.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A lock whose holder panicked holds counters and times alone: they are as good as before.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
