//! Our SMTP client: RFC 5321 with PIPELINING (2920), SIZE (1870), 8BITMIME (6152), SMTPUTF8 (6531), DSN (3461),
//! STARTTLS (3207), implicit TLS (8314) and AUTH (4954). It can send nothing but a [`proof::Proved`], and a
//! person's reply to whoever answers ([`crate::Forwarded`]).

mod auth;
mod capabilities;
mod open;
mod relay;
mod reply;
mod session;
mod stream;
mod timeouts;
mod tls;

pub use auth::{Credentials, Secret};
pub use capabilities::Capabilities;
pub use open::{OpenError, open};
pub use relay::{Relay, RelayUrl, RelayUrlError, TlsPolicy};
pub use reply::{REPLY_LINE_OCTETS_MAX, REPLY_LINES_MAX, Reply, ReplyError, ReplyReader};
pub use session::{Envelope, EnvelopeOptions, ForwardError, HandOver, Session, SessionError};
pub use timeouts::Timeouts;
pub use tls::{TlsError, client_config};
