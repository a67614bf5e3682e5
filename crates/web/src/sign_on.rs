//! A provider that people sign in at beside the console's own passwords (OpenID Connect): what the console asks of the program.
//!
//! One value goes to the provider and comes back, `state`. It is a form token: bound to the browser's visit or session by an HMAC, so
//! that the form with which somebody comes back is checked as every other form is, and `state` with it (RFC 6749 §10.12). What else
//! has to be known then is derived from it under a key of the installation, and lies nowhere.

use std::fmt;
use std::pin::Pin;

use accounts::FormToken;
use ring::hmac;

/// Where the provider sends browsers back to, behind the console's address. It is registered there.
pub const RETURN_PATH: &str = "/sign-in/returned";
/// Octets of what only the program and the provider may know of a sign-on.
pub const SIGN_ON_SECRET_OCTETS: usize = 32;

/// Why nobody was signed in, in words for the person: a sentence without its full stop. No address, code or token is in it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{said}")]
pub struct SignOnError {
    /// In words.
    pub said: String,
    /// The provider is away, and nobody did anything wrong.
    pub away: bool,
}

/// An answer that takes a while: the provider is asked.
pub type SignOnAnswer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SignOnError>> + Send + 'a>>;

/// What goes with one sign-on. Prints nothing of itself.
pub struct SignOnSecrets {
    /// What comes back.
    pub state: String,
    /// What the provider's word has to hold.
    pub nonce: [u8; SIGN_ON_SECRET_OCTETS],
    /// What the code is exchanged with.
    pub verifier: [u8; SIGN_ON_SECRET_OCTETS],
}

impl fmt::Debug for SignOnSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sign-on]")
    }
}

impl SignOnSecrets {
    pub(crate) fn derive(key: &hmac::Key, state: &FormToken) -> Self {
        let of = |label: &[u8]| {
            let tag = hmac::sign(key, &[label, state.as_str().as_bytes()].concat());
            let mut octets = [0; SIGN_ON_SECRET_OCTETS];
            for (to, from) in octets.iter_mut().zip(tag.as_ref()) {
                *to = *from;
            }
            octets
        };
        Self { state: state.as_str().to_owned(), nonce: of(b"nonce "), verifier: of(b"verifier ") }
    }
}

/// What a browser comes back with. Prints nothing of itself.
#[derive(Clone, Copy)]
pub struct SignOnReturned<'a> {
    /// The provider's code.
    pub code: &'a str,
    /// Who says to have sent it (RFC 9207).
    pub issuer: Option<&'a str>,
}

impl fmt::Debug for SignOnReturned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[returned]")
    }
}

/// Who signed in at the provider. Prints nothing of the person.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedOn {
    /// The person's identifier there.
    pub subject: String,
    /// The person's address, where the provider says that it is theirs.
    pub verified_email: Option<String>,
    /// A second factor was shown there, as the settings have it.
    pub second_factor: bool,
}

impl fmt::Debug for SignedOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedOn(second factor: {})", self.second_factor)
    }
}

/// The provider.
pub trait SignOn: Send + Sync {
    /// What it is called on pages.
    fn name(&self) -> &str;

    /// What it is known by in the database.
    fn issuer(&self) -> &str;

    /// Where the browser goes.
    ///
    /// # Errors
    /// [`SignOnError`], when the provider does not say what it is.
    fn begin<'a>(&'a self, secrets: &'a SignOnSecrets) -> SignOnAnswer<'a, String>;

    /// Who came back.
    ///
    /// # Errors
    /// [`SignOnError`]: nobody.
    fn finish<'a>(
        &'a self,
        returned: SignOnReturned<'a>,
        secrets: &'a SignOnSecrets,
    ) -> SignOnAnswer<'a, SignedOn>;
}

#[cfg(test)]
mod tests {
    use accounts::{Token, TokenKind};

    use super::*;

    #[test]
    fn each_sign_on_has_secrets_of_its_own_and_prints_none() {
        let holder = Token::from_random(TokenKind::Visit, [1; 32]);
        let key = |n| hmac::Key::new(hmac::HMAC_SHA256, &[n; 32]);
        let (one, other) = (FormToken::issue(&holder, [1; 16]), FormToken::issue(&holder, [2; 16]));
        let first = SignOnSecrets::derive(&key(1), &one);
        let again = SignOnSecrets::derive(&key(1), &one);
        assert_eq!((first.nonce, first.verifier), (again.nonce, again.verifier));
        assert_ne!(first.nonce, first.verifier);
        for different in [SignOnSecrets::derive(&key(2), &one), SignOnSecrets::derive(&key(1), &other)] {
            assert!(different.nonce != first.nonce && different.verifier != first.verifier);
        }
        let returned = SignOnReturned { code: "canary", issuer: None };
        let signed_on = SignedOn {
            subject: "canary".to_owned(),
            verified_email: Some("canary@staff.example".to_owned()),
            second_factor: true,
        };
        let printed = format!("{first:?} {returned:?} {signed_on:?}");
        assert!(!printed.contains("canary") && !printed.contains(one.as_str()), "{printed}");
    }
}
