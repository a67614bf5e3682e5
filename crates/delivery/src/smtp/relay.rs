//! Which relay, and how it is reached.

use std::net::IpAddr;

use crate::smtp::{Credentials, Timeouts};

/// Port of mail relay (RFC 5321 §4.5.4.2).
const PORT_SMTP: u16 = 25;
/// Port of submission under implicit TLS (RFC 8314 §7.3).
const PORT_SUBMISSIONS: u16 = 465;

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsPolicy {
    /// No TLS: to this machine alone.
    Plain,
    /// STARTTLS, or nothing is sent (RFC 3207).
    StartTls,
    /// TLS from the first octet (RFC 8314 §3.3).
    Implicit,
}

/// `smtp://host[:port][?tls=required]` or `smtps://host[:port]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayUrl {
    host: String,
    port: u16,
    tls: TlsPolicy,
    user: Option<String>,
}

/// Why a text names no relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayUrlError {
    /// Neither `smtp://` nor `smtps://`, no host, or no port number.
    #[error("a relay is named smtp://HOST:PORT or smtps://HOST:PORT")]
    Form,
    /// A password in a URL is seen in process lists and logs.
    #[error(
        "a password in the relay's URL can be seen by others; put it into a file (relay.password_file) or into the \
         environment (UNDISCLOSED_RELAY__PASSWORD)"
    )]
    Password,
    /// Not `tls=required`.
    #[error("the only option of a relay's URL is tls=required")]
    Option,
}

impl RelayUrl {
    /// Reads a relay's URL.
    ///
    /// # Errors
    /// [`RelayUrlError`]; also for a URL with a password in it.
    pub fn parse(text: &str) -> Result<Self, RelayUrlError> {
        let (implicit, rest) = match (text.strip_prefix("smtp://"), text.strip_prefix("smtps://")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return Err(RelayUrlError::Form),
        };
        let (authority, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => return Err(RelayUrlError::Password),
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, authority),
        };
        let required = match query {
            "" => false,
            "tls=required" => true,
            _ if query.contains("pass") => return Err(RelayUrlError::Password),
            _ => return Err(RelayUrlError::Option),
        };
        let (host, port) = host_and_port(place)?;
        let port = port.unwrap_or(if implicit { PORT_SUBMISSIONS } else { PORT_SMTP });
        let tls = match (implicit, required || !is_loopback(&host)) {
            (true, _) => TlsPolicy::Implicit,
            (false, true) => TlsPolicy::StartTls,
            (false, false) => TlsPolicy::Plain,
        };
        Ok(Self { host, port, tls, user })
    }

    /// The host's name or address.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How the connection is protected.
    #[must_use]
    pub const fn tls(&self) -> TlsPolicy {
        self.tls
    }

    /// The user named in it.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }
}

impl std::fmt::Display for RelayUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls == TlsPolicy::Implicit { "smtps" } else { "smtp" };
        let user = self.user.as_ref().map_or(String::new(), |user| format!("{user}@"));
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let required = self.tls == TlsPolicy::StartTls && is_loopback(&self.host);
        write!(f, "{scheme}://{user}{host}:{}{}", self.port, if required { "?tls=required" } else { "" })
    }
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), RelayUrlError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']').ok_or(RelayUrlError::Form)?;
            host.parse::<std::net::Ipv6Addr>().map_err(|_| RelayUrlError::Form)?;
            (host, after.strip_prefix(':').or((after.is_empty()).then_some("")).ok_or(RelayUrlError::Form)?)
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
    if host.is_empty() || !named {
        return Err(RelayUrlError::Form);
    }
    let port = match port {
        "" => None,
        digits => Some(digits.parse::<u16>().ok().filter(|p| *p > 0).ok_or(RelayUrlError::Form)?),
    };
    Ok((host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A relay with everything needed to talk to it.
#[derive(Debug, Clone)]
pub struct Relay {
    /// Where.
    pub url: RelayUrl,
    /// The name given in EHLO (RFC 5321 §4.1.1.1).
    pub ehlo_name: String,
    /// Who we are to it.
    pub credentials: Option<Credentials>,
    /// How long to wait.
    pub timeouts: Timeouts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_their_protection() {
        for (text, tls, port) in [
            ("smtp://127.0.0.1:2525", TlsPolicy::Plain, 2525),
            ("smtp://localhost", TlsPolicy::Plain, 25),
            ("smtp://[::1]:26", TlsPolicy::Plain, 26),
            ("smtp://127.0.0.1?tls=required", TlsPolicy::StartTls, 25),
            ("smtp://mail.example:587", TlsPolicy::StartTls, 587),
            ("smtp://me@mail.example:587", TlsPolicy::StartTls, 587),
            ("smtps://mail.example", TlsPolicy::Implicit, 465),
        ] {
            let url = RelayUrl::parse(text).unwrap();
            assert_eq!((url.tls(), url.port()), (tls, port), "{text}");
            assert_eq!(RelayUrl::parse(&url.to_string()), Ok(url));
        }
    }

    #[test]
    fn refused() {
        for text in ["smtp://me:secret@mail.example", "smtp://mail.example?password=secret"] {
            assert_eq!(RelayUrl::parse(text), Err(RelayUrlError::Password));
        }
        assert_eq!(RelayUrl::parse("smtp://127.0.0.1?tls=off"), Err(RelayUrlError::Option));
        for text in [
            "",
            "mail.example",
            "http://x",
            "smtp://",
            "smtp://x:0",
            "smtp://x:99999",
            "smtp://a b",
            "smtp://[x]:1",
        ] {
            assert_eq!(RelayUrl::parse(text), Err(RelayUrlError::Form), "{text}");
        }
    }
}
