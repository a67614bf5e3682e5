//! How a secret gets onto a telephone: the `otpauth:` URI that every app reads, as a QR code (ISO/IEC 18004).

use std::fmt::{self, Write as _};

use data_encoding::BASE32_NOPAD;
use qrcodegen::{QrCode, QrCodeEcc};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::TotpSecret;
use crate::totp::{TOTP_DIGITS, TOTP_STEP_SECONDS};

/// Octets of the issuer and of the login name, each, that an app shows: enough to tell accounts apart, and little enough
/// that the picture stays readable from a screen.
pub const LABEL_OCTETS_MAX: usize = 64;
/// Light modules around the code (ISO/IEC 18004 §9.1).
const QUIET_ZONE: i32 = 4;

/// The URI for an app, with the secret in it. It prints as `[otpauth URI]` and is wiped from memory; its page is not to
/// be kept by any cache.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct EnrolmentUri(String);

impl EnrolmentUri {
    /// The URI for a user (the key URI format that the apps share; every value percent-encoded, RFC 3986 §2.1). Issuer
    /// and login name are cut to [`LABEL_OCTETS_MAX`] each.
    #[must_use]
    pub fn new(issuer: &str, login: &str, secret: &TotpSecret) -> Self {
        let (issuer, login) = (encode(issuer), encode(login));
        let key = BASE32_NOPAD.encode(secret.octets());
        Self(format!(
            "otpauth://totp/{issuer}:{login}?secret={key}&issuer={issuer}&algorithm=SHA1&digits={TOTP_DIGITS}\
             &period={TOTP_STEP_SECONDS}"
        ))
    }

    /// The URI, for a link on a telephone itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The QR code as an SVG picture, black on white whatever the page's colours, with `title` as its text for those
    /// who do not see it. Nothing if the URI is too long for a code, which the limits exclude.
    #[must_use]
    pub fn svg(&self, title: &str) -> Option<String> {
        let code = QrCode::encode_text(&self.0, QrCodeEcc::Medium).ok()?;
        let mut path = String::new();
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                write!(path, "M{},{}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE).ok()?;
            }
        }
        let side = code.size() + 2 * QUIET_ZONE;
        Some(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" \
             shape-rendering=\"crispEdges\"><title>{}</title><path fill=\"#fff\" d=\"M0,0h{side}v{side}h-{side}z\"/>\
             <path fill=\"#000\" d=\"{path}\"/></svg>",
            escape(title)
        ))
    }
}

impl fmt::Debug for EnrolmentUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[otpauth URI]")
    }
}

fn encode(text: &str) -> String {
    let short = text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= LABEL_OCTETS_MAX);
    short.map(|(_, c)| c).collect::<String>().bytes().fold(String::new(), |mut out, octet| {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
        out
    })
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
