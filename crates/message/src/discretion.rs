//! Words that a bystander should not read on somebody's lock screen.
//!
//! A victim's phone may lie on an abuser's table. What it shows without being unlocked is the sender's name, the
//! subject and the first words of the text.

use crate::error::Place;

/// How much of a text phones show beside the subject, in characters: the longest of the usual mail programs.
pub const GLANCE_CHARS_MAX: usize = 140;

/// Words that give away why somebody is written to: crime and justice, abuse, health, addiction, money, and the
/// same in Welsh, with its mutations.
pub const DEFAULT_DISCRETION_WORDS: &[&str] = &[
    // Crime and justice
    "arrest",
    "arrested",
    "burglary",
    "burgled",
    "court",
    "crime",
    "crime number",
    "crime reference",
    "criminal",
    "domestic incident",
    "fraud",
    "hate crime",
    "investigation",
    "jury",
    "magistrate",
    "offence",
    "offender",
    "parole",
    "perpetrator",
    "police",
    "police report",
    "prison",
    "prisoner",
    "probation",
    "prosecution",
    "prosecutor",
    "restorative justice",
    "robbery",
    "suspect",
    "theft",
    "trial",
    "victim",
    "victim support",
    "witness",
    "youth justice",
    // Violence and abuse
    "abuse",
    "abused",
    "abuser",
    "abusive",
    "assault",
    "assaulted",
    "child protection",
    "coercive",
    "domestic violence",
    "exploitation",
    "forced marriage",
    "harassment",
    "injunction",
    "honour-based",
    "rape",
    "raped",
    "refuge",
    "safeguarding",
    "sexual",
    "sexual violence",
    "shelter",
    "stalked",
    "stalker",
    "stalking",
    "survivor",
    "trafficking",
    "violence",
    "violent",
    // Health
    "abortion",
    "aids",
    "cancer",
    "chemotherapy",
    "chlamydia",
    "clinic",
    "contraception",
    "counselling",
    "dementia",
    "depression",
    "diagnosis",
    "eating disorder",
    "fertility",
    "gender identity",
    "genetic",
    "gonorrhoea",
    "hepatitis",
    "hiv",
    "hospice",
    "mental health",
    "miscarriage",
    "oncology",
    "patient",
    "pregnancy",
    "pregnant",
    "psychiatric",
    "psychiatrist",
    "psychology",
    "psychotherapy",
    "screening",
    "self-harm",
    "sexual health",
    "std",
    "sti",
    "suicidal",
    "suicide",
    "syphilis",
    "termination",
    "test result",
    "therapist",
    "therapy",
    // Addiction
    "addict",
    "addiction",
    "alcohol",
    "alcoholic",
    "detox",
    "drug",
    "gambling",
    "methadone",
    "naloxone",
    "needle",
    "overdose",
    "rehab",
    "rehabilitation",
    "substance misuse",
    // Status and money
    "asylum",
    "bailiff",
    "bankruptcy",
    "benefit fraud",
    "debt",
    "deportation",
    "eviction",
    "food bank",
    "homeless",
    "homelessness",
    "immigration",
    "refugee",
    "social services",
    "social worker",
    // Welsh
    "camdriniaeth",
    "gamdriniaeth",
    "cam-drin",
    "canser",
    "ganser",
    "chanser",
    "clinig",
    "glinig",
    "cyffur",
    "cyffuriau",
    "gyffuriau",
    "carchar",
    "garchar",
    "dioddefwr",
    "dioddefwyr",
    "ddioddefwr",
    "ddioddefwyr",
    "heddlu",
    "iechyd meddwl",
    "iechyd rhywiol",
    "llys",
    "lys",
    "prawf",
    "tyst",
    "tystion",
    "dyst",
    "thyst",
    "trais",
    "drais",
    "thrais",
    "trosedd",
    "troseddau",
    "drosedd",
    "throsedd",
    "ymosodiad",
];

/// What a phone shows of a message without being unlocked.
#[derive(Clone, Copy)]
pub struct Glance<'a> {
    /// Display name in From.
    pub sender_name: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The text: its first [`GLANCE_CHARS_MAX`] count.
    pub body: &'a str,
    /// The text's language, for the finding.
    pub language: &'a str,
}

impl std::fmt::Debug for Glance<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[glance]")
    }
}

/// A word of the list in a place that a bystander sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscretionFinding {
    /// Where.
    pub place: Place,
    /// Which, as the list has it.
    pub word: String,
    /// In which language's text.
    pub language: String,
}

/// [`DEFAULT_DISCRETION_WORDS`], owned, to add to.
#[must_use]
pub fn default_discretion_words() -> Vec<String> {
    DEFAULT_DISCRETION_WORDS.iter().map(|word| (*word).to_owned()).collect()
}

/// Finds words, whole and without regard to case; `victim` is in “Victims” and “victim's”, not in “victimless”.
#[must_use]
pub fn discretion(words: &[String], glance: &Glance<'_>) -> Vec<DiscretionFinding> {
    let first: String = normal(glance.body).chars().take(GLANCE_CHARS_MAX).collect();
    let places = [
        (Place::SenderName, normal(glance.sender_name)),
        (Place::Subject, normal(glance.subject)),
        (Place::FirstLine, first),
    ];
    let mut findings = Vec::new();
    for (place, text) in places {
        for word in words {
            if has_word(&text, &normal(word)) {
                findings.push(DiscretionFinding {
                    place,
                    word: word.clone(),
                    language: glance.language.to_owned(),
                });
            }
        }
    }
    findings
}

/// Lower case, one kind of apostrophe, single spaces.
fn normal(text: &str) -> String {
    let text = text.to_lowercase().replace('’', "'");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn has_word(text: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let is_letter = |c: char| c.is_alphanumeric();
    let ends = |rest: &str, suffixes: &[&str]| {
        suffixes.iter().any(|s| rest.strip_prefix(s).is_some_and(|rest| !rest.starts_with(is_letter)))
    };
    let begins = |at: usize| !text[..at].ends_with(is_letter);
    let regular = text
        .match_indices(word)
        .any(|(at, _)| begins(at) && ends(&text[at + word.len()..], &["", "s", "es", "'s", "s'"]));
    // therapy, therapies
    let irregular = word.strip_suffix('y').is_some_and(|stem| {
        text.match_indices(stem).any(|(at, _)| begins(at) && ends(&text[at + stem.len()..], &["ies", "ies'"]))
    });
    regular || irregular
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_in_their_forms() {
        for (text, word, found) in [
            ("survey of victims", "victim", true),
            ("the victim’s voice", "victim", true),
            ("VICTIM", "victim", true),
            ("victimless", "victim", false),
            ("revictim", "victim", false),
            ("mental\n health week", "mental health", true),
            ("all therapies", "therapy", true),
            ("your courts", "court", true),
            ("courtesy", "court", false),
            ("abuses", "abuse", true),
        ] {
            assert_eq!(has_word(&normal(text), word), found, "{text}");
        }
    }

    #[test]
    fn names_the_place_and_stops_where_the_screen_does() {
        let words = default_discretion_words();
        let far = format!("{} crime", "x".repeat(GLANCE_CHARS_MAX - 5));
        let near = format!("{} crime", "x".repeat(GLANCE_CHARS_MAX - 6));
        let glance =
            |body| Glance { sender_name: "Heddlu Gwent", subject: "Your HIV test", body, language: "en" };
        let places = |body| {
            discretion(&words, &glance(body)).into_iter().map(|f| (f.place, f.word)).collect::<Vec<_>>()
        };
        let expected = vec![(Place::SenderName, "heddlu".to_owned()), (Place::Subject, "hiv".to_owned())];
        assert_eq!(places(&far), expected);
        assert_eq!(places(&near).last(), Some(&(Place::FirstLine, "crime".to_owned())));
    }

    #[test]
    fn the_list_is_lower_case_and_without_doubles() {
        for (n, word) in DEFAULT_DISCRETION_WORDS.iter().enumerate() {
            assert_eq!(normal(word), **word);
            assert!(!DEFAULT_DISCRETION_WORDS[..n].contains(word), "{word}");
        }
    }
}
