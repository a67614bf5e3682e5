//! For tests alone: a real PostgreSQL, a real Dovecot, a network that breaks, certificates good and bad.

mod certificates;
mod dovecot;
mod postgres;
mod proxy;

pub use certificates::{Authority, Certificate};
pub use dovecot::Dovecot;
pub use postgres::Postgres;
pub use proxy::{Network, Proxy};
