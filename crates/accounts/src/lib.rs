//! The people who work with the console, and the programs that do: what they may do, and how they show who they are.
//!
//! This crate is pure: time and randomness come in as parameters, and what it decides is kept and carried out elsewhere.
//! Nothing in it prints a name, an address or a secret.

mod blocklist;
mod device;
mod enrolment;
mod network;
mod password;
mod password_hash;
mod recovery_code;
mod right;
mod role;
mod scope;
mod session;
mod throttle;
mod token;
mod totp;

pub use device::{AccountKey, DEVICE_OCTETS, DeviceId, Devices};
pub use enrolment::{EnrolmentUri, LABEL_OCTETS_MAX};
pub use network::Network;
pub use password::{
    CONTEXT_WORDS_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, PASSWORD_OCTETS_MAX, Password, PasswordFault,
};
pub use password_hash::{
    HASH_LANES, HASH_LANES_MAX, HASH_MEMORY_KIB, HASH_MEMORY_KIB_MAX, HASH_PASSES, HASH_PASSES_MAX,
    HASH_SALT_OCTETS, HASH_TAG_OCTETS, HASH_TEXT_OCTETS_MAX, HashCost, Nobodys, PasswordHash,
    PasswordHashError,
};
pub use recovery_code::{RECOVERY_CODE_OCTETS, RECOVERY_CODES, RecoveryCode};
pub use right::Right;
pub use role::{Role, Roles};
pub use scope::{Scope, Scopes};
pub use session::{
    CLOCK_SET_BACK_MAX, PASSWORD_ONLY_AGE_MAX, SESSION_AGE_MAX, SESSION_IDLE_MAX, STEP_UP_AGE_MAX,
    SessionAllows, SessionConsequence, SessionEvent, SessionLimits, SessionTimes, SessionVerdict, Strength,
    TOUCH_INTERVAL,
};
pub use throttle::{
    Attempt, COUNTERS_MAX, DELAY_FIRST, DELAY_MAX, FORGOTTEN_AFTER, FREE_FAILURES, Factor, PRESSURE_AT,
    PRESSURE_DELAY, SITE_FREE_FAILURES, Throttle,
};
pub use token::{FORM_NONCE_OCTETS, FormToken, TOKEN_OCTETS, Token, TokenDigest, TokenKind};
pub use totp::{
    TOTP_DIGITS, TOTP_SECRET_OCTETS, TOTP_STEP_SECONDS, TOTP_STEPS_OFF_MAX, TotpSecret, TotpStep,
};
