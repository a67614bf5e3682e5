//! A template as it is stored with a campaign: what was checked and approved, whole.

use std::fmt;

use data_encoding::BASE64;
use mail::Mailbox;
use serde::{Deserialize, Serialize};

use crate::attachment::Attachment;
use crate::error::MessageError;
use crate::source::{Source, SourceKind};
use crate::template::{Settings, Template};

/// The form below; one that is not known is refused.
const VERSION: u32 = 1;

/// Everything that a [`Template`] is made of, to be stored and read back. `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageBundle {
    version: u32,
    /// The default first, and it alone without a language.
    sources: Vec<BundledSource>,
    attachments: Vec<BundledAttachment>,
    from: Option<String>,
    default_from: Option<String>,
    default_reply_to: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BundledSource {
    language: Option<String>,
    kind: SourceKind,
    text: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BundledAttachment {
    name: String,
    content_type: String,
    base64: String,
}

impl fmt::Debug for MessageBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[message bundle]")
    }
}

impl Template {
    /// What to store.
    #[must_use]
    pub fn to_bundle(&self) -> MessageBundle {
        let sources = self.variants.iter().enumerate().map(|(n, variant)| BundledSource {
            language: (n > 0).then(|| variant.language.clone()),
            kind: variant.source.kind,
            text: variant.source.text.clone(),
        });
        let attachments = self.attachments.iter().map(|attachment| BundledAttachment {
            name: attachment.name().to_owned(),
            content_type: attachment.content_type().to_owned(),
            base64: BASE64.encode(attachment.bytes()),
        });
        let text = |mailbox: &Option<Mailbox>| mailbox.as_ref().map(mailbox_text);
        MessageBundle {
            version: VERSION,
            sources: sources.collect(),
            attachments: attachments.collect(),
            from: text(&self.settings.from),
            default_from: text(&self.settings.default_from),
            default_reply_to: text(&self.settings.default_reply_to),
        }
    }

    /// The template again: all is checked as it was the first time.
    ///
    /// # Errors
    /// [`MessageError::Bundle`] for another version or damage, otherwise as [`Template::new`].
    pub fn from_bundle(bundle: MessageBundle) -> Result<Self, MessageError> {
        if bundle.version != VERSION {
            return Err(MessageError::Bundle);
        }
        let mailbox = |text: Option<String>| {
            text.map(|text| Mailbox::parse(&text)).transpose().map_err(|_| MessageError::Bundle)
        };
        let settings = Settings {
            from: mailbox(bundle.from)?,
            default_from: mailbox(bundle.default_from)?,
            default_reply_to: mailbox(bundle.default_reply_to)?,
        };
        let mut attachments = Vec::with_capacity(bundle.attachments.len());
        for stored in bundle.attachments {
            let bytes = BASE64.decode(stored.base64.as_bytes()).map_err(|_| MessageError::Bundle)?;
            attachments.push(Attachment::new(&stored.name, &stored.content_type, bytes)?);
        }
        let mut sources = bundle.sources.into_iter();
        let default = sources.next().filter(|s| s.language.is_none()).ok_or(MessageError::Bundle)?;
        let default = Source::parse(default.kind, &default.text)?;
        let mut translations = Vec::new();
        for stored in sources {
            let language = stored.language.ok_or(MessageError::Bundle)?;
            translations.push((language, Source::parse(stored.kind, &stored.text)?));
        }
        Self::new(default, translations, attachments, settings)
    }
}

/// The text that [`Mailbox::parse`] reads back as the same.
pub(crate) fn mailbox_text(mailbox: &Mailbox) -> String {
    let address = mailbox.address().expose();
    match mailbox.name() {
        None => address,
        Some(name) => format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}
