//! The words of the public pages, in each language that has a file in `locales/`.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::LanguageIdentifier;

/// The languages: tag and file. The first is for who reads none of them. Another one is added here, and nowhere else.
pub(crate) const FILES: [(&str, &str); 2] =
    [("en", include_str!("../../locales/en.ftl")), ("cy", include_str!("../../locales/cy.ftl"))];
/// Octets of an Accept-Language that are read, and languages in it.
const ACCEPT_OCTETS_MAX: usize = 256;

/// A language that the pages are written in.
pub(crate) struct Words {
    pub(crate) tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

static ALL: LazyLock<Vec<Words>> =
    LazyLock::new(|| FILES.iter().map(|(tag, text)| Words::read(tag, text)).collect());

impl Words {
    fn read(tag: &'static str, text: &str) -> Self {
        let id: LanguageIdentifier = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // The values are addresses and nothing that is written from right to left.
        bundle.set_use_isolating(false);
        // What is wrong with a file is found by a test; what can be read of it is shown all the same.
        let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(readable, _)| readable);
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    /// Every language, the default first.
    pub(crate) fn all() -> &'static [Self] {
        &ALL
    }

    /// The language of a tag, by its primary subtag.
    pub(crate) fn of(tag: &str) -> Option<&'static Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        ALL.iter().find(|words| words.tag.eq_ignore_ascii_case(primary))
    }

    /// The language of a page: what the reader switched to, else that of the person, else what the browser asks for.
    pub(crate) fn choose(switched: Option<&str>, person: Option<&str>, headers: &HeaderMap) -> &'static Self {
        switched
            .and_then(Self::of)
            .or_else(|| person.and_then(Self::of))
            .or_else(|| accepted(headers))
            .unwrap_or(&ALL[0])
    }

    /// A message.
    pub(crate) fn say(&self, id: &str) -> String {
        self.format(id, None)
    }

    /// A message with one value in it.
    pub(crate) fn say_with(&self, id: &str, name: &str, value: &str) -> String {
        let mut arguments = FluentArgs::new();
        arguments.set(name, value);
        self.format(id, Some(&arguments))
    }

    fn format(&self, id: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        let pattern = self.bundle.get_message(id).and_then(|message| message.value());
        let Some(pattern) = pattern else { return id.to_owned() };
        self.bundle.format_pattern(pattern, arguments, &mut Vec::new()).into_owned()
    }
}

/// RFC 9110 §12.5.4, in the order of the list: browsers write the preferred one first. `q=0` is one that is not wanted.
fn accepted(headers: &HeaderMap) -> Option<&'static Words> {
    let value = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let value = &value[..value.floor_char_boundary(ACCEPT_OCTETS_MAX)];
    value.split(',').find_map(|range| {
        let (tag, weight) = range.split_once(';').unwrap_or((range, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        if refused { None } else { Words::of(tag.trim()) }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use axum::http::HeaderValue;
    use fluent_syntax::ast::{Entry, Expression, InlineExpression, PatternElement};

    use super::*;

    /// Every message of a file with the names of its values. The files are flat: no terms, no attributes, no selectors.
    fn messages(text: &str) -> BTreeMap<String, BTreeSet<String>> {
        let resource = fluent_syntax::parser::parse(text).expect("a file without a fault");
        let mut found = BTreeMap::new();
        for entry in resource.body {
            let Entry::Message(message) = entry else {
                assert!(matches!(
                    entry,
                    Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_)
                ));
                continue;
            };
            assert!(message.attributes.is_empty());
            let values =
                message.value.expect("words").elements.into_iter().filter_map(|element| match element {
                    PatternElement::Placeable {
                        expression: Expression::Inline(InlineExpression::VariableReference { id }),
                    } => Some(id.name.to_owned()),
                    PatternElement::Placeable {
                        expression: Expression::Inline(InlineExpression::StringLiteral { .. }),
                    }
                    | PatternElement::TextElement { .. } => None,
                    PatternElement::Placeable { .. } => panic!("{}: more than a value", message.id.name),
                });
            let values = values.collect();
            assert!(found.insert(message.id.name.to_owned(), values).is_none(), "{} twice", message.id.name);
        }
        found
    }

    #[test]
    fn every_language_has_every_message_with_the_same_values() {
        let first = messages(FILES[0].1);
        assert!(first.len() > 50);
        for (tag, text) in FILES {
            assert_eq!(messages(text), first, "{tag}");
        }
    }

    #[test]
    fn every_message_is_said_somewhere_and_nothing_is_said_that_is_none() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut sources = String::new();
        for folder in ["src/public", "templates/public"] {
            for file in fs::read_dir(root.join(folder)).unwrap() {
                sources += &fs::read_to_string(file.unwrap().path()).unwrap();
            }
        }
        let known = messages(FILES[0].1);
        for id in known.keys() {
            assert!(sources.contains(&format!("\"{id}\"")), "nobody says {id}");
        }
        for start in ["say(\"", "say_with(\""] {
            for said in sources.split(start).skip(1) {
                let id = said.split('"').next().unwrap();
                assert!(id.contains('{') || known.contains_key(id), "{id} is no message");
            }
        }
    }

    #[test]
    fn a_translation_that_nobody_reviewed_says_so() {
        assert_eq!(Words::of("en").unwrap().say("unreviewed"), "");
        assert!(Words::of("cy-GB").unwrap().say("unreviewed").contains("cyfieithydd"));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_browser_asks_for_it_gets_a_language(octets in proptest::collection::vec(32u8..=255, 0..400)) {
            let octets: Vec<u8> = octets.into_iter().filter(|octet| *octet != 127).collect();
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_bytes(&octets).unwrap())]);
            let text = String::from_utf8_lossy(&octets);
            let tag = Words::choose(Some(&text), Some(&text), &headers).tag;
            proptest::prop_assert!(FILES.iter().any(|(known, _)| *known == tag));
        }
    }

    #[test]
    fn the_language_of_a_page() {
        let with = |text: &'static str| HeaderMap::from_iter([(ACCEPT_LANGUAGE, text.parse().unwrap())]);
        let none = HeaderMap::new();
        let choose = |switched, person, headers: &HeaderMap| Words::choose(switched, person, headers).tag;
        assert_eq!(choose(None, None, &none), "en");
        assert_eq!(choose(None, None, &with("fr, cy;q=0.8, en;q=0.7")), "cy");
        assert_eq!(choose(None, None, &with("cy;q=0, en-GB")), "en");
        assert_eq!(choose(None, Some("cy-GB"), &with("en")), "cy");
        assert_eq!(choose(Some("en"), Some("cy"), &with("cy")), "en");
        assert_eq!(choose(Some("<x>"), Some("kw"), &with("cy")), "cy");
        let odd = HeaderValue::from_bytes(b"\xff\xfe, cy").unwrap();
        assert_eq!(choose(None, None, &HeaderMap::from_iter([(ACCEPT_LANGUAGE, odd)])), "en");
    }
}
