//! Cookies: read from a request, and set so that no script and no other site gets at them.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// A cookie of ours. Under TLS its name begins with `__Host-`: the browser then takes it from this host alone, over TLS
/// alone, for the whole of it (RFC 6265bis §4.1.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// A browser before anybody signed in: what its forms are bound to.
    Visit,
    /// A session.
    Session,
    /// A browser in which somebody has signed in before.
    Device,
}

impl Cookie {
    const fn name(self, secure: bool) -> &'static str {
        match (self, secure) {
            (Self::Visit, true) => "__Host-visit",
            (Self::Visit, false) => "visit",
            (Self::Session, true) => "__Host-session",
            (Self::Session, false) => "session",
            (Self::Device, true) => "__Host-device",
            (Self::Device, false) => "device",
        }
    }

    /// Seconds that the browser keeps it; a session's cookie goes with the browser.
    const fn kept(self) -> Option<u32> {
        match self {
            Self::Visit | Self::Session => None,
            Self::Device => Some(400 * 86_400),
        }
    }

    /// What the browser sent under this name.
    pub(crate) fn read(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let name = self.name(secure);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|header| header.to_str().ok())
            .flat_map(|header| header.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Makes the browser keep it. Strict: another site's link arrives without it.
    pub(crate) fn set(self, value: &str, secure: bool) -> Option<HeaderValue> {
        let tls = if secure { "; Secure" } else { "" };
        let kept = self.kept().map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        HeaderValue::from_str(&format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Strict{tls}{kept}",
            self.name(secure)
        ))
        .ok()
    }

    /// Makes the browser forget it.
    pub(crate) fn remove(self, secure: bool) -> Option<HeaderValue> {
        let tls = if secure { "; Secure" } else { "" };
        let gone = format!("{}=; Path=/; HttpOnly; SameSite=Strict{tls}; Max-Age=0", self.name(secure));
        HeaderValue::from_str(&gone).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_among_others_and_set_for_this_host_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("a=1; session=insecure; __Host-session=unds_x"));
        assert_eq!(Cookie::Session.read(&headers, true), Some("unds_x"));
        assert_eq!(Cookie::Session.read(&headers, false), Some("insecure"));
        assert_eq!(Cookie::Visit.read(&headers, true), None);
        let set = Cookie::Session.set("unds_x", true).unwrap();
        assert_eq!(set, "__Host-session=unds_x; Path=/; HttpOnly; SameSite=Strict; Secure");
        assert!(Cookie::Device.set("d", true).unwrap().to_str().unwrap().ends_with("Max-Age=34560000"));
        assert!(Cookie::Session.set("a\r\nb", true).is_none(), "no other header comes with it");
    }
}
