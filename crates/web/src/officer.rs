//! What the console asks of the program about one person: to find them, and to open what is theirs, takes the keys.

use std::fmt;

use campaign::DeliveryState;
use jiff::Timestamp;
use store::{PersonRequest, PersonReturn, Scope};

use crate::desk::Answer;

/// Somebody's row in an audience: what stands in an address of the console instead of anything of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonPlace {
    /// The audience's number.
    pub audience: i64,
    /// The spreadsheet's row.
    pub row: u64,
}

/// A list that somebody is on.
#[derive(Debug, Clone)]
pub struct OnList {
    /// Where.
    pub place: PersonPlace,
    /// The audience's name.
    pub audience: String,
    /// When it was imported.
    pub imported_at: Timestamp,
}

/// A message to somebody, or one that is to come.
#[derive(Debug, Clone)]
pub struct Delivered {
    /// The campaign's number.
    pub campaign: i64,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// When that was.
    pub at: Option<Timestamp>,
    /// The relay's code and enhanced code; empty without a reply.
    pub status: String,
    /// What came back about it.
    pub came_back: Vec<PersonReturn>,
}

/// What is known of somebody, the address masked (promise 9).
#[derive(Clone, Default)]
pub struct Known {
    /// The address, masked.
    pub address: String,
    /// The lists that they are on.
    pub lists: Vec<OnList>,
    /// Messages to them.
    pub deliveries: Vec<Delivered>,
    /// What is suppressed, and since when.
    pub suppressions: Vec<(Scope, Timestamp)>,
    /// What they asked for.
    pub requests: Vec<PersonRequest>,
    /// What must not be erased for now, in words without a name.
    pub holds: Vec<String>,
    /// Lists that could not be searched: their keys are not on this machine.
    pub unreadable: usize,
}

impl Known {
    /// Whether nothing is known of this person at all.
    #[must_use]
    pub const fn is_nobody(&self) -> bool {
        self.lists.is_empty() && self.suppressions.is_empty() && self.requests.is_empty()
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({} lists)", self.lists.len())
    }
}

/// A list, with what it says of somebody.
#[derive(Clone)]
pub struct ListValues {
    /// The audience's name.
    pub audience: String,
    /// The spreadsheet's row.
    pub row: u64,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Each field and its value.
    pub values: Vec<(String, String)>,
    /// The language that they asked for.
    pub language: Option<String>,
}

/// Whether a message that was made again is the one that went out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsSent {
    /// Octet for octet, by the hash that was recorded when it left.
    Same,
    /// Something changed since: the person's language or the settings of signatures and links, say.
    Different,
    /// No hash was recorded: it did not leave.
    Unknown,
}

impl AsSent {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Same => "octet for octet as it was sent",
            Self::Different => {
                "made again from the campaign; something changed since it was sent, such as a setting or the language"
            }
            Self::Unknown => "made again from the campaign; there is no record of its octets",
        }
    }
}

/// A message to somebody, in full.
#[derive(Clone)]
pub struct OpenMessage {
    /// What became of it.
    pub delivered: Delivered,
    /// The relay's words.
    pub reply: String,
    /// Its subject.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// Its octets as they go over the wire (RFC 5322); nothing where they would make the export too large.
    pub octets: Option<String>,
    /// Whether that is what went out.
    pub as_sent: AsSent,
    /// Why it cannot be made again; nothing where it could.
    pub cannot: Option<String>,
}

/// What whoever is responsible says of themselves and of why they hold it (UK GDPR Art. 15(1)), from the settings.
#[derive(Debug, Clone, Default)]
pub struct Controller {
    /// Who is responsible.
    pub name: String,
    /// How to reach their data protection officer.
    pub contact: String,
    /// What it is held for, and on what basis.
    pub purposes: String,
    /// Where it comes from.
    pub source: String,
    /// Who else gets it, beside the mail server.
    pub recipients: String,
    /// The authority that one can complain to.
    pub authority: String,
    /// How long it is kept, from the settings of retention.
    pub retention: String,
    /// The mail server that messages are handed to.
    pub relay: String,
}

/// Everything that is held about one person, in the clear. Lives as long as the answer that shows it.
#[derive(Clone, Default)]
pub struct Dossier {
    /// The address.
    pub address: String,
    /// The lists.
    pub lists: Vec<ListValues>,
    /// The messages.
    pub messages: Vec<OpenMessage>,
    /// What is suppressed.
    pub suppressions: Vec<(Scope, Timestamp)>,
    /// What they asked for.
    pub requests: Vec<PersonRequest>,
    /// Who holds it, and why.
    pub controller: Controller,
    /// Lists that could not be searched.
    pub unreadable: usize,
}

impl fmt::Debug for Dossier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[dossier]")
    }
}

/// How somebody is to be erased.
#[derive(Debug, Clone)]
pub struct ErasureOrder {
    /// Whether a keyed fingerprint stays in the suppression list.
    pub keep_suppressed: bool,
    /// Why; it stays in the ledger for good.
    pub reason: String,
    /// Why in spite of a hold.
    pub overridden: Option<String>,
    /// Who, as the ledger names people.
    pub by: String,
}

/// What came of erasing somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErasureDone {
    /// Rows that are gone.
    pub rows: usize,
    /// Messages that were waiting, and will not leave.
    pub stopped: u64,
}

/// The program behind the console, for the data protection officer. It makes no entry but for what it changes.
pub trait Officer: Send + Sync {
    /// Whoever has this address; nothing where the text is none.
    fn find<'a>(&'a self, address: &'a str) -> Answer<'a, Option<Known>>;

    /// What is known of the person of a row; nothing where nobody is there.
    fn known(&self, place: PersonPlace) -> Answer<'_, Option<Known>>;

    /// Everything about the person of a row, in the clear; nothing where nobody is there.
    fn dossier(&self, place: PersonPlace) -> Answer<'_, Option<Dossier>>;

    /// Erases the person of a row, wherever they are, with its entry; nothing where they are gone.
    fn erase(&self, place: PersonPlace, order: ErasureOrder) -> Answer<'_, Option<ErasureDone>>;

    /// Puts an address on the suppression list for one scope, and stops what waits for it, with its entry. `None`: it is no
    /// address; `false`: it was there.
    fn suppress<'a>(
        &'a self,
        address: &'a str,
        scope: Scope,
        reason: &'a str,
        by: &'a str,
    ) -> Answer<'a, Option<bool>>;

    /// Takes an address off the suppression list for one scope, with its entry. `None`: it is no address; `false`: it was not
    /// there.
    fn release<'a>(
        &'a self,
        address: &'a str,
        scope: Scope,
        reason: &'a str,
        by: &'a str,
    ) -> Answer<'a, Option<bool>>;

    /// What the retention of now would erase, and when the rest is due.
    fn retention(&self) -> Answer<'_, Retained>;
}

/// What is kept, and until when.
#[derive(Debug, Clone, Default)]
pub struct Retained {
    /// How long an audience is kept, in words.
    pub audiences_kept: String,
    /// How long the relay's words are kept, in words.
    pub messages_kept: String,
    /// Audiences and messages, by what is due first.
    pub due: Vec<Due>,
}

/// Something that is kept until some time.
#[derive(Debug, Clone)]
pub struct Due {
    /// What is erased: `audience` or `messages`.
    pub what: &'static str,
    /// The name of the audience or campaign.
    pub name: String,
    /// When; nothing while a campaign to it is open.
    pub at: Option<Timestamp>,
    /// It is due now.
    pub now: bool,
    /// What holds it.
    pub holds: Vec<String>,
}
