//! A message file, its translations beside it and its attachments, read into a template.

use std::fs;
use std::path::{Path, PathBuf};

use mail::{Address, Mailbox};
use message::{Attachment, MessageBundle, SOURCE_OCTETS_MAX, Source, SourceKind, Template};
use proof::{InspectedAttachment, PublicList, inspect_attachment};

use crate::failure::Failure;
use crate::settings::Settings;

/// Files of one folder looked through for translations.
const FOLDER_ENTRIES_MAX: usize = 10_000;

/// A message, ready to be merged, with what everybody may see.
pub(crate) struct MessageFiles {
    pub(crate) template: Template,
    pub(crate) public: PublicList,
    pub(crate) attachments: Vec<InspectedAttachment>,
}

impl MessageFiles {
    /// Reads `message.md`, `message.cy.md` and the rest, and what their front matter names.
    pub(crate) fn read(path: &Path, from: Option<&str>, settings: &Settings) -> Result<Self, Failure> {
        let kind = kind(path)?;
        let default = Source::parse(kind, &text(path)?)?;
        let mut translations = Vec::new();
        for (language, path) in translations_of(path)? {
            translations.push((language, Source::parse(kind, &text(&path)?)?));
        }
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut names: Vec<String> = Vec::new();
        for source in std::iter::once(&default).chain(translations.iter().map(|(_, source)| source)) {
            for name in source.attachments() {
                if !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        let attachments = names.iter().map(|name| attachment(folder, name)).collect::<Result<_, _>>()?;
        let senders = message::Settings {
            from: from.map(|text| mailbox("--from", text)).transpose()?,
            ..default_senders(settings)?
        };
        Self::new(Template::new(default, translations, attachments, senders)?, settings)
    }

    /// The message as it is stored with a campaign.
    pub(crate) fn stored(bundle: &str, settings: &Settings) -> Result<Self, Failure> {
        let bundle: MessageBundle = serde_json::from_str(bundle).map_err(|_| {
            Failure::unexpected("database", "the campaign's message in the database is damaged")
        })?;
        Self::new(Template::from_bundle(bundle)?, settings)
    }

    /// A message that was read already.
    pub(crate) fn new(template: Template, settings: &Settings) -> Result<Self, Failure> {
        if settings.public.url.is_none() && template.fields().contains(message::PREFERENCES_FIELD) {
            return Err(Failure::usage(
                "message",
                "the message has {{ preferences_url }}, and public.url is not set: without it nobody has a preference page",
            ));
        }
        let mut public: PublicList = template.public_addresses().into_iter().cloned().collect();
        for contact in &settings.public.contacts.0 {
            public.extend([Address::parse(contact).map_err(|error| {
                Failure::usage("settings", format!("an address in public.contacts is not one: {error}"))
            })?]);
        }
        let attachments = template
            .attachments()
            .iter()
            .map(|a| {
                inspect_attachment(a.name(), a.content_type(), a.bytes(), &public).map_err(|refusal| {
                    Failure::usage(
                        "attachment",
                        format!("the attachment {} was refused: {refusal}. Everybody would get it; nothing was sent", a.name()),
                    )
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { template, public, attachments })
    }

    /// What is stored with a campaign.
    pub(crate) fn bundle(&self) -> Result<String, Failure> {
        serde_json::to_string(&self.template.to_bundle())
            .map_err(|_| Failure::unexpected("message", "the message cannot be stored"))
    }

    /// Attachments that could not be read to the end, with what could not: for whoever answers for the mailing.
    pub(crate) fn not_inspected(&self) -> Vec<String> {
        let names = self.template.attachments().iter().map(Attachment::name);
        names
            .zip(&self.attachments)
            .flat_map(|(name, inspected)| {
                inspected.could_not_inspect().iter().map(move |what| format!("{name}: {what}"))
            })
            .collect()
    }
}

/// The senders of the settings.
pub(crate) fn default_senders(settings: &Settings) -> Result<message::Settings, Failure> {
    let read = |key, text: &Option<String>| text.as_ref().map(|text: &String| mailbox(key, text)).transpose();
    Ok(message::Settings {
        from: None,
        default_from: read("sender.from", &settings.sender.from)?,
        default_reply_to: read("sender.reply_to", &settings.sender.reply_to)?,
    })
}

fn kind(path: &Path) -> Result<SourceKind, Failure> {
    match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("md" | "markdown" | "txt") => Ok(SourceKind::Markdown),
        Some("html" | "htm") => Ok(SourceKind::Html),
        Some("mjml") => Ok(SourceKind::Mjml),
        _ => Err(Failure::usage("message", "a message file ends in .md, .html or .mjml")),
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let name = path.display();
    let octets = bounded(path, SOURCE_OCTETS_MAX)?;
    String::from_utf8(octets)
        .map_err(|_| Failure::usage("message", format!("{name} is not UTF-8 text; save it as UTF-8")))
}

fn bounded(path: &Path, octets_max: usize) -> Result<Vec<u8>, Failure> {
    let name = path.display();
    let cannot = |_| Failure::usage("file", format!("{name} cannot be read; nothing was sent"));
    if fs::metadata(path).map_err(cannot)?.len() > octets_max as u64 {
        return Err(Failure::usage(
            "file",
            format!("{name} is larger than {octets_max} octets; nothing was sent"),
        ));
    }
    fs::read(path).map_err(cannot)
}

/// `message.md` → every `message.TAG.md` in the same folder.
fn translations_of(path: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Some(stem), Some(extension)) =
        (path.file_stem().and_then(|s| s.to_str()), path.extension().and_then(|s| s.to_str()))
    else {
        return Ok(Vec::new());
    };
    let entries =
        fs::read_dir(folder).map_err(|_| Failure::usage("file", "the message's folder cannot be read"))?;
    let mut found = Vec::new();
    for entry in entries.take(FOLDER_ENTRIES_MAX).flatten() {
        let name = entry.file_name();
        let tag = name.to_str().and_then(|name| {
            name.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(extension)?.strip_suffix('.')
        });
        if let Some(tag) =
            tag.filter(|tag| !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        {
            found.push((tag.to_owned(), entry.path()));
        }
    }
    // In the order of the tags: the order of a folder is chance, and the digest must not be.
    found.sort();
    Ok(found)
}

fn attachment(folder: &Path, name: &str) -> Result<Attachment, Failure> {
    // A name in a message file never leads out of its folder.
    if Path::new(name).components().count() != 1 || name.contains(['/', '\\']) || name == ".." {
        return Err(Failure::usage(
            "attachment",
            "an attachment is named by its file name, beside the message file",
        ));
    }
    let octets = bounded(&folder.join(name), message::ATTACHMENTS_OCTETS_MAX)?;
    Ok(Attachment::new(name, message::content_type_of(name), octets)?)
}

fn mailbox(what: &str, text: &str) -> Result<Mailbox, Failure> {
    Mailbox::parse(text).map_err(|error| Failure::usage("sender", format!("{what} is not a sender: {error}")))
}
