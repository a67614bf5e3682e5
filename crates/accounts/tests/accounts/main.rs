//! What the rules for staff accounts promise, from outside.

mod passwords;
mod rights;
mod second_factor;
mod sessions;
mod throttle;
mod tokens;

use std::fmt::Debug;

use jiff::Timestamp;

pub(crate) const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

pub(crate) fn fine<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("it can be done")
}
