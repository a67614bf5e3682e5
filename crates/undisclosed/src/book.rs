//! The ledger's book: acts are sealed for it, and read back (promise 10).

use std::sync::Arc;

use delivery::{Clock, Scribe, SystemClock};
use keys::{DataKey, KeyFolderError, KeyName, Random};
use ledger::{Commitment, EntryContent, Hash, NodeId, Salt, Signer};
use serde_json::{Value, json};
use store::{Audience, Confidence, SealedEntry, StoredEntry};

use crate::failure::Failure;
use crate::installation::Installation;

const SIGNING_LABEL: &[u8] = b"undisclosed ledger signing v1";
const NAME_LABEL: &[u8] = b"undisclosed ledger name v1";
const SALT_OCTETS: usize = 32;
/// A reason is sealed for this place alone.
const REASON_CONTEXT: &[u8] = b"ledger reason";
/// Who acts when nobody does: a rule that protects the people on the list.
pub(crate) const RULE: &str = "rule";

/// An act, before it is recorded. No address and no name stands in any field but the reason.
pub(crate) struct Act<'a> {
    pub(crate) act: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) detail: Value,
    /// What somebody typed: it can hold an address, and lies under the key of the audience.
    pub(crate) reason: Option<(&'a str, &'a Audience)>,
    /// The row of the one person that the reason is about: it is emptied with them.
    pub(crate) row: Option<u64>,
    /// Who, where it is not the caller: the demo plays both people.
    pub(crate) by: Option<&'a str>,
}

impl<'a> Act<'a> {
    pub(crate) fn new(act: &'a str, subject: &'a str, detail: Value) -> Self {
        Self { act, subject, detail, reason: None, row: None, by: None }
    }

    pub(crate) fn because(self, reason: Option<&'a str>, audience: &'a Audience) -> Self {
        Self { reason: reason.map(|text| (text, audience)), ..self }
    }

    /// The reason is about the person of this row.
    pub(crate) fn about(self, row: u64) -> Self {
        Self { row: Some(row), ..self }
    }
}

/// An entry, opened.
pub(crate) struct OpenEntry {
    pub(crate) number: u64,
    pub(crate) salt: Salt,
    pub(crate) content: EntryContent,
    pub(crate) commitment: Commitment,
    confidence: Option<Confidence>,
}

/// What somebody typed when an entry was made.
pub(crate) enum Reason {
    /// Nothing.
    None,
    /// This.
    Text(String),
    /// Its audience was forgotten, or its key lies elsewhere.
    Unreadable,
    /// Emptied: the person it was about was erased, if an entry says so.
    Emptied,
    /// Not what was recorded.
    Altered,
}

/// The key of the ledger.
pub(crate) struct Book(DataKey);

impl Book {
    /// Opens it; a new installation gets one.
    pub(crate) async fn open(installation: &Installation) -> Result<Self, Failure> {
        let (keys, name) = (&installation.keys, KeyName::ledger());
        let key = match keys.load(&name, &installation.instance, &installation.random) {
            Err(KeyFolderError::Missing) => {
                // A second key would make the entries under the first unreadable without a word.
                if installation.store.ledger_head().await?.size > 0 {
                    return Err(Failure::usage(
                        "ledger_key",
                        "keys/ledger.key is not there, and the ledger has entries: put it back from its backup. Nothing was \
                         sent or changed",
                    ));
                }
                keys.load_or_create(&name, &installation.instance, &installation.random)?
            }
            key => key?,
        };
        Ok(Self(key))
    }

    fn seal(&self, installation: &Installation, act: &Act<'_>) -> Result<SealedEntry, Failure> {
        let random = &installation.random;
        let mut detail = act.detail.clone();
        let confidence = match act.reason {
            None => None,
            Some((text, audience)) => {
                let salt = Salt(random.octets()?);
                detail["reason"] =
                    json!({"commitment": Commitment::of_text(text, &salt).map_err(too_long)?.to_base64()});
                let plain = [&salt.0[..], text.as_bytes()].concat();
                let sealed = installation.audience_key(audience)?.seal(REASON_CONTEXT, &plain)?;
                Some(Confidence { key_name: audience.key_name.clone(), row: act.row, sealed })
            }
        };
        let content = EntryContent {
            at: installation.now().as_microsecond(),
            actor: act.by.unwrap_or(installation.caller.actor()).to_owned(),
            act: act.act.to_owned(),
            subject: act.subject.to_owned(),
            detail: detail.to_string(),
        };
        Ok(SealedEntry { confidence, ..self.write(random, &content)? })
    }

    fn write(&self, random: &Random, content: &EntryContent) -> Result<SealedEntry, Failure> {
        let salt = Salt(random.octets()?);
        let leaf = content.commit(&salt).map_err(too_long)?.leaf();
        let text = serde_json::to_vec(content)
            .map_err(|_| Failure::unexpected("ledger", "an entry could not be written"))?;
        let sealed = self.0.seal(&leaf.0, &[&salt.0[..], &text].concat())?;
        Ok(SealedEntry { leaf, sealed, confidence: None })
    }

    /// An entry whose leaf is known. `None`: its salt and content are not those that were recorded.
    pub(crate) fn read(&self, entry: &StoredEntry, leaf: &Hash) -> Option<OpenEntry> {
        let plain = self.0.open(&leaf.0, &entry.sealed).ok()?;
        let (salt, text) = plain.split_first_chunk::<SALT_OCTETS>()?;
        let (salt, content) = (Salt(*salt), serde_json::from_slice::<EntryContent>(text).ok()?);
        let commitment = content.commit(&salt).ok().filter(|commitment| commitment.leaf() == *leaf)?;
        let confidence = entry.confidence.clone();
        Some(OpenEntry { number: entry.number, salt, content, commitment, confidence })
    }

    /// What signs checkpoints. Its name is this installation's, and part of every checkpoint.
    pub(crate) fn signer(&self) -> Result<Signer, Failure> {
        let name = data_encoding::HEXLOWER.encode(&self.0.derive(NAME_LABEL)[..8]);
        Signer::from_seed(&format!("undisclosed/{name}"), &self.0.derive(SIGNING_LABEL))
            .map_err(|_| Failure::unexpected("ledger", "the ledger's key cannot sign"))
    }
}

fn too_long(error: ledger::ContentError) -> Failure {
    Failure::usage("ledger", format!("{error}; nothing was changed"))
}

/// Writes what a campaign's sender does by itself: a rule of the program pauses or halts it.
pub(crate) struct RuleScribe {
    book: Book,
    random: Random,
    clock: SystemClock,
    campaign: String,
}

impl RuleScribe {
    pub(crate) async fn new(installation: &Installation, campaign: &str) -> Result<Self, Failure> {
        let (book, random) = (Book::open(installation).await?, installation.random.clone());
        Ok(Self { book, random, clock: installation.clock, campaign: campaign.to_owned() })
    }
}

impl Scribe for RuleScribe {
    fn entry(&self, act: &str, reason: &str) -> Option<SealedEntry> {
        let content = EntryContent {
            at: self.clock.now().as_microsecond(),
            actor: RULE.to_owned(),
            act: act.to_owned(),
            subject: self.campaign.clone(),
            detail: json!({"reason": reason}).to_string(),
        };
        self.book.write(&self.random, &content).ok()
    }
}

/// Writes what people do in the console.
pub(crate) struct ConsoleScribe {
    book: Book,
    installation: Arc<Installation>,
}

impl ConsoleScribe {
    pub(crate) async fn new(installation: &Arc<Installation>) -> Result<Self, Failure> {
        Ok(Self { book: Book::open(installation).await?, installation: installation.clone() })
    }
}

impl web::Scribe for ConsoleScribe {
    fn entry(&self, act: &web::Act<'_>) -> Result<SealedEntry, web::ScribeError> {
        let detail = act.detail.iter().map(|(name, text)| ((*name).to_owned(), json!(text)));
        let act = Act {
            act: act.act,
            subject: act.subject,
            detail: Value::Object(detail.collect()),
            reason: act.reason,
            row: act.row,
            by: Some(&act.actor),
        };
        self.book.seal(&self.installation, &act).map_err(|failure| web::ScribeError(failure.message))
    }
}

impl Installation {
    /// An act, sealed for the ledger.
    pub(crate) async fn entry(&self, act: &Act<'_>) -> Result<SealedEntry, Failure> {
        Book::open(self).await?.seal(self, act)
    }

    /// What somebody typed when an entry was made, held against the entry.
    pub(crate) fn reason_of(&self, entry: &OpenEntry) -> Reason {
        let detail: Value = serde_json::from_str(&entry.content.detail).unwrap_or_default();
        let Some(recorded) = detail["reason"]["commitment"].as_str() else { return Reason::None };
        let Some(confidence) = &entry.confidence else { return Reason::Altered };
        let Some(name) = KeyName::parse(&confidence.key_name) else { return Reason::Altered };
        let Ok(key) = self.keys.load(&name, &self.instance, &self.random) else { return Reason::Unreadable };
        if confidence.sealed.is_empty() && confidence.row.is_some() {
            return Reason::Emptied;
        }
        let Ok(plain) = key.open(REASON_CONTEXT, &confidence.sealed) else { return Reason::Altered };
        let read = plain.split_first_chunk::<SALT_OCTETS>().and_then(|(salt, text)| {
            let text = String::from_utf8(text.to_vec()).ok()?;
            let commitment = Commitment::of_text(&text, &Salt(*salt)).ok()?;
            (commitment.to_base64() == recorded).then_some(text)
        });
        read.map_or(Reason::Altered, Reason::Text)
    }

    /// One entry, opened; nothing if it is not what was recorded.
    pub(crate) async fn open_entry(&self, number: u64) -> Result<Option<OpenEntry>, Failure> {
        let leaf = NodeId { level: 0, index: number };
        let nodes = self.store.ledger_nodes(&[leaf]).await?;
        let entries = self.store.ledger_entries(number).await?;
        let book = Book::open(self).await?;
        let found = entries.first().filter(|entry| entry.number == number).zip(nodes.get(&leaf));
        Ok(found.and_then(|(entry, leaf)| book.read(entry, leaf)))
    }

    /// Records an act that changes nothing else.
    pub(crate) async fn record(&self, act: &Act<'_>) -> Result<(), Failure> {
        let entry = self.entry(act).await?;
        self.store.record(&entry).await?;
        Ok(())
    }
}
