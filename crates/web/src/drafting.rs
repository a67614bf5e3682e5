//! What writing a message asks of the program: to build it, to prove it for everybody, to send a test, to submit it.

use jiff::Timestamp;
use message::{ComposedField, Composition};
use store::{Campaign, CampaignId, Draft, DraftFile, DraftVersion};

use crate::desk::{Answer, Rendered};

/// What is wrong with a message, and where. Its words hold no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which text, from 0: the first language's.
    pub text: usize,
    /// Which field of it.
    pub field: ComposedField,
    /// What is wrong, and what to do.
    pub words: String,
}

/// How one thing that was checked stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// As it should be.
    Fine,
    /// Somebody has to decide about it.
    Warning,
    /// With this nothing can be submitted.
    Wrong,
}

/// One thing that was checked. Its texts hold no address and no name from a list.
#[derive(Debug, Clone)]
pub struct Check {
    /// How it stands.
    pub standing: Standing,
    /// What was checked, in a few words.
    pub title: &'static str,
    /// What was found, in sentences: one a finding.
    pub findings: Vec<String>,
    /// The word under which a warning is accepted, as `--acknowledge` has it.
    pub word: Option<&'static str>,
}

/// Everything that was checked, of one version of a draft.
#[derive(Debug, Clone)]
pub struct Checklist {
    /// One thing each.
    pub checks: Vec<Check>,
    /// People who will be written to.
    pub written_to: u64,
    /// People on the list.
    pub people: u64,
    /// When it was checked.
    pub at: Timestamp,
}

impl Checklist {
    /// Whether nothing stands in the way, but for warnings.
    #[must_use]
    pub fn can_be_submitted(&self) -> bool {
        self.checks.iter().all(|check| check.standing != Standing::Wrong)
    }

    /// The words of the warnings.
    pub fn warnings(&self) -> impl Iterator<Item = (&'static str, &Check)> {
        self.checks
            .iter()
            .filter(|check| check.standing == Standing::Warning)
            .filter_map(|check| Some((check.word?, check)))
    }
}

/// How far checking or submitting is.
#[derive(Debug, Clone)]
pub enum Checking {
    /// This version was not checked by this process.
    NotYet,
    /// Under way.
    Running {
        /// Messages built and proved.
        done: u64,
        /// Of so many.
        of: u64,
        /// It is submitted when that is done.
        submits: bool,
    },
    /// Done.
    Checked(Box<Checklist>),
    /// Something stopped it, said in words.
    Failed(String),
    /// It was submitted: the draft is this campaign.
    Submitted(CampaignId),
}

/// The program, for whoever writes messages.
pub trait Drafting: Send + Sync {
    /// What is wrong with the message itself; nothing, if it can be built for somebody.
    fn fault<'a>(&'a self, draft: &'a Draft) -> Answer<'a, Option<Fault>>;

    /// The message of the person at `place`, from 1, as it would be; the address masked and links dead.
    fn preview<'a>(&'a self, draft: &'a Draft, place: u64) -> Answer<'a, Rendered>;

    /// The same of what stands in the form, before it is saved.
    fn live<'a>(&'a self, draft: &'a Draft, form: &'a Composition, place: u64) -> Answer<'a, Rendered>;

    /// Begins to build and prove everybody's message. Whoever asks for the same version twice gets it once.
    fn check<'a>(&'a self, draft: &'a Draft) -> Answer<'a, ()>;

    /// How far that is. It waits a moment, so that a short list needs no second look.
    fn checking(&self, at: DraftVersion) -> Answer<'_, Checking>;

    /// Sends a test, with the values of nobody, to a colleague. Returns what the mail server said.
    fn test<'a>(&'a self, draft: &'a Draft, to: &'a str, by: &'a str) -> Answer<'a, String>;

    /// Begins to submit this version: everybody's message is built and proved once more, and then it waits for a second
    /// person. `accepted` are the words of warnings that somebody decided about.
    fn submit<'a>(&'a self, draft: &'a Draft, accepted: Vec<String>, by: &'a str) -> Answer<'a, ()>;

    /// What a campaign's message was written as, with its files: to be changed.
    fn written<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, (Composition, Vec<DraftFile>)>;

    /// The remark with which a campaign was returned last.
    fn remark<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, Option<String>>;

    /// Addresses that a test may go to end in one of these domains.
    fn test_domains(&self) -> Vec<String>;

    /// The time zone in which times are meant, by its name.
    fn time_zone(&self) -> String;

    /// What the sender is where a message names none.
    fn default_sender(&self) -> Option<String>;
}
