//! What comes before sending, the same for `send` and `check-campaign`: the audience, the message, the warnings, and
//! the proof of everybody.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use delivery::Letters;
use serde_json::{Value, json};
use store::Audience;

use crate::audience_import::{Inspected, SpreadsheetFile};
use crate::check::{self, Checked};
use crate::cli::{AcknowledgeArgs, ReadingArgs};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::warnings::{Warning, acknowledge};

/// Held rows that are named in words.
const HELD_SHOWN_MAX: usize = 20;
/// Held rows that are listed for programs.
const HELD_LISTED_MAX: usize = 1_000;

/// What is asked for.
pub(crate) struct Wanted<'a> {
    pub(crate) audience: &'a str,
    pub(crate) message: &'a Path,
    pub(crate) from: Option<&'a str>,
    pub(crate) reading: &'a ReadingArgs,
    pub(crate) acknowledge: &'a AcknowledgeArgs,
    /// The campaign's random name.
    pub(crate) uid: &'a str,
    /// The name of an audience that is made from a file.
    pub(crate) name: &'a str,
}

/// Everything proved, nothing sent.
pub(crate) struct Prepared {
    pub(crate) audience: Audience,
    /// The audience was made from a file and nobody sees it yet.
    pub(crate) draft: bool,
    pub(crate) bundle: String,
    pub(crate) digest: String,
    pub(crate) acknowledged: Vec<String>,
    pub(crate) not_inspected: Vec<String>,
    pub(crate) checked: Checked,
}

/// Where the people come from.
enum Origin {
    Stored(Box<Audience>),
    File(Arc<Inspected<SpreadsheetFile>>),
}

/// Prepares a campaign. On failure nothing is left of it.
pub(crate) async fn prepare(installation: &Installation, wanted: &Wanted<'_>) -> Result<Prepared, Failure> {
    let files = MessageFiles::read(wanted.message, wanted.from, &installation.settings)?;
    let origin = match installation.store.find_audience(wanted.audience).await? {
        Some(audience) => Origin::Stored(Box::new(audience)),
        None => {
            let path = PathBuf::from(wanted.audience);
            if !path.is_file() {
                let why = installation.no_audience(wanted.audience).await?;
                if why.code == "forgotten" {
                    return Err(why);
                }
                return Err(Failure::usage(
                    "not_found",
                    "there is no audience and no file of that name; `undisclosed import NAME FILE` makes an audience",
                ));
            }
            Origin::File(Inspected::read(installation, &path, wanted.reading).await?)
        }
    };
    let mut warnings = if let Origin::File(inspected) = &origin { inspected.warnings() } else { Vec::new() };
    warnings.extend(of_message(&files, &installation.settings.discretion_words()));
    let acknowledged = acknowledge(&warnings, &wanted.acknowledge.acknowledge)?;
    let (audience, draft) = match origin {
        Origin::Stored(audience) => (*audience, false),
        Origin::File(inspected) => {
            let name = free_name(installation, wanted.name).await?;
            (inspected.import(installation, &name, &acknowledged, &AtomicU64::default()).await?, true)
        }
    };
    let prepared = prove(installation, wanted, files, &audience, draft, acknowledged).await;
    match prepared {
        Err(failure) if draft => {
            installation.discard(&audience).await?;
            Err(failure)
        }
        other => other,
    }
}

async fn prove(
    installation: &Installation,
    wanted: &Wanted<'_>,
    files: MessageFiles,
    audience: &Audience,
    draft: bool,
    acknowledged: Vec<String>,
) -> Result<Prepared, Failure> {
    files.template.check_fields(&audience.fields)?;
    let (bundle, not_inspected) = (files.bundle()?, files.not_inspected());
    let digest = data_encoding::HEXLOWER.encode(&files.template.digest());
    let identity = CampaignIdentity { number: 0, uid: wanted.uid, test: false };
    let letters: Letters = letters(installation, audience, files, &identity)?;
    let checked = check::everybody(&installation.store, audience, &letters, installation.now()).await?;
    Ok(Prepared { audience: audience.clone(), draft, bundle, digest, acknowledged, not_inspected, checked })
}

/// Warnings about the message itself.
pub(crate) fn of_message(files: &MessageFiles, words: &[String]) -> Vec<Warning> {
    let mut warnings: Vec<Warning> = files
        .template
        .discretion(words)
        .iter()
        .map(|finding| Warning {
            word: "discretion",
            text: format!(
                "\"{}\" stands in {} ({}), where somebody beside the person can read it",
                finding.word, finding.place, finding.language
            ),
        })
        .collect();
    warnings.extend(files.not_inspected().into_iter().map(|what| Warning {
        word: "attachments",
        text: format!("an attachment could not be read to the end: {what}. Open it and look yourself"),
    }));
    warnings
}

/// The campaign's name for the audience too, or that with a number.
async fn free_name(installation: &Installation, name: &str) -> Result<String, Failure> {
    let mut candidate = name.to_owned();
    for number in 2.. {
        if installation.store.find_audience(&candidate).await?.is_none() {
            break;
        }
        candidate = format!("{name} ({number})");
    }
    Ok(candidate)
}

impl Prepared {
    /// For people: what will happen to whom.
    pub(crate) fn words(&self) -> String {
        let c = &self.checked;
        let mut lines = vec![format!(
            "{} messages built and proved: each shows its own person's address and no other's. The largest has {} octets.",
            c.proved, c.largest
        )];
        if c.fell_back > 0 {
            lines.push(format!(
                "{} people get the default language: there is no translation into theirs.",
                c.fell_back
            ));
        }
        if c.unsafe_people > 0 {
            lines
                .push(format!("{} people are not written to: e-mail is not safe for them.", c.unsafe_people));
        }
        if !c.suppressed.is_empty() {
            lines.push(format!(
                "{} people are not written to: they are on the suppression list.",
                c.suppressed.len()
            ));
        }
        if !c.held.is_empty() {
            let rows: Vec<String> = c.held.iter().take(HELD_SHOWN_MAX).map(ToString::to_string).collect();
            lines.push(format!(
                "{} people are held: it is not known whether e-mail is safe for them. Rows {}{}",
                c.held.len(),
                rows.join(", "),
                if c.held.len() > HELD_SHOWN_MAX { " and more: `status --rows` lists them." } else { "." }
            ));
        }
        lines.extend(self.not_inspected.iter().map(|what| format!("Not inspected: {what}")));
        lines.join("\n")
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        let c = &self.checked;
        json!({
            "people": self.audience.people, "proved": c.proved, "largest_octets": c.largest,
            "default_language": c.fell_back, "unsafe": c.unsafe_people, "suppressed": c.suppressed.len(),
            "held": c.held.len(), "held_rows": c.held.iter().take(HELD_LISTED_MAX).collect::<Vec<_>>(),
            "duplicates_folded": self.audience.folded, "rows_skipped": self.audience.skipped,
            "warnings": self.acknowledged, "not_inspected": self.not_inspected, "message_digest": self.digest,
        })
    }
}
