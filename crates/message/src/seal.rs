//! The last step: a filled message gets its header fields, its signatures, and cannot be changed any more.

use std::fmt;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use mail::Address;

use crate::dkim::Signer;
use crate::error::SealError;
use crate::header::{Header, Unfit};
use crate::limits::{MESSAGE_ID_OCTETS_MAX, PREFERENCES_OCTETS_MAX, SIGNERS_MAX, UNSUBSCRIBE_OCTETS_MAX};
use crate::mime::{self, Boundaries, Content, File};
use crate::variant::{Filled, Variant};

/// Where List-Unsubscribe of a test leads.
const DEAD_UNSUBSCRIBE: &str = "https://test.invalid/unsubscribe";

/// What makes a message this message: all of it comes from outside, so the same again gives the same octets.
/// `Debug` prints nothing of it.
#[derive(Clone)]
pub struct Identity {
    /// Message-ID without its angle brackets, `left@right`.
    pub message_id: String,
    /// What the boundaries and Content-IDs are made of.
    pub boundary_seed: [u8; 16],
    /// Date.
    pub date: Timestamp,
    /// The offset that Date is written in.
    pub utc_offset: Offset,
    /// MAIL FROM; none is the sender's address.
    pub reverse_path: Option<Address>,
    /// How to be left out from now on.
    pub unsubscribe: Option<Unsubscribe>,
    /// The person's own preference page, `https://…`: `{{ preferences_url }}`, and the footer where that does not stand in
    /// the message.
    pub preferences: Option<String>,
    /// Marked as a test, all links dead.
    pub test: bool,
}

/// RFC 2369 §3.2: where to write, or to click, for no more of it.
#[derive(Clone, Default)]
pub struct Unsubscribe {
    /// `mailto:…`.
    pub mailto: Option<String>,
    /// `https://…`: gives List-Unsubscribe-Post too (RFC 8058 §3.1), so it must take a POST.
    pub https: Option<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[identity]")
    }
}

impl fmt::Debug for Unsubscribe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[unsubscribe]")
    }
}

/// A finished message for one person. Promise 1: there is no other way to one than [`crate::Template::seal`],
/// which takes one person, and nothing in it can be changed. `Debug` prints nothing of it.
pub struct Sealed {
    recipient: Address,
    reverse_path: Address,
    bytes: Vec<u8>,
    message_id: String,
    content_ids: Vec<String>,
    list_headers: Vec<(String, String)>,
    signatures: Vec<String>,
    language: String,
    fell_back: bool,
    smtputf8: bool,
    test: bool,
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed message]")
    }
}

impl Sealed {
    /// The one person it is for.
    #[must_use]
    pub fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// MAIL FROM.
    #[must_use]
    pub fn reverse_path(&self) -> &Address {
        &self.reverse_path
    }

    /// The message: CRLF lines, 7-bit unless [`Sealed::needs_smtputf8`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Message-ID without its angle brackets.
    #[must_use]
    pub fn message_id(&self) -> &str {
        &self.message_id
    }

    /// Content-IDs that are in it, without their angle brackets.
    #[must_use]
    pub fn content_ids(&self) -> &[String] {
        &self.content_ids
    }

    /// Names and unfolded values of its List-* fields.
    #[must_use]
    pub fn list_headers(&self) -> &[(String, String)] {
        &self.list_headers
    }

    /// Unfolded values of its DKIM-Signature fields, as the signers made them.
    #[must_use]
    pub fn signatures(&self) -> &[String] {
        &self.signatures
    }

    /// The language that was used.
    #[must_use]
    pub fn language_used(&self) -> &str {
        &self.language
    }

    /// Whether the person's language is not there and the default was used.
    #[must_use]
    pub fn fell_back(&self) -> bool {
        self.fell_back
    }

    /// Whether a header field has an address beyond ASCII (RFC 6531 §3.7.1); the reverse path may too.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        self.smtputf8
    }

    /// Whether it is marked as a test.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.test
    }
}

impl Identity {
    /// Refuses what could not stand in a header, before any work.
    pub(crate) fn check(&self, signers: &[Signer]) -> Result<(), SealError> {
        let fail = |what| Err(SealError::Identity { what });
        let is_token = |text: &str, max: usize| {
            (1..=max).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b',' | b'"' | b'\\'))
        };
        let halves = self.message_id.split_once('@');
        let is_id = halves.is_some_and(|(l, r)| !l.is_empty() && !r.is_empty() && !r.contains('@'));
        if !is_id || !is_token(&self.message_id, MESSAGE_ID_OCTETS_MAX) {
            return fail("message-id");
        }
        if let Some(unsubscribe) = &self.unsubscribe {
            for (uri, scheme) in [(&unsubscribe.mailto, "mailto:"), (&unsubscribe.https, "https://")] {
                let fits = |uri: &String| uri.starts_with(scheme) && is_token(uri, UNSUBSCRIBE_OCTETS_MAX);
                if !uri.as_ref().is_none_or(fits) {
                    return fail("unsubscribe address");
                }
            }
        }
        let is_page = |url: &String| {
            // In the clear on this machine alone: what is tried out there goes to nobody.
            let local = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
            let scheme = url.starts_with("https://") || local.iter().any(|start| url.starts_with(start));
            scheme && is_token(url, PREFERENCES_OCTETS_MAX)
        };
        if !self.preferences.as_ref().is_none_or(is_page) {
            return fail("preference page");
        }
        if signers.len() > SIGNERS_MAX { fail("number of signers") } else { Ok(()) }
    }

    /// One for each attachment, in case it is shown.
    pub(crate) fn content_ids(&self, count: usize) -> Vec<String> {
        let domain = self.message_id.rsplit('@').next().unwrap_or_default();
        let seed = HEXLOWER.encode(&self.boundary_seed);
        (1..=count).map(|n| format!("{seed}.{n}@{domain}")).collect()
    }

    fn list_headers(&self) -> Result<Vec<Header>, Unfit> {
        let Some(unsubscribe) = &self.unsubscribe else { return Ok(Vec::new()) };
        let https = unsubscribe.https.as_deref().map(|uri| if self.test { DEAD_UNSUBSCRIBE } else { uri });
        let mailto = unsubscribe.mailto.as_deref().filter(|_| !self.test);
        // RFC 2369 §2: the preferred one first.
        let mut uris: Vec<String> = https.iter().chain(&mailto).map(|uri| format!("<{uri}>")).collect();
        let last = uris.len().saturating_sub(1);
        for uri in uris.iter_mut().take(last) {
            uri.push(',');
        }
        if uris.is_empty() {
            return Ok(Vec::new());
        }
        let uris: Vec<&str> = uris.iter().map(String::as_str).collect();
        let mut headers = vec![Header::tokens("List-Unsubscribe", &uris)?];
        if https.is_some() {
            headers.push(Header::tokens("List-Unsubscribe-Post", &["List-Unsubscribe=One-Click"])?);
        }
        Ok(headers)
    }
}

/// What a sealed message is made of.
pub(crate) struct Parts<'a> {
    pub(crate) recipient: &'a Address,
    pub(crate) variant: &'a Variant,
    pub(crate) files: &'a [File],
    pub(crate) filled: Filled,
    pub(crate) content_ids: Vec<String>,
    pub(crate) fell_back: bool,
    pub(crate) identity: &'a Identity,
    pub(crate) signers: &'a [Signer],
}

pub(crate) fn seal(parts: &Parts<'_>) -> Result<Sealed, SealError> {
    let unfit = |Unfit| SealError::Identity { what: "text" };
    let Parts { recipient, variant, identity, filled, .. } = parts;
    let file = |n: &usize| variant.files.get(*n).and_then(|at| parts.files.get(*at));
    let id = |n: &usize| parts.content_ids.get(*n).map(String::as_str);
    let content = Content {
        plain: &filled.plain,
        html: &filled.html,
        images: filled.images.iter().filter_map(|n| file(n).zip(id(n))).collect(),
        files: (0..variant.files.len())
            .filter(|n| !filled.images.contains(n))
            .filter_map(|n| file(&n))
            .collect(),
    };
    let entity = mime::build(&content, &Boundaries::new(identity.boundary_seed)).map_err(unfit)?;
    let content_ids = content.images.iter().map(|(_, id)| (*id).to_owned()).collect();
    let list = identity.list_headers().map_err(unfit)?;
    let list_headers = list.iter().map(|h| (h.name().to_owned(), h.unfolded())).collect();
    let mut headers = fields(recipient, variant, &filled.subject, identity).map_err(unfit)?;
    headers.extend(list);
    headers.extend(entity.headers);
    let mut bytes = Vec::with_capacity(entity.body.len() + 4096);
    let mut signatures = Vec::with_capacity(parts.signers.len());
    for signer in parts.signers {
        let seconds = identity.date.as_second();
        let field = signer.sign(&headers, &entity.body, seconds).ok_or(SealError::Sign)?;
        bytes.extend_from_slice(field.as_bytes());
        signatures.push(field.replace("\r\n", "").split_off("DKIM-Signature: ".len()));
    }
    for header in &headers {
        header.write(&mut bytes);
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&entity.body);
    let from = variant.from.address();
    let reply_to = variant.reply_to.as_ref().map(mail::Mailbox::address);
    let reverse_path = identity.reverse_path.clone().unwrap_or_else(|| from.clone());
    Ok(Sealed {
        smtputf8: recipient.needs_smtputf8()
            || from.needs_smtputf8()
            || reply_to.is_some_and(Address::needs_smtputf8),
        recipient: (*recipient).clone(),
        reverse_path,
        bytes,
        message_id: identity.message_id.clone(),
        content_ids,
        list_headers,
        signatures,
        language: variant.language.clone(),
        fell_back: parts.fell_back,
        test: identity.test,
    })
}

/// The fields of RFC 5322 and their friends. Promise 1: one To with one address, and no other field that takes one.
fn fields(
    recipient: &Address,
    variant: &Variant,
    subject: &str,
    identity: &Identity,
) -> Result<Vec<Header>, Unfit> {
    let mut headers = vec![
        Header::mailbox("From", &variant.from)?,
        // No display name: lists have wrong names too often, and a name beside an address says whose it is.
        Header::address("To", recipient)?,
        Header::text("Subject", subject)?,
        Header::tokens("Date", &[&date(identity)])?,
        Header::tokens("Message-ID", &[&format!("<{}>", identity.message_id)])?,
    ];
    if let Some(reply_to) = &variant.reply_to {
        headers.push(Header::mailbox("Reply-To", reply_to)?);
    }
    headers.push(Header::tokens("MIME-Version", &["1.0"])?);
    headers.push(Header::tokens("Content-Language", &[&variant.language])?);
    // RFC 3834 §5: keeps holiday notices away.
    headers.push(Header::tokens("Auto-Submitted", &["auto-generated"])?);
    if identity.test {
        headers.push(Header::tokens("X-Undisclosed-Test", &["yes"])?);
    }
    Ok(headers)
}

/// RFC 5322 §3.3.
fn date(identity: &Identity) -> String {
    let zoned = identity.date.to_zoned_datetime(TimeZone::fixed(identity.utc_offset));
    zoned.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()
}
