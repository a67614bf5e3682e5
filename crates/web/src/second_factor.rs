//! The secret of a second factor, sealed: in the database, and on its way through the form that sets it up.

use accounts::{TOTP_SECRET_OCTETS, TokenDigest, TotpSecret};
use data_encoding::BASE64URL_NOPAD;
use keys::DataKey;

use crate::trouble::Trouble;

/// Where a sealed secret belongs: in another place it does not open.
pub(crate) enum Place<'a> {
    /// With the user of this login name, in the database.
    User(&'a str),
    /// In the form behind a link.
    Link(TokenDigest),
}

impl Place<'_> {
    fn context(&self) -> Vec<u8> {
        match self {
            Self::User(login) => format!("second factor of {}", login.trim().to_lowercase()).into_bytes(),
            Self::Link(digest) => [b"second factor behind link ".as_slice(), &digest.0].concat(),
        }
    }
}

pub(crate) fn seal(key: &DataKey, place: &Place<'_>, secret: &TotpSecret) -> Result<String, Trouble> {
    Ok(BASE64URL_NOPAD.encode(&key.seal(&place.context(), secret.octets())?))
}

/// Nothing for what was not sealed for this place.
pub(crate) fn open(key: &DataKey, place: &Place<'_>, sealed: &str) -> Option<TotpSecret> {
    let octets = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
    let secret: [u8; TOTP_SECRET_OCTETS] = key.open(&place.context(), &octets).ok()?.try_into().ok()?;
    Some(TotpSecret::from_octets(secret))
}
