//! What is published of a key, so that receivers can verify its signatures (RFC 6376 §3.6).

use data_encoding::BASE64;
use ring::signature::KeyPair;

use super::{Key, Signer};

/// RFC 8017 appendix A.1: `rsaEncryption` with the parameters that it has, none.
const RSA_ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

impl Signer {
    /// The key's name in its domain: `s=`.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The text of the TXT record at `SELECTOR._domainkey.DOMAIN`.
    ///
    /// A name server takes it in strings of at most 255 octets (RFC 6376 §3.6.2.2); most tools cut it themselves.
    #[must_use]
    pub fn record(&self) -> String {
        match &self.key {
            // RFC 8463 §4: the 32 octets themselves.
            Key::Ed25519(key) => {
                format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(key.public_key().as_ref()))
            }
            Key::Rsa(key) => {
                let key = subject_public_key_info(key.public_key().as_ref());
                format!("v=DKIM1; k=rsa; p={}", BASE64.encode(&key))
            }
        }
    }
}

/// What verifiers take for an RSA key: SubjectPublicKeyInfo (RFC 5280 §4.1.2.7, erratum 3017 to RFC 6376).
fn subject_public_key_info(key: &[u8]) -> Vec<u8> {
    // No bit of the last octet is unused.
    let bits: Vec<u8> = std::iter::once(0).chain(key.iter().copied()).collect();
    der(SEQUENCE, &[&RSA_ALGORITHM[..], &der(BIT_STRING, &bits)].concat())
}

/// X.690 §8.1: tag, length, content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let octets = content.len().to_be_bytes();
    let length: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    let mut out = vec![tag];
    match (u8::try_from(content.len()), u8::try_from(length.len())) {
        (Ok(short), _) if short < 0x80 => out.push(short),
        (_, Ok(octets)) => {
            out.push(0x80 | octets);
            out.extend(length);
        }
        // No length has more than eight octets.
        (_, Err(_)) => {}
    }
    out.extend_from_slice(content);
    out
}
