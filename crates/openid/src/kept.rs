//! What goes with one sign-in: what is kept until the browser comes back, what is asked for, and what comes back.

use std::fmt;
use std::time::Duration;

/// Octets of randomness in each value that nobody may guess: 256 bits. As hexadecimal digits they are a code verifier of 64
/// characters, of the 43 to 128 that RFC 7636 §4.1 has.
pub const RANDOM_OCTETS: usize = 32;

/// What is kept until the browser comes back. Each is for one sign-in alone.
pub struct Kept {
    /// What the provider gives back with its answer: it ties the answer to the browser (RFC 6749 §10.12).
    pub(crate) state: String,
    /// What the ID token has to hold: it ties the token to this sign-in (OpenID Connect Core 1.0 §15.5.2).
    pub(crate) nonce: String,
    /// What the code is exchanged with: whoever sees the code alone has nothing (RFC 7636).
    pub(crate) verifier: String,
}

impl Kept {
    /// `state` as the caller knows it again; the others of randomness, or derived from a key that nobody else has.
    #[must_use]
    pub fn new(state: &str, nonce: [u8; RANDOM_OCTETS], verifier: [u8; RANDOM_OCTETS]) -> Self {
        Self { state: state.to_owned(), nonce: hexadecimal(nonce), verifier: hexadecimal(verifier) }
    }
}

fn hexadecimal(octets: [u8; RANDOM_OCTETS]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[kept]")
    }
}

/// What is asked of the provider beside who it is. Nothing, by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// One of these has to be the token's `acr` (OpenID Connect Core 1.0 §3.1.2.1, `acr_values`).
    pub acr_values: Vec<String>,
    /// How long ago the person may have signed in there at most (`max_age`).
    pub max_age: Option<Duration>,
    /// The person signs in there again, whether or not they are signed in (`prompt=login`).
    pub again: bool,
}

/// What the browser brings back.
#[derive(Clone, Copy)]
pub struct Returned<'a> {
    /// The code, of at most [`CODE_OCTETS_MAX`](crate::CODE_OCTETS_MAX).
    pub code: &'a str,
    /// Who says to have answered, where that is said (RFC 9207).
    pub issuer: Option<&'a str>,
}

impl fmt::Debug for Returned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[returned]")
    }
}
