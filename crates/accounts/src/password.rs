//! What a password may be: NIST SP 800-63B-4 §3.1.1.2.
//!
//! No rules of composition, no expiry, no hints, no questions. A password is changed when its owner wants to or when it
//! is known to others, and at no other time.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_public_assigned;
use zeroize::Zeroizing;

use crate::blocklist::is_expected;

/// The shortest password, in characters (code points).
///
/// SP 800-63B-4 asks for 15 where the password is the only factor, and allows 8 beside a second one. Ours is never the
/// only factor for what a session does, but it is for the page that enrols the second one, and for whoever got hold of
/// a copy of the database. So the longer of the two, which three or four words reach.
pub const PASSWORD_CHARS_MIN: usize = 15;
/// The longest password, in characters: four times the 64 that SP 800-63B-4 wants at least, so that no password manager
/// meets it, and hashing stays bounded. Nothing is ever cut off.
pub const PASSWORD_CHARS_MAX: usize = 256;
/// The longest text that is looked at as a password at all, in octets: a character of UTF-8 has at most four.
pub const PASSWORD_OCTETS_MAX: usize = 4 * PASSWORD_CHARS_MAX;
/// Words of the context that a new password is held against.
pub const CONTEXT_WORDS_MAX: usize = 16;

/// A password as somebody typed it, normalised. It prints as `[password]` and is wiped from memory.
pub struct Password(Zeroizing<String>);

/// Why a password is not taken. A sentence for the person at the form; never the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Below [`PASSWORD_CHARS_MIN`].
    #[error(
        "use {PASSWORD_CHARS_MIN} characters or more: three or four words that do not belong together are easy to keep"
    )]
    TooShort,
    /// Above [`PASSWORD_CHARS_MAX`].
    #[error("use no more than {PASSWORD_CHARS_MAX} characters")]
    TooLong,
    /// A control character, or one that Unicode has not assigned: it may be typed, or normalised, differently tomorrow.
    #[error("one of the characters cannot be used in a password: it may not be the same on another keyboard")]
    Character,
    /// Among the passwords that are tried first.
    #[error(
        "this is among the passwords that are tried first: words, names or rows of keys that others would guess"
    )]
    Expected,
}

impl Password {
    /// Reads what somebody typed, to log in or to set a new password. White space at its ends belongs to it.
    ///
    /// Normalised by NFKC, so that the same letters typed on another system are the same password (SP 800-63B-4
    /// §3.1.1.2; UAX #15 §12.1).
    ///
    /// # Errors
    /// [`PasswordFault::TooLong`]: at a login that is a wrong password like any other.
    pub fn read(text: &str) -> Result<Self, PasswordFault> {
        if text.len() > PASSWORD_OCTETS_MAX {
            return Err(PasswordFault::TooLong);
        }
        // Room for the longest from the start: a string that grows leaves copies behind that nobody wipes.
        let mut normal = Zeroizing::new(String::with_capacity(PASSWORD_OCTETS_MAX + 4));
        for (count, character) in text.nfkc().enumerate() {
            if count == PASSWORD_CHARS_MAX {
                return Err(PasswordFault::TooLong);
            }
            normal.push(character);
        }
        Ok(Self(normal))
    }

    /// Whether it may be somebody's new password. `context` are words that others would try first for this person and
    /// this installation: the login name, the display name, the organisation; [`CONTEXT_WORDS_MAX`] are looked at. The
    /// program's own name is always among them.
    ///
    /// # Errors
    /// [`PasswordFault`].
    pub fn may_be_set(&self, context: &[&str]) -> Result<(), PasswordFault> {
        if self.0.chars().any(|c| c.is_control() || !is_public_assigned(c)) {
            return Err(PasswordFault::Character);
        }
        if self.0.chars().count() < PASSWORD_CHARS_MIN {
            return Err(PasswordFault::TooShort);
        }
        let context: Vec<String> =
            context.iter().take(CONTEXT_WORDS_MAX).map(|word| word.nfkc().collect()).collect();
        if is_expected(&self.0, &context) { Err(PasswordFault::Expected) } else { Ok(()) }
    }

    pub(crate) fn octets(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}
