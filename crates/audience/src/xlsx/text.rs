//! Text of a cell: plain, in runs, with escapes.

use std::borrow::Cow;
use std::io::Read;

use quick_xml::events::Event;

use super::package::{Xml, reference};
use crate::error::ImportError;
use crate::limits::RECORD_OCTETS_MAX;

/// Reads up to the end of `element` and gathers the text of the elements `t` in it (ISO/IEC 29500-1 §18.4.12),
/// but for phonetic hints (`rPh`, §18.4.6), which repeat what is written.
pub(crate) fn runs<R: Read>(
    xml: &mut Xml<'_, R>,
    element: &str,
    into: &mut String,
) -> Result<(), ImportError> {
    let (mut phonetic, mut open) = (false, false);
    loop {
        let damaged = xml.damaged();
        match xml.next()? {
            Event::Start(e) => match e.local_name().as_ref() {
                "rPh" => phonetic = true,
                "t" => open = !phonetic,
                _ => {}
            },
            Event::End(e) => match e.local_name().as_ref() {
                "rPh" => phonetic = false,
                "t" => open = false,
                name if name == element => return Ok(()),
                _ => {}
            },
            Event::Text(text) if open => into.push_str(&text.xml10_content()),
            Event::CData(text) if open => into.push_str(&text.xml10_content()),
            Event::GeneralRef(r) if open => reference(&r, into).ok_or(damaged)?,
            _ => {}
        }
        if into.len() > RECORD_OCTETS_MAX {
            return Err(xml.damaged());
        }
    }
}

/// Reads up to the end of `element` and gathers all text in it.
pub(crate) fn all<R: Read>(
    xml: &mut Xml<'_, R>,
    element: &str,
    into: &mut String,
) -> Result<(), ImportError> {
    loop {
        let damaged = xml.damaged();
        match xml.next()? {
            Event::End(e) if e.local_name().as_ref() == element => return Ok(()),
            Event::Text(text) => into.push_str(&text.xml10_content()),
            Event::CData(text) => into.push_str(&text.xml10_content()),
            Event::GeneralRef(r) => reference(&r, into).ok_or(damaged)?,
            _ => {}
        }
        if into.len() > RECORD_OCTETS_MAX {
            return Err(xml.damaged());
        }
    }
}

/// `_x000D_` stands for a character that XML cannot hold, in UTF-16 units (ISO/IEC 29500-1 §22.9.2.19, ST_Xstring).
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains("_x") {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(unit) = escape(rest) {
            units.push(unit);
            rest = &rest[7..];
            continue;
        }
        flush(&mut units, &mut plain);
        plain.push(c);
        rest = &rest[c.len_utf8()..];
    }
    flush(&mut units, &mut plain);
    Cow::Owned(plain)
}

fn escape(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("_x")?.get(..5)?.strip_suffix('_')?;
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u16::from_str_radix(digits, 16).ok()
}

fn flush(units: &mut Vec<u16>, into: &mut String) {
    into.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (text, plain) in [
            ("a_b", "a_b"),
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDCF7_", "📷"),
            ("_xD83D_", "\u{fffd}"),
            ("_x00D", "_x00D"),
            ("_x+0D__x00é_", "_x+0D__x00é_"),
        ] {
            assert_eq!(unescape(text), plain);
        }
    }
}
