//! What the console's writers ask of the program, answered.

mod checklist;
mod jobs;
mod submitting;

use std::sync::Arc;

use message::{Attachment, ComposedField, Composition, CompositionError, MessageError, Template};
use store::{Campaign, Draft, DraftFile, DraftVersion};
use web::{Answer, Checking, Fault, Rendered};

use crate::book::Reason;
use crate::commands::approval::sender;
use crate::commands::test::send_test;
use crate::desk::{rendered, said};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::{MessageFiles, default_senders};
use crate::relay::ReadyRelay;

use jobs::Jobs;

/// The program, for whoever writes messages.
pub(crate) struct Drafting {
    installation: Arc<Installation>,
    jobs: Arc<Jobs>,
}

/// What a draft is, read.
struct Written {
    content: Composition,
    files: Vec<DraftFile>,
}

/// Why there is no message yet.
enum Unfinished {
    /// A field is missing or wrong.
    Fault(CompositionError),
    /// Something else.
    Failure(Failure),
}

impl From<Failure> for Unfinished {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Unfinished {
    /// For the form.
    fn told(self) -> Fault {
        match self {
            Self::Fault(fault) => Fault { text: fault.text, field: fault.field, words: words(&fault) },
            Self::Failure(failure) => {
                Fault { text: 0, field: ComposedField::Body, words: capitalised(&failure.message) }
            }
        }
    }
}

/// What somebody who fills in a form can do about it.
fn words(fault: &CompositionError) -> String {
    match &fault.error {
        MessageError::NoSender => "Enter a sender: there is none in the settings".to_owned(),
        MessageError::SubjectMissing => "Enter a subject".to_owned(),
        MessageError::Mailbox { reason, .. } => {
            format!("Enter an address like name@example.org, or Name <name@example.org>: {reason}")
        }
        MessageError::UnknownFields { fields } => {
            format!("The spreadsheet has no column for: {}", fields.join(", "))
        }
        error => capitalised(&error.to_string()),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

impl From<Unfinished> for Failure {
    fn from(unfinished: Unfinished) -> Self {
        match unfinished {
            Unfinished::Failure(failure) => failure,
            Unfinished::Fault(fault) => Self::usage("message", fault.to_string()),
        }
    }
}

impl Written {
    async fn of(installation: &Installation, draft: &Draft) -> Result<Self, Failure> {
        let content = serde_json::from_str(&draft.content)
            .map_err(|_| Failure::unexpected("database", "a draft in the database is damaged"))?;
        Ok(Self { content, files: installation.store.draft_files(draft.at.id).await? })
    }

    /// The message, if nothing is missing.
    fn message(self, installation: &Installation, draft: &Draft) -> Result<MessageFiles, Unfinished> {
        let settings = &installation.settings;
        let template = self.template(default_senders(settings)?).map_err(Unfinished::Fault)?;
        template.check_fields(&draft.audience.fields).map_err(|error| {
            let error = CompositionError { text: 0, field: ComposedField::Body, error };
            Unfinished::Fault(error)
        })?;
        Ok(MessageFiles::new(template, settings)?)
    }

    fn template(self, senders: message::Settings) -> Result<Template, CompositionError> {
        let at = |error: MessageError| CompositionError { text: 0, field: ComposedField::Attachments, error };
        let attach = |file: DraftFile| Attachment::new(&file.name, &file.content_type, file.octets);
        let files = self.files.into_iter().map(attach).collect::<Result<_, _>>().map_err(at)?;
        self.content.template(senders, files)
    }
}

impl Drafting {
    pub(crate) fn new(installation: &Arc<Installation>) -> Self {
        Self { installation: installation.clone(), jobs: Arc::default() }
    }

    async fn render(
        &self,
        draft: &Draft,
        form: Option<&Composition>,
        place: u64,
    ) -> Result<Rendered, Failure> {
        let mut written = Written::of(&self.installation, draft).await?;
        if let Some(form) = form {
            form.clone_into(&mut written.content);
        }
        let files = written.message(&self.installation, draft)?;
        let person = self.installation.store.person_at(&draft.audience, place).await?;
        let person = person.ok_or_else(|| {
            Failure::usage("person", format!("the audience has {} people", draft.audience.people))
        })?;
        let identity = CampaignIdentity { number: 0, uid: "preview", test: true };
        let letters = letters(&self.installation, &draft.audience, files, &identity)?;
        rendered(&letters, &person, self.installation.now())
    }

    async fn written(&self, campaign: &Campaign) -> Result<(Composition, Vec<DraftFile>), Failure> {
        let files = MessageFiles::stored(&campaign.message, &self.installation.settings)?;
        let attached = files.template.attachments().iter().map(|attachment| DraftFile {
            name: attachment.name().to_owned(),
            content_type: attachment.content_type().to_owned(),
            octets: attachment.bytes().to_vec(),
        });
        Ok((Composition::of(&files.template), attached.collect()))
    }

    async fn remark(&self, campaign: &Campaign) -> Result<Option<String>, Failure> {
        let installation = &*self.installation;
        let Some(number) = installation.store.remark_of(campaign.id).await? else { return Ok(None) };
        let Some(entry) = installation.open_entry(number).await? else { return Ok(None) };
        Ok(Some(match installation.reason_of(&entry) {
            Reason::Text(text) => text,
            Reason::None | Reason::Unreadable | Reason::Emptied | Reason::Altered => {
                "What the approver wrote cannot be read any more.".to_owned()
            }
        }))
    }
}

impl web::Drafting for Drafting {
    fn fault<'a>(&'a self, draft: &'a Draft) -> Answer<'a, Option<Fault>> {
        Box::pin(async move {
            let written = Written::of(&self.installation, draft).await.map_err(said)?;
            Ok(written.message(&self.installation, draft).err().map(Unfinished::told))
        })
    }

    fn preview<'a>(&'a self, draft: &'a Draft, place: u64) -> Answer<'a, Rendered> {
        Box::pin(async move { self.render(draft, None, place).await.map_err(said) })
    }

    fn live<'a>(&'a self, draft: &'a Draft, form: &'a Composition, place: u64) -> Answer<'a, Rendered> {
        Box::pin(async move { self.render(draft, Some(form), place).await.map_err(said) })
    }

    fn check<'a>(&'a self, draft: &'a Draft) -> Answer<'a, ()> {
        Box::pin(async move {
            self.jobs.begin(&self.installation, draft, None);
            Ok(())
        })
    }

    fn checking(&self, at: DraftVersion) -> Answer<'_, Checking> {
        Box::pin(async move { Ok(self.jobs.look(at).await) })
    }

    fn test<'a>(&'a self, draft: &'a Draft, to: &'a str, by: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let sent = async {
                let files =
                    Written::of(&self.installation, draft).await?.message(&self.installation, draft)?;
                let relay = ReadyRelay::find(None, &self.installation.settings)?;
                send_test(&self.installation, &draft.audience, files, to, relay, Some(by)).await
            };
            sent.await.map_err(said)
        })
    }

    fn submit<'a>(&'a self, draft: &'a Draft, accepted: Vec<String>, by: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            self.jobs.begin(&self.installation, draft, Some((accepted, by.to_owned())));
            Ok(())
        })
    }

    fn written<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, (Composition, Vec<DraftFile>)> {
        Box::pin(async move { self.written(campaign).await.map_err(said) })
    }

    fn remark<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, Option<String>> {
        Box::pin(async move { self.remark(campaign).await.map_err(said) })
    }

    fn test_domains(&self) -> Vec<String> {
        self.installation.settings.test.allowed_domains.0.clone()
    }

    fn time_zone(&self) -> String {
        self.installation.settings.delivery.time_zone.clone()
    }

    fn default_sender(&self) -> Option<String> {
        let senders = default_senders(&self.installation.settings).ok()?;
        senders.default_from.as_ref().map(sender)
    }
}
