//! The public pages: where a person on a list chooses what they get, behind the link in their message.
//!
//! Whoever has the link is taken for the person, and shown nothing about them: no address, no name, nothing that was chosen
//! before. No cookie is set and no script runs. [`routes`] is the table of what there is.

mod desk;
mod guard;
mod limits;
mod page;
mod preferences;
mod receipt;
mod routes;
mod trouble;
mod unsubscribe;
mod words;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use ring::hmac;
use tokio::sync::Semaphore;

use crate::origin::Origin;

pub use desk::{Link, PublicDesk, Reader, Wish};
pub use limits::{
    LINK_BURST, LINK_REFILL, NETWORK_BURST, NETWORK_REFILL, PUBLIC_FORM_OCTETS_MAX, TABLE_MAX, WORK_MAX,
};
pub use receipt::RECEIPT_LIFE;
pub use routes::{PublicRoute, public_router, public_routes};

/// What the public pages are made of.
pub struct PublicParts {
    /// The program behind them.
    pub desk: Arc<dyn PublicDesk>,
    /// Where browsers and mail programs find them.
    pub origin: Origin,
    /// An address that everybody may see, for questions.
    pub contact: Option<String>,
    /// The key of what is said behind a form, for a moment.
    pub receipt_key: [u8; 32],
    /// The time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// The public pages of an installation.
pub struct PublicPages {
    desk: Arc<dyn PublicDesk>,
    origin: Origin,
    contact: Option<String>,
    receipts: hmac::Key,
    buckets: Mutex<limits::Buckets>,
    work: Semaphore,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl std::fmt::Debug for PublicPages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[public pages]")
    }
}

impl PublicPages {
    /// Puts them together.
    #[must_use]
    pub fn new(parts: PublicParts) -> Arc<Self> {
        Arc::new(Self {
            desk: parts.desk,
            origin: parts.origin,
            contact: parts.contact,
            receipts: hmac::Key::new(hmac::HMAC_SHA256, &parts.receipt_key),
            buckets: Mutex::default(),
            work: Semaphore::new(WORK_MAX),
            now: parts.now,
        })
    }
}
