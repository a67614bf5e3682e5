//! The second factor: time-based one-time passwords (RFC 6238), as every authenticator app makes them.
//!
//! Twenty lines on the HMAC that this crate has already, rather than a library with an HMAC of its own: what matters here
//! is the step that a code was of, so that it is taken once.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use jiff::Timestamp;
use ring::hmac;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Octets of the secret: 160 bits, as RFC 4226 §4 (R6) recommends.
pub const TOTP_SECRET_OCTETS: usize = 20;
/// Digits of a code. Apps know six; more are ignored by some of them.
pub const TOTP_DIGITS: u32 = 6;
/// Seconds of a step (RFC 6238 §5.2).
pub const TOTP_STEP_SECONDS: i64 = 30;
/// Steps by which a telephone's clock may differ, either way (RFC 6238 §5.2 recommends at most one for the delay; one
/// ahead is for a clock that is fast).
pub const TOTP_STEPS_OFF_MAX: i64 = 1;
/// The longest text that is looked at as a code, in octets: six digits, and room for spaces.
const CODE_OCTETS_MAX: usize = 16;

/// The secret that the server and the telephone share. The database has it sealed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct TotpSecret([u8; TOTP_SECRET_OCTETS]);

/// The number of a step since 1970. A code of a step that is no later than the last one used is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TotpStep(i64);

impl TotpStep {
    /// Before any: for a user who never showed a code.
    pub const NONE: Self = Self(0);

    /// The step of a moment.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_second().div_euclid(TOTP_STEP_SECONDS))
    }

    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The step of a number from the database.
    #[must_use]
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }
}

impl TotpSecret {
    /// A new secret, of randomness that nobody can predict; or one that was opened again.
    #[must_use]
    pub const fn from_octets(octets: [u8; TOTP_SECRET_OCTETS]) -> Self {
        Self(octets)
    }

    /// The octets, to be sealed.
    #[must_use]
    pub const fn octets(&self) -> &[u8; TOTP_SECRET_OCTETS] {
        &self.0
    }

    /// The secret as somebody types it into an app that cannot read the picture: groups of four.
    #[must_use]
    pub fn for_typing(&self) -> String {
        let text = BASE32_NOPAD.encode(&self.0);
        text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }

    /// The step that `code` is of, if it is one of the three around `now` and later than `last`, the last step that was
    /// used. The caller writes it down as the last one before anything else, on condition that it still is later: the
    /// second of two that come at once is refused.
    ///
    /// Every step is computed and compared, in constant time.
    #[must_use]
    pub fn verify(&self, code: &str, last: TotpStep, now: Timestamp) -> Option<TotpStep> {
        let given = read_code(code)?;
        let current = TotpStep::at(now).0;
        let mut found = 0_i64;
        for step in current - TOTP_STEPS_OFF_MAX..=current + TOTP_STEPS_OFF_MAX {
            let same = self.code(step).ct_eq(&given) & Choice::from(u8::from(step > last.0));
            found.conditional_assign(&step, same);
        }
        (found > 0).then_some(TotpStep(found))
    }

    /// The code of a moment: what the app on the telephone shows. For tests, the demo, and to say what is expected.
    #[must_use]
    pub fn code_at(&self, now: Timestamp) -> String {
        format!("{:0digits$}", self.code(TotpStep::at(now).0), digits = TOTP_DIGITS as usize)
    }

    /// RFC 4226 §5.3: dynamic truncation of HMAC-SHA-1. SHA-1's collisions do not touch HMAC (RFC 6194 §3.3), and apps
    /// ignore the parameter that would ask for another.
    fn code(&self, step: i64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or(0) & 0x0f);
        let four =
            tag.iter().skip(offset).take(4).fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
        (four & 0x7fff_ffff) % 10_u32.pow(TOTP_DIGITS)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[TOTP secret]")
    }
}

/// Exactly six digits; spaces, as apps show them, do not count.
fn read_code(text: &str) -> Option<u32> {
    if text.len() > CODE_OCTETS_MAX {
        return None;
    }
    let digits: Vec<u8> = text.bytes().filter(|octet| *octet != b' ').collect();
    let fits = digits.len() == TOTP_DIGITS as usize && digits.iter().all(u8::is_ascii_digit);
    fits.then(|| digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}
