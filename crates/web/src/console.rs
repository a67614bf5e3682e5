//! What the console works with.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use accounts::{Attempt, Devices, Factor, FormToken, Network, Throttle, Token, TokenKind};
use jiff::{SignedDuration, Timestamp};
use keys::{DataKey, NoRandomness, Random};
use ring::hmac;
use store::{Audience, SealedEntry, Store, StoreError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::desk::Desk;
use crate::drafting::Drafting;
use crate::hashing::Hashing;
use crate::lists::Lists;
use crate::mail_set_up::MailSetUp;
use crate::officer::Officer;
use crate::origin::Origin;
use crate::safekeeping::Safekeeping;
use crate::shared_look::SharedLooks;
use crate::sign_on::{SignOn, SignOnSecrets};
use crate::trouble::Trouble;
use crate::uploads::{UploadLimits, Uploads};

/// How long a link to set up an account can be used.
pub const LINK_LIFE: SignedDuration = SignedDuration::from_hours(48);

/// Pages that are told at once how a campaign goes on. Those of one campaign share a look into the database every second.
pub const WATCHING_MAX: usize = 200;

const REQUEST_LABEL: &[u8] = b"undisclosed api request v1";
/// What keys that do not work are counted under, all together: no login name.
const WRONG_KEYS: &str = "api keys";

const SIGN_ON_LABEL: &[u8] = b"undisclosed sign-on v1";
/// Browsers for which the provider is being asked something at once: each keeps a thread waiting.
const SIGNING_ON_MAX: usize = 8;

/// Between two looks for uploads that nobody came back to.
const SWEEP: Duration = Duration::from_secs(60);

/// What somebody did, for the ledger. No address and no name of a person on a list stands in it.
pub struct Act<'a> {
    /// Who: `user 7`, or nobody yet for the first administrator.
    pub actor: String,
    /// What was done, as the ledger names it.
    pub act: &'static str,
    /// To what.
    pub subject: &'a str,
    /// Particulars: names of fields and their texts.
    pub detail: Vec<(&'static str, String)>,
    /// What somebody typed, and the audience it is about: it can hold an address, and lies under the audience's key.
    pub reason: Option<(&'a str, &'a Audience)>,
    /// The row of the one person that the reason is about: it is emptied when they are erased.
    pub row: Option<u64>,
}

/// What it is about can be a login name, or a name: neither is for a log.
impl std::fmt::Debug for Act<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Act({}, {})", self.actor, self.act)
    }
}

/// Why an act cannot be entered: then it is not done either.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the ledger cannot be written: {0}")]
pub struct ScribeError(pub String);

/// Writes the ledger's entries: it has the ledger's key.
pub trait Scribe: Send + Sync {
    /// The entry of an act, sealed. It becomes durable with the act, in one commit.
    ///
    /// # Errors
    /// [`ScribeError`].
    fn entry(&self, act: &Act<'_>) -> Result<SealedEntry, ScribeError>;
}

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random octets.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// A password cannot be hashed.
    #[error(transparent)]
    Hash(#[from] accounts::PasswordHashError),
    /// An account could not be made by the program itself.
    #[error("{0}")]
    SetUp(String),
}

/// What a console is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The ledger.
    pub scribe: Arc<dyn Scribe>,
    /// The program behind the console.
    pub desk: Arc<dyn Desk>,
    /// The same, for whoever writes messages.
    pub drafting: Arc<dyn Drafting>,
    /// The same, for lists of people.
    pub lists: Arc<dyn Lists>,
    /// The same, for the data protection officer.
    pub officer: Arc<dyn Officer>,
    /// The same, for senders and the mail server.
    pub mail_set_up: Arc<dyn MailSetUp>,
    /// The same, for backups and the ledger.
    pub safekeeping: Arc<dyn Safekeeping>,
    /// Where spreadsheets that were uploaded wait, sealed and without a name.
    pub upload_folder: PathBuf,
    /// How much of them may wait.
    pub upload_limits: UploadLimits,
    /// The provider that people sign in at beside the console's own passwords, if there is one.
    pub sign_on: Option<Arc<dyn SignOn>>,
    /// Randomness of the system.
    pub random: Random,
    /// The time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Where browsers find it.
    pub origin: Origin,
    /// The key under which devices are known again.
    pub device_key: [u8; 32],
    /// The key under which the secrets of second factors lie.
    pub second_factor_key: DataKey,
    /// The key by which messages are picked for an approver.
    pub pick_key: [u8; 32],
    /// The cost of a password's hash.
    pub hash_cost: accounts::HashCost,
}

/// The console of an installation.
pub struct Console {
    pub(crate) store: Store,
    pub(crate) scribe: Arc<dyn Scribe>,
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) drafting: Arc<dyn Drafting>,
    pub(crate) lists: Arc<dyn Lists>,
    pub(crate) officer: Arc<dyn Officer>,
    pub(crate) mail_set_up: Arc<dyn MailSetUp>,
    pub(crate) safekeeping: Arc<dyn Safekeeping>,
    pub(crate) uploads: Arc<Uploads>,
    pub(crate) pick_key: [u8; 32],
    /// Under which creations of other programs are hashed.
    pub(crate) request_key: hmac::Key,
    pub(crate) sign_on: Option<Arc<dyn SignOn>>,
    /// Under which what goes to the provider is derived from the one value that comes back.
    sign_on_key: hmac::Key,
    /// What the provider refused, by browser and network. Not with passwords, as with keys.
    refused_sign_ons: Mutex<Throttle>,
    signing_on: Arc<Semaphore>,
    pub(crate) random: Random,
    pub(crate) origin: Origin,
    pub(crate) devices: Devices,
    pub(crate) second_factors: DataKey,
    pub(crate) hashing: Hashing,
    pub(crate) throttle: Mutex<Throttle>,
    /// Keys that do not work, by network. Not with passwords: who guesses one kind delays nobody at the other.
    wrong_keys: Mutex<Throttle>,
    pub(crate) watching: Arc<Semaphore>,
    pub(crate) looks: Arc<SharedLooks>,
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[console]")
    }
}

/// A key of its own, from that of this installation's console.
fn derived_key(key: &[u8; 32], label: &[u8]) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), label);
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

impl Console {
    /// Puts it together.
    ///
    /// # Errors
    /// [`ConsoleError`] without randomness, or without the memory to hash a password.
    pub fn new(parts: Parts) -> Result<Arc<Self>, ConsoleError> {
        let hashing = Hashing::new(parts.hash_cost, &parts.random)?;
        Ok(Arc::new(Self {
            store: parts.store,
            scribe: parts.scribe,
            desk: parts.desk,
            drafting: parts.drafting,
            lists: parts.lists,
            officer: parts.officer,
            mail_set_up: parts.mail_set_up,
            safekeeping: parts.safekeeping,
            uploads: Arc::new(Uploads::new(parts.upload_folder, parts.random.clone(), parts.upload_limits)),
            pick_key: parts.pick_key,
            request_key: derived_key(&parts.pick_key, REQUEST_LABEL),
            sign_on: parts.sign_on,
            sign_on_key: derived_key(&parts.pick_key, SIGN_ON_LABEL),
            refused_sign_ons: Mutex::default(),
            signing_on: Arc::new(Semaphore::new(SIGNING_ON_MAX)),
            random: parts.random,
            origin: parts.origin,
            devices: Devices::new(&parts.device_key),
            second_factors: parts.second_factor_key,
            hashing,
            throttle: Mutex::default(),
            wrong_keys: Mutex::default(),
            watching: Arc::new(Semaphore::new(WATCHING_MAX)),
            looks: Arc::default(),
            now: parts.now,
        }))
    }

    /// A link with which the first administrator is made; nothing once there is one. A link from before works no more.
    ///
    /// # Errors
    /// [`ConsoleError`].
    pub async fn first_administrator_link(&self) -> Result<Option<String>, ConsoleError> {
        let link = self.token(TokenKind::Link)?;
        let now = self.now();
        match self.store.offer_first_administrator((link.digest(), now + LINK_LIFE), now).await {
            Ok(()) => Ok(Some(self.link_url(&link))),
            Err(StoreError::AdministratorThere) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes uploads that nobody came back to, for as long as it is polled.
    pub async fn keep_uploads_swept(&self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            self.uploads.sweep(self.now());
        }
    }

    pub(crate) fn link_url(&self, link: &Token) -> String {
        format!("{}/link/{}", self.origin.as_str(), link.reveal())
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Counts a try at a password or a code, before it is looked at.
    pub(crate) fn admit(&self, attempt: &Attempt) -> Result<(), Trouble> {
        let mut throttle = self.throttle.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.admit(attempt, self.now()).map_err(Trouble::Wait)
    }

    /// The try was right.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner).succeeded(attempt);
    }

    /// Counts a key that does not work.
    pub(crate) fn wrong_key(&self, network: Network) -> Result<(), Trouble> {
        let account = self.devices.account(WRONG_KEYS);
        let attempt = Attempt { account, network, device: None, factor: Factor::Password };
        let mut throttle = self.wrong_keys.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.admit(&attempt, self.now()).map_err(Trouble::Wait)
    }

    /// The provider, where there is one.
    pub(crate) fn sign_on(&self) -> Result<&Arc<dyn SignOn>, Trouble> {
        self.sign_on.as_ref().ok_or(Trouble::NotFound)
    }

    /// What goes to the provider and comes back, for one sign-on.
    pub(crate) fn sign_on_secrets(&self, state: &FormToken) -> SignOnSecrets {
        SignOnSecrets::derive(&self.sign_on_key, state)
    }

    /// A place among those for whom the provider is being asked, for whoever was not refused too often. Nobody else can make us
    /// ask more often.
    pub(crate) fn sign_on_place(&self, attempt: &Attempt) -> Result<OwnedSemaphorePermit, Trouble> {
        let wait =
            self.refused_sign_ons.lock().unwrap_or_else(PoisonError::into_inner).wait(attempt, self.now());
        if wait > SignedDuration::ZERO {
            return Err(Trouble::Wait(wait));
        }
        self.signing_on.clone().try_acquire_owned().map_err(|_| Trouble::Busy)
    }

    /// Counts a sign-on that the provider refused.
    pub(crate) fn refused_sign_on(&self, attempt: &Attempt) -> Result<(), Trouble> {
        let mut throttle = self.refused_sign_ons.lock().unwrap_or_else(PoisonError::into_inner);
        throttle.admit(attempt, self.now()).map_err(Trouble::Wait)
    }

    pub(crate) fn token(&self, kind: TokenKind) -> Result<Token, NoRandomness> {
        Ok(Token::from_random(kind, self.random.octets()?))
    }
}
