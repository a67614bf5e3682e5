//! Passwords at rest: argon2id (RFC 9106), as a PHC string.

use std::fmt;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

use crate::Password;

/// Memory of one hash, in KiB: the second recommended option of RFC 9106 §4, for where 2 GiB are too much. Above what
/// OWASP asks for (19 MiB with two passes).
pub const HASH_MEMORY_KIB: u32 = 64 * 1024;
/// Passes over it (RFC 9106 §4).
pub const HASH_PASSES: u32 = 3;
/// Lanes (RFC 9106 §4). They are worked on one after another here.
pub const HASH_LANES: u32 = 4;
/// Octets of the salt (RFC 9106 §4).
pub const HASH_SALT_OCTETS: usize = 16;
/// Octets of the tag (RFC 9106 §4).
pub const HASH_TAG_OCTETS: usize = 32;
/// The most that a stored hash may ask for, in KiB and passes: a database that somebody tampered with takes no machine
/// down.
pub const HASH_MEMORY_KIB_MAX: u32 = 1024 * 1024;
/// See [`HASH_MEMORY_KIB_MAX`].
pub const HASH_PASSES_MAX: u32 = 16;
/// See [`HASH_MEMORY_KIB_MAX`].
pub const HASH_LANES_MAX: u32 = 16;
/// The longest PHC string that is read, in octets.
pub const HASH_TEXT_OCTETS_MAX: usize = 256;

/// What it costs to make one hash, and to guess one password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashCost(Params);

impl Default for HashCost {
    fn default() -> Self {
        // The constants are within the library's bounds, as a test shows; its own default is OWASP's least.
        Self::new(HASH_MEMORY_KIB, HASH_PASSES, HASH_LANES).unwrap_or(Self(Params::DEFAULT))
    }
}

/// A password's hash cannot be made or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordHashError {
    /// No argon2id in PHC form, or one that asks for more than this program gives.
    #[error("a password's hash in the database is not one that this program writes")]
    Form,
    /// The memory that one hash takes is not there, or the parameters are out of bounds.
    #[error("a password cannot be hashed here: {HASH_MEMORY_KIB} KiB of memory are needed for it")]
    Cannot,
}

impl HashCost {
    /// Another cost, for a small machine or for tests.
    ///
    /// # Errors
    /// [`PasswordHashError::Cannot`] outside the bounds of RFC 9106 §3.1 and of this module.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, PasswordHashError> {
        if memory_kib > HASH_MEMORY_KIB_MAX || passes > HASH_PASSES_MAX || lanes > HASH_LANES_MAX {
            return Err(PasswordHashError::Cannot);
        }
        Params::new(memory_kib, passes, lanes, Some(HASH_TAG_OCTETS))
            .map(Self)
            .map_err(|_| PasswordHashError::Cannot)
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.0.clone())
    }
}

/// What the database holds of a password. Prints as `[password hash]`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Hashes a password: some tenths of a second and [`HASH_MEMORY_KIB`] of memory, so how many run at once is for the
    /// caller to bound.
    ///
    /// # Errors
    /// [`PasswordHashError::Cannot`].
    pub fn make(
        password: &Password,
        salt: [u8; HASH_SALT_OCTETS],
        cost: &HashCost,
    ) -> Result<Self, PasswordHashError> {
        let hash: phc::PasswordHash = cost
            .argon2()
            .hash_password_with_salt(password.octets(), &salt)
            .map_err(|_| PasswordHashError::Cannot)?;
        Ok(Self(hash.to_string()))
    }

    /// A hash that is nobody's: verifying against it takes as long as against a user's, and never succeeds. It is made
    /// once, at the start.
    ///
    /// # Errors
    /// [`PasswordHashError::Cannot`].
    pub fn nobodys(
        random: [u8; 32],
        salt: [u8; HASH_SALT_OCTETS],
        cost: &HashCost,
    ) -> Result<Nobodys, PasswordHashError> {
        let text = crate::TokenDigest::of(&random).0.map(|octet| format!("{octet:02x}")).concat();
        let password = Password::read(&text).map_err(|_| PasswordHashError::Cannot)?;
        Self::make(&password, salt, cost).map(Nobodys)
    }

    /// Reads a PHC string from the database.
    ///
    /// # Errors
    /// [`PasswordHashError::Form`].
    pub fn from_phc(text: &str) -> Result<Self, PasswordHashError> {
        let hash = Self(text.to_owned());
        hash.parsed().map(|_| hash)
    }

    /// The PHC string for the database.
    #[must_use]
    pub fn as_phc(&self) -> &str {
        &self.0
    }

    /// Whether it is this password's. The tags are compared in constant time.
    ///
    /// # Errors
    /// [`PasswordHashError`]: then nobody is let in.
    pub fn verify(&self, password: &Password) -> Result<bool, PasswordHashError> {
        let (parsed, _) = self.parsed()?;
        match Argon2::default().verify_password(password.octets(), &parsed) {
            Ok(()) => Ok(true),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(PasswordHashError::Cannot),
        }
    }

    /// Whether it was made at another cost than is wanted now: then it is made anew at the next login, the only moment
    /// at which the password is there.
    #[must_use]
    pub fn needs_rehash(&self, cost: &HashCost) -> bool {
        self.parsed().map_or(true, |(parsed, params)| {
            let same = (params.m_cost(), params.t_cost(), params.p_cost());
            same != (cost.0.m_cost(), cost.0.t_cost(), cost.0.p_cost())
                || parsed.hash.is_none_or(|tag| tag.as_bytes().len() != HASH_TAG_OCTETS)
        })
    }

    fn parsed(&self) -> Result<(phc::PasswordHash, Params), PasswordHashError> {
        if self.0.len() > HASH_TEXT_OCTETS_MAX {
            return Err(PasswordHashError::Form);
        }
        let parsed = phc::PasswordHash::new(&self.0).map_err(|_| PasswordHashError::Form)?;
        let params = Params::try_from(&parsed).map_err(|_| PasswordHashError::Form)?;
        let fits = parsed.algorithm.as_str() == "argon2id"
            && parsed.hash.is_some()
            && params.m_cost() <= HASH_MEMORY_KIB_MAX
            && params.t_cost() <= HASH_PASSES_MAX
            && params.p_cost() <= HASH_LANES_MAX;
        if fits { Ok((parsed, params)) } else { Err(PasswordHashError::Form) }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password hash]")
    }
}

/// The hash of a password that nobody has: see [`PasswordHash::nobodys`].
#[derive(Debug, Clone)]
pub struct Nobodys(PasswordHash);

impl Nobodys {
    /// Whether the password is right for the user whose hash this is, if there is such a user. Without one, and for one
    /// who has no password yet, it takes as long and is wrong: how long an answer takes does not tell who has an
    /// account.
    ///
    /// # Errors
    /// [`PasswordHashError`]: then nobody is let in.
    pub fn check(&self, user: Option<&PasswordHash>, password: &Password) -> Result<bool, PasswordHashError> {
        let right = user.unwrap_or(&self.0).verify(password)?;
        Ok(right && user.is_some())
    }
}
