//! Staff is told by mail that something waits for them, and of what was decided. What happened stands in the ledger, so that is
//! what is gone by: nothing is told that did not happen, and nothing is forgotten while the relay is away.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use accounts::Right;
use campaign::CampaignState;
use delivery::{IdentityKeys, Letters, Stop, StopSignal, UnsubscribeTargets, asked};
use jiff::{SignedDuration, Timestamp};
use ledger::{EntryContent, NodeId};
use mail::Address;
use message::{Source, SourceKind, Template};
use serde_json::Value;
use store::{AudienceUid, ENTRY_PAGE_MAX, PersonFields, StoreError, User};

use crate::book::{Book, RULE};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::ledger_audit::signed;
use crate::log::LastSaid;
use crate::message_files::{MessageFiles, default_senders};
use crate::one_message;
use crate::relay::ReadyRelay;

/// Between two looks into the ledger.
const LOOK: Duration = Duration::from_secs(5);
/// What happened longer ago is told nobody any more: they have seen it, or it is another time.
const STALE: SignedDuration = SignedDuration::from_hours(24);

/// What is told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Notice {
    /// A campaign was submitted.
    Waits,
    /// It was approved: the hash of what was agreed on.
    Approved(String),
    /// The approver gave it back.
    Returned,
    /// A rule stopped it.
    Stopped,
}

impl Notice {
    /// What an entry has to tell.
    fn of(content: &EntryContent) -> Option<Self> {
        match (content.act.as_str(), content.actor.as_str()) {
            ("submit", _) => Some(Self::Waits),
            ("approve", _) => {
                let detail: Value = serde_json::from_str(&content.detail).unwrap_or_default();
                Some(Self::Approved(detail["submission"].as_str().unwrap_or_default().to_owned()))
            }
            ("return", _) => Some(Self::Returned),
            ("pause" | "halt", RULE) => Some(Self::Stopped),
            _ => None,
        }
    }

    const fn subject(&self) -> &'static str {
        match self {
            Self::Waits => "Something waits for you",
            Self::Approved(_) => "Something was approved",
            Self::Returned => "Something came back to you",
            Self::Stopped => "Something stopped and needs you",
        }
    }

    /// In Markdown. It names no campaign and nobody: mail can be read on its way, and over a shoulder.
    fn text(&self, console: &str, checkpoint: &str) -> String {
        let mut text = match self {
            Self::Waits => "Somebody asks you to look at a message before it is sent.".to_owned(),
            Self::Returned => "Somebody looked at what you submitted, and gave it back with a remark.".to_owned(),
            Self::Stopped => {
                "What you wrote or approved was stopped by a rule that protects the people on the list. Nobody gets anything \
                 more before somebody decided."
                    .to_owned()
            }
            Self::Approved(hash) => format!(
                "What you wrote or approved may be sent: two people agreed. Until the first message leaves it can be taken \
                 back.\n\nThe hash of what was agreed on:\n\n    {hash}\n\nA checkpoint of the ledger, with the approval in it. \
                 Keep this message: by it anybody can show that nothing before it was altered or taken out."
            ),
        };
        if !checkpoint.is_empty() {
            text += "\n\n";
            for line in checkpoint.lines() {
                let _ = writeln!(text, "    {line}");
            }
        }
        format!("---\nsubject: {}\n---\n{text}\n\nThe console: <{console}>\n", self.subject())
    }
}

/// Whoever tells staff.
pub(crate) struct Notices {
    installation: Arc<Installation>,
    /// Where the console is.
    console: String,
    said: LastSaid,
}

impl Notices {
    pub(crate) fn new(installation: &Arc<Installation>, console: &str) -> Self {
        Self { installation: installation.clone(), console: console.to_owned(), said: LastSaid::default() }
    }

    /// Tells until it is told to stop. What goes wrong is said once, and tried again.
    pub(crate) async fn keep_telling(&self, mut stop: StopSignal) {
        while *stop.borrow() == Stop::No {
            if let Err(failure) = self.tell().await {
                self.said.say(&self.installation, &failure);
            }
            tokio::select! {
                () = asked(&mut stop, Stop::Soon) => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Tells of everything that is new.
    async fn tell(&self) -> Result<(), Failure> {
        let store = &self.installation.store;
        let size = store.ledger_head().await?.size;
        // What happened before anybody was to be told is told nobody; nor what a restore took back.
        let Some(mut told) = store.staff_told().await?.filter(|told| *told <= size) else {
            return Ok(store.set_staff_told(size).await?);
        };
        if told == size {
            return Ok(());
        }
        let book = Book::open(&self.installation).await?;
        while told < size {
            let entries = store.ledger_entries(told).await?;
            let nodes = store.ledger_nodes_of(told, told + u64::from(ENTRY_PAGE_MAX)).await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                let leaf = nodes.get(&NodeId { level: 0, index: entry.number });
                // One that does not open is for `ledger verify`, and tells nothing.
                if let Some(open) = leaf.and_then(|leaf| book.read(&entry, leaf)) {
                    self.tell_of(entry.number, &open.content, &book).await?;
                }
                told = entry.number + 1;
                store.set_staff_told(told).await?;
            }
        }
        Ok(())
    }

    async fn tell_of(&self, number: u64, content: &EntryContent, book: &Book) -> Result<(), Failure> {
        let Some(notice) = Notice::of(content) else { return Ok(()) };
        let at = Timestamp::from_microsecond(content.at).unwrap_or(Timestamp::UNIX_EPOCH);
        if self.installation.now().duration_since(at) > STALE {
            return Ok(());
        }
        let to = self.recipients(&notice, content).await?;
        if to.is_empty() {
            return Ok(());
        }
        let checkpoint = match notice {
            Notice::Approved(_) => signed(&self.installation, book).await?.0.to_string(),
            _ => String::new(),
        };
        let cannot = |failure: Failure| not_told(&failure.message);
        let relay = ReadyRelay::find(None, &self.installation.settings).map_err(cannot)?;
        for user in to {
            // A login name that is no address cannot be written to.
            let Ok(address) = Address::parse(&user.login) else { continue };
            let letters = self
                .letters(&notice, &checkpoint, &format!("notice {number} {}", user.id.0))
                .map_err(cannot)?;
            let person = PersonFields { address, values: Vec::new(), language: None };
            match one_message::send(&letters, &person, &relay, self.installation.now()).await {
                Err(error) if error.may_pass() => return Err(not_told(&error.to_string())),
                Err(error) => self.installation.log_failure(&not_told(&error.to_string())),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// For the approvers, but its author; or for its author and, where somebody approved it, for them.
    async fn recipients(&self, notice: &Notice, content: &EntryContent) -> Result<Vec<User>, Failure> {
        let store = &self.installation.store;
        let campaign = match store.campaign(&content.subject).await {
            Err(StoreError::NotFound) => return Ok(Vec::new()),
            campaign => campaign?,
        };
        // Taken back meanwhile, or approved: nothing waits.
        if *notice == Notice::Waits && campaign.state != CampaignState::Submitted {
            return Ok(Vec::new());
        }
        let approval = &campaign.approval;
        let mut users = store.users().await?;
        users.retain(|user| {
            let actor = format!("user {}", user.id.0);
            let author = actor == approval.author;
            let concerned = match notice {
                Notice::Waits => user.roles.may(Right::Approve) && !author,
                Notice::Returned => author,
                Notice::Approved(_) | Notice::Stopped => author || Some(&actor) == approval.approver.as_ref(),
            };
            concerned && !user.disabled
        });
        Ok(users)
    }

    fn letters(&self, notice: &Notice, checkpoint: &str, uid: &str) -> Result<Letters, Failure> {
        let (installation, settings) = (&*self.installation, &self.installation.settings);
        let source = Source::parse(SourceKind::Markdown, &notice.text(&self.console, checkpoint))?;
        let template = Template::new(source, Vec::new(), Vec::new(), default_senders(settings)?)?;
        let files = MessageFiles::new(template, settings)?;
        Ok(Letters {
            template: files.template,
            public: files.public,
            attachments: files.attachments,
            signers: crate::letters_of::signers(installation)?,
            identities: IdentityKeys::new(&installation.instance),
            unsubscribe: UnsubscribeTargets::default(),
            bounce_domain: None,
            key: installation.suppression_key()?,
            suppressions: installation.suppression_key()?,
            audience: AudienceUid(String::new()),
            fields: Vec::new(),
            language_field: None,
            campaign: 0,
            campaign_uid: uid.to_owned(),
            test: false,
        })
    }
}

fn not_told(why: &str) -> Failure {
    Failure::somebody(
        "notice",
        format!(
            "staff could not be told by mail that something waits for them: {why}. It waits in the console all the same"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(act: &str, actor: &str) -> Option<Notice> {
        Notice::of(&EntryContent {
            at: 0,
            actor: actor.to_owned(),
            act: act.to_owned(),
            subject: "a name that nobody may read".to_owned(),
            detail: "{\"submission\":\"abc\"}".to_owned(),
        })
    }

    #[test]
    fn what_is_told_and_what_is_not() {
        assert_eq!(entry("submit", "user 1"), Some(Notice::Waits));
        assert_eq!(entry("approve", "user 2"), Some(Notice::Approved("abc".to_owned())));
        assert_eq!(entry("return", "user 2"), Some(Notice::Returned));
        assert_eq!(
            (entry("pause", RULE), entry("halt", RULE)),
            (Some(Notice::Stopped), Some(Notice::Stopped))
        );
        for (act, actor) in
            [("pause", "user 1"), ("resume", "user 1"), ("reveal", "user 3"), ("complaint", "mail")]
        {
            assert_eq!(entry(act, actor), None, "{act}");
        }
    }

    #[test]
    fn no_notice_names_a_campaign() {
        for notice in [Notice::Waits, Notice::Approved("abc".to_owned()), Notice::Returned, Notice::Stopped] {
            let text = notice.text("https://console.example", "undisclosed/x\n3\nroot\n");
            assert!(text.contains("https://console.example") && !text.contains("nobody may read"));
            Source::parse(SourceKind::Markdown, &text).expect("a message");
        }
    }
}
