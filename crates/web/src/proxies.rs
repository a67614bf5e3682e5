//! Proxies that stand before the pages: from them, and from nobody else, it is believed for whom they ask.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

/// What proxies write who asked them into (the de facto standard that RFC 7239 §1 names): each adds the address that it was asked
/// from at the end.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies behind one another that are looked through.
pub const PROXIES_DEEP_MAX: usize = 16;

/// Addresses of proxies that are trusted. By default nobody is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

/// Not an address, and not a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a proxy is named by its address, or its network: 127.0.0.1, 10.0.0.0/8, ::1")]
pub struct ProxyError;

impl Proxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// [`ProxyError`].
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, ProxyError> {
        let one = |text: &str| {
            let address = IpAddr::from_str(text).map(IpNet::from);
            address.or_else(|_| IpNet::from_str(text)).map_err(|_| ProxyError)
        };
        texts.into_iter().map(one).collect::<Result<_, _>>().map(Self)
    }

    fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who asks: whoever is connected, or, behind a trusted proxy, the last one that no trusted proxy is. What stands before
    /// that anybody can have written.
    pub(crate) fn asker(&self, peer: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.has(peer.ip()) {
            return peer;
        }
        let written: Vec<&str> = headers
            .get_all(FORWARDED_FOR)
            .iter()
            // One that is no text is no word of a proxy: it ends the chain below.
            .flat_map(|value| value.to_str().unwrap_or("?").split(','))
            .collect();
        let mut asker = peer;
        for text in written.iter().rev().take(PROXIES_DEEP_MAX) {
            let Some(address) = address(text.trim()) else { break };
            asker = SocketAddr::new(address, 0);
            if !self.has(address) {
                break;
            }
        }
        asker
    }
}

/// An address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asker(trusted: &[&str], peer: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().expect("a value"));
        }
        let proxies = Proxies::parse(trusted.iter().copied()).expect("proxies");
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        proxies.asker(peer, &headers).ip().to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(asker(&[], "198.51.100.7", &["203.0.113.5"]), "198.51.100.7");
        assert_eq!(asker(&["127.0.0.1"], "198.51.100.7", &["203.0.113.5"]), "198.51.100.7");
    }

    #[test]
    fn the_last_one_that_is_no_proxy_asks() {
        let local = ["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(asker(&local, "127.0.0.1", &["203.0.113.5"]), "203.0.113.5");
        // What stands before it the asker wrote.
        assert_eq!(asker(&local, "127.0.0.1", &["192.0.2.1, 203.0.113.5"]), "203.0.113.5");
        assert_eq!(asker(&local, "127.0.0.1", &["192.0.2.1", "203.0.113.5, 10.1.2.3"]), "203.0.113.5");
        assert_eq!(asker(&local, "::ffff:127.0.0.1", &["203.0.113.5"]), "203.0.113.5");
        // All of them are proxies: the first of them.
        assert_eq!(asker(&local, "127.0.0.1", &["10.1.2.3, 10.0.0.1"]), "10.1.2.3");
        assert_eq!(asker(&local, "127.0.0.1", &[]), "127.0.0.1");
    }

    #[test]
    fn ports_and_brackets_are_taken_and_anything_else_ends_it() {
        let local = ["127.0.0.1"];
        assert_eq!(asker(&local, "127.0.0.1", &["203.0.113.5:8080"]), "203.0.113.5");
        assert_eq!(asker(&local, "127.0.0.1", &["[2001:db8::1]:8080"]), "2001:db8::1");
        assert_eq!(asker(&local, "127.0.0.1", &["[2001:db8::1]"]), "2001:db8::1");
        for odd in ["unknown", "", "203.0.113.5, _hidden"] {
            assert_eq!(asker(&local, "127.0.0.1", &[odd]), "127.0.0.1", "{odd}");
        }
    }

    #[test]
    fn no_more_proxies_are_looked_through_than_the_most() {
        let line = |proxies: usize| format!("203.0.113.5{}", ", 10.0.0.1".repeat(proxies));
        let local = ["10.0.0.0/8"];
        assert_eq!(asker(&local, "10.0.0.9", &[&line(PROXIES_DEEP_MAX - 1)]), "203.0.113.5");
        assert_eq!(asker(&local, "10.0.0.9", &[&line(PROXIES_DEEP_MAX)]), "10.0.0.1");
    }

    #[test]
    fn proxies_are_addresses_and_networks() {
        assert!(Proxies::parse(["127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8"]).is_ok());
        for wrong in ["localhost", "10.0.0.0/33", "", "127.0.0.1:80", "*"] {
            assert_eq!(Proxies::parse([wrong]), Err(ProxyError), "{wrong}");
        }
    }

    proptest! {
        /// Whatever stands there, whoever comes from elsewhere is who they are.
        #[test]
        fn nobody_becomes_somebody_else(text in "[ -~]{0,80}") {
            prop_assert_eq!(asker(&["127.0.0.1"], "198.51.100.7", &[&text]), "198.51.100.7");
        }
    }
}
