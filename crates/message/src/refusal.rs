//! What no element, attribute or style of a message may be. Promise 12: no tracking.

use crate::error::ContentError;
use crate::markup::decode;
use crate::piece;

/// Elements that run, embed, load or ask.
const REFUSED_ELEMENTS: [&str; 24] = [
    "applet", "audio", "base", "bgsound", "button", "dialog", "embed", "form", "frame", "frameset", "iframe",
    "input", "link", "math", "noscript", "object", "picture", "script", "select", "source", "svg",
    "template", "textarea", "video",
];
/// Attributes that load or submit, whatever they are on; `on…` is refused besides.
const REFUSED_ATTRIBUTES: [&str; 16] = [
    "action",
    "archive",
    "background",
    "classid",
    "codebase",
    "data",
    "dynsrc",
    "formaction",
    "imagesrcset",
    "longdesc",
    "lowsrc",
    "manifest",
    "ping",
    "poster",
    "srcdoc",
    "srcset",
];
/// Refuses what runs, embeds, loads or asks.
pub(crate) fn check_element(name: &str, attributes: &[(String, Option<&str>)]) -> Result<(), ContentError> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':' | b'.'))
    };
    if piece::has_hole(name) || attributes.iter().any(|(name, _)| piece::has_hole(name)) {
        return Err(ContentError::FieldPlace);
    }
    if !is_name(name) || !attributes.iter().all(|(name, _)| is_name(name)) {
        return Err(ContentError::Html);
    }
    if REFUSED_ELEMENTS.contains(&name) {
        return Err(ContentError::Element { element: name.to_owned() });
    }
    for (attribute, value) in attributes {
        let value = decode(value.unwrap_or_default());
        let refused = match attribute.as_str() {
            "src" => name != "img",
            "href" => !matches!(name, "a" | "area"),
            "http-equiv" => value.eq_ignore_ascii_case("refresh") || piece::has_hole(&value),
            other => {
                other.starts_with("on") || other.ends_with(":href") || REFUSED_ATTRIBUTES.contains(&other)
            }
        };
        if refused {
            return Err(ContentError::Attribute { attribute: attribute.clone() });
        }
        if attribute == "style" {
            check_css(&value)?;
        }
    }
    Ok(())
}

/// CSS may load nothing. A backslash is refused too: it spells `url` in a hundred ways.
pub(crate) fn check_css(css: &str) -> Result<(), ContentError> {
    if piece::has_hole(css) {
        return Err(ContentError::FieldPlace);
    }
    let mut css = css.to_ascii_lowercase();
    for allowed in ["url(data:image/", "url('data:image/", "url(\"data:image/"] {
        while let Some(at) = css.find(allowed) {
            let end = css[at..].find(')').map_or(css.len(), |end| at + end + 1);
            if css[at..end].contains("svg") {
                return Err(ContentError::Remote);
            }
            css.replace_range(at..end, "");
        }
    }
    let loads =
        ["url(", "@import", "image(", "image-set(", "src(", "\\", "expression(", "behavior", "-moz-binding"]
            .iter()
            .any(|loader| css.contains(loader));
    if loads { Err(ContentError::Remote) } else { Ok(()) }
}
