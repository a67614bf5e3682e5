//! `Name <address>`: what stands in From and Reply-To.

use crate::{Address, AddressError};

/// Longest display name, in octets of UTF-8: it stays on one line of a phone, and its encoded form within 998.
pub const DISPLAY_NAME_OCTETS_MAX: usize = 200;

/// A mailbox of RFC 5322 §3.4: a display name, perhaps, and one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    name: Option<String>,
    address: Address,
}

/// Why a text is not one mailbox. None of the texts holds the address or the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// The address in it is not one.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// `<` without `>`, or text behind the `>`.
    #[error("it is not of the form: Name <address>")]
    Form,
    /// A control character or line break in the name: it would end the header line.
    #[error("the name has a line break or a control character")]
    NameControl,
    /// An `@` in the name: a second address would be shown where one is promised.
    #[error("the name has an @ in it")]
    NameAt,
    /// More than [`DISPLAY_NAME_OCTETS_MAX`].
    #[error("the name is longer than 200 octets")]
    NameTooLong,
}

impl Mailbox {
    /// A mailbox from its parts.
    ///
    /// # Errors
    /// [`MailboxError`] for a name that cannot stand in a header.
    pub fn new(name: Option<&str>, address: Address) -> Result<Self, MailboxError> {
        let name = name.map(str::trim).filter(|n| !n.is_empty());
        if let Some(name) = name {
            if name.chars().any(char::is_control) {
                return Err(MailboxError::NameControl);
            }
            if name.contains('@') {
                return Err(MailboxError::NameAt);
            }
            if name.len() > DISPLAY_NAME_OCTETS_MAX {
                return Err(MailboxError::NameTooLong);
            }
        }
        Ok(Self { name: name.map(ToOwned::to_owned), address })
    }

    /// Reads `address`, `<address>`, `Name <address>` or `"Name" <address>`.
    ///
    /// # Errors
    /// [`MailboxError`], for anything that is not exactly one mailbox.
    pub fn parse(text: &str) -> Result<Self, MailboxError> {
        let text = text.trim();
        let Some(open) = text.rfind('<') else { return Self::new(None, Address::parse(text)?) };
        let inner = text[open + 1..].strip_suffix('>').ok_or(MailboxError::Form)?;
        let name = text[..open].trim();
        let name = match name.strip_prefix('"') {
            Some(rest) => unquote(rest.strip_suffix('"').ok_or(MailboxError::Form)?)?,
            None if name.contains(['"', '<', '>']) => return Err(MailboxError::Form),
            None => name.to_owned(),
        };
        Self::new(Some(&name), Address::parse(inner.trim())?)
    }

    /// The display name, if there is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

/// RFC 5322 §3.2.4: a backslash quotes the next character.
fn unquote(text: &str) -> Result<String, MailboxError> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.push(chars.next().ok_or(MailboxError::Form)?),
            '"' => return Err(MailboxError::Form),
            c => plain.push(c),
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads() {
        for (text, name, address) in [
            ("a@x.test", None, "a@x.test"),
            ("<a@x.test>", None, "a@x.test"),
            ("Survey team <a@x.test>", Some("Survey team"), "a@x.test"),
            ("\"Team, \\\"S\\\"\" <a@x.test>", Some("Team, \"S\""), "a@x.test"),
        ] {
            let mailbox = Mailbox::parse(text).unwrap();
            assert_eq!((mailbox.name(), mailbox.address().expose().as_str()), (name, address));
        }
    }

    #[test]
    fn refuses() {
        for text in [
            "Team <a@x.test",
            "Team <a@x.test> b",
            "a@x.test <b@x.test>",
            "T\nX <a@x.test>",
            "\"a <b@x.test>",
            "",
        ] {
            assert!(Mailbox::parse(text).is_err(), "{text}");
        }
        let name = "n".repeat(DISPLAY_NAME_OCTETS_MAX + 1);
        assert_eq!(Mailbox::parse(&format!("{name} <a@x.test>")), Err(MailboxError::NameTooLong));
    }
}
