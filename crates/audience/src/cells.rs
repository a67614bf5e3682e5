//! What stands in one cell: an address, or a value that a message can hold.

use mail::Address;

use crate::limits::CELL_CHARS_MAX;
use crate::problem::Reason;

/// The one address of an address cell. What is not exactly one is never guessed at.
pub(crate) fn address(cell: &str) -> Result<Address, Reason> {
    if cell.is_empty() {
        return Err(Reason::NoAddress);
    }
    if cell.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
        return Err(Reason::Mailto);
    }
    let error = match Address::parse(cell) {
        Ok(address) => return Ok(address),
        Err(error) => error,
    };
    let separates = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '/' | '|' | '&' | '<' | '>');
    if cell.split(separates).filter(|piece| piece.contains('@')).count() > 1 {
        return Err(Reason::SeveralAddresses);
    }
    if cell.contains(['<', '>']) && cell.contains('@') {
        return Err(Reason::NameWithAddress);
    }
    Err(Reason::NotAnAddress(error))
}

/// What is wrong with a value. Line breaks and tabs are part of a text; the message refuses them in headers.
pub(crate) fn fault(cell: &str) -> Option<Reason> {
    // ASCII without controls is what nearly every cell is.
    if cell.len() <= CELL_CHARS_MAX && cell.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return None;
    }
    if cell.chars().nth(CELL_CHARS_MAX).is_some() {
        return Some(Reason::CellTooLong);
    }
    cell.chars().find_map(|c| match c {
        '\t' | '\n' | '\r' => None,
        c if c.is_control() => Some(Reason::ControlCharacter),
        // UAX #9 §2: embeddings, overrides and isolates.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => Some(Reason::DirectionCharacter),
        // UAX #14: these two end a line wherever text is shown.
        '\u{2028}' | '\u{2029}' => Some(Reason::ControlCharacter),
        '\u{FFFD}' => Some(Reason::DamagedCharacter),
        _ => None,
    })
}

/// Whether a quoted cell has swallowed rows of the file: a line in it has an address and all the delimiters.
pub(crate) fn swallowed_rows(cell: &str, delimiter: char, columns: usize) -> bool {
    columns > 1
        && cell.contains('\n')
        && cell
            .lines()
            .skip(1)
            .any(|line| line.contains('@') && line.matches(delimiter).count() >= columns - 1)
}

#[cfg(test)]
mod tests {
    use mail::AddressError;

    use super::*;

    #[test]
    fn one_address_and_nothing_else() {
        for (cell, expected) in [
            ("", Reason::NoAddress),
            ("MailTo:ann@x.test", Reason::Mailto),
            ("ann@x.test;bob@y.test", Reason::SeveralAddresses),
            ("ann@x.test, bob@y.test", Reason::SeveralAddresses),
            ("ann@x.test bob@y.test", Reason::SeveralAddresses),
            ("ann@x.test\nbob@y.test", Reason::SeveralAddresses),
            ("ann@x.test/bob@y.test", Reason::SeveralAddresses),
            ("Ann <ann@x.test>, Bob <bob@y.test>", Reason::SeveralAddresses),
            ("Ann <ann@x.test>", Reason::NameWithAddress),
            ("<ann@x.test>", Reason::NameWithAddress),
            ("n/a", Reason::NotAnAddress(AddressError::NoAt)),
            ("ann@x.test;", Reason::NotAnAddress(AddressError::DomainSyntax)),
            ("ann@@x.test", Reason::NotAnAddress(AddressError::LocalSyntax)),
        ] {
            assert_eq!(address(cell).err(), Some(expected), "{cell}");
        }
        assert!(address("a/b@x.test").is_ok());
    }

    #[test]
    fn values() {
        for (cell, expected) in [
            ("Zoë\n\tZoe", None),
            ("a\0", Some(Reason::ControlCharacter)),
            ("a\u{85}", Some(Reason::ControlCharacter)),
            ("a\u{7f}", Some(Reason::ControlCharacter)),
            ("a\u{2028}", Some(Reason::ControlCharacter)),
            ("a\u{202e}b", Some(Reason::DirectionCharacter)),
            ("a\u{2066}b", Some(Reason::DirectionCharacter)),
            ("Zo\u{fffd}", Some(Reason::DamagedCharacter)),
        ] {
            assert_eq!(fault(cell), expected);
        }
        assert_eq!(fault(&"é".repeat(CELL_CHARS_MAX)), None);
        assert_eq!(fault(&"é".repeat(CELL_CHARS_MAX + 1)), Some(Reason::CellTooLong));
        assert_eq!(fault(&"e".repeat(CELL_CHARS_MAX + 1)), Some(Reason::CellTooLong));
    }

    #[test]
    fn swallowed() {
        assert!(swallowed_rows("Ann\nbob@x.test,Bob", ',', 2));
        assert!(!swallowed_rows("Ann\nbob@x.test,Bob", ',', 3));
        assert!(!swallowed_rows("Ann, ann@x.test", ',', 2));
        assert!(!swallowed_rows("1 High Street,\nLeeds, LS1", ',', 2));
    }
}
