//! Everything that is checked before a message can be submitted.

use alignment::{Alignment, Report};
use message::DiscretionFinding;
use store::{Audience, Draft};
use web::{Check, Checklist, Standing};

use super::Written;
use super::jobs::Job;
use crate::check::{Checked, everybody_watched};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::mail_set_up::look_up;
use crate::message_files::MessageFiles;
use crate::relay::ReadyRelay;

/// Octets of a message above which a list of people is a load for everybody's mailboxes, and for the relay.
const LARGE_OCTETS: usize = 1024 * 1024;

/// A message for which nothing stands in the way, and what was found.
pub(super) struct Proved {
    pub(super) bundle: String,
    pub(super) digest: String,
    pub(super) relay: String,
    pub(super) domain: String,
    pub(super) suppressed: Vec<u32>,
}

/// Checks one version of a draft. The second part is there when nothing is wrong.
pub(super) async fn check(
    installation: &Installation,
    draft: &Draft,
    job: &Job,
) -> Result<(Box<Checklist>, Option<Proved>), Failure> {
    let now = installation.now();
    let list = |checks, written_to| {
        Box::new(Checklist { checks, written_to, people: draft.audience.people, at: now })
    };
    let files = match Written::of(installation, draft).await?.message(installation, draft) {
        Ok(files) => files,
        Err(unfinished) => {
            return Ok((list(vec![wrong("The message", vec![unfinished.told().words])], 0), None));
        }
    };
    let mut checks = vec![fine("The message", Vec::new())];
    checks.push(discretion(&files, installation));
    checks.extend(attachments(&files));
    let relay = ReadyRelay::find(None, &installation.settings);
    checks.push(mail_server(installation, relay.as_ref().err()));
    checks.extend(draft.wanted_at.filter(|at| *at <= now).map(|_| {
        wrong("When", vec!["The time at which it was to begin has passed: choose another one.".to_owned()])
    }));
    let digest = data_encoding::HEXLOWER.encode(&files.template.digest());
    checks.extend(sent_before(installation, draft, &digest).await?);
    let (bundle, domain) = (files.bundle()?, files.template.from().address().domain().to_owned());
    let identity = CampaignIdentity { number: 0, uid: "check", test: false };
    let letters = letters(installation, &draft.audience, files, &identity)?;
    let (everybody, published) = tokio::join!(
        everybody_watched(&installation.store, &draft.audience, &letters, now, job),
        look_up(installation, &domain)
    );
    checks.push(sender(published));
    let (written_to, suppressed) = match &everybody {
        Err(failure) => {
            let mut findings = job.failing();
            let more = failure.details.as_ref().and_then(|details| details["failing_rows"].as_u64());
            match (findings.len() as u64, more) {
                (0, _) => findings.push(failure.message.clone()),
                (shown, Some(all)) if all > shown => findings.push(format!("And {} rows more.", all - shown)),
                _ => {}
            }
            checks.push(wrong("Everybody’s message", findings));
            (0, Vec::new())
        }
        Ok(checked) => {
            checks.extend(of_everybody(checked, &draft.audience));
            let not = checked.held.len() + checked.suppressed.len();
            (checked.proved - (not as u64).min(checked.proved), checked.suppressed.clone())
        }
    };
    if everybody.is_ok() && written_to == 0 {
        checks.push(wrong("People", vec!["There is nobody left to write to.".to_owned()]));
    }
    let list = list(checks, written_to);
    let proved = match relay {
        Ok(relay) if list.can_be_submitted() => {
            Some(Proved { bundle, digest, relay: relay.relay.url.to_string(), domain, suppressed })
        }
        _ => None,
    };
    Ok((list, proved))
}

fn fine(title: &'static str, findings: Vec<String>) -> Check {
    Check { standing: Standing::Fine, title, findings, word: None }
}

fn wrong(title: &'static str, findings: Vec<String>) -> Check {
    Check { standing: Standing::Wrong, title, findings, word: None }
}

fn warning(word: &'static str, title: &'static str, findings: Vec<String>) -> Check {
    Check { standing: Standing::Warning, title, findings, word: Some(word) }
}

/// Either, by whether there is something to decide about.
fn warning_if_any(word: &'static str, title: &'static str, findings: Vec<String>) -> Check {
    if findings.is_empty() { fine(title, findings) } else { warning(word, title, findings) }
}

fn discretion(files: &MessageFiles, installation: &Installation) -> Check {
    let found = files.template.discretion(&installation.settings.discretion_words());
    let said = |finding: &DiscretionFinding| {
        format!(
            "“{}” stands in the {} ({}): somebody beside the person can read it there.",
            finding.word, finding.place, finding.language
        )
    };
    warning_if_any(
        "discretion",
        "What others can read on a locked telephone",
        found.iter().map(said).collect(),
    )
}

/// Nothing where nothing is attached.
fn attachments(files: &MessageFiles) -> Option<Check> {
    if files.template.attachments().is_empty() {
        return None;
    }
    let not_read = files.not_inspected();
    let said = |what: String| format!("{what}. Open it and look yourself: everybody gets it.");
    Some(warning_if_any("attachments", "Files that go with it", not_read.into_iter().map(said).collect()))
}

/// The way out, and what large mailbox providers ask of those who write to many.
fn mail_server(installation: &Installation, missing: Option<&Failure>) -> Check {
    const TITLE: &str = "The mail server, and what mailbox providers ask for";
    if let Some(failure) = missing {
        return wrong(TITLE, vec![format!("{}. An administrator sets it.", failure.message)]);
    }
    let settings = &installation.settings;
    let mut findings = Vec::new();
    if settings.public.url.is_none() {
        // RFC 8058.
        findings.push(
            "There is no button to unsubscribe with one click, because public.url is not set. Large mailbox providers ask \
             for it."
                .to_owned(),
        );
    }
    if settings.dkim.0.is_empty() {
        findings.push(
            "Messages are not signed here (DKIM). If the mail server does not sign them either, many end among the spam."
                .to_owned(),
        );
    }
    warning_if_any("providers", TITLE, findings)
}

/// What the sender's domain publishes, as mailbox providers see it. Where it cannot be looked up, nobody is kept from sending.
fn sender(published: Result<Report, Failure>) -> Check {
    const TITLE: &str = "The sender’s domain";
    let report = match published {
        Ok(report) => report,
        Err(failure) => return fine(TITLE, vec![format!("It was not looked up: {}.", failure.message)]),
    };
    if report.alignment == Alignment::Unknown && !report.is_lacking() {
        return fine(
            TITLE,
            vec!["Whether its messages pass (SPF, DKIM, DMARC) cannot be told from here.".to_owned()],
        );
    }
    if !report.is_lacking() {
        return fine(
            TITLE,
            vec!["It publishes what mailbox providers ask for (SPF, DKIM, DMARC).".to_owned()],
        );
    }
    let mut findings: Vec<String> = report
        .lacking()
        .map(|record| format!("{} ({}): {}", record.name, record.kind, record.said))
        .collect();
    if report.alignment == Alignment::NotAligned {
        findings.push(
            "Messages do not pass DMARC: large mailbox providers refuse them, or put them among the spam."
                .to_owned(),
        );
    }
    findings.push("An administrator sees what to publish under “Senders”.".to_owned());
    warning("alignment", TITLE, findings)
}

async fn sent_before(
    installation: &Installation,
    draft: &Draft,
    digest: &str,
) -> Result<Option<Check>, Failure> {
    let before = installation.store.sent_before(digest, &draft.audience.digest).await?;
    // A campaign that is changed has its own message.
    Ok(before.filter(|name| draft.campaign.is_none() || *name != draft.name).map(|name| {
        let text = format!("The campaign “{name}” had the same message for the same people.");
        warning("again", "Sent before", vec![text])
    }))
}

fn of_everybody(checked: &Checked, audience: &Audience) -> Vec<Check> {
    let proved = format!(
        "{} messages were built and read again: each shows its own person’s address and nobody else’s.",
        checked.proved
    );
    let mut people = Vec::new();
    for (number, text) in [
        (checked.unsafe_people, "are not written to: e-mail is not safe for them."),
        (
            checked.suppressed.len() as u64,
            "are not written to: they asked for no more mail, or it does not reach them.",
        ),
        (
            checked.held.len() as u64,
            "are held and not written to: it is not known whether e-mail is safe for them.",
        ),
        (checked.fell_back, "get the first language: there is no text in theirs."),
        (audience.folded, "rows were equal to others and were left out when the list was added."),
        (audience.skipped, "bad rows were left out when the list was added."),
    ] {
        if number > 0 {
            people.push(format!("{number} {text}"));
        }
    }
    let largest = checked.largest.div_ceil(1024);
    let size = match checked.largest > LARGE_OCTETS {
        true => warning(
            "size",
            "Size",
            vec![format!(
                "The largest message has {largest} kB. Some mailboxes refuse large messages, and full ones do."
            )],
        ),
        false => fine("Size", vec![format!("The largest message has {largest} kB.")]),
    };
    vec![fine("Everybody’s message", vec![proved]), fine("People", people), size]
}
