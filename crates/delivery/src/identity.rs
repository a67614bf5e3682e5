//! What makes a message this message and no other: derived from the delivery, so that an attempt repeated is the same
//! octets.

use jiff::Timestamp;
use jiff::tz::Offset;
use keys::{FINGERPRINT_OCTETS, Fingerprint, InstanceKey, Purpose};
use mail::Address;
use message::{Identity, Unsubscribe};
use ring::hmac;

use crate::place_token::{PlaceTokens, base32};

/// Octets of a keyed identifier: 120 bits, so that nobody guesses one.
const IDENTIFIER_OCTETS: usize = 15;
/// Octets of the tag in a return path: 80 bits, tried online only.
const TAG_OCTETS: usize = 10;
/// Octets of the tag in a link: 128 bits.
const LINK_TAG_OCTETS: usize = 16;
/// What a VERP local part begins with.
const BOUNCE_PREFIX: &str = "b-";

/// Keys for Message-IDs, boundaries, return paths and the links to the public pages.
pub struct IdentityKeys {
    message: hmac::Key,
    return_path: PlaceTokens<TAG_OCTETS>,
    links: PlaceTokens<LINK_TAG_OCTETS>,
}

/// Where a person can ask for no more.
#[derive(Debug, Clone, Default)]
pub struct UnsubscribeTargets {
    /// The mailbox that takes requests by mail.
    pub mailbox: Option<Address>,
    /// `public.url`; without it no link is in the message, and if it is not https no one-click (RFC 8058 §3.1).
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
        Self {
            message: hmac::Key::new(hmac::HMAC_SHA256, &instance.derive(Purpose::MessageIdentity)),
            return_path: PlaceTokens::new(&instance.derive(Purpose::ReturnPath)),
            links: PlaceTokens::new(&instance.derive(Purpose::PublicLink)),
        }
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

    /// The token of a return path: it names a delivery to us and nothing to anybody else, in 16 + 13 letters and digits.
    #[must_use]
    pub fn token(&self, campaign: i64, number: u64) -> String {
        self.return_path.token(campaign, number)
    }

    /// The campaign and delivery of a return path's token, in whatever case mail servers made of it; nothing for a forged
    /// one, or for a link's.
    #[must_use]
    pub fn open_token(&self, token: &str) -> Option<(i64, u64)> {
        self.return_path.open(token)
    }

    /// The token of the links to the public pages, in 26 + 13 letters and digits. Whoever has it has what the person has:
    /// it stands in their message alone, and in no log.
    #[must_use]
    pub fn link_token(&self, campaign: i64, number: u64) -> String {
        self.links.token(campaign, number)
    }

    /// The campaign and delivery of a link's token; nothing for a forged one, or for a return path's.
    #[must_use]
    pub fn open_link_token(&self, token: &str) -> Option<(i64, u64)> {
        self.links.open(token)
    }

    /// The address of a delivery's preference page; nothing without public pages.
    #[must_use]
    pub fn preferences_url(&self, public_url: Option<&str>, campaign: i64, number: u64) -> Option<String> {
        let url = public_url?.trim_end_matches('/');
        Some(format!("{url}/preferences/{}", self.link_token(campaign, number)))
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
        // RFC 8058 §3.1: an https URL, or none. On this machine the pages are for trying out.
        let public_url = of.unsubscribe.public_url.as_deref();
        let secure = public_url.filter(|url| url.starts_with("https://"));
        let unsubscribe = Unsubscribe {
            mailto: of
                .unsubscribe
                .mailbox
                .as_ref()
                .map(|mailbox| format!("mailto:{}?subject=unsubscribe%20{token}", mailbox.expose())),
            https: secure.map(|url| {
                let link = self.link_token(of.campaign, of.number);
                format!("{}/unsubscribe/{link}", url.trim_end_matches('/'))
            }),
        };
        Identity {
            message_id: self.message_id(of.campaign_uid, of.number, of.message_domain),
            boundary_seed: self.derive("boundary", of.campaign_uid, of.number),
            date,
            utc_offset: Offset::UTC,
            reverse_path,
            unsubscribe: Some(unsubscribe),
            preferences: self.preferences_url(public_url, of.campaign, of.number),
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
    fn a_return_path_opens_no_page_and_a_link_is_no_return_path() {
        let keys = keys();
        let (path, link) = (keys.token(3, 1_136), keys.link_token(3, 1_136));
        assert_eq!(link.len(), 39);
        assert_eq!(keys.open_link_token(&link), Some((3, 1_136)));
        assert_eq!(keys.open_link_token(&path), None);
        assert_eq!(keys.open_token(&link), None);
        // Nor does the beginning or the end of one make the other.
        assert_eq!(keys.open_token(&format!("{}{}", &link[..16], &link[26..])), None);
        for place in 0..link.len() {
            let mut forged = link.clone().into_bytes();
            forged[place] = if forged[place] == b'a' { b'b' } else { b'a' };
            assert_eq!(keys.open_link_token(&String::from_utf8(forged).unwrap()), None);
        }
        for text in ["", "a", "ääääääääääääääääääääääääää", &link[1..], &format!("{link}a")]
        {
            assert_eq!(keys.open_link_token(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_not_made_here_opens_nothing(text in "\\PC{0,60}|[a-z2-7]{29}|[a-z2-7]{39}") {
            let keys = keys();
            proptest::prop_assert_eq!(keys.open_token(&text), None);
            proptest::prop_assert_eq!(keys.open_link_token(&text), None);
        }

        #[test]
        fn every_delivery_has_a_link_of_its_own(campaign in 0..i64::from(u32::MAX), number in 0..u64::from(u32::MAX)) {
            let keys = keys();
            proptest::prop_assert_eq!(keys.open_link_token(&keys.link_token(campaign, number)), Some((campaign, number)));
            proptest::prop_assert_ne!(keys.link_token(campaign, number), keys.link_token(campaign, number + 1));
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
        let preferences = a.preferences.unwrap();
        assert_eq!(
            keys.open_link_token(preferences.strip_prefix("https://x.test/preferences/").unwrap()),
            Some((1, 1))
        );
    }
}
