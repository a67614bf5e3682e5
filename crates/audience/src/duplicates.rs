//! Rows that have one address: equal ones are folded, others are for a human to decide on.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::digest::Sum;
use crate::error::ImportError;
use crate::limits::REPEATED_ROWS_MAX;

/// The hashes of addresses that stand in several rows, for both passes.
#[derive(Clone, Default)]
pub(crate) struct Repeated {
    /// The lower half of each, sorted. Others can collide with one: whoever asks compares exactly.
    hashes: Vec<u64>,
    /// Whole hashes of those whose rows differ, sorted.
    shared: Vec<u128>,
}

impl fmt::Debug for Repeated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeated").field("addresses", &self.hashes.len()).finish_non_exhaustive()
    }
}

impl Repeated {
    /// Keeps of all hashes those that come more than once, in place.
    pub(crate) fn new(mut hashes: Vec<u64>) -> Result<Self, ImportError> {
        hashes.sort_unstable();
        let (mut kept, mut at) = (0, 0);
        while at < hashes.len() {
            let hash = hashes[at];
            let run = hashes[at..].iter().take_while(|h| **h == hash).count();
            if run > 1 {
                hashes[kept] = hash;
                kept += 1;
            }
            at += run;
        }
        hashes.truncate(kept);
        hashes.shrink_to_fit();
        if kept > REPEATED_ROWS_MAX {
            return Err(ImportError::TooManyRepeated);
        }
        Ok(Self { hashes, shared: Vec::new() })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether an address may stand in several rows.
    pub(crate) fn may_have(&self, address: u128) -> bool {
        self.hashes.binary_search(&low(address)).is_ok()
    }

    /// Whether an address stands in rows that differ.
    pub(crate) fn is_shared(&self, address: u128) -> bool {
        self.shared.binary_search(&address).is_ok()
    }
}

/// The half of a hash that is kept for every row.
pub(crate) fn low(hash: u128) -> u64 {
    u64::try_from(hash & u128::from(u64::MAX)).unwrap_or(0)
}

/// What a row is among those with its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    First,
    /// Equal to an earlier row in every column.
    Copy,
    /// Different from the first.
    Other {
        first: First,
        /// The first to differ: until now nothing was wrong with the first row.
        news: bool,
    },
}

/// The first row of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct First {
    pub(crate) row: u64,
    pub(crate) sum: Sum,
}

/// Compares the rows whose addresses are repeated, exactly: whole addresses and whole rows, by their keyed
/// hashes of 128 bits.
#[derive(Default)]
pub(crate) struct Resolver {
    first: HashMap<u128, (First, bool)>,
    rows: HashSet<u128>,
}

impl Resolver {
    pub(crate) fn place(&mut self, address: u128, row: u128, this: First) -> Result<Place, ImportError> {
        if !self.rows.insert(row) {
            return Ok(Place::Copy);
        }
        if self.rows.len() > REPEATED_ROWS_MAX {
            return Err(ImportError::TooManyRepeated);
        }
        Ok(match self.first.entry(address) {
            Entry::Vacant(entry) => {
                entry.insert((this, false));
                Place::First
            }
            Entry::Occupied(mut entry) => {
                let (first, shared) = entry.get_mut();
                Place::Other { first: *first, news: !std::mem::replace(shared, true) }
            }
        })
    }

    /// How many addresses stand in rows that differ, and which.
    pub(crate) fn finish(self, repeated: &mut Repeated) -> u64 {
        repeated.shared =
            self.first.into_iter().filter(|(_, (_, s))| *s).map(|(address, _)| address).collect();
        repeated.shared.sort_unstable();
        u64::try_from(repeated.shared.len()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_comes_twice_is_kept() {
        let repeated = Repeated::new(vec![7, 3, 7, 1, 3, 3]).unwrap();
        assert_eq!(repeated.hashes, [3, 7]);
        assert!(repeated.may_have(7) && repeated.may_have((9 << 64) + 3) && !repeated.may_have(1));
        assert!(Repeated::new(Vec::new()).unwrap().is_empty());
    }

    #[test]
    fn repeated_rows_have_a_limit() {
        let twice = |count: u64| Repeated::new((0..count).flat_map(|h| [h, h]).collect());
        let most = u64::try_from(REPEATED_ROWS_MAX).unwrap();
        assert!(twice(most).is_ok());
        assert!(matches!(twice(most + 1), Err(ImportError::TooManyRepeated)));
        let mut resolver = Resolver::default();
        let this = First { row: 1, sum: Sum::default() };
        for row in 0..u128::from(most) {
            assert!(resolver.place(1, row, this).is_ok());
        }
        assert_eq!(resolver.place(1, 0, this).unwrap(), Place::Copy);
        assert!(matches!(resolver.place(1, u128::MAX, this), Err(ImportError::TooManyRepeated)));
    }

    #[test]
    fn copies_and_others() {
        let mut resolver = Resolver::default();
        let this = |row| First { row, sum: Sum::default() };
        assert_eq!(resolver.place(1, 10, this(2)).unwrap(), Place::First);
        assert_eq!(resolver.place(1, 10, this(3)).unwrap(), Place::Copy);
        assert_eq!(resolver.place(1, 11, this(4)).unwrap(), Place::Other { first: this(2), news: true });
        assert_eq!(resolver.place(1, 12, this(5)).unwrap(), Place::Other { first: this(2), news: false });
        assert_eq!(resolver.place(2, 20, this(6)).unwrap(), Place::First);
        let mut repeated = Repeated::default();
        assert_eq!(resolver.finish(&mut repeated), 1);
        assert!(repeated.is_shared(1) && !repeated.is_shared(2));
    }
}
