//! Where a request comes from, as coarsely as the counters and the list of sessions need it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bits that one customer of IPv4 is told apart by.
const V4_NETWORK_BITS: u32 = 24;
/// Bits of one network of IPv6 (RFC 4291 §2.5.1): who has one has all 2^64 addresses in it.
const V6_NETWORK_BITS: u32 = 64;
/// Bits of one site of IPv6 (RFC 6177 §2): who has one has up to 65,536 networks.
const V6_SITE_BITS: u32 = 48;

/// A network, /24 or /64: what is kept of a source address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    prefix: u128,
    bits: u32,
}

impl Network {
    /// The network of an address. An IPv4 address in IPv6's clothes (RFC 4291 §2.5.5.2) is one of IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::cut(v4.to_ipv6_mapped().to_bits(), 96 + V4_NETWORK_BITS),
            IpAddr::V6(v6) => Self::cut(v6.to_bits(), V6_NETWORK_BITS),
        }
    }

    /// The site it is part of: of IPv6 a /48; of IPv4 itself.
    #[must_use]
    pub(crate) fn site(self) -> Self {
        if self.bits == V6_NETWORK_BITS { Self::cut(self.prefix, V6_SITE_BITS) } else { self }
    }

    const fn cut(address: u128, bits: u32) -> Self {
        Self { prefix: address >> (128 - bits) << (128 - bits), bits }
    }
}

/// `192.0.2.0/24`, `2001:db8::/64`: for the list of a user's sessions.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.prefix);
        let v4: Option<Ipv4Addr> = address.to_ipv4_mapped();
        match v4.filter(|_| self.bits > 96) {
            Some(v4) => write!(f, "{v4}/{}", self.bits - 96),
            None => write!(f, "{address}/{}", self.bits),
        }
    }
}

/// An address of a member of staff is not for logs, and its network is not either.
impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[network]")
    }
}
