//! Devices that have logged in before (OWASP's device cookies). Such a cookie lets nobody in: it gives its browser
//! counters of its own, so that what strangers try does not slow its owner down.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;

/// Octets that tell one device from another.
pub const DEVICE_OCTETS: usize = 16;
/// Characters of a cookie: device and tag, 48 octets in base64url.
const COOKIE_CHARS: usize = 64;

/// An account as the counters know it: a keyed hash of the login name somebody typed, whether there is such a user or
/// not. So no counter holds a name, and none tells who has an account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey([u8; 16]);

/// A device that has logged in to one account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId([u8; DEVICE_OCTETS]);

/// Makes and verifies cookies and account keys, under a key of the installation.
#[derive(Clone)]
pub struct Devices(hmac::Key);

impl Devices {
    /// With a key for this purpose alone, derived from the instance key: cookies outlive a restart.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The account of a login name: in any case it is the same.
    #[must_use]
    pub fn account(&self, login: &str) -> AccountKey {
        let tag = self.tag(b"account", &[login.trim().to_lowercase().as_bytes()]);
        let mut key = [0; 16];
        for (to, from) in key.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        AccountKey(key)
    }

    /// A cookie for a browser in which the second factor was just shown. Any login gives a new one.
    #[must_use]
    pub fn issue(&self, account: AccountKey, device: [u8; DEVICE_OCTETS]) -> String {
        let tag = self.tag(b"device", &[&account.0, &device]);
        let octets: Vec<u8> = device.iter().chain(tag.as_ref()).copied().collect();
        BASE64URL_NOPAD.encode(&octets)
    }

    /// The device of a cookie, if it was issued for this account. For any other it is a stranger's.
    #[must_use]
    pub fn verify(&self, account: AccountKey, cookie: &str) -> Option<DeviceId> {
        if cookie.len() != COOKIE_CHARS {
            return None;
        }
        let octets = BASE64URL_NOPAD.decode(cookie.as_bytes()).ok()?;
        let (device, tag) = octets.split_at_checked(DEVICE_OCTETS)?;
        let message = Self::message(b"device", &[&account.0, device]);
        hmac::verify(&self.0, &message, tag).ok()?;
        device.try_into().ok().map(DeviceId)
    }

    fn tag(&self, what: &[u8], parts: &[&[u8]]) -> hmac::Tag {
        hmac::sign(&self.0, &Self::message(what, parts))
    }

    /// The label, a zero, and the parts: in each message all parts but the last are of one length.
    fn message(what: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let mut message = [what, &[0]].concat();
        message.extend(parts.concat());
        message
    }
}

impl fmt::Debug for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[device key]")
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[account]")
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[device]")
    }
}
