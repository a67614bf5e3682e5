//! Claim, intend, send, settle.
//!
//! The life of one message here: a [`Claimed`](store::Claimed) delivery becomes a [`proof::Proved`] message in
//! [`Letters`]; its envelope goes to the relay; when the relay says 354, the [`Journal`] makes the intent durable,
//! together with the outcome of the connection's message before; only then the final dot may go out (promise 3).

mod clock;
mod domain_paces;
mod forwarded;
mod gate;
mod identity;
mod journal;
mod letters;
mod lock;
mod paces;
mod patience;
mod place_token;
mod policy;
mod progress;
mod scribe;
mod sender;
mod settle;
pub mod smtp;
mod stop;
mod supply;
mod tenure;
mod token;
mod worker;

pub use clock::{Clock, SystemClock};
pub use forwarded::{About, Forwarded};
pub use identity::{IdentityKeys, UnsubscribeTargets};
pub use journal::JournalError;
pub use letters::{LetterError, Letters, Prepare};
pub use patience::Patience;
pub use progress::Progress;
pub use scribe::Scribe;
pub use sender::{Finish, Limits, SendError, Sender};
pub use stop::{Stop, StopSignal, asked};
pub use token::{TokenError, TokenSource};

/// Connections that a campaign may use at most (`delivery.connections`).
pub const CONNECTIONS_MAX: u32 = 100;
