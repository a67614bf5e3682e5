//! The proof itself.

use std::fmt;

use mail::{
    Address, Coding, FieldName, Header, Limits, Mailbox, Part, PartKind, Place, Reading, Sighting, Spot,
    read_except,
};

use crate::{Expected, Refusal, form};

/// Fields that must be there, once (RFC 5322 §3.6, RFC 2045 §4; Subject by our own rule).
const REQUIRED: [&str; 6] = ["From", "To", "Date", "Message-ID", "Subject", "MIME-Version"];

/// A message that was read again and found to show its recipient alone. Only [`prove`] makes one.
pub struct Proved {
    recipient: Address,
    reverse_path: Option<Address>,
    bytes: Vec<u8>,
    smtputf8: bool,
}

impl Proved {
    /// The one RCPT (promise 1).
    #[must_use]
    pub fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// The envelope sender; none is the null reverse-path.
    #[must_use]
    pub fn reverse_path(&self) -> Option<&Address> {
        self.reverse_path.as_ref()
    }

    /// The octets that were proved: these and no others may be sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether MAIL needs the SMTPUTF8 parameter (RFC 6531 §3.4): for an address of the envelope or UTF-8 in a field.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        self.smtputf8
    }
}

impl fmt::Debug for Proved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[a proved message of {} octets]", self.bytes.len())
    }
}

/// Reads the finished message again and refuses it unless everything in it may be seen by its recipient
/// (promises 1 and 2).
///
/// # Errors
/// [`Refusal`]: the first reason found. A refusal halts a campaign.
pub fn prove(bytes: Vec<u8>, expected: &Expected<'_>) -> Result<Proved, Refusal> {
    form::lines(&bytes)?;
    let utf8_allowed = expected.needs_smtputf8() || expected.public.needs_smtputf8();
    let utf8_headers = form::header_block(&bytes, utf8_allowed)?;
    let known = |part: &Part| expected.attachments.iter().any(|a| a.is(&part.content));
    let reading = read_except(&bytes, &Limits::default(), known);
    fields(&reading, expected)?;
    // A stranger first: it is what the survey team has to know, whatever else is wrong.
    for sighting in &reading.sightings {
        if !is_signature_noise(sighting, &reading, expected) {
            permitted(sighting, expected)?;
        }
    }
    if let Some(defect) = reading.defects.first() {
        return Err(Refusal::Defect(defect.clone()));
    }
    for part in &reading.parts {
        one_part(part, expected)?;
    }
    if let Some(uninspected) = reading.uninspected.first() {
        return Err(Refusal::Uninspected(uninspected.clone()));
    }
    Ok(Proved {
        recipient: expected.recipient.clone(),
        reverse_path: expected.reverse_path.cloned(),
        smtputf8: utf8_headers || expected.needs_smtputf8(),
        bytes,
    })
}

fn place_of(header: &Header) -> Place {
    Place { part: header.part.clone(), spot: Spot::Field(FieldName::of(&header.name)), behind: Vec::new() }
}

/// The header fields: which, how often, with what in them.
fn fields(reading: &Reading, expected: &Expected<'_>) -> Result<(), Refusal> {
    let mut seen: Vec<&'static str> = Vec::new();
    let mut entity = None;
    for header in &reading.headers {
        if entity != Some(&header.part) {
            entity = Some(&header.part);
            seen.clear();
        }
        let not_allowed = || Refusal::FieldNotAllowed(place_of(header));
        let name = form::allowed(&header.name).ok_or_else(not_allowed)?;
        // RFC 2046 §5.1: in a body part only Content-* means anything.
        if !header.part.is_message() && !name.starts_with("Content-") {
            return Err(not_allowed());
        }
        // RFC 6376 §4: one signature for each key is how algorithms are changed.
        if seen.contains(&name) && name != "DKIM-Signature" {
            return Err(Refusal::FieldRepeated(name));
        }
        seen.push(name);
        value(name, header, expected)?;
    }
    let top =
        |name: &str| reading.headers.iter().any(|h| h.part.is_message() && h.name.eq_ignore_ascii_case(name));
    if let Some(missing) = REQUIRED.into_iter().find(|name| !top(name)) {
        return Err(Refusal::FieldMissing(missing));
    }
    for (name, _) in expected.list_headers {
        if !top(name) {
            return Err(Refusal::FieldMissing(form::allowed(name).unwrap_or("List-*")));
        }
    }
    Ok(())
}

fn value(name: &'static str, header: &Header, expected: &Expected<'_>) -> Result<(), Refusal> {
    let differs = Err(Refusal::FieldDiffers(name));
    let value = header.unfolded.as_str();
    match name {
        "To" => {
            let mailbox = one_mailbox(header).ok_or(Refusal::ToNotOne)?;
            if mailbox.address() != expected.recipient {
                return Err(Refusal::ToNotRecipient);
            }
        }
        "From" | "Reply-To" => {
            let mailbox = one_mailbox(header).ok_or(Refusal::SenderNotOne(name))?;
            if !expected.public.contains(mailbox.address()) {
                return Err(Refusal::Stranger(place_of(header)));
            }
        }
        "Message-ID" if value != expected.message_id => return differs,
        "MIME-Version" if value != "1.0" => return differs,
        "Content-ID" => {
            let id = value.strip_prefix('<').and_then(|v| v.strip_suffix('>'));
            if !id.is_some_and(|id| expected.content_ids.iter().any(|sealed| sealed == id)) {
                return Err(Refusal::ContentId(place_of(header)));
            }
        }
        _ if name.starts_with("List-") => {
            let sealed = |(n, v): &(String, String)| n.eq_ignore_ascii_case(name) && v == value;
            if !expected.list_headers.iter().any(sealed) {
                return differs;
            }
        }
        _ => {}
    }
    Ok(())
}

/// The one mailbox of a field. Stricter than RFC 5322 §3.4: no comment, group, route or list of one.
fn one_mailbox(header: &Header) -> Option<Mailbox> {
    let value = header.unfolded.as_str();
    if let Some((name, _)) = value.rsplit_once('<')
        && !name.trim_start().starts_with('"')
        && name.contains(['(', ')', ',', ':', ';', '[', ']', '\\', '@', '>', '"'])
    {
        return None;
    }
    Mailbox::parse(value).ok()
}

/// Whether an address may be seen where it was seen.
fn permitted(sighting: &Sighting, expected: &Expected<'_>) -> Result<(), Refusal> {
    let stranger = || Refusal::Stranger(sighting.place.clone());
    let own = sighting.readings().any(|a| a == expected.recipient);
    let field = match sighting.place.spot {
        Spot::Field(name) => name.known(),
        _ => None,
    };
    let may = match field {
        // Not even a public address: To is the person alone.
        Some("To") => own,
        // Compared with what was sealed, octet by octet, in `value`.
        Some(
            "Message-ID"
            | "Content-ID"
            | "List-Unsubscribe"
            | "List-Unsubscribe-Post"
            | "List-Id"
            | "List-Help",
        ) => true,
        _ => {
            own || sighting.readings().any(|a| expected.public.contains(a))
                || (is_markup(sighting.place.spot) && names_content(sighting, expected))
        }
    };
    if may { Ok(()) } else { Err(stranger()) }
}

/// An address that chance wrote into a signature: behind Base64 or digits, and every signature there is, octet by
/// octet, one that was made for this message. What stands there in clear (`i=`) is never noise.
fn is_signature_noise(sighting: &Sighting, reading: &Reading, expected: &Expected<'_>) -> bool {
    const NAME: &str = "DKIM-Signature";
    let Spot::Field(field) = sighting.place.spot else { return false };
    field.known() == Some(NAME)
        && matches!(sighting.place.behind.first(), Some(Coding::Base64 | Coding::Hex))
        && reading
            .headers
            .iter()
            .filter(|h| h.name.eq_ignore_ascii_case(NAME))
            .all(|h| expected.signatures.contains(&h.unfolded))
}

fn is_markup(spot: Spot) -> bool {
    matches!(spot, Spot::HtmlTag | Spot::SecondParser)
}

/// `cid:logo@police.example` looks like an address; it is one of the sealed Content-IDs or a leak.
fn names_content(sighting: &Sighting, expected: &Expected<'_>) -> bool {
    let ids = expected.content_ids.iter().filter_map(|id| Address::parse(id).ok());
    ids.into_iter().any(|id| sighting.readings().any(|a| *a == id))
}

/// A leaf is a body that was read, or an attachment that was inspected.
fn one_part(part: &Part, expected: &Expected<'_>) -> Result<(), Refusal> {
    let place = || Place { part: part.path.clone(), spot: Spot::Octets, behind: Vec::new() };
    match part.kind {
        PartKind::Multipart | PartKind::Known => Ok(()),
        PartKind::Text | PartKind::Html
            if !part.attachment && matches!(part.content_type.as_str(), "text/plain" | "text/html") =>
        {
            match part.text().filter(|_| part.kind == PartKind::Html) {
                Some(html) if !references_are_sealed(html, expected) => Err(Refusal::ContentId(place())),
                _ => Ok(()),
            }
        }
        _ => Err(Refusal::AttachmentUnknown(place())),
    }
}

/// RFC 2392 §2: every `cid:` URL of a part names a sealed Content-ID.
fn references_are_sealed(html: &str, expected: &Expected<'_>) -> bool {
    let bytes = html.as_bytes();
    html.match_indices(':').filter(|(at, _)| *at >= 3 && bytes[at - 3..*at].eq_ignore_ascii_case(b"cid")).all(
        |(at, _)| {
            let starts_url = at == 3 || matches!(bytes[at - 4], b'"' | b'\'' | b'=' | b'(' | b' ');
            let url = &html[at + 1..];
            let end = url
                .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '>' | ')'))
                .unwrap_or(url.len());
            !starts_url || end == 0 || expected.content_ids.iter().any(|id| id == &url[..end])
        },
    )
}
