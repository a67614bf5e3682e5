//! Tokens that name a delivery to us and nothing to anybody else: derived, so that nothing is stored, and none can be guessed.

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use subtle::ConstantTimeEq;

/// Campaign and delivery, four octets each.
const PLACE_OCTETS: usize = 8;

/// Makes and opens tokens of one kind, with a tag of `TAG` octets. Each kind has a key of its own, so that none opens what
/// another is for.
pub(crate) struct PlaceTokens<const TAG: usize>(hmac::Key);

impl<const TAG: usize> PlaceTokens<TAG> {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Letters and digits, no capital among them. The place is masked by a stream derived from the tag, so that it tells
    /// neither the row nor the number of messages.
    pub(crate) fn token(&self, campaign: i64, number: u64) -> String {
        let mut place = place(campaign, number);
        let tag = self.tag(&place);
        self.mask(&tag, &mut place);
        format!("{}{}", base32(&tag), base32(&place))
    }

    /// The campaign and delivery of a token, in whatever case it comes; nothing for a forged one.
    pub(crate) fn open(&self, token: &str) -> Option<(i64, u64)> {
        let upper = token.to_ascii_uppercase();
        let (tag, masked) = upper.split_at_checked((TAG * 8).div_ceil(5))?;
        let tag: [u8; TAG] = BASE32_NOPAD.decode(tag.as_bytes()).ok()?.try_into().ok()?;
        let mut place: [u8; PLACE_OCTETS] = BASE32_NOPAD.decode(masked.as_bytes()).ok()?.try_into().ok()?;
        self.mask(&tag, &mut place);
        // In constant time: how far a forged tag agrees must not show.
        if !bool::from(self.tag(&place).ct_eq(&tag)) {
            return None;
        }
        let (campaign, number) = place.split_at(4);
        let read = |octets: &[u8]| octets.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
        Some((i64::try_from(read(campaign)).ok()?, read(number)))
    }

    fn tag(&self, place: &[u8; PLACE_OCTETS]) -> [u8; TAG] {
        let full = hmac::sign(&self.0, &[b"tag ".as_slice(), place].concat());
        let mut tag = [0; TAG];
        tag.copy_from_slice(&full.as_ref()[..TAG]);
        tag
    }

    fn mask(&self, tag: &[u8; TAG], place: &mut [u8; PLACE_OCTETS]) {
        let stream = hmac::sign(&self.0, &[b"mask ".as_slice(), tag].concat());
        for (octet, mask) in place.iter_mut().zip(stream.as_ref()) {
            *octet ^= mask;
        }
    }
}

fn place(campaign: i64, number: u64) -> [u8; PLACE_OCTETS] {
    let mut place = [0; PLACE_OCTETS];
    place[..4].copy_from_slice(&u32::try_from(campaign).unwrap_or(u32::MAX).to_be_bytes());
    place[4..].copy_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    place
}

pub(crate) fn base32(octets: &[u8]) -> String {
    BASE32_NOPAD.encode(octets).to_ascii_lowercase()
}
