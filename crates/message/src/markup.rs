//! HTML cut into tokens: enough of HTML §13.2.5 to find every element, attribute and stretch of text.
//!
//! Stricter than a browser: what does not end is an error, so nothing is read here in another way than there.

use std::borrow::Cow;

use crate::error::ContentError;

/// A piece of HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// Character data, entities and all.
    Text(&'a str),
    /// A start tag; names in lower case, values as written, without quotes.
    Open { name: String, attributes: Vec<(String, Option<&'a str>)>, closed: bool },
    /// An end tag.
    Close(String),
    /// What is between `<!--` and `-->`.
    Comment(&'a str),
    /// `<!DOCTYPE …>` and the like, whole.
    Declaration(&'a str),
}

/// Elements whose content is text up to their end tag (HTML §13.1.2).
const RAW_TEXT: [&str; 2] = ["style", "title"];

/// Cuts HTML into tokens.
pub(crate) struct Tokens<'a> {
    rest: &'a str,
    raw_text: Option<&'static str>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(html: &'a str) -> Self {
        Self { rest: html, raw_text: None }
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Result<Option<Token<'a>>, ContentError> {
        if let Some(name) = self.raw_text.take() {
            let end = find_end_tag(self.rest, name).ok_or(ContentError::Html)?;
            if end > 0 {
                return Ok(Some(Token::Text(self.take(end))));
            }
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        if !starts_markup(self.rest) {
            let end = (1..self.rest.len())
                .find(|at| self.rest.as_bytes()[*at] == b'<' && starts_markup(&self.rest[*at..]))
                .unwrap_or(self.rest.len());
            return Ok(Some(Token::Text(self.take(end))));
        }
        if let Some(comment) = self.rest.strip_prefix("<!--") {
            let end = comment.find("-->").ok_or(ContentError::Html)?;
            self.rest = &comment[end + 3..];
            return Ok(Some(Token::Comment(&comment[..end])));
        }
        if self.rest.starts_with("<!") || self.rest.starts_with("<?") {
            let end = self.rest.find('>').ok_or(ContentError::Html)?;
            return Ok(Some(Token::Declaration(self.take(end + 1))));
        }
        if let Some(tag) = self.rest.strip_prefix("</") {
            let end = tag.find('>').ok_or(ContentError::Html)?;
            let name = tag[..end].trim_ascii().to_ascii_lowercase();
            self.rest = &tag[end + 1..];
            return Ok(Some(Token::Close(name)));
        }
        self.open().map(Some)
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        token
    }

    fn open(&mut self) -> Result<Token<'a>, ContentError> {
        self.rest = &self.rest[1..];
        let end =
            self.rest.find(|c: char| is_space(c) || matches!(c, '/' | '>')).ok_or(ContentError::Html)?;
        let name = self.take(end).to_ascii_lowercase();
        let mut attributes = Vec::new();
        let mut closed = false;
        loop {
            self.rest = self.rest.trim_start_matches(is_space);
            if let Some(rest) = self.rest.strip_prefix('>') {
                self.rest = rest;
                break;
            }
            if let Some(rest) = self.rest.strip_prefix('/') {
                self.rest = rest;
                closed = rest.starts_with('>');
                continue;
            }
            attributes.push(self.attribute()?);
        }
        self.raw_text = RAW_TEXT.into_iter().find(|raw| *raw == name && !closed);
        Ok(Token::Open { name, attributes, closed })
    }

    fn attribute(&mut self) -> Result<(String, Option<&'a str>), ContentError> {
        let end = self
            .rest
            .find(|c: char| is_space(c) || matches!(c, '/' | '>' | '='))
            .ok_or(ContentError::Html)?;
        // `<a ="x">`: a browser makes a name of the `=`.
        if end == 0 {
            return Err(ContentError::Html);
        }
        let name = self.take(end).to_ascii_lowercase();
        let after = self.rest.trim_start_matches(is_space);
        let Some(after) = after.strip_prefix('=') else { return Ok((name, None)) };
        self.rest = after.trim_start_matches(is_space);
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            let end = self.rest.find(|c: char| is_space(c) || c == '>').ok_or(ContentError::Html)?;
            return Ok((name, Some(self.take(end))));
        };
        self.rest = &self.rest[1..];
        let end = self.rest.find(quote).ok_or(ContentError::Html)?;
        let value = self.take(end);
        self.rest = &self.rest[1..];
        Ok((name, Some(value)))
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\u{C}' | '\r')
}

fn starts_markup(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('<')
        && match chars.next() {
            Some('!' | '?') => true,
            Some('/') => chars.next().is_some_and(|c| c.is_ascii_alphabetic()),
            Some(c) => c.is_ascii_alphabetic(),
            None => false,
        }
}

fn find_end_tag(text: &str, name: &str) -> Option<usize> {
    text.match_indices("</").map(|(at, _)| at).find(|at| {
        let rest = &text[at + 2..];
        crate::link::starts_with_caseless(rest, name)
            && rest[name.len()..].starts_with(|c: char| is_space(c) || matches!(c, '/' | '>'))
    })
}

/// Character references that turn up in messages; any other named one stays as written.
pub(crate) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest name known here has 6 letters; a number of a character has at most 7 digits.
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| reference(&rest[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        // A reference must not make what the text itself may not have: a control character, or a hole.
        return char::from_u32(code)
            .filter(|c| !c.is_control() || *c == '\n')
            .filter(|c| *c != crate::piece::MARK);
    }
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{A0}',
        "shy" => '\u{AD}',
        "zwnj" => '\u{200C}',
        "pound" => '£',
        "euro" => '€',
        "copy" => '©',
        "reg" => '®',
        "hellip" => '…',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "ldquo" => '“',
        "rdquo" => '”',
        "bull" => '•',
        "middot" => '·',
        "eacute" => 'é',
        "rarr" => '→',
        _ => return None,
    })
}
