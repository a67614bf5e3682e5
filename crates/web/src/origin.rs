//! Where browsers find the console: the one origin whose forms it takes, and the one name that it answers to.

use axum::http::HeaderMap;
use axum::http::header::{HOST, HeaderName, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// `https://console.example`, or `http://127.0.0.1:8080` on this machine (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    text: String,
    secure: bool,
}

/// Why a text is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not `https://NAME[:PORT]`.
    #[error("the console's address is written https://NAME or https://NAME:PORT, without a path")]
    Form,
    /// In the clear, and not on this machine.
    #[error("passwords may not cross a network in the clear: the console's address begins with https://")]
    Clear,
}

impl Origin {
    /// Reads one. In the clear it is this machine's alone.
    ///
    /// # Errors
    /// [`OriginError`].
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let text = text.trim_end_matches('/').to_ascii_lowercase();
        let (secure, authority) = match text.split_once("://") {
            Some(("https", authority)) => (true, authority),
            Some(("http", authority)) => (false, authority),
            _ => return Err(OriginError::Form),
        };
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !name.ends_with(':') && !port.contains(']') => (name, Some(port)),
            _ => (authority, None),
        };
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.[]:".contains(&b));
        if name.is_empty() || !plain || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(OriginError::Form);
        }
        if !secure && !matches!(name, "127.0.0.1" | "[::1]" | "localhost") {
            return Err(OriginError::Clear);
        }
        // A browser leaves the scheme's own port out, in Origin and in Host (RFC 6454 §6.2, RFC 9110 §7.2).
        let text = match (port, secure) {
            (Some("443"), true) | (Some("80"), false) => {
                text.trim_end_matches(|c: char| c != ':').trim_end_matches(':').to_owned()
            }
            _ => text,
        };
        Ok(Self { text, secure })
    }

    /// Reached by TLS: cookies go over nothing else.
    pub(crate) const fn is_secure(&self) -> bool {
        self.secure
    }

    /// As a browser writes it in Origin.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn authority(&self) -> &str {
        self.text.split_once("://").map_or("", |(_, authority)| authority)
    }

    /// Whether the request names this host, once: a name of somebody else's that was pointed here (DNS rebinding) is
    /// not answered.
    pub(crate) fn is_named(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
        host.to_str().is_ok_and(|host| host.eq_ignore_ascii_case(self.authority()))
    }

    /// Whether a form came from a page of this origin, as far as the browser says. A browser that says nothing is an old
    /// one: then the form's token decides alone.
    pub(crate) fn sent_this(&self, headers: &HeaderMap) -> bool {
        let site = headers.get(SEC_FETCH_SITE).is_none_or(|site| site == "same-origin");
        let origin = headers.get(ORIGIN).is_none_or(|origin| origin.as_bytes() == self.text.as_bytes());
        site && origin
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn origins() {
        for (text, read) in [
            ("https://Console.example/", "https://console.example"),
            ("https://console.example:8443", "https://console.example:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost", "http://localhost"),
            ("https://console.example:443", "https://console.example"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://console.example:80", "https://console.example:80"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().as_str(), read);
        }
        for text in [
            "console.example",
            "ftp://x",
            "https://",
            "https://a/b",
            "https://a b",
            "https://a:x",
            "https://u@h",
        ] {
            assert_eq!(Origin::parse(text), Err(OriginError::Form), "{text}");
        }
        assert_eq!(Origin::parse("http://console.example"), Err(OriginError::Clear));
    }

    #[test]
    fn foreign_names_and_foreign_forms() {
        let origin = Origin::parse("https://console.example").unwrap();
        let with = |pairs: &[(HeaderName, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(name, HeaderValue::from_static(value));
            }
            headers
        };
        assert!(origin.is_named(&with(&[(HOST, "Console.example")])));
        for hosts in [vec![], vec![(HOST, "evil.example")], vec![(HOST, "console.example"); 2]] {
            assert!(!origin.is_named(&with(&hosts)));
        }
        assert!(origin.sent_this(&with(&[])), "an old browser");
        assert!(
            origin.sent_this(&with(&[(SEC_FETCH_SITE, "same-origin"), (ORIGIN, "https://console.example")]))
        );
        for pair in [
            (SEC_FETCH_SITE, "same-site"),
            (SEC_FETCH_SITE, "none"),
            (ORIGIN, "null"),
            (ORIGIN, "https://evil.example"),
        ] {
            assert!(!origin.sent_this(&with(&[pair])));
        }
    }
}
