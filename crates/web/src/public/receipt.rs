//! What the page says behind a form. It stands in the address as something that nobody can read, and that leads to the first
//! page after some minutes: a browser's history does not tell what was chosen.

use data_encoding::BASE32_NOPAD;
use jiff::{SignedDuration, Timestamp};
use ring::hmac;

use crate::public::PublicPages;
use crate::public::preferences::Choice;

/// So long at least, and at most twice as long, the page says what was done.
pub const RECEIPT_LIFE: SignedDuration = SignedDuration::from_mins(5);

impl PublicPages {
    /// What goes into the address behind an act.
    pub(crate) fn receipt(&self, token: &str, choice: Choice) -> String {
        let tag = hmac::sign(&self.receipts, &said(token, choice, slot((self.now)())));
        BASE32_NOPAD.encode(tag.as_ref()).to_ascii_lowercase()
    }

    /// The act behind which somebody comes; nothing for what is no receipt, or is one no more.
    pub(crate) fn receipted(&self, token: &str, receipt: &str) -> Option<Choice> {
        let tag = BASE32_NOPAD.decode(receipt.to_ascii_uppercase().as_bytes()).ok()?;
        let now = slot((self.now)());
        let fits = |choice: &Choice| {
            [now, now - 1]
                .iter()
                .any(|slot| hmac::verify(&self.receipts, &said(token, *choice, *slot), &tag).is_ok())
        };
        Choice::ALL.into_iter().find(fits)
    }
}

fn slot(now: Timestamp) -> i64 {
    now.as_second().div_euclid(RECEIPT_LIFE.as_secs())
}

fn said(token: &str, choice: Choice, slot: i64) -> Vec<u8> {
    format!("{slot} {} {}", choice.word(), token.to_ascii_lowercase()).into_bytes()
}
