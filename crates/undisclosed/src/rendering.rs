//! One person's message as it would leave, for somebody to look at.

use delivery::Letters;
use jiff::Timestamp;
use mail::Address;
use message::Person;
use proof::Proved;
use store::{PersonFields, PersonRow};

use crate::failure::Failure;

/// A message, and what it is made of.
pub(crate) struct Rendering {
    pub(crate) language: String,
    /// The person's language is none of the message's.
    pub(crate) fell_back: bool,
    pub(crate) headers: String,
    pub(crate) subject: String,
    pub(crate) plain: String,
    pub(crate) html: String,
    pub(crate) proved: Proved,
}

/// Renders a message: the address masked, and links dead, unless it is to be revealed.
pub(crate) fn render(
    letters: &Letters,
    person: &PersonRow,
    reveal: bool,
    now: Timestamp,
) -> Result<Rendering, Failure> {
    let mut fields = letters.open(person.row, &person.sealed)?;
    if !reveal {
        fields = masked(&fields)?;
    }
    let by_name = letters.by_name(&fields);
    let who = Person {
        row: person.row,
        address: &fields.address,
        fields: &by_name,
        language: letters.language(&fields),
    };
    let preview = letters
        .template
        .preview(&who, letters.preferences_url(0).as_deref(), !reveal)
        .map_err(delivery::LetterError::from)?;
    let sealed = letters.seal(0, person.row, &fields, now)?;
    let proved = letters.prove(person.row, sealed)?;
    Ok(Rendering {
        language: preview.language,
        fell_back: preview.fell_back,
        headers: header_block(proved.bytes()),
        subject: preview.subject,
        plain: preview.plain,
        html: preview.html,
        proved,
    })
}

/// The header fields as they go out; the builder's octets are ASCII or UTF-8.
fn header_block(message: &[u8]) -> String {
    let end = message.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(message.len());
    String::from_utf8_lossy(&message[..end]).replace("\r\n", "\n")
}

/// An address that shows enough to recognise and cannot be written to: `a***b@c---d.example`.
pub(crate) fn masked_address(address: &Address) -> Result<Address, Failure> {
    let mask = |text: &str, with: &str| {
        let plain: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let (first, last) = (plain.first().copied().unwrap_or('x'), plain.last().copied().unwrap_or('x'));
        format!("{first}{with}{last}")
    };
    let (name, rest) = address.domain().split_once('.').unwrap_or((address.domain(), "invalid"));
    let text = format!("{}@{}.{rest}", mask(address.local(), "***"), mask(name, "---"));
    Address::parse(&text).map_err(|_| Failure::unexpected("mask", "an address could not be masked"))
}

/// The person with the address masked, wherever it stands.
fn masked(fields: &PersonFields) -> Result<PersonFields, Failure> {
    let address = masked_address(&fields.address)?;
    let text = address.expose();
    let is_own = |value: &str| Address::parse(value.trim()).is_ok_and(|own| own == fields.address);
    let values =
        fields.values.iter().map(|value| if is_own(value) { text.clone() } else { value.clone() }).collect();
    Ok(PersonFields { address, values, language: fields.language.clone() })
}
