//! The language that somebody asked to be written to in.

use crate::fold::fold;

/// Headings of a language column, by letters alone.
pub(crate) const HEADINGS: &[&str] = &[
    "language",
    "lang",
    "preferredlanguage",
    "languagepreference",
    "languagecode",
    "contactlanguage",
    "sprache",
    "iaith",
    "langue",
    "idioma",
    "lingua",
    "jezyk",
    "taal",
    "dil",
];

/// English and own names of the languages that people in Britain most often ask for (ISO 639).
const NAMES: &[(&str, &str)] = &[
    ("english", "en"),
    ("welsh", "cy"),
    ("cymraeg", "cy"),
    ("gaelic", "gd"),
    ("scottish gaelic", "gd"),
    ("irish", "ga"),
    ("polish", "pl"),
    ("polski", "pl"),
    ("bengali", "bn"),
    ("bangla", "bn"),
    ("turkish", "tr"),
    ("punjabi", "pa"),
    ("panjabi", "pa"),
    ("urdu", "ur"),
    ("gujarati", "gu"),
    ("hindi", "hi"),
    ("tamil", "ta"),
    ("nepali", "ne"),
    ("arabic", "ar"),
    ("persian", "fa"),
    ("farsi", "fa"),
    ("dari", "prs"),
    ("pashto", "ps"),
    ("kurdish", "ku"),
    ("somali", "so"),
    ("tigrinya", "ti"),
    ("amharic", "am"),
    ("yoruba", "yo"),
    ("french", "fr"),
    ("german", "de"),
    ("spanish", "es"),
    ("portuguese", "pt"),
    ("italian", "it"),
    ("dutch", "nl"),
    ("greek", "el"),
    ("romanian", "ro"),
    ("bulgarian", "bg"),
    ("hungarian", "hu"),
    ("czech", "cs"),
    ("slovak", "sk"),
    ("lithuanian", "lt"),
    ("latvian", "lv"),
    ("russian", "ru"),
    ("ukrainian", "uk"),
    ("albanian", "sq"),
    ("chinese", "zh"),
    ("mandarin", "zh"),
    ("cantonese", "yue"),
    ("vietnamese", "vi"),
    ("japanese", "ja"),
    ("korean", "ko"),
    ("thai", "th"),
    ("swahili", "sw"),
];

/// The language tag (RFC 5646 §2.1) that a cell means: a tag itself, or the name of a common language.
///
/// The language is in lower case and its parts are joined by `-`; None if the cell is neither.
#[must_use]
pub fn language_tag(value: &str) -> Option<String> {
    let value = value.trim();
    let folded = fold(value);
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| *name == folded) {
        return Some((*tag).to_owned());
    }
    let mut parts = value.split(['-', '_']);
    let language = parts.next().filter(|l| matches!(l.len(), 2..=3))?;
    if !language.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let mut tag = language.to_ascii_lowercase();
    for part in parts {
        if !matches!(part.len(), 1..=8) || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        tag.push('-');
        tag.push_str(part);
    }
    Some(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags() {
        for (value, tag) in [
            ("cy", Some("cy")),
            (" CY ", Some("cy")),
            ("Welsh", Some("cy")),
            ("en_GB", Some("en-GB")),
            ("zh-Hant-TW", Some("zh-Hant-TW")),
            ("Klingon", None),
            ("", None),
            ("x", None),
            ("en-", None),
            ("en-123456789", None),
            ("e1", None),
        ] {
            assert_eq!(language_tag(value).as_deref(), tag, "{value}");
        }
    }
}
