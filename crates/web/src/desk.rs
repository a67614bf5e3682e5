//! What the console asks of the program: things for which keys, files and settings are needed.

use std::pin::Pin;

use campaign::{CampaignLimits, SubmissionDigest};
use jiff::{SignedDuration, Timestamp};
use store::{Campaign, Settled, Submission};

/// Why the program cannot answer. Said on the page: it holds no address and no name.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct DeskError(pub String);

/// An answer that takes a while.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DeskError>> + Send + 'a>>;

/// What a second person is asked to agree to, as it is now.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The hash of all of it.
    pub digest: SubmissionDigest,
    /// The audience's name.
    pub audience: String,
    /// People on the list; their messages have places from 1 to this.
    pub people: u64,
    /// The sender, as everybody will see it.
    pub sender: String,
    /// The subject in each language, before anything is merged.
    pub subjects: Vec<String>,
    /// Warnings that the author accepted.
    pub warnings: Vec<String>,
    /// Attachments that could not be read.
    pub not_inspected: Vec<String>,
    /// The relay.
    pub relay: String,
    /// The time that was asked for.
    pub wanted_at: Option<Timestamp>,
    /// Its own pace and quiet hours.
    pub limits: CampaignLimits,
    /// How long it can be taken back after the approval.
    pub take_back: SignedDuration,
}

/// One person's message as it would leave, with the address masked and links dead.
#[derive(Clone)]
pub struct Rendered {
    /// The spreadsheet's row.
    pub row: u64,
    /// The language of the text.
    pub language: String,
    /// The person's own language is none of the message's.
    pub fell_back: bool,
    /// The sender, as the person sees it.
    pub sender: String,
    /// The header fields.
    pub headers: String,
    /// The subject.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl std::fmt::Debug for Rendered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rendered(row {})", self.row)
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is as it was.
    Same,
    /// It is new.
    Added,
    /// It is there no more.
    Removed,
}

/// One part of a campaign that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which part.
    pub part: String,
    /// Its lines: those that changed, and a few around them.
    pub lines: Vec<(Change, String)>,
}

/// What somebody says became of deliveries in doubt.
#[derive(Debug, Clone, Copy)]
pub struct Assumption<'a> {
    /// Of this campaign.
    pub campaign: &'a Campaign,
    /// The deliveries' numbers in it.
    pub deliveries: &'a [u64],
    /// What became of them.
    pub settled: Settled,
    /// How they know.
    pub reason: &'a str,
    /// Who, as the ledger names them.
    pub by: &'a str,
}

/// What came of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumed {
    /// In doubt no more.
    pub settled: u64,
    /// Still in doubt: the relay may be deciding about them yet, so nobody can know that it did not take them.
    pub undecided: u64,
}

/// The program behind the console.
pub trait Desk: Send + Sync {
    /// What is submitted, under the settings of now.
    fn submitted<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, Submitted>;

    /// Whether it may be sent as it is: it is what was approved, under the settings of now.
    fn may_be_sent<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, ()>;

    /// What is different in it from a version that was submitted before.
    fn differences<'a>(
        &'a self,
        campaign: &'a Campaign,
        before: &'a Submission,
    ) -> Answer<'a, Vec<Difference>>;

    /// The message of the person at `place`, from 1.
    fn rendered<'a>(&'a self, campaign: &'a Campaign, place: u64) -> Answer<'a, Rendered>;

    /// Settles deliveries in doubt by somebody's word, each with its entry in the same commit (promise 3).
    fn assume<'a>(&'a self, assumption: &'a Assumption<'a>) -> Answer<'a, Assumed>;
}
