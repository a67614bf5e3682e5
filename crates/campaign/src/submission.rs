//! What two people agree on (promise 4): one hash over everything that decides what leaves, to whom, and by which way.

use std::fmt;

use jiff::Timestamp;
use ring::digest::{Context, SHA256};

/// Stands first in the hashed octets: a hash of another kind or version is never taken for one of these.
const LABEL: &str = "undisclosed submission v1";

/// A campaign as it is submitted.
///
/// The audience is an upper bound: people may drop out of it (a suppression, an erasure), and nobody can be added,
/// for its digest is over every row as it was imported.
#[derive(Debug, Clone)]
pub struct Submission<'a> {
    /// The campaign's random name: an approval counts for one campaign.
    pub campaign: &'a str,
    /// Message, translations, attachments and sender, as a hash.
    pub message: &'a str,
    /// The audience's random name.
    pub audience: &'a str,
    /// All its rows, as a keyed hash.
    pub audience_digest: &'a str,
    /// How many people that are.
    pub people: u64,
    /// The relay's URL.
    pub relay: &'a str,
    /// When sending begins, if a time was asked for.
    pub at: Option<Timestamp>,
    /// Settings that shape what leaves, by name.
    pub settings: &'a [(&'static str, String)],
}

/// The hash of a [`Submission`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SubmissionDigest([u8; 32]);

impl fmt::Display for SubmissionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for SubmissionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Submission<'_> {
    /// SHA-256 over the label and every part, each behind its length in eight octets.
    #[must_use]
    pub fn digest(&self) -> SubmissionDigest {
        let mut context = Context::new(&SHA256);
        let people = self.people.to_string();
        let at = self.at.map_or_else(String::new, |at| at.as_microsecond().to_string());
        let parts = [
            LABEL,
            self.campaign,
            self.message,
            self.audience,
            self.audience_digest,
            &people,
            self.relay,
            &at,
        ];
        let settings = self.settings.iter().flat_map(|(name, value)| [*name, value.as_str()]);
        for part in parts.into_iter().chain(settings) {
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        SubmissionDigest(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts() {
        let no_settings = [];
        let settings = [("public.url", "https://unit.example".to_owned())];
        let other = [("public.url", "https://unit.example/x".to_owned())];
        let one = Submission {
            campaign: "c",
            message: "m",
            audience: "a",
            audience_digest: "d",
            people: 3,
            relay: "smtp://relay.example:25",
            at: None,
            settings: &settings,
        };
        let variants = [
            one.clone(),
            Submission { campaign: "c2", ..one.clone() },
            Submission { message: "m2", ..one.clone() },
            // The same octets, cut in another place.
            Submission { campaign: "cm", message: "", ..one.clone() },
            Submission { audience: "a2", ..one.clone() },
            Submission { audience_digest: "d2", ..one.clone() },
            Submission { people: 4, ..one.clone() },
            Submission { relay: "smtp://other.example:25", ..one.clone() },
            Submission { at: Some(Timestamp::UNIX_EPOCH), ..one.clone() },
            Submission { settings: &other, ..one.clone() },
            Submission { settings: &no_settings, ..one.clone() },
        ];
        for (n, a) in variants.iter().enumerate() {
            for (m, b) in variants.iter().enumerate() {
                assert_eq!(a.digest() == b.digest(), n == m, "{n} {m}");
            }
        }
        assert_eq!(one.digest().to_string().len(), 64);
    }
}
