//! An address on this machine that nobody else can reach.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

/// 127.0.0.1 or ::1, and a port. There is no way to make one of any other address (promise 14).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loopback(SocketAddr);

impl Loopback {
    /// 127.0.0.1; port 0 takes a free one.
    #[must_use]
    pub const fn v4(port: u16) -> Self {
        Self(SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port))
    }

    /// ::1; port 0 takes a free one.
    #[must_use]
    pub const fn v6(port: u16) -> Self {
        Self(SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::LOCALHOST), port))
    }

    /// The address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.0
    }

    /// Listens there; the port is known afterwards.
    pub(crate) async fn listen(self) -> io::Result<(TcpListener, Self)> {
        let listener = TcpListener::bind(self.0).await?;
        let port = listener.local_addr()?.port();
        let mut bound = self;
        bound.0.set_port(port);
        Ok((listener, bound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_but_this_machine() {
        for address in [Loopback::v4(0), Loopback::v6(0), Loopback::v4(25)] {
            assert!(address.address().ip().is_loopback());
        }
        let (listener, bound) = Loopback::v4(0).listen().await.unwrap();
        assert_eq!(listener.local_addr().unwrap(), bound.address());
        assert_ne!(bound.address().port(), 0);
    }
}
