//! DKIM signatures (RFC 6376; Ed25519 by RFC 8463), relaxed in both parts.
//!
//! Ours on *ring*, which the program has for TLS anyway: signing is a canonical form, two hashes and a header,
//! and the ready-made libraries bring a resolver and a second set of ciphers.

use std::fmt;

use data_encoding::{BASE64, BASE64_MIME_PERMISSIVE};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};

use crate::header::Header;
use crate::limits::KEY_OCTETS_MAX;

mod record;

/// Signed where present. Nothing that a relay may change on its way is among them (RFC 6376 §5.4.1), and both of
/// RFC 8058's are (its §4 demands it).
const SIGNED: [&str; 13] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Language",
    "Auto-Submitted",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
];
/// Named once more than they are there: adding one breaks the signature (RFC 6376 §8.15).
const OVERSIGNED: [&str; 5] = ["From", "To", "Subject", "Reply-To", "Cc"];

/// A DKIM key with the domain and selector that it signs for. `Debug` prints nothing of the key.
pub struct Signer {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// Why a signer cannot be made. None of the texts holds anything of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// The domain or the selector is not a domain name in ASCII.
    #[error("the signing domain or selector is not a domain name")]
    Name,
    /// Not PEM, and not a seed of 32 octets in base64.
    #[error("the signing key is not PEM, nor 32 octets in base64")]
    Form,
    /// The PEM is of something else.
    #[error("the signing key is not a private RSA or Ed25519 key")]
    Kind,
    /// Damaged, or RSA under 2,048 bits (RFC 8301 §3.2 asks for that many).
    #[error("the signing key is damaged, or an RSA key of fewer than 2048 or more than 4096 bits")]
    Key,
}

impl Signer {
    /// A signer from a key file: PKCS#8 or PKCS#1 in PEM, or the 32 octets of an Ed25519 seed in base64.
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn new(domain: &str, selector: &str, key: &str) -> Result<Self, SignerError> {
        if !is_domain(domain) || !domain.contains('.') || !is_domain(selector) {
            return Err(SignerError::Name);
        }
        if key.len() > KEY_OCTETS_MAX {
            return Err(SignerError::Form);
        }
        Ok(Self { domain: domain.to_ascii_lowercase(), selector: selector.to_owned(), key: read_key(key)? })
    }

    /// The domain that it signs for: `d=`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    /// The DKIM-Signature field of a message, ready to stand in front of it.
    pub(crate) fn sign(&self, headers: &[Header], body: &[u8], seconds: i64) -> Option<String> {
        let fields: Vec<(&str, String)> = headers.iter().map(|h| (h.name(), h.unfolded())).collect();
        let names = signed_names(&fields);
        let mut lines = vec![
            format!("v=1; a={}; c=relaxed/relaxed; d={};", self.algorithm(), self.domain),
            format!("s={}; t={};", self.selector, seconds.max(0)),
        ];
        let last = names.len().saturating_sub(1);
        let mut line = "h=".to_owned();
        for (n, name) in names.iter().enumerate() {
            if line.len() + name.len() > 74 {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(name);
            line.push(if n == last { ';' } else { ':' });
        }
        lines.push(line);
        lines.push(format!("bh={};", BASE64.encode(digest(&SHA256, &body_form(body)).as_ref())));
        lines.push("b=".to_owned());
        let unsigned = lines.join("\r\n ");
        let signature = self.signature(&header_form(&fields, &names, &unsigned))?;
        let mut out = format!("DKIM-Signature: {unsigned}");
        for (n, c) in BASE64.encode(&signature).char_indices() {
            if n > 0 && n % 72 == 0 {
                out.push_str("\r\n ");
            }
            out.push(c);
        }
        out.push_str("\r\n");
        Some(out)
    }

    /// RFC 6376 §3.7; RFC 8463 §3: Ed25519 signs the hash.
    fn signature(&self, form: &[u8]) -> Option<Vec<u8>> {
        match &self.key {
            Key::Ed25519(key) => Some(key.sign(digest(&SHA256, form).as_ref()).as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                // PKCS #1 v1.5 has no randomness in it: the argument is asked for and not used.
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), form, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} signer]", self.algorithm())
    }
}

fn is_domain(text: &str) -> bool {
    text.len() <= mail::DOMAIN_OCTETS_MAX
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

fn read_key(text: &str) -> Result<Key, SignerError> {
    let text = text.trim();
    if let Some((label, der)) = pem(text)? {
        return match label {
            "RSA PRIVATE KEY" => rsa(RsaKeyPair::from_der(&der)),
            "PRIVATE KEY" => Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
                .map(Key::Ed25519)
                .or_else(|_| rsa(RsaKeyPair::from_pkcs8(&der))),
            _ => Err(SignerError::Kind),
        };
    }
    let seed = BASE64_MIME_PERMISSIVE.decode(text.as_bytes()).map_err(|_| SignerError::Form)?;
    if seed.len() != 32 {
        return Err(SignerError::Form);
    }
    Ed25519KeyPair::from_seed_unchecked(&seed).map(Key::Ed25519).map_err(|_| SignerError::Key)
}

fn rsa(key: Result<RsaKeyPair, ring::error::KeyRejected>) -> Result<Key, SignerError> {
    key.map(|key| Key::Rsa(Box::new(key))).map_err(|_| SignerError::Key)
}

/// RFC 7468: label and content of the first block.
fn pem(text: &str) -> Result<Option<(&str, Vec<u8>)>, SignerError> {
    let Some(rest) = text.strip_prefix("-----BEGIN ") else { return Ok(None) };
    let (label, rest) = rest.split_once("-----").ok_or(SignerError::Form)?;
    let (content, _) = rest.split_once("-----END ").ok_or(SignerError::Form)?;
    let content: String = content.split_ascii_whitespace().collect();
    let der = BASE64.decode(content.as_bytes()).map_err(|_| SignerError::Form)?;
    Ok(Some((label, der)))
}

/// What `h=` lists, in the order of signing.
fn signed_names<'a>(fields: &[(&'a str, String)]) -> Vec<&'a str> {
    let mut names: Vec<&str> = SIGNED
        .into_iter()
        .flat_map(|name| fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(move |_| name))
        .collect();
    names.extend(OVERSIGNED);
    names
}

/// RFC 6376 §3.7: the signed fields, then the signature's own with an empty `b=` and without its line end.
fn header_form(fields: &[(&str, String)], names: &[&str], own: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut used = vec![false; fields.len()];
    for name in names {
        // §5.4.2: from the bottom up; a name that is not there counts as nothing.
        let found = (0..fields.len()).rev().find(|n| !used[*n] && fields[*n].0.eq_ignore_ascii_case(name));
        if let Some(n) = found {
            used[n] = true;
            relaxed_header(&mut out, fields[n].0, &fields[n].1);
            out.extend_from_slice(b"\r\n");
        }
    }
    relaxed_header(&mut out, "dkim-signature", own);
    out
}

/// RFC 6376 §3.4.2.
fn relaxed_header(out: &mut Vec<u8>, name: &str, value: &str) {
    out.extend_from_slice(name.trim_ascii_end().to_ascii_lowercase().as_bytes());
    out.push(b':');
    let mut words = value.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
    out.extend_from_slice(words.next().unwrap_or_default().as_bytes());
    for word in words {
        out.push(b' ');
        out.extend_from_slice(word.as_bytes());
    }
}

/// RFC 6376 §3.4.4: white space at line ends goes, within a line it is one space, empty lines at the end go,
/// also those of white space alone.
fn body_form(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut content_end = 0;
    for line in body.split(|b| *b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line_start = out.len();
        let mut space = false;
        for octet in line {
            if matches!(octet, b' ' | b'\t') {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                out.push(b' ');
            }
            out.push(*octet);
        }
        let is_empty = out.len() == line_start;
        out.extend_from_slice(b"\r\n");
        if !is_empty {
            content_end = out.len();
        }
    }
    out.truncate(content_end);
    out
}

#[cfg(test)]
#[path = "dkim_tests.rs"]
mod tests;
