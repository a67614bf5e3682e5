//! Writing a message: begun, changed, looked at, submitted.

use campaign::{CampaignEvent, CampaignLimits, CampaignState, CampaignTransitionError};
use jiff::Timestamp;
use message::{ATTACHMENTS_MAX, ATTACHMENTS_OCTETS_MAX, Attachment, Composition, content_type_of};
use store::{
    Audience, Campaign, CampaignId, Draft, DraftFile, DraftId, DraftReader, DraftVersion, NewDraft,
    StoreError,
};

use crate::acts::Acting;
use crate::console::Console;
use crate::drafting::{Checking, Checklist};
use crate::trouble::Trouble;

/// Octets of a campaign's name: it stands in tables and on pages.
const NAME_OCTETS_MAX: usize = 200;

/// A draft that somebody has open.
pub(crate) struct Opened {
    pub(crate) draft: Draft,
    pub(crate) content: Composition,
}

/// The draft of that number.
pub(crate) async fn opened(console: &Console, id: &str) -> Result<Opened, Trouble> {
    let id = DraftId(id.parse().map_err(|_| Trouble::NotFound)?);
    let draft = console.store.draft(id).await?;
    let content = serde_json::from_str(&draft.content)
        .map_err(|_| Trouble::Failed("a draft in the database is damaged".to_owned()))?;
    Ok(Opened { draft, content })
}

/// The fields of the form, as they are kept.
fn written(content: &Composition) -> Result<String, Trouble> {
    serde_json::to_string(content).map_err(|_| Trouble::Failed("a draft cannot be written".to_owned()))
}

pub(crate) fn is_campaign_name(text: &str) -> bool {
    (1..=NAME_OCTETS_MAX).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Audiences that somebody can still write to.
pub(crate) async fn audiences(console: &Console) -> Result<Vec<Audience>, Trouble> {
    let mut all = console.store.audiences().await?;
    all.retain(|audience| audience.forgotten_at.is_none());
    Ok(all)
}

/// A draft that is to be.
pub(crate) struct Beginning<'a> {
    pub(crate) name: &'a str,
    pub(crate) audience: &'a Audience,
    /// The campaign that it changes.
    pub(crate) campaign: Option<CampaignId>,
    pub(crate) wanted_at: Option<Timestamp>,
    pub(crate) limits: CampaignLimits,
    pub(crate) content: Composition,
    pub(crate) files: Vec<DraftFile>,
}

impl<'a> Beginning<'a> {
    /// Of a new campaign, with nothing in it.
    pub(crate) fn empty(name: &'a str, audience: &'a Audience) -> Self {
        let (content, files) = (Composition::empty(), Vec::new());
        let limits = CampaignLimits::default();
        Self { name, audience, campaign: None, wanted_at: None, limits, content, files }
    }
}

pub(crate) async fn begin(by: &Acting, draft: &Beginning<'_>) -> Result<DraftId, Trouble> {
    let mut act = by.act("draft", draft.name);
    act.detail = vec![("audience", draft.audience.name.clone())];
    let entry = by.console.scribe.entry(&act)?;
    let new = NewDraft {
        name: draft.name,
        campaign: draft.campaign,
        content: &written(&draft.content)?,
        wanted_at: draft.wanted_at,
        limits: draft.limits,
        author: &by.actor,
        now: by.at,
    };
    Ok(by.console.store.create_draft(&new, draft.audience, &draft.files, &entry).await?)
}

/// Whether its message can be changed: not while it is being sent, and not when nothing is left to send.
pub(crate) fn can_change(state: CampaignState) -> bool {
    CampaignState::before(CampaignEvent::Edit).contains(&state)
}

/// The draft of a campaign that there is, begun if need be. The campaign stays as it is until the draft is submitted.
pub(crate) async fn change(by: &Acting, campaign: &Campaign) -> Result<DraftId, Trouble> {
    let console = &by.console;
    if let Some(draft) = console.store.draft_of(campaign.id).await? {
        return Ok(draft);
    }
    if !can_change(campaign.state) {
        let error = CampaignTransitionError { from: campaign.state, event: CampaignEvent::Edit };
        return Err(StoreError::Transition(error).into());
    }
    let audience = console.store.audience_of(campaign).await?;
    let (content, files) = console.drafting.written(campaign).await?;
    let beginning = Beginning {
        name: &campaign.name,
        audience: &audience,
        campaign: Some(campaign.id),
        wanted_at: campaign.approval.wanted_at,
        limits: campaign.limits,
        content,
        files,
    };
    begin(by, &beginning).await
}

pub(crate) async fn remove(by: &Acting, draft: &Draft) -> Result<(), Trouble> {
    let entry = by.console.scribe.entry(&by.act("draft-remove", &draft.name))?;
    Ok(by.console.store.delete_draft(draft.at.id, &entry).await?)
}

/// What becomes of a draft beside its text.
enum Change<'a> {
    Text,
    Add(&'a DraftFile),
    Remove(&'a str),
}

impl Opened {
    /// Keeps what it is now. The version is that which it was made of: what somebody else wrote since stays.
    pub(crate) async fn save(&mut self, by: &Acting, version: u64) -> Result<(), Trouble> {
        self.changed(by, version, Change::Text).await
    }

    /// Keeps a file with it, or puts it in the place of one of that name.
    pub(crate) async fn add_file(
        &mut self,
        by: &Acting,
        version: u64,
        file: &DraftFile,
    ) -> Result<(), Trouble> {
        let names = &mut self.content.attachments;
        if !names.contains(&file.name) {
            names.push(file.name.clone());
        }
        self.changed(by, version, Change::Add(file)).await
    }

    /// Takes a file away.
    pub(crate) async fn remove_file(&mut self, by: &Acting, version: u64, name: &str) -> Result<(), Trouble> {
        if !self.content.attachments.iter().any(|file| file == name) {
            return Err(Trouble::NotFound);
        }
        self.content.attachments.retain(|file| file != name);
        self.changed(by, version, Change::Remove(name)).await
    }

    async fn changed(&mut self, by: &Acting, version: u64, change: Change<'_>) -> Result<(), Trouble> {
        let store = &by.console.store;
        let entry = by.console.scribe.entry(&by.act("draft-change", &self.draft.name))?;
        let content = written(&self.content)?;
        let new = NewDraft {
            name: &self.draft.name,
            campaign: self.draft.campaign,
            content: &content,
            wanted_at: self.draft.wanted_at,
            limits: self.draft.limits,
            author: &by.actor,
            now: by.at,
        };
        let at = DraftVersion { version, ..self.draft.at };
        self.draft.at.version = match change {
            Change::Text => store.save_draft(at, &new, &entry).await?,
            Change::Add(file) => store.add_draft_file(at, &new, file, &entry).await?,
            Change::Remove(name) => store.remove_draft_file(at, &new, name, &entry).await?,
        };
        self.draft.content = content;
        Ok(())
    }

    /// How many octets a file of this name may have beside the others; what stands in the way otherwise.
    pub(crate) async fn room_for(
        &self,
        console: &Console,
        name: &str,
    ) -> Result<Result<usize, String>, Trouble> {
        let files = console.store.draft_files(self.draft.at.id).await?;
        let others = files.iter().filter(|file| file.name != name);
        let (number, octets) = others.fold((0, 0), |(n, octets), file| (n + 1, octets + file.octets.len()));
        if number >= ATTACHMENTS_MAX {
            return Ok(Err(format!("There can be no more than {ATTACHMENTS_MAX} files")));
        }
        Ok(Ok(ATTACHMENTS_OCTETS_MAX - octets.min(ATTACHMENTS_OCTETS_MAX)))
    }

    /// What was checked of exactly this version, if it can be submitted.
    pub(crate) async fn checklist(&self, console: &Console) -> Result<Option<Box<Checklist>>, Trouble> {
        let checking = console.drafting.checking(self.draft.at).await?;
        Ok(match checking {
            Checking::Checked(list) if list.can_be_submitted() => Some(list),
            _ => None,
        })
    }

    /// Asks a second person, if every warning was decided about; the words of those that were not.
    pub(crate) async fn submit(
        &self,
        by: &Acting,
        list: &Checklist,
        accepted: Vec<String>,
    ) -> Result<Vec<&'static str>, Trouble> {
        let open = list.warnings().map(|(word, _)| word);
        let open: Vec<&str> = open.filter(|word| !accepted.iter().any(|one| one == word)).collect();
        if open.is_empty() {
            by.console.drafting.submit(&self.draft, accepted, &by.actor).await?;
        }
        Ok(open)
    }
}

/// A file as it goes with a message; what is wrong with it otherwise.
pub(crate) fn attached(name: &str, octets: Vec<u8>) -> Result<DraftFile, &'static str> {
    if octets.is_empty() {
        return Err("Choose a file with something in it");
    }
    let content_type = content_type_of(name);
    let attachment = Attachment::new(name, content_type, octets)
        .map_err(|_| "Give the file a shorter name, without signs that nobody sees")?;
    Ok(DraftFile {
        name: name.to_owned(),
        content_type: content_type.to_owned(),
        octets: attachment.bytes().to_vec(),
    })
}

/// What is said of files that are too large together.
pub(crate) const FILES_TOO_LARGE: &str =
    "The files are larger than 16 MiB together: many mailboxes would refuse them";

/// Notes that somebody looks at people's messages of this draft: once, in the ledger.
pub(crate) async fn note_look(by: &Acting, reader: DraftReader, draft: &Draft) -> Result<(), Trouble> {
    let store = &by.console.store;
    if store.looked_at_draft(draft.at.id, reader).await? {
        return Ok(());
    }
    let mut act = by.act("preview", &draft.audience.name);
    act.detail = vec![("draft", draft.name.clone())];
    let entry = by.console.scribe.entry(&act)?;
    Ok(store.look_at_draft(draft.at.id, reader, by.at, &entry).await?)
}
