//! MJML with holes becomes HTML with holes, and that a [`Layout`].

use std::fmt::Write as _;

use mrml::prelude::render::RenderOptions;

use crate::error::ContentError;
use crate::html::{self, VOID};
use crate::layout::Layout;
use crate::limits::{MJML_OCTETS_MAX, NESTING_MAX};
use crate::markdown::language_attributes;
use crate::markup::{Token, Tokens};

/// MJML to HTML to a layout.
pub(crate) fn lay_out(
    skeleton: &str,
    attachments: &[String],
    language: &str,
) -> Result<Layout, ContentError> {
    if skeleton.len() > MJML_OCTETS_MAX {
        return Err(ContentError::MjmlTooLong);
    }
    check_nesting(skeleton)?;
    // Its parser panics within a character of more than one octet: it is given ASCII.
    let parsed = mrml::parse(in_ascii(skeleton)).map_err(|_| ContentError::Mjml)?;
    // The fonts that it knows come from a server; without them none is loaded.
    let options = RenderOptions { fonts: std::collections::HashMap::default(), ..RenderOptions::default() };
    let html = parsed.element.render(&options).map_err(|_| ContentError::Mjml)?;
    // What it writes where the author names no language.
    let html = html.replace("lang=\"und\" dir=\"auto\"", &language_attributes(language));
    html::lay_out(&out_of_ascii(&html), attachments)
}

/// Begins a reference that [`in_ascii`] made: nobody writes a code with leading zeros that far.
const REFERENCE: &str = "&#x0000";

/// Everything beyond ASCII as a numeric character reference, which the renderer passes on as it is.
fn in_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "{REFERENCE}{:X};", u32::from(c));
        }
    }
    out
}

/// The way back from [`in_ascii`].
fn out_of_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split(REFERENCE);
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let reference = part.split_once(';').and_then(|(code, rest)| {
            let c = u32::from_str_radix(code, 16).ok().and_then(char::from_u32)?;
            (!c.is_ascii()).then_some((c, rest))
        });
        if let Some((c, rest)) = reference {
            out.push(c);
            out.push_str(rest);
        } else {
            out.push_str(REFERENCE);
            out.push_str(part);
        }
    }
    out
}

/// The MJML renderer recurses.
fn check_nesting(source: &str) -> Result<(), ContentError> {
    let mut tokens = Tokens::new(source);
    let mut depth = 0_usize;
    while let Some(token) = tokens.next()? {
        match token {
            Token::Open { closed: false, name, .. } if !VOID.contains(&name.as_str()) => depth += 1,
            Token::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING_MAX {
            return Err(ContentError::Nesting);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let text = "a &#x0000; &#x000041; é\u{10FFFD}1\u{10FFFD} &#x00";
        assert_eq!(out_of_ascii(&in_ascii(text)), text);
        assert!(in_ascii(text).is_ascii());
    }
}
