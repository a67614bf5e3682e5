//! Random tokens that a browser, a link or another program holds. The database has digests alone: whoever reads it, or
//! a backup of it, cannot log in with what is there.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use ring::{digest, hmac};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Octets of randomness in a token: 256 bits, twice what can be guessed by nobody.
pub const TOKEN_OCTETS: usize = 32;
/// Octets of randomness that hide a form token: see [`FormToken`].
pub const FORM_NONCE_OCTETS: usize = 16;
/// Letters and digits of a token behind its prefix.
const TOKEN_CHARS: usize = (TOKEN_OCTETS * 8).div_ceil(5);

/// What a token is for. Each has its own prefix, and the digest is of the prefix too: a token for one thing is none for
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A browser before anybody logged in: its login form needs a form token too.
    Visit,
    /// A session.
    Session,
    /// A link that works once: the first administrator, an invitation, a recovery.
    Link,
    /// An API key. Scanners that look for secrets in source code find it by its prefix.
    ApiKey,
}

impl TokenKind {
    /// The first characters of a token. Fixed, for what was handed out begins with them.
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Visit => "undv_",
            Self::Session => "unds_",
            Self::Link => "undl_",
            Self::ApiKey => "und_",
        }
    }
}

/// A token in the clear: shown once, to whoever it is for.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Token {
    #[zeroize(skip)]
    kind: TokenKind,
    text: String,
}

impl Token {
    /// A new one, of randomness that nobody can predict.
    #[must_use]
    pub fn from_random(kind: TokenKind, random: [u8; TOKEN_OCTETS]) -> Self {
        let text = kind.prefix().to_owned() + &BASE32_NOPAD.encode(&random).to_ascii_lowercase();
        Self { kind, text }
    }

    /// Reads what somebody presents as a token of this kind. Nothing for any other text, so that only well-formed ones
    /// are looked up.
    #[must_use]
    pub fn parse(kind: TokenKind, text: &str) -> Option<Self> {
        let body = text.strip_prefix(kind.prefix())?;
        let fits =
            body.len() == TOKEN_CHARS && body.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'2'..=b'7'));
        fits.then(|| Self { kind, text: text.to_owned() })
    }

    /// The token itself, for the cookie, the link, or the page that shows it once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// What it is for.
    #[must_use]
    pub const fn kind(&self) -> TokenKind {
        self.kind
    }

    /// What the database holds. A plain hash suffices: there are 2^256 tokens to try.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.text.as_bytes())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[token {:?}]", self.kind)
    }
}

/// SHA-256 of a token. Compared in constant time.
#[derive(Clone, Copy, Eq)]
pub struct TokenDigest(pub [u8; 32]);

impl TokenDigest {
    pub(crate) fn of(octets: &[u8]) -> Self {
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(digest::digest(&digest::SHA256, octets).as_ref()) {
            *to = *from;
        }
        Self(out)
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

/// A hidden field that every form carries: another site can make a browser send a form, and cannot know this.
///
/// An HMAC under the session's own token (or the visit's, before the login): nothing has to be kept, it ends with the
/// session, and it changes when that is rotated. It differs on each page by its nonce, so that a compressed page does
/// not give it away letter by letter (BREACH).
#[derive(Clone, PartialEq, Eq)]
pub struct FormToken(String);

impl FormToken {
    /// One for a page of this session.
    #[must_use]
    pub fn issue(holder: &Token, nonce: [u8; FORM_NONCE_OCTETS]) -> Self {
        let tag = hmac::sign(&Self::key(holder), &nonce);
        let octets: Vec<u8> = nonce.iter().chain(tag.as_ref()).copied().collect();
        Self(BASE64URL_NOPAD.encode(&octets))
    }

    /// Whether what a form sent was issued for this session. In constant time.
    #[must_use]
    pub fn verify(holder: &Token, sent: &str) -> bool {
        // 16 + 32 octets are 64 characters: anything else is not decoded.
        let octets = Some(sent).filter(|sent| sent.len() == 64);
        let octets = octets.and_then(|sent| BASE64URL_NOPAD.decode(sent.as_bytes()).ok());
        octets
            .as_deref()
            .and_then(|octets| octets.split_at_checked(FORM_NONCE_OCTETS))
            .is_some_and(|(nonce, tag)| hmac::verify(&Self::key(holder), nonce, tag).is_ok())
    }

    /// What a form sent, where it was issued for this session.
    #[must_use]
    pub fn read(holder: &Token, sent: &str) -> Option<Self> {
        Self::verify(holder, sent).then(|| Self(sent.to_owned()))
    }

    /// What the database holds of one that works once: its nonce is random.
    #[must_use]
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.0.as_bytes())
    }

    fn key(holder: &Token) -> hmac::Key {
        // The digest lies in the database, so it is no key; the text lies in the browser alone.
        let label = format!("undisclosed form v1 {}", holder.text);
        hmac::Key::new(hmac::HMAC_SHA256, label.as_bytes())
    }

    /// The text of the field.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for FormToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[form token]")
    }
}
