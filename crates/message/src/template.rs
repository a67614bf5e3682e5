//! A message in all its languages, checked, with its sender and attachments.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use mail::{Address, Mailbox};
use ring::digest::{Context, SHA256};

use crate::attachment::Attachment;
use crate::discretion::{DiscretionFinding, Glance};
use crate::dkim::Signer;
use crate::encoding;
use crate::error::{MessageError, SealError};
use crate::limits::{ATTACHMENTS_MAX, ATTACHMENTS_OCTETS_MAX, TRANSLATIONS_MAX};
use crate::merge::{PREFERENCES_FIELD, Row};
use crate::mime::File;
use crate::seal::{self, Identity, Sealed};
use crate::source::{Source, is_language_tag};
use crate::variant::{Filled, Variant};

/// What a default without `language:` in its front matter is taken to be in.
pub const DEFAULT_LANGUAGE: &str = "en";

/// Senders from outside the message file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// `--from`: beats the front matter.
    pub from: Option<Mailbox>,
    /// `sender.from`: where neither says anything.
    pub default_from: Option<Mailbox>,
    /// Where the front matter has no `reply-to`.
    pub default_reply_to: Option<Mailbox>,
}

/// A message that can be sealed for one person at a time. `Debug` prints nothing of it.
pub struct Template {
    /// The default first.
    pub(crate) variants: Vec<Variant>,
    pub(crate) attachments: Vec<Attachment>,
    files: Vec<File>,
    pub(crate) settings: Settings,
    fields: BTreeSet<String>,
}

/// Somebody to write to. `Debug` prints the row alone.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    /// Row in the list, as error texts name it.
    pub row: u64,
    /// Where to write.
    pub address: &'a Address,
    /// Field name to value; `email` is there without being in it.
    pub fields: &'a BTreeMap<String, String>,
    /// Language tag, if the list has one.
    pub language: Option<&'a str>,
}

impl fmt::Debug for Person<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[person in row {}]", self.row)
    }
}

/// A message as one person would read it. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Preview {
    /// Display name in From, if it has one.
    pub sender_name: Option<String>,
    /// The subject, unencoded.
    pub subject: String,
    /// The plain text, lines ended by LF.
    pub plain: String,
    /// The HTML document.
    pub html: String,
    /// The language that was used.
    pub language: String,
    /// Whether the person's language is not there and the default was used.
    pub fell_back: bool,
}

impl fmt::Debug for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[preview]")
    }
}

impl Preview {
    /// What of [`crate::DEFAULT_DISCRETION_WORDS`], or other words, a bystander would read.
    #[must_use]
    pub fn discretion(&self, words: &[String]) -> Vec<DiscretionFinding> {
        let glance = Glance {
            sender_name: self.sender_name.as_deref().unwrap_or_default(),
            subject: &self.subject,
            body: &self.plain,
            language: &self.language,
        };
        crate::discretion::discretion(words, &glance)
    }
}

impl Template {
    /// Checks everything that can be checked without a person. `translations` are language tag and source;
    /// `attachments` must be those that the front matters name, no more and no fewer.
    ///
    /// # Errors
    /// [`MessageError`]; what is wrong in a translation comes as [`MessageError::Translation`].
    pub fn new(
        default: Source,
        translations: Vec<(String, Source)>,
        attachments: Vec<Attachment>,
        settings: Settings,
    ) -> Result<Self, MessageError> {
        if translations.len() > TRANSLATIONS_MAX {
            return Err(MessageError::TooMany { what: "translations", max: TRANSLATIONS_MAX });
        }
        check_attachments(
            &attachments,
            std::iter::once(&default).chain(translations.iter().map(|(_, s)| s)),
        )?;
        let from =
            settings.from.clone().or_else(|| default.from.clone()).or_else(|| settings.default_from.clone());
        let from = from.ok_or(MessageError::NoSender)?;
        let reply_to = default.reply_to.clone().or_else(|| settings.default_reply_to.clone());
        let names = default.attachments.clone();
        let language = default.language.clone().unwrap_or_else(|| DEFAULT_LANGUAGE.to_owned());
        let mut variants = vec![variant(language, default, from, reply_to, names, &attachments)?];
        for (language, source) in translations {
            if variants.iter().any(|v| v.language.eq_ignore_ascii_case(&language)) {
                return Err(MessageError::LanguageTwice { language });
            }
            let translated = translation(&language, source, &variants[0], &settings, &attachments);
            variants.push(
                translated.map_err(|error| MessageError::Translation { language, error: Box::new(error) })?,
            );
        }
        let fields = variants.iter().flat_map(|v| v.merge.fields()).cloned().collect();
        let files = attachments.iter().map(|attachment| File {
            name: attachment.name().to_owned(),
            content_type: attachment.content_type().to_owned(),
            encoded: encoding::base64(attachment.bytes()),
        });
        Ok(Self { files: files.collect(), variants, attachments, settings, fields })
    }

    /// Every field that any language mentions, in conditions too; `email` among them if it is.
    #[must_use]
    pub fn fields(&self) -> &BTreeSet<String> {
        &self.fields
    }

    /// Whether an audience with these columns has what the message mentions.
    ///
    /// # Errors
    /// [`MessageError::UnknownFields`] with all that it has not.
    pub fn check_fields<S: AsRef<str>>(&self, columns: &[S]) -> Result<(), MessageError> {
        let known = |field: &str| {
            field == "email"
                || field == PREFERENCES_FIELD
                || columns.iter().any(|column| column.as_ref() == field)
        };
        let fields: Vec<String> = self.fields.iter().filter(|field| !known(field)).cloned().collect();
        if fields.is_empty() { Ok(()) } else { Err(MessageError::UnknownFields { fields }) }
    }

    /// The default's sender.
    #[must_use]
    pub fn from(&self) -> &Mailbox {
        &self.variants[0].from
    }

    /// Where answers to the default go, if not to the sender.
    #[must_use]
    pub fn reply_to(&self) -> Option<&Mailbox> {
        self.variants[0].reply_to.as_ref()
    }

    /// The languages that there are, the default's first.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.variants.iter().map(|variant| variant.language.as_str())
    }

    /// The subject in each language as it stands in the message file, the default's first.
    pub fn subjects(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variants.iter().map(|variant| (variant.language.as_str(), variant.source.subject.as_str()))
    }

    /// Addresses that may be seen by everybody: senders, reply-to and contacts in all languages, each once.
    #[must_use]
    pub fn public_addresses(&self) -> Vec<&Address> {
        let mut addresses: Vec<&Address> = Vec::new();
        for variant in &self.variants {
            let mailboxes =
                std::iter::once(&variant.from).chain(&variant.reply_to).chain(&variant.source.contacts);
            for mailbox in mailboxes {
                if !addresses.contains(&mailbox.address()) {
                    addresses.push(mailbox.address());
                }
            }
        }
        addresses
    }

    /// The attachments of all languages.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// SHA-256 over all that is approved: every source, attachment and sender. Each text goes in with its length before
    /// it, so no two templates give the same octets.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        let mut add = |bytes: &[u8]| {
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        add(b"undisclosed message 1");
        add(&(self.variants.len() as u64).to_be_bytes());
        for variant in &self.variants {
            add(variant.language.as_bytes());
            add(format!("{:?}", variant.source.kind).as_bytes());
            add(variant.source.text.as_bytes());
            add(crate::bundle::mailbox_text(&variant.from).as_bytes());
            add(variant.reply_to.as_ref().map(crate::bundle::mailbox_text).unwrap_or_default().as_bytes());
        }
        for attachment in &self.attachments {
            add(attachment.name().as_bytes());
            add(attachment.content_type().as_bytes());
            add(attachment.bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        digest
    }

    /// What of these words a bystander would read in the template itself, in any language.
    #[must_use]
    pub fn discretion(&self, words: &[String]) -> Vec<DiscretionFinding> {
        let mut findings = Vec::new();
        for variant in &self.variants {
            let (subject, body) = variant.sample();
            let sender_name = variant.from.name().unwrap_or_default();
            let glance = Glance { sender_name, subject: &subject, body: &body, language: &variant.language };
            findings.extend(crate::discretion::discretion(words, &glance));
        }
        findings
    }

    /// The message as this person would read it, with the address of their preference page; with `dead_links` as a test of it
    /// would.
    ///
    /// # Errors
    /// [`SealError`], as in [`Template::seal`].
    pub fn preview(
        &self,
        person: &Person<'_>,
        preferences: Option<&str>,
        dead_links: bool,
    ) -> Result<Preview, SealError> {
        let (variant, fell_back) = self.choose(person.language);
        let ids = (0..variant.names.len()).map(|n| format!("{n}@preview.invalid")).collect::<Vec<_>>();
        let filled = self.fill(variant, person, (&ids, preferences), dead_links)?;
        Ok(Preview {
            sender_name: variant.from.name().map(ToOwned::to_owned),
            subject: filled.subject,
            plain: filled.plain,
            html: filled.html,
            language: variant.language.clone(),
            fell_back,
        })
    }

    /// The message for one person: merged, built and signed.
    ///
    /// # Errors
    /// [`SealError`] for a field that is not there or empty, a value that cannot stand where it is printed, and an
    /// identity that cannot stand in a header.
    pub fn seal(
        &self,
        person: &Person<'_>,
        identity: &Identity,
        signers: &[Signer],
    ) -> Result<Sealed, SealError> {
        identity.check(signers)?;
        let (variant, fell_back) = self.choose(person.language);
        let ids = identity.content_ids(variant.names.len());
        let filled = self.fill(variant, person, (&ids, identity.preferences.as_deref()), identity.test)?;
        seal::seal(&seal::Parts {
            recipient: person.address,
            variant,
            files: &self.files,
            filled,
            content_ids: ids,
            fell_back,
            identity,
            signers,
        })
    }

    fn fill(
        &self,
        variant: &Variant,
        person: &Person<'_>,
        (ids, preferences): (&[String], Option<&str>),
        test: bool,
    ) -> Result<Filled, SealError> {
        let email = person.address.expose();
        let row = Row { number: person.row, fields: person.fields, email: &email, preferences };
        variant.fill(&row, ids, test)
    }

    /// The person's language, else its primary subtag (RFC 4647 §3.4, lookup), else the default, told by `true`.
    fn choose(&self, language: Option<&str>) -> (&Variant, bool) {
        let default = &self.variants[0];
        let Some(language) = language.map(str::trim).filter(|tag| !tag.is_empty()) else {
            return (default, false);
        };
        let find = |tag: &str| self.variants.iter().find(|v| v.language.eq_ignore_ascii_case(tag));
        let primary = language.split(['-', '_']).next().unwrap_or(language);
        // `en` asked for, `en-GB` there: the same language, if not the same country.
        let near = || {
            self.variants
                .iter()
                .find(|v| v.language.split('-').next().is_some_and(|p| p.eq_ignore_ascii_case(primary)))
        };
        match find(&language.replace('_', "-")).or_else(|| find(primary)).or_else(near) {
            Some(variant) => (variant, false),
            None => (default, true),
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[template]")
    }
}

fn translation(
    language: &str,
    source: Source,
    default: &Variant,
    settings: &Settings,
    attachments: &[Attachment],
) -> Result<Variant, MessageError> {
    if !is_language_tag(language) {
        return Err(MessageError::Language);
    }
    if source.language.as_deref().is_some_and(|tag| !tag.eq_ignore_ascii_case(language)) {
        return Err(MessageError::LanguageDiffers { language: language.to_owned() });
    }
    let from = settings.from.clone().or_else(|| source.from.clone()).unwrap_or_else(|| default.from.clone());
    let reply_to = source.reply_to.clone().or_else(|| default.reply_to.clone());
    let names =
        if source.attachments.is_empty() { default.names.clone() } else { source.attachments.clone() };
    variant(language.to_owned(), source, from, reply_to, names, attachments)
}

fn variant(
    language: String,
    source: Source,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    names: Vec<String>,
    attachments: &[Attachment],
) -> Result<Variant, MessageError> {
    let mut files = Vec::with_capacity(names.len());
    for name in &names {
        let file = attachments.iter().position(|attachment| attachment.name() == name);
        files.push(file.ok_or_else(|| MessageError::AttachmentMissing { name: name.clone() })?);
    }
    Variant::new(language, source, from, reply_to, files, names)
}

fn check_attachments<'a>(
    attachments: &[Attachment],
    sources: impl Iterator<Item = &'a Source>,
) -> Result<(), MessageError> {
    if attachments.len() > ATTACHMENTS_MAX {
        return Err(MessageError::TooMany { what: "attachments", max: ATTACHMENTS_MAX });
    }
    if attachments.iter().map(|a| a.bytes().len()).sum::<usize>() > ATTACHMENTS_OCTETS_MAX {
        return Err(MessageError::AttachmentsTooLarge);
    }
    let mut named: BTreeSet<&String> = BTreeSet::new();
    for source in sources {
        for (n, name) in source.attachments.iter().enumerate() {
            if source.attachments[..n].contains(name) {
                return Err(MessageError::AttachmentTwice { name: name.clone() });
            }
            named.insert(name);
        }
    }
    for (n, attachment) in attachments.iter().enumerate() {
        let name = attachment.name().to_owned();
        if attachments[..n].iter().any(|other| other.name() == name) {
            return Err(MessageError::AttachmentTwice { name });
        }
        if !named.contains(&name) {
            return Err(MessageError::AttachmentUnnamed { name });
        }
    }
    Ok(())
}
