//! One e-mail address: checked, normalised, and never printed by accident.

use std::borrow::Cow;
use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

/// Longest local part, in octets (RFC 5321 §4.5.3.1.1).
pub const LOCAL_OCTETS_MAX: usize = 64;
/// Longest domain in A-label form, in octets (RFC 5321 §4.5.3.1.2, RFC 1035 §2.3.4 less the root dot).
pub const DOMAIN_OCTETS_MAX: usize = 253;
/// Longest address: a path is 256 octets with its angle brackets (RFC 5321 §4.5.3.1.3).
pub const ADDRESS_OCTETS_MAX: usize = 254;

/// One address of one person: `local@domain`, the domain in lower-case A-label form (RFC 5890 §2.3.2.1).
///
/// Two addresses are equal when they reach the same mailbox as far as the world's mail servers go: the domain
/// is compared in A-label form, the local part in NFC without regard to case (RFC 5321 §2.4 lets a server
/// tell case apart; none that matters does, and two rows that differ in case alone are one person). Sub-addresses
/// (`ann+survey`) and dots are not folded: `joann@x` is not `ann@x`.
///
/// `Debug` prints `[address]`; [`Address::expose`] is the one way to the text, so that every use can be found.
#[derive(Clone)]
pub struct Address {
    local: Box<str>,
    domain: Box<str>,
}

/// Why a text is not an address that can be written to. None of the texts holds the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Nothing there.
    #[error("the address is empty")]
    Empty,
    /// No `@`.
    #[error("there is no @ in it")]
    NoAt,
    /// Nothing before the `@`.
    #[error("nothing stands before the @")]
    LocalEmpty,
    /// More than [`LOCAL_OCTETS_MAX`].
    #[error("the part before the @ is longer than 64 octets")]
    LocalTooLong,
    /// Not a dot-string or quoted-string of RFC 5321 §4.1.2, nor its UTF-8 form (RFC 6531 §3.3).
    #[error("the part before the @ has a character or a dot that is not allowed there")]
    LocalSyntax,
    /// Nothing behind the `@`.
    #[error("nothing stands behind the @")]
    DomainEmpty,
    /// `[192.0.2.1]`: allowed by RFC 5321 §4.1.3, refused here, because no list of people has one on purpose.
    #[error("the part behind the @ is a network address, not a domain")]
    DomainLiteral,
    /// One label: cannot be reached from elsewhere (RFC 5321 §2.3.5).
    #[error("the domain has no dot")]
    DomainNotQualified,
    /// Not valid by IDNA (UTS 46, STD 3 rules) or with an all-numeric top level.
    #[error("the domain is not a valid domain name")]
    DomainSyntax,
    /// More than [`DOMAIN_OCTETS_MAX`], or a label over 63 octets.
    #[error("the domain is too long")]
    DomainTooLong,
    /// More than [`ADDRESS_OCTETS_MAX`].
    #[error("the address is longer than 254 octets")]
    TooLong,
}

impl Address {
    /// Reads one bare address (`addr-spec` without comments or folding white space).
    ///
    /// # Errors
    /// [`AddressError`], for anything that is not one address. Never guesses: white space around it is the
    /// caller's to trim.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if text.is_empty() {
            return Err(AddressError::Empty);
        }
        let at = text.rfind('@').ok_or(AddressError::NoAt)?;
        let local = local_part(&text[..at])?;
        let domain = domain_part(&text[at + 1..])?;
        if local.len() + 1 + domain.len() > ADDRESS_OCTETS_MAX {
            return Err(AddressError::TooLong);
        }
        Ok(Self { local: local.into(), domain: domain.into() })
    }

    /// The part before the `@`, in NFC, quoted where it has to be.
    #[must_use]
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain in lower-case A-label form.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The domain as people read it (U-labels).
    #[must_use]
    pub fn domain_unicode(&self) -> String {
        Uts46::new().to_unicode(self.domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow).0.into_owned()
    }

    /// Whether the local part needs SMTPUTF8 (RFC 6531); an IDN domain alone does not.
    #[must_use]
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.is_ascii()
    }

    /// The address in the clear, `local@domain` with the domain in A-label form.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// What is compared: local part in lower case, domain in A-label form.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", fold(&self.local), self.domain)
    }

    /// Enough to recognise, not to write to: `l…n@b…l.example`.
    #[must_use]
    pub fn masked(&self) -> String {
        let (name, rest) = self.domain.split_once('.').unwrap_or((&self.domain, ""));
        format!("{}@{}.{rest}", mask(&self.local), mask(name))
    }
}

fn mask(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next_back()) {
        (Some(first), Some(last)) if chars.next().is_some() => format!("{first}…{last}"),
        (Some(first), _) => format!("{first}…"),
        _ => "…".to_owned(),
    }
}

fn fold(local: &str) -> Cow<'_, str> {
    if local.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(local)
    } else {
        Cow::Owned(local.to_lowercase())
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.domain == other.domain && fold(&self.local) == fold(&other.local)
    }
}
impl Eq for Address {}
impl std::hash::Hash for Address {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        fold(&self.local).hash(state);
        self.domain.hash(state);
    }
}
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[address]")
    }
}

/// RFC 5322 §3.2.3 atext, widened by RFC 6532 §3.2 to letters, digits and marks beyond ASCII.
fn is_atext(c: char) -> bool {
    match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        '!' | '#' | '$' | '%' | '&' | '\'' | '*' | '+' | '-' | '/' | '=' | '?' | '^' | '_' | '`' | '{'
        | '|' | '}' | '~' => true,
        c if c.is_ascii() => false,
        c => !c.is_control() && !c.is_whitespace() && !is_invisible(c),
    }
}

/// Characters that show nothing or turn the reading direction: never in an address that a person typed.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFF}'
        | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{10FFFF}')
}

fn local_part(text: &str) -> Result<String, AddressError> {
    if text.is_empty() {
        return Err(AddressError::LocalEmpty);
    }
    let normal: String = if text.is_ascii() { text.to_owned() } else { text.nfc().collect() };
    if normal.len() > LOCAL_OCTETS_MAX {
        return Err(AddressError::LocalTooLong);
    }
    if let Some(inner) = normal.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        return quoted_local(inner);
    }
    let dot_string = normal.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
    if dot_string { Ok(normal) } else { Err(AddressError::LocalSyntax) }
}

/// RFC 5321 §4.1.2 Quoted-string. RFC 5321 §4.1.2 also asks for the shortest form: quotes that are not needed go.
fn quoted_local(inner: &str) -> Result<String, AddressError> {
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => chars.next().ok_or(AddressError::LocalSyntax)?,
            '"' => return Err(AddressError::LocalSyntax),
            c => c,
        };
        if !(c == ' ' || is_atext(c) || c.is_ascii_graphic()) {
            return Err(AddressError::LocalSyntax);
        }
        plain.push(c);
    }
    if plain.is_empty() {
        return Err(AddressError::LocalSyntax);
    }
    if plain.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext)) {
        return Ok(plain);
    }
    let mut quoted = String::with_capacity(plain.len() + 2);
    quoted.push('"');
    for c in plain.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    if quoted.len() > LOCAL_OCTETS_MAX { Err(AddressError::LocalTooLong) } else { Ok(quoted) }
}

fn domain_part(text: &str) -> Result<String, AddressError> {
    if text.is_empty() {
        return Err(AddressError::DomainEmpty);
    }
    if text.starts_with('[') {
        return Err(AddressError::DomainLiteral);
    }
    // Bounds the work of IDNA before it starts: no valid domain is longer in UTF-8 than 63 × 4 octets a label.
    if text.len() > 4 * DOMAIN_OCTETS_MAX {
        return Err(AddressError::DomainTooLong);
    }
    let ascii = Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| AddressError::DomainSyntax)?;
    if ascii.len() > DOMAIN_OCTETS_MAX || ascii.split('.').any(|label| label.len() > 63) {
        return Err(AddressError::DomainTooLong);
    }
    if ascii.split('.').any(str::is_empty) {
        return Err(AddressError::DomainSyntax);
    }
    let Some((_, top)) = ascii.rsplit_once('.') else { return Err(AddressError::DomainNotQualified) };
    // RFC 3696 §2: a top level is never all digits, so `1.2.3.4` is a mistake and not a domain.
    if top.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AddressError::DomainSyntax);
    }
    Ok(ascii.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises() {
        let address = Address::parse("Ann.Smith+x@BÜCHER.Example").unwrap();
        assert_eq!(address.expose(), "Ann.Smith+x@xn--bcher-kva.example");
        assert_eq!(address.domain_unicode(), "bücher.example");
        assert_eq!(address, Address::parse("ann.smith+X@xn--bcher-kva.example").unwrap());
        assert!(!address.needs_smtputf8());
        assert!(Address::parse("zoë@example.com").unwrap().needs_smtputf8());
        assert_eq!(Address::parse("\"ann\"@x.test").unwrap().expose(), "ann@x.test");
        assert_eq!(Address::parse("\"a b\"@x.test").unwrap().expose(), "\"a b\"@x.test");
        assert_eq!(format!("{address:?}"), "[address]");
    }

    #[test]
    fn whole_addresses_are_compared() {
        assert_ne!(Address::parse("joann@x.test").unwrap(), Address::parse("ann@x.test").unwrap());
    }

    #[test]
    fn refuses() {
        use AddressError::*;
        let long = "a".repeat(65);
        for (text, error) in [
            ("", Empty),
            ("ann", NoAt),
            ("@x.test", LocalEmpty),
            (&format!("{long}@x.test"), LocalTooLong),
            ("a..b@x.test", LocalSyntax),
            (".a@x.test", LocalSyntax),
            ("a b@x.test", LocalSyntax),
            ("a@b@x.test", LocalSyntax),
            ("a;b@x.test", LocalSyntax),
            ("a\u{200b}b@x.test", LocalSyntax),
            ("a\r\nb@x.test", LocalSyntax),
            ("ann@", DomainEmpty),
            ("ann@[192.0.2.1]", DomainLiteral),
            ("ann@localhost", DomainNotQualified),
            ("ann@x..test", DomainSyntax),
            ("ann@-x.test", DomainSyntax),
            ("ann@x_y.test", DomainSyntax),
            ("ann@1.2.3.4", DomainSyntax),
            ("ann@x.test.", DomainSyntax),
            (&format!("ann@{}.test", "a".repeat(64)), DomainTooLong),
            (&format!("ann@{}test", "abcdefg.".repeat(32)), DomainTooLong),
            (&format!("{}@{}.test", "a".repeat(64), "abcdefg.".repeat(24)), DomainSyntax),
            (&format!("{}@{}test", "a".repeat(64), "abcdefg.".repeat(24)), TooLong),
        ] {
            assert_eq!(Address::parse(text).err(), Some(error), "{text}");
        }
        let longest = format!("{}@{}test", "a".repeat(64), "abcdefg.".repeat(23));
        assert!(longest.len() <= ADDRESS_OCTETS_MAX && Address::parse(&longest).is_ok());
    }

    #[test]
    fn masks() {
        assert_eq!(Address::parse("laura.wilson@bigmail.example").unwrap().masked(), "l…n@b…l.example");
        assert_eq!(Address::parse("a@x.test").unwrap().masked(), "a…@x….test");
    }
}
