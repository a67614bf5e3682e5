//! Codes in the words of a bounce, by narrow rules: what is not certainly a code is none.

use super::limits::EXPLANATION_OCTETS_MAX;
use super::status::Action;
use super::text::prefix;
use super::verdict::{BounceClass, EnhancedCode, SmtpReply, classify};

/// What stands before a reply without an enhanced code: `…said: 550 unknown` (qmail), `The response was:` (Google).
const INTRODUCTIONS: [&str; 3] =
    ["remote host said:", "response from the remote server was:", "the response was:"];
/// Most words before a reply that are looked at for how it is introduced.
const INTRODUCTION_WORDS_MAX: usize = 7;

/// What stands before the copy of the message, and what stands behind.
pub(super) fn before_and_behind_copy(text: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if is_mark(line) {
            return (&text[..start], Some(&text[at..]));
        }
        // The copy begins without a mark: its trace fields (RFC 5322 §3.6.7) come first.
        if starts_with(line, "received:") || starts_with(line, "return-path:") {
            return (&text[..start], Some(&text[start..]));
        }
    }
    (text, None)
}

fn starts_with(line: &str, beginning: &str) -> bool {
    line.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

/// `------ This is a copy of the message … ------`, `--- Below this line is a copy of the message.`,
/// `----- Original message -----`, `Original message headers:`.
fn is_mark(line: &str) -> bool {
    starts_with(line, "original message headers:")
        || (line.starts_with("---") && line.to_ascii_lowercase().contains("message"))
}

/// The verdict of the words before the copy: what all codes in them agree on.
pub(super) fn verdict(text: &str) -> BounceClass {
    let classes = replies(prefix(text, EXPLANATION_OCTETS_MAX));
    let first = classes.first().copied().unwrap_or(BounceClass::Undecided);
    if classes.iter().all(|class| *class == first) { first } else { BounceClass::Undecided }
}

fn replies(text: &str) -> Vec<BounceClass> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut classes = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_start_matches(['<', '(', '[', '\'', '"']);
        let told = match word.strip_prefix('#') {
            // `#5.1.1` (qmail, Exchange), `#550 5.1.1` (Exchange).
            Some(code) => marked(code).or_else(|| reply(code, at, &words)),
            None => reply(word.strip_prefix("smtp;").unwrap_or(word), at, &words),
        };
        let Some((status, reply)) = told else { continue };
        classes.extend(classify(Some(Action::Failed), status, reply));
    }
    classes
}

type Told = (Option<EnhancedCode>, Option<SmtpReply>);

/// A code by itself, as far as its mark makes it one.
fn marked(word: &str) -> Option<Told> {
    let code = EnhancedCode::parse(word.trim_end_matches(['>', ')', ']', '.', ',', ';', ':']))?;
    (code.class != 2).then_some((Some(code), None))
}

/// Three digits and an enhanced code of the same class; or digits alone where the words before say what they are.
fn reply(word: &str, at: usize, words: &[&str]) -> Option<Told> {
    let next = words.get(at + 1).copied().unwrap_or_default();
    let reply =
        if word.len() == 3 { SmtpReply::parse(&format!("{word} {next}"))? } else { SmtpReply::parse(word)? };
    if !matches!(reply.code, 400..=599) {
        return None;
    }
    match reply.enhanced {
        Some(code) if u16::from(code.class) == reply.code / 100 => Some((None, Some(reply))),
        Some(_) => None,
        None => {
            let before = words[at.saturating_sub(INTRODUCTION_WORDS_MAX)..at].join(" ").to_ascii_lowercase();
            let said = INTRODUCTIONS.iter().any(|words| before.ends_with(words));
            let to_rcpt = before.contains("does not like recipient. remote host said:") || exim_rcpt(&before);
            (said || to_rcpt).then_some((None, Some(SmtpReply { to_rcpt, ..reply })))
        }
    }
}

/// `… after RCPT TO:<ann@x.test>:` directly before the digits.
fn exim_rcpt(before: &str) -> bool {
    before
        .rsplit_once("after rcpt to:<")
        .is_some_and(|(_, rest)| rest.ends_with(">:") && !rest.contains(char::is_whitespace))
}

/// Whether the words say that the refusal came in reply to RCPT, and none say that another did (Postfix, Exim).
pub(super) fn rcpt_alone(text: &str) -> bool {
    let (text, _) = before_and_behind_copy(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").to_ascii_lowercase();
    let rcpt = ["(in reply to rcpt to command)", "after rcpt to:<"];
    let other = [
        "(in reply to end of data command)",
        "(in reply to data command)",
        "(in reply to mail from command)",
        "after end of data",
        "after data",
        "after pipelined data",
        "after mail from",
    ];
    rcpt.iter().any(|words| text.contains(words)) && !other.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use BounceClass as B;

    #[test]
    fn codes_in_words() {
        for (text, class) in [
            ("mx said: 550 5.1.1 <ann@x.test>: unknown", B::PermanentAddress),
            ("550-5.1.1 The account\n550 5.1.1 does not exist", B::PermanentAddress),
            ("<mx.test #5.1.1 smtp;550 5.1.1 unknown>", B::PermanentAddress),
            ("#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##", B::PermanentAddress),
            ("Sorry, no mailbox here by that name. (#5.1.1)", B::PermanentAddress),
            ("does not like recipient.\nRemote host said: 550 unknown", B::PermanentAddress),
            ("after RCPT TO:<ann@x.test>:\n550 unknown", B::PermanentAddress),
            ("after RCPT TO:<ann@x.test>:\n552 full", B::MailboxFull),
            ("Remote host said: 550 spam", B::OtherPermanent),
            ("The response was: 554 no", B::OtherPermanent),
            ("Remote host said: 450 later", B::Transient),
            ("554 5.7.1 blocked", B::Policy),
            ("552-5.2.2 over quota", B::MailboxFull),
            ("550 5.1.1 unknown, and 550 5.7.1 blocked", B::Undecided),
            ("550 people came, 5.1.1 left", B::Undecided),
            ("550 4.1.1 neither", B::Undecided),
            ("after RCPT TO:<ann@x.test>: and then at 550 Main Street", B::Undecided),
            ("version 5.1.1 (build 550)", B::Undecided),
            ("250 2.1.5 fine", B::Undecided),
            ("", B::Undecided),
        ] {
            assert_eq!(verdict(text), class, "{text}");
        }
    }

    #[test]
    fn codes_beyond_the_limit_are_not_seen() {
        let text = |n: usize| format!("{}\n550 5.1.1\n", "x".repeat(n));
        let room = EXPLANATION_OCTETS_MAX - "\n550 5.1.1".len();
        assert_eq!(verdict(&text(room)), B::PermanentAddress);
        assert_eq!(verdict(&text(room + "550 5.1.1".len())), B::Undecided);
    }

    #[test]
    fn where_the_copy_begins() {
        for mark in [
            "------ This is a copy of the message ------",
            "--- Below this line is a copy of the message.",
            "Original message headers:",
            "----- Original message -----",
        ] {
            let text = format!("gone\n{mark}\n\nSubject: 550 5.1.1\n");
            assert_eq!(before_and_behind_copy(&text), ("gone\n", Some("\nSubject: 550 5.1.1\n")), "{mark}");
        }
        assert_eq!(before_and_behind_copy("a\nReceived: b\n"), ("a\n", Some("Received: b\n")));
        assert_eq!(before_and_behind_copy("--- The addresses had errors ---\n").1, None);
    }

    #[test]
    fn stages() {
        assert!(rcpt_alone("said: 550 no (in reply to\n    RCPT TO command)"));
        assert!(!rcpt_alone("said: 550 no (in reply to end of DATA command)"));
        assert!(!rcpt_alone("(in reply to RCPT TO command) (in reply to end of DATA command)"));
        assert!(!rcpt_alone("--- copy of the message\n(in reply to RCPT TO command)"));
    }
}
