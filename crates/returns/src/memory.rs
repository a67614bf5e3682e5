//! Room for messages that are coming in, shared by all connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Octets of messages in memory at once, over all connections. Whoever comes when it is full is told to come later.
pub const MEMORY_OCTETS_MAX: usize = 32 * 1024 * 1024;

/// What there is.
#[derive(Debug)]
pub struct Memory {
    left: AtomicUsize,
}

impl Memory {
    /// So many octets.
    #[must_use]
    pub fn new(octets: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(octets) })
    }

    /// Octets that nobody has.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }

    fn take(&self, octets: usize) -> bool {
        let taken = |left: usize| left.checked_sub(octets);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken).is_ok()
    }
}

/// Octets that are kept, and counted until they go.
pub(crate) struct Kept {
    memory: Arc<Memory>,
    counted: usize,
    octets: Vec<u8>,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{} octets]", self.octets.len())
    }
}

/// The least that is kept for a message.
const LEAST: usize = 4_096;

impl Kept {
    pub(crate) const fn new(memory: Arc<Memory>) -> Self {
        Self { memory, counted: 0, octets: Vec::new() }
    }

    /// Keeps these too; `false`: there is no room.
    pub(crate) fn push(&mut self, octets: &[u8]) -> bool {
        let wanted = self.octets.len() + octets.len();
        if wanted > self.counted {
            // It grows here, and never by itself: what lies there is what is counted.
            let room = wanted.next_power_of_two().max(LEAST);
            if !self.memory.take(room - self.counted) {
                return false;
            }
            self.counted = room;
            self.octets.reserve_exact(room - self.octets.len());
        }
        self.octets.extend_from_slice(octets);
        true
    }

    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.memory.left.fetch_add(self.counted, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_and_one_past() {
        let memory = Memory::new(8_192);
        let mut kept = Kept::new(memory.clone());
        assert!(kept.push(&[b'x'; 8_192]));
        assert_eq!(memory.left(), 0);
        assert!(!kept.push(b"x"));
        let mut other = Kept::new(memory.clone());
        assert!(!other.push(b"x"));
        drop(kept);
        assert_eq!(memory.left(), 8_192);
        assert!(other.push(b"x"));
        drop(other);
        assert_eq!(memory.left(), 8_192);
    }
}
