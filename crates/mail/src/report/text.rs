//! Text out of a report, that may hold an address.

use std::fmt;

use super::limits::TEXT_OCTETS_MAX;

/// A text that somebody else wrote: on one line, without control characters, at most [`TEXT_OCTETS_MAX`] octets.
///
/// `Debug` prints `[text]`; [`Text::expose`] is the one way to it, so that every use can be found.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Box<str>);

impl Text {
    /// Takes what fits; nothing of a text that is empty.
    pub(super) fn of(text: &str) -> Option<Self> {
        let text = prefix(text.trim(), TEXT_OCTETS_MAX);
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let clean = clean.trim_end();
        (!clean.is_empty()).then(|| Self(clean.into()))
    }

    /// The text in the clear.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[text]")
    }
}

/// The beginning of a text, at most so many octets and whole characters.
pub(super) fn prefix(text: &str, octets_max: usize) -> &str {
    let mut end = text.len().min(octets_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_cut_and_hides() {
        let text = |n: usize| Text::of(&"x".repeat(n)).unwrap().expose().len();
        assert_eq!((text(TEXT_OCTETS_MAX), text(TEXT_OCTETS_MAX + 1)), (TEXT_OCTETS_MAX, TEXT_OCTETS_MAX));
        assert_eq!(prefix("aé", 2), "a");
        let text = Text::of(" ann@x.test\r\nX: y ").unwrap();
        assert_eq!((text.expose(), format!("{text:?}").as_str()), ("ann@x.test  X: y", "[text]"));
        assert!(Text::of(" \u{7} ").is_none() && Text::of("").is_none());
    }
}
