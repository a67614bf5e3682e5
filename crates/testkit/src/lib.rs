//! For tests alone: a real PostgreSQL, certificates good and bad.

mod certificates;
mod postgres;

pub use certificates::{Authority, Certificate};
pub use postgres::Postgres;
