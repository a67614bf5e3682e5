//! Who is asked what a domain publishes.

use std::net::SocketAddr;

use serde::{Deserialize, Deserializer};

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Resolver {
    /// The name servers of this machine.
    #[default]
    System,
    /// Nobody: a machine without a way out.
    Nobody,
    /// This one.
    At(SocketAddr),
}

impl<'de> Deserialize<'de> for Resolver {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "system" => Ok(Self::System),
            "none" => Ok(Self::Nobody),
            text => text.parse().map(Self::At).map_err(|_| {
                serde::de::Error::custom(
                    "dns.resolver is `system`, `none`, or an address and a port like 192.0.2.1:53",
                )
            }),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dns {
    /// Who is asked what senders' domains publish.
    pub(crate) resolver: Resolver,
}
