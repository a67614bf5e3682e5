//! Template text and merged values, kept apart until the last moment.
//!
//! A merged body is *template text with holes*: where the template prints a value, the text has a hole
//! (`MARK index MARK`). Markdown and HTML are parsed with the holes in, and the values are put in afterwards, each as its
//! place asks. So a value never meets a parser, and is literal text by construction, not by escaping.

/// Delimits a hole. A noncharacter's neighbour at the end of the last private plane: no template may have it
/// (checked), and values are never in the text that is searched for it. To CommonMark it is a letter.
pub(crate) const MARK: char = '\u{10FFFD}';

/// A stretch of a text: the template's own, or the value with this index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Template text.
    Text(String),
    /// Index into the merged values.
    Value(usize),
}

/// Cuts a text with holes into its pieces.
pub(crate) fn split(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    // Odd fields stand between two marks. A hole is never cut in two: its digits and marks are ordinary
    // letters to every parser here, and none of them splits words.
    for (n, field) in text.split(MARK).enumerate() {
        match field.parse() {
            Ok(index) if n % 2 == 1 => pieces.push(Piece::Value(index)),
            _ if field.is_empty() => {}
            _ => pieces.push(Piece::Text(field.to_owned())),
        }
    }
    pieces
}

/// The pieces of a text, its own text changed by `change`.
pub(crate) fn split_with(text: &str, change: impl Fn(&str) -> String) -> Vec<Piece> {
    let mut pieces = split(text);
    for piece in &mut pieces {
        if let Piece::Text(text) = piece {
            *text = change(text);
        }
    }
    pieces
}

/// Whether a text has a hole.
pub(crate) fn has_hole(text: &str) -> bool {
    text.contains(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        let text = format!("Dear {MARK}0{MARK},{MARK}12{MARK}");
        let text_of = |t: &str| Piece::Text(t.to_owned());
        assert_eq!(split(&text), [text_of("Dear "), Piece::Value(0), text_of(","), Piece::Value(12)]);
        assert!(split("").is_empty());
    }
}
