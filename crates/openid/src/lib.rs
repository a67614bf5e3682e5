//! Signing in at an OpenID Connect provider: the authorization code flow with PKCE, and everything an ID token has to
//! withstand (OpenID Connect Core 1.0 §3.1; RFC 7636; RFC 9207).
//!
//! [`Provider::begin`] says where the browser goes, [`Provider::finish`] says who came back. Both may wait for the network and
//! block the thread: call them where that is allowed. The clock and randomness are parameters. Nothing here prints a secret, a
//! code, a token, an address or anybody's identifier.

mod error;
mod identity;
mod kept;
mod provider;
mod settings;
mod transport;
mod verifying;

pub use error::{OpenIdError, Refusal, TokenFault};
pub use identity::Identity;
pub use kept::{Ask, Kept, RANDOM_OCTETS, Returned};
pub use provider::{CODE_OCTETS_MAX, DOCUMENT_KEPT, FAILURE_KEPT, KEYS_AGAIN, Provider};
pub use settings::{ProviderSettings, Secret, SettingsError};
pub use transport::{ANSWER_OCTETS_MAX, ANSWER_WAIT};
pub use verifying::{CLOCK_LEEWAY, TOKEN_AGE_MAX};
