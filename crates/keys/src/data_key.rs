//! The key of one audience (or of the suppression list): seals fields and makes fingerprints.

use mail::Address;
use ring::aead::{self, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use crate::instance::derive;
use crate::{InstanceKey, NoRandomness, Purpose, Random};

/// Length of a fingerprint: 128 bits, so that among 2³² addresses a chance collision stays below 2⁻⁶⁴.
pub const FINGERPRINT_OCTETS: usize = 16;
const NONCE_OCTETS: usize = aead::NONCE_LEN;
const WRAPPED_OCTETS: usize = NONCE_OCTETS + 32 + 16;

/// A keyed hash of an address: equal for equal addresses under one key, and nothing to anybody without the key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; FINGERPRINT_OCTETS]);

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[fingerprint]")
    }
}

/// What was sealed cannot be opened: another key, or the octets were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed field cannot be opened: its key is another one, or it was changed")]
pub struct OpenError;

/// The key of one audience.
///
/// Fields are sealed with AES-256-GCM under random 96-bit nonces; one key seals a few million fields at the most,
/// far from the 2³² at which random nonces begin to matter (NIST SP 800-38D §8.3).
pub struct DataKey {
    secret: Zeroizing<[u8; 32]>,
    seal: LessSafeKey,
    fingerprint: hmac::Key,
    random: Random,
}

impl DataKey {
    /// A new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn generate(random: &Random) -> Result<Self, NoRandomness> {
        Ok(Self::from_secret(Zeroizing::new(random.octets()?), random))
    }

    /// A key of the installation itself, from [`InstanceKey::derive`]: it is as old as the instance key, and destroyed
    /// with it alone.
    #[must_use]
    pub fn derived(secret: [u8; 32], random: &Random) -> Self {
        Self::from_secret(Zeroizing::new(secret), random)
    }

    fn from_secret(secret: Zeroizing<[u8; 32]>, random: &Random) -> Self {
        let seal = aead_key(&derive(&secret, b"undisclosed field v1"));
        let fingerprint = hmac::Key::new(hmac::HMAC_SHA256, &derive(&secret, b"undisclosed fingerprint v1"));
        Self { secret, seal, fingerprint, random: random.clone() }
    }

    /// The key, sealed under the instance key and bound to its name.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn wrap(&self, instance: &InstanceKey, name: &str) -> Result<Vec<u8>, NoRandomness> {
        let wrapping = aead_key(&instance.derive(Purpose::Wrap));
        seal_with(&wrapping, &self.random, name.as_bytes(), &*self.secret)
    }

    /// The key out of its wrapping.
    ///
    /// # Errors
    /// [`OpenError`]: another instance key, another name, or damaged.
    pub fn unwrap_from(
        wrapped: &[u8],
        instance: &InstanceKey,
        name: &str,
        random: &Random,
    ) -> Result<Self, OpenError> {
        if wrapped.len() != WRAPPED_OCTETS {
            return Err(OpenError);
        }
        let wrapping = aead_key(&instance.derive(Purpose::Wrap));
        let secret = Zeroizing::new(open_with(&wrapping, name.as_bytes(), wrapped)?);
        let secret = <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| OpenError)?;
        Ok(Self::from_secret(Zeroizing::new(secret), random))
    }

    /// Seals a field. `context` says where it belongs, so that a sealed field moved to another row does not open.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, NoRandomness> {
        seal_with(&self.seal, &self.random, context, plain)
    }

    /// Opens a sealed field.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        open_with(&self.seal, context, sealed)
    }

    /// Octets for one purpose, named by `label` (HKDF-SHA-256, RFC 5869): gone with the key.
    #[must_use]
    pub fn derive(&self, label: &[u8]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(derive(&self.secret, label))
    }

    /// The keyed fingerprint of an address, the same for every spelling that [`Address`] holds equal.
    #[must_use]
    pub fn fingerprint(&self, address: &Address) -> Fingerprint {
        let tag = hmac::sign(&self.fingerprint, address.key().as_bytes());
        let mut out = [0; FINGERPRINT_OCTETS];
        out.copy_from_slice(&tag.as_ref()[..FINGERPRINT_OCTETS]);
        Fingerprint(out)
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[data key]")
    }
}

fn aead_key(secret: &[u8; 32]) -> LessSafeKey {
    let Ok(key) = UnboundKey::new(&AES_256_GCM, secret) else {
        unreachable!("32 octets are what AES-256 takes")
    };
    LessSafeKey::new(key)
}

fn seal_with(
    key: &LessSafeKey,
    random: &Random,
    context: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, NoRandomness> {
    let nonce: [u8; NONCE_OCTETS] = random.octets()?;
    let mut out = Vec::with_capacity(NONCE_OCTETS + plain.len() + AES_256_GCM.tag_len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(plain);
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            &mut out[NONCE_OCTETS..],
        )
        .map_err(|_| NoRandomness)?;
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

fn open_with(key: &LessSafeKey, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_OCTETS>().ok_or(OpenError)?;
    let mut buffer = rest.to_vec();
    let plain = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut buffer)
        .map_err(|_| OpenError)?
        .len();
    buffer.truncate(plain);
    Ok(buffer)
}
