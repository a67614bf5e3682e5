//! What makes a message this message and no other: derived from the delivery, so that an attempt repeated is the same
//! octets.

use data_encoding::BASE32_NOPAD;
use jiff::Timestamp;
use jiff::tz::Offset;
use keys::{FINGERPRINT_OCTETS, Fingerprint, InstanceKey, Purpose};
use mail::Address;
use message::{Identity, Unsubscribe};
use ring::hmac;
use subtle::ConstantTimeEq;

/// Octets of a keyed identifier: 120 bits, so that nobody guesses one.
const IDENTIFIER_OCTETS: usize = 15;
/// Octets of the tag in a return path: 80 bits, tried online only.
const TAG_OCTETS: usize = 10;
/// Campaign and delivery, four octets each.
const PLACE_OCTETS: usize = 8;
/// What a VERP local part begins with.
const BOUNCE_PREFIX: &str = "b-";

/// Keys for Message-IDs, boundaries, return paths and unsubscribe tokens.
pub struct IdentityKeys {
    message: hmac::Key,
    return_path: hmac::Key,
}

/// Where a person can ask for no more.
#[derive(Debug, Clone, Default)]
pub struct UnsubscribeTargets {
    /// The mailbox that takes requests by mail.
    pub mailbox: Option<Address>,
    /// `public.url`, an https URL; without it there is no one-click (RFC 8058 §3.1).
    pub public_url: Option<String>,
}

impl std::fmt::Debug for IdentityKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[identity keys]")
    }
}

impl IdentityKeys {
    /// The keys of an installation.
    #[must_use]
    pub fn new(instance: &InstanceKey) -> Self {
        let key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, &instance.derive(purpose));
        Self { message: key(Purpose::MessageIdentity), return_path: key(Purpose::ReturnPath) }
    }

    fn derive<const N: usize>(&self, label: &str, campaign_uid: &str, number: u64) -> [u8; N] {
        let tag = hmac::sign(&self.message, format!("{label} {campaign_uid} {number}").as_bytes());
        let mut out = [0; N];
        out.copy_from_slice(&tag.as_ref()[..N]);
        out
    }

    /// What all senders share that pace themselves at a relay, or at a recipient domain behind it: a number that tells
    /// neither to who reads the database.
    #[must_use]
    pub fn lane(&self, relay: &str, domain: &str) -> Fingerprint {
        let tag = hmac::sign(&self.message, format!("lane {relay} {domain}").as_bytes());
        let mut out = [0; FINGERPRINT_OCTETS];
        out.copy_from_slice(&tag.as_ref()[..FINGERPRINT_OCTETS]);
        Fingerprint(out)
    }

    /// A token that names a delivery to us and nothing to anybody else: 16 + 13 letters and digits. The place is
    /// masked by a stream derived from the tag, so that it tells neither the row nor the number of messages.
    #[must_use]
    pub fn token(&self, campaign: i64, number: u64) -> String {
        let mut place = place(campaign, number);
        let tag = self.tag(&place);
        self.mask(&tag, &mut place);
        format!("{}{}", base32(&tag), base32(&place))
    }

    /// The campaign and delivery of a token, in whatever case mail servers made of it; nothing for a forged one.
    #[must_use]
    pub fn open_token(&self, token: &str) -> Option<(i64, u64)> {
        let upper = token.to_ascii_uppercase();
        let (tag, masked) = upper.split_at_checked(TAG_OCTETS * 8 / 5)?;
        let tag: [u8; TAG_OCTETS] = BASE32_NOPAD.decode(tag.as_bytes()).ok()?.try_into().ok()?;
        let mut place: [u8; PLACE_OCTETS] = BASE32_NOPAD.decode(masked.as_bytes()).ok()?.try_into().ok()?;
        self.mask(&tag, &mut place);
        let full = hmac::sign(&self.return_path, &[b"tag ".as_slice(), &place].concat());
        // In constant time: how far a forged tag agrees must not show.
        if !bool::from(full.as_ref()[..TAG_OCTETS].ct_eq(&tag)) {
            return None;
        }
        let (campaign, number) = place.split_at(4);
        let read = |octets: &[u8]| octets.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        Some((i64::try_from(read(campaign)).ok()?, read(number)))
    }

    fn tag(&self, place: &[u8; PLACE_OCTETS]) -> [u8; TAG_OCTETS] {
        let full = hmac::sign(&self.return_path, &[b"tag ".as_slice(), place].concat());
        let mut tag = [0; TAG_OCTETS];
        tag.copy_from_slice(&full.as_ref()[..TAG_OCTETS]);
        tag
    }

    fn mask(&self, tag: &[u8; TAG_OCTETS], place: &mut [u8; PLACE_OCTETS]) {
        let stream = hmac::sign(&self.return_path, &[b"mask ".as_slice(), tag].concat());
        for (octet, mask) in place.iter_mut().zip(stream.as_ref()) {
            *octet ^= mask;
        }
    }

    /// The Message-ID of a delivery, without angle brackets.
    #[must_use]
    pub fn message_id(&self, campaign_uid: &str, number: u64, domain: &str) -> String {
        let id: [u8; IDENTIFIER_OCTETS] = self.derive("id", campaign_uid, number);
        format!("{}@{domain}", base32(&id))
    }

    /// Everything that a message is sealed with.
    #[must_use]
    pub fn identity(&self, of: &DeliveryIdentity<'_>, date: Timestamp) -> Identity {
        let token = self.token(of.campaign, of.number);
        let reverse_path = of.bounce_domain.and_then(|domain| {
            // RFC 5321 §4.5.3.1.1: 31 octets of 64, and no capital letter, for some servers fold them.
            Address::parse(&format!("{BOUNCE_PREFIX}{token}@{domain}")).ok()
        });
        let unsubscribe = Unsubscribe {
            mailto: of
                .unsubscribe
                .mailbox
                .as_ref()
                .map(|mailbox| format!("mailto:{}?subject=unsubscribe%20{token}", mailbox.expose())),
            https: of
                .unsubscribe
                .public_url
                .as_ref()
                .map(|url| format!("{}/unsubscribe/{token}", url.trim_end_matches('/'))),
        };
        Identity {
            message_id: self.message_id(of.campaign_uid, of.number, of.message_domain),
            boundary_seed: self.derive("boundary", of.campaign_uid, of.number),
            date,
            utc_offset: Offset::UTC,
            reverse_path,
            unsubscribe: Some(unsubscribe),
            test: of.test,
        }
    }
}

/// Which delivery, and what of the settings goes into its message.
pub struct DeliveryIdentity<'a> {
    pub(crate) campaign: i64,
    pub(crate) campaign_uid: &'a str,
    pub(crate) number: u64,
    pub(crate) message_domain: &'a str,
    pub(crate) bounce_domain: Option<&'a str>,
    pub(crate) unsubscribe: &'a UnsubscribeTargets,
    pub(crate) test: bool,
}

fn place(campaign: i64, number: u64) -> [u8; PLACE_OCTETS] {
    let mut place = [0; PLACE_OCTETS];
    place[..4].copy_from_slice(&u32::try_from(campaign).unwrap_or(u32::MAX).to_be_bytes());
    place[4..].copy_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    place
}

fn base32(octets: &[u8]) -> String {
    BASE32_NOPAD.encode(octets).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use keys::Random;

    fn keys() -> IdentityKeys {
        IdentityKeys::new(&InstanceKey::ephemeral(&Random::default()).unwrap())
    }

    #[test]
    fn tokens_open_in_any_case_and_forged_ones_do_not() {
        let keys = keys();
        let token = keys.token(3, 1_136);
        assert!(token.len() <= 62 && token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
        assert_eq!(keys.open_token(&token), Some((3, 1_136)));
        assert_eq!(keys.open_token(&token.to_ascii_uppercase()), Some((3, 1_136)));
        assert_eq!(super::tests::keys().open_token(&token), None, "another installation's");
        for place in 0..token.len() {
            let mut forged = token.clone().into_bytes();
            forged[place] = if forged[place] == b'a' { b'b' } else { b'a' };
            assert_eq!(keys.open_token(&String::from_utf8(forged).unwrap()), None);
        }
        for text in ["", "b-", "ääääääääääääääää", &token[1..]] {
            assert_eq!(keys.open_token(text), None, "{text}");
        }
    }

    #[test]
    fn a_repeated_attempt_has_the_same_identity() {
        let keys = keys();
        let targets = UnsubscribeTargets { mailbox: None, public_url: Some("https://x.test/".into()) };
        let of = |number| DeliveryIdentity {
            campaign: 1,
            campaign_uid: "u",
            number,
            message_domain: "unit.test",
            bounce_domain: Some("bounce.unit.test"),
            unsubscribe: &targets,
            test: false,
        };
        let (a, b, c) = (
            keys.identity(&of(1), Timestamp::UNIX_EPOCH),
            keys.identity(&of(1), Timestamp::UNIX_EPOCH),
            keys.identity(&of(2), Timestamp::UNIX_EPOCH),
        );
        assert_eq!((&a.message_id, a.boundary_seed), (&b.message_id, b.boundary_seed));
        assert_ne!(a.message_id, c.message_id);
        let path = a.reverse_path.unwrap();
        assert!(path.local().len() <= mail::LOCAL_OCTETS_MAX && path.local().starts_with("b-"));
        assert!(a.unsubscribe.unwrap().https.unwrap().starts_with("https://x.test/unsubscribe/"));
    }
}
