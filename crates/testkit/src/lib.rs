//! For tests alone: a real PostgreSQL, a real Dovecot, a network that breaks, names, certificates good and bad, a provider that
//! people sign in at.

mod certificates;
mod dovecot;
mod name_server;
mod openid;
mod postgres;
mod proxy;

pub use certificates::{Authority, Certificate};
pub use dovecot::Dovecot;
pub use name_server::{NameServer, Zone};
pub use openid::{Asked, CLIENT, CLIENT_SECRET, Misbehaviour, OpenIdProvider, SignedInThere};
pub use postgres::Postgres;
pub use proxy::{Network, Proxy};
