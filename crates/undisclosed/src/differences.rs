//! What is different between two versions of a campaign, for a second person who saw the first.

use campaign::CampaignLimits;
use jiff::Timestamp;
use message::{ComposedText, Composition};
use similar::{ChangeTag, TextDiff};
use store::{Campaign, Submission};
use web::{Change, Difference};

use crate::failure::Failure;
use crate::message_files::MessageFiles;
use crate::settings::Settings;

/// Lines around a change that are shown with it.
const CONTEXT_LINES: usize = 2;

/// The parts that are not as they were.
pub(crate) fn differences(
    campaign: &Campaign,
    before: &Submission,
    settings: &Settings,
) -> Result<Vec<Difference>, Failure> {
    let (old, new) = (
        MessageFiles::stored(&before.message, settings)?,
        MessageFiles::stored(&campaign.message, settings)?,
    );
    let (written, rewritten) = (Composition::of(&old.template), Composition::of(&new.template));
    let mut parts = Vec::new();
    let mut part = |name: &str, old: &str, new: &str| {
        if old != new {
            parts.push(Difference { part: name.to_owned(), lines: lines(old, new) });
        }
    };
    part("Sender", &written.from, &rewritten.from);
    part("Answers go to", &written.reply_to, &rewritten.reply_to);
    part("Other addresses in the text", &written.contacts.join("\n"), &rewritten.contacts.join("\n"));
    for language in languages(&written, &rewritten) {
        let (old, new) = (text(&written, language), text(&rewritten, language));
        part(
            &format!("Subject ({language})"),
            old.map_or("", |t| &t.subject),
            new.map_or("", |t| &t.subject),
        );
        part(&format!("Message ({language})"), old.map_or("", |t| &t.body), new.map_or("", |t| &t.body));
    }
    part("Files that go with it", &files(&old), &files(&new));
    part("Mail server", &before.relay, &campaign.relay);
    let asked = |limits: &CampaignLimits| limits.words().unwrap_or_default();
    part("Pace and quiet hours", &asked(&before.limits), &asked(&campaign.limits));
    part("To begin", &begin(before.wanted_at), &begin(campaign.approval.wanted_at));
    Ok(parts)
}

/// Of either, the first one's first.
fn languages<'a>(old: &'a Composition, new: &'a Composition) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for text in old.texts.iter().chain(&new.texts) {
        if !all.contains(&text.language.as_str()) {
            all.push(&text.language);
        }
    }
    all
}

fn text<'a>(of: &'a Composition, language: &str) -> Option<&'a ComposedText> {
    of.texts.iter().find(|text| text.language == language)
}

/// A file of the same name with other octets is another one.
fn files(of: &MessageFiles) -> String {
    let line = |file: &message::Attachment| {
        let digest = ledger::Digest::of(file.bytes()).to_hex();
        format!("{} ({} octets, SHA-256 {digest})", file.name(), file.bytes().len())
    };
    of.template.attachments().iter().map(line).collect::<Vec<_>>().join("\n")
}

fn begin(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "as soon as it is approved".to_owned(),
        |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
    )
}

fn lines(old: &str, new: &str) -> Vec<(Change, String)> {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for group in diff.grouped_ops(CONTEXT_LINES) {
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let what = match change.tag() {
                ChangeTag::Equal => Change::Same,
                ChangeTag::Insert => Change::Added,
                ChangeTag::Delete => Change::Removed,
            };
            lines.push((what, change.value().trim_end_matches('\n').to_owned()));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_changed_and_those_around_them() {
        let old = "one\ntwo\nthree\nfour\nfive\nsix\nseven";
        let new = "one\ntwo\nthree\nfour\nfünf\nsix\nseven\n";
        let shown = lines(old, new);
        let shown: Vec<(Change, &str)> =
            shown.iter().map(|(change, line)| (*change, line.as_str())).collect();
        assert!(shown.contains(&(Change::Removed, "five")) && shown.contains(&(Change::Added, "fünf")));
        assert!(shown.contains(&(Change::Same, "four")) && !shown.iter().any(|(_, line)| *line == "one"));
    }
}
