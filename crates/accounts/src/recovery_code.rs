//! Codes on paper, for the day the telephone is lost. Each works once.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::TokenDigest;

/// Codes that a user gets at once; making new ones voids the old.
pub const RECOVERY_CODES: usize = 10;
/// Octets of randomness in a code: 120 bits. From 112 on a plain hash suffices to keep them (SP 800-63B-4 §3.1.2.2), for
/// nobody can try so many.
pub const RECOVERY_CODE_OCTETS: usize = 15;
/// Letters and digits of a code, without what separates its groups.
const CODE_CHARS: usize = RECOVERY_CODE_OCTETS * 8 / 5;
/// The longest text that is looked at as a code, in octets.
const TEXT_OCTETS_MAX: usize = 64;

/// One code in the clear: shown once, to be printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A new one, of randomness that nobody can predict.
    #[must_use]
    pub fn from_random(random: [u8; RECOVERY_CODE_OCTETS]) -> Self {
        Self(BASE32_NOPAD.encode(&random).to_ascii_lowercase())
    }

    /// Reads what somebody typed from paper: in any case, with spaces or hyphens anywhere, and with the digits 0, 1 and
    /// 8, which no code has, for the letters they look like.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > TEXT_OCTETS_MAX {
            return None;
        }
        let code: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2014}'))
            .map(|c| match c.to_ascii_lowercase() {
                '0' => 'o',
                '1' => 'l',
                '8' => 'b',
                other => other,
            })
            .collect();
        let fits = code.len() == CODE_CHARS && code.bytes().all(|c| matches!(c, b'a'..=b'z' | b'2'..=b'7'));
        fits.then_some(Self(code))
    }

    /// The code in groups of four, as it is printed.
    #[must_use]
    pub fn reveal(&self) -> String {
        self.0.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// What the database holds. Whoever uses a code takes its digest away in one statement, so that it works once.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(format!("recovery {}", self.0).as_bytes())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[recovery code]")
    }
}
