//! Keyed hashes of addresses and rows, and a digest of a list that does not depend on its order.

use ring::hmac;

use crate::columns::Layout;
use crate::row::Row;
use crate::spreadsheet::Options;

/// Keyed hashes under the caller's two keys (RFC 2104 with SHA-256).
pub(crate) struct Hashes {
    hash: hmac::Key,
    content: hmac::Key,
}

impl Hashes {
    pub(crate) fn new(options: &Options<'_>) -> Self {
        Self {
            hash: hmac::Key::new(hmac::HMAC_SHA256, &options.hash_key),
            content: hmac::Key::new(hmac::HMAC_SHA256, &options.digest_key),
        }
    }

    /// A hash of an address: nobody without the key can make two that collide.
    pub(crate) fn address(&self, address_key: &str) -> u128 {
        let mut context = hmac::Context::with_key(&self.hash);
        context.update(b"a");
        context.update(address_key.as_bytes());
        first_16(context.sign().as_ref())
    }

    /// A hash of everything in a row but the spelling of its address: equal rows have equal ones.
    pub(crate) fn row(&self, address_key: &str, layout: &Layout, row: &Row) -> u128 {
        let mut context = hmac::Context::with_key(&self.hash);
        context.update(b"r");
        update(&mut context, address_key);
        for index in (0..layout.columns.len()).filter(|i| *i != layout.email) {
            update(&mut context, row.cell(index));
        }
        first_16(context.sign().as_ref())
    }

    /// One person's part of the digest of the list: the address, and each field with its value.
    pub(crate) fn person(&self, address_key: &str, layout: &Layout, row: &Row) -> Sum {
        let mut context = hmac::Context::with_key(&self.content);
        update(&mut context, address_key);
        for (index, column) in layout.columns.iter().enumerate() {
            update(&mut context, &column.field);
            update(&mut context, row.cell(index));
        }
        let mut octets = [0; 32];
        octets.copy_from_slice(context.sign().as_ref());
        Sum::from_be_bytes(octets)
    }
}

/// The length stands first: two rows whose cells are cut differently are different rows.
fn update(context: &mut hmac::Context, text: &str) {
    context.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
    context.update(text.as_bytes());
}

fn first_16(octets: &[u8]) -> u128 {
    octets.iter().take(16).fold(0, |sum, octet| sum << 8 | u128::from(*octet))
}

/// A number modulo 2^256. Sums of keyed hashes are a hash of a multiset, and what was added can be taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sum {
    high: u128,
    low: u128,
}

impl Sum {
    fn from_be_bytes(octets: [u8; 32]) -> Self {
        Self { high: first_16(&octets[..16]), low: first_16(&octets[16..]) }
    }

    pub(crate) fn to_be_bytes(self) -> [u8; 32] {
        let mut octets = [0; 32];
        octets[..16].copy_from_slice(&self.high.to_be_bytes());
        octets[16..].copy_from_slice(&self.low.to_be_bytes());
        octets
    }

    pub(crate) fn add(&mut self, other: Self) {
        let (low, carry) = self.low.overflowing_add(other.low);
        self.low = low;
        self.high = self.high.wrapping_add(other.high).wrapping_add(u128::from(carry));
    }

    pub(crate) fn subtract(&mut self, other: Self) {
        let (low, borrow) = self.low.overflowing_sub(other.low);
        self.low = low;
        self.high = self.high.wrapping_sub(other.high).wrapping_sub(u128::from(borrow));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_carry_and_come_apart() {
        let one = Sum { high: 0, low: 1 };
        let mut sum = Sum { high: 7, low: u128::MAX };
        sum.add(one);
        assert_eq!(sum, Sum { high: 8, low: 0 });
        sum.subtract(one);
        assert_eq!(sum, Sum { high: 7, low: u128::MAX });
        let mut all = Sum { high: u128::MAX, low: u128::MAX };
        all.add(one);
        assert_eq!(all, Sum::default());
        assert_eq!(Sum::from_be_bytes(sum.to_be_bytes()), sum);
    }
}
