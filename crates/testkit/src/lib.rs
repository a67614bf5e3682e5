//! For tests alone: a real PostgreSQL, a network that breaks, certificates good and bad.

mod certificates;
mod postgres;
mod proxy;

pub use certificates::{Authority, Certificate};
pub use postgres::Postgres;
pub use proxy::{Network, Proxy};
