//! `undisclosed submit`, `approve` and `take-back`: two people (promise 4).

use campaign::{CampaignState, Counts};
use comfy_table::{ContentArrangement, Table, presets};
use jiff::{SignedDuration, Timestamp};
use mail::Mailbox;
use serde_json::{Value, json};
use store::{Audience, Campaign, Resubmission, StoreError};

use crate::answer::{answer, ask, note, says_yes};
use crate::book::Act;
use crate::campaign_object::CampaignObject;
use crate::check;
use crate::cli::{ApproveArgs, General, SubmitArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::relay::ReadyRelay;
use crate::sending;
use crate::settings::connections;
use crate::start_time::start_time;
use crate::submission::Submitted;

/// Submits a campaign again: as it is, or with another relay or time.
pub(crate) async fn submit(general: &General, args: SubmitArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let author = installation.caller.person()?.to_owned();
    let campaign = store.campaign(&args.name).await?;
    let audience = store.audience_of(&campaign).await?;
    let relay =
        ReadyRelay::find(Some(args.smtp.as_deref().unwrap_or(&campaign.relay)), &installation.settings)?;
    let relay = relay.relay.url.to_string();
    let wanted_at = match &args.at {
        Some(text) => Some(start_time(text, &installation)?),
        None => campaign.approval.wanted_at.filter(|at| *at > installation.now()),
    };
    // Nobody may be sending while it changes.
    let presence = sending::enlist(&installation, &campaign).await?;
    store.take_over(campaign.id, &presence, installation.now()).await?;
    // Settings may have changed since it was proved.
    let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
    let identity = CampaignIdentity { number: campaign.id.get(), uid: &campaign.uid, test: false };
    let letters = letters(&installation, &audience, files, &identity)?;
    check::everybody(store, &audience, &letters, installation.now()).await?;
    let limits = args.limits.over(campaign.limits);
    let submitted =
        Submitted { relay: &relay, at: wanted_at, limits, ..Submitted::stored(&campaign, &audience) };
    let new = Resubmission {
        author: &author,
        message: None,
        relay: &relay,
        connections: connections(args.connections.unwrap_or(campaign.connections))?,
        wanted_at,
        limits,
        submission: submitted.digest(&installation.settings),
        draft: None,
        now: installation.now(),
    };
    let detail = json!({"submission": new.submission.to_string(), "relay": relay});
    let entry = installation.entry(&Act::new("submit", &args.name, detail)).await?;
    store.resubmit(campaign.id, &new, &entry).await?;
    waits(general, &installation, &args.name).await
}

/// The answer of a command that leaves a campaign waiting for a second person.
pub(crate) async fn waits(
    general: &General,
    installation: &Installation,
    name: &str,
) -> Result<Exit, Failure> {
    let object = CampaignObject::load(&installation.store, name).await?;
    answer(general.json, &object.to_json(), &object.table());
    note(
        general.json,
        "Nothing was sent. Somebody else has to look at it and agree: `undisclosed approve`. What a person will get: \
         `undisclosed preview --campaign`.",
    );
    Ok(Exit::Approval)
}

/// Agrees to what somebody else submitted.
pub(crate) async fn approve(general: &General, args: ApproveArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let approver = installation.caller.person()?.to_owned();
    let campaign = store.campaign(&args.name).await?;
    let audience = store.audience_of(&campaign).await?;
    // What it is now, by the settings of now: what was submitted under others is not what would leave.
    let seen = Submitted::stored(&campaign, &audience).digest(&installation.settings);
    if args.digest.as_ref().is_some_and(|digest| *digest != seen.to_string()) {
        return Err(StoreError::Edited.into());
    }
    let counts = store.counts(campaign.id).await?;
    let shown = Shown::new(&installation, &campaign, &audience, counts)?;
    if campaign.state == CampaignState::Submitted
        && store.are_one_person(&campaign.approval.author, &approver).await?
    {
        // Said before anything is asked; the database sees to it in the end.
        return Err(StoreError::SamePerson.into());
    }
    if campaign.state == CampaignState::Submitted {
        note(general.json, &shown.table());
        if !confirmed(&args) {
            return Err(Failure::approval("nothing was approved"));
        }
    }
    let now = installation.now();
    let take_back = take_back(&installation);
    let detail = json!({"submission": seen.to_string(), "author": campaign.approval.author});
    let entry = installation.entry(&Act::new("approve", &args.name, detail)).await?;
    store.approve(campaign.id, seen, &approver, now, take_back, &entry).await?;
    let object = CampaignObject::load(store, &args.name).await?;
    let mut json = object.to_json();
    json["approval"] = shown.to_json();
    json["approval"]["approver"] = approver.into();
    json["start_at"] = store.campaign(&args.name).await?.start_at.to_string().into();
    answer(general.json, &json, &object.table());
    let seconds = take_back.as_secs();
    note(
        general.json,
        &format!(
            "Approved. Sending can begin in {seconds} s, by `undisclosed resume`; until the first message leaves, \
             `undisclosed take-back` stops it."
        ),
    );
    Ok(Exit::Done)
}

/// How long an approved campaign waits.
pub(crate) fn take_back(installation: &Installation) -> SignedDuration {
    SignedDuration::try_from(installation.settings.approval.take_back.0).unwrap_or(SignedDuration::MAX)
}

/// On a terminal it asks; elsewhere the command is the decision.
fn confirmed(args: &ApproveArgs) -> bool {
    args.digest.is_some() || ask("Approve this? Type yes: ").is_none_or(|answer| says_yes(&answer))
}

/// Takes a campaign back into a draft, before its first message leaves.
pub(crate) async fn take_back_command(general: &General, name: &str) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let campaign = store.campaign(name).await?;
    let entry = installation.entry(&Act::new("take-back", name, json!({}))).await?;
    store.take_back(campaign.id, &entry).await?;
    let object = CampaignObject::load(store, name).await?;
    answer(general.json, &object.to_json(), &object.table());
    note(
        general.json,
        "Taken back; nothing was sent. `undisclosed submit` or `mend` asks for approval once more.",
    );
    Ok(Exit::Done)
}

/// A sender is what everybody will see: the approver sees it too.
pub(crate) fn sender(from: &Mailbox) -> String {
    let address = from.address().expose();
    from.name().map_or_else(|| address.clone(), |name| format!("{name} <{address}>"))
}

/// What the approver sees.
struct Shown<'a> {
    campaign: &'a Campaign,
    counts: Counts,
    sender: String,
    subjects: Vec<String>,
    not_inspected: Vec<String>,
    warnings: Value,
    audience: &'a Audience,
}

impl<'a> Shown<'a> {
    fn new(
        installation: &Installation,
        campaign: &'a Campaign,
        audience: &'a Audience,
        counts: Counts,
    ) -> Result<Self, Failure> {
        let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
        let acknowledged: Value = serde_json::from_str(&campaign.acknowledged).unwrap_or(Value::Null);
        Ok(Self {
            campaign,
            counts,
            sender: sender(files.template.from()),
            subjects: files.template.subjects().map(|(tag, text)| format!("{text} ({tag})")).collect(),
            not_inspected: files.not_inspected(),
            warnings: acknowledged["warnings"].clone(),
            audience,
        })
    }

    fn to_json(&self) -> Value {
        let approval = &self.campaign.approval;
        json!({
            "author": approval.author, "submission": approval.submission,
            "submitted_at": approval.submitted_at.map(|at| at.to_string()),
            "message_digest": self.campaign.message_digest, "audience": self.audience.name,
            "limits": self.campaign.limits.words(), "subjects": self.subjects, "not_inspected": self.not_inspected, "warnings": self.warnings,
        })
    }

    fn table(&self) -> String {
        let approval = &self.campaign.approval;
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        let when = |at: Option<Timestamp>| {
            at.map_or_else(String::new, |at| at.strftime("%Y-%m-%d %H:%M UTC").to_string())
        };
        let warnings: Vec<&str> =
            self.warnings.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut row = |name: &str, value: String| {
            if !value.is_empty() {
                table.add_row([name.to_owned(), value]);
            }
        };
        row("campaign", self.campaign.name.clone());
        row("submitted by", approval.author.clone());
        row("on", when(approval.submitted_at));
        row("from", self.sender.clone());
        row("subject", self.subjects.join("\n"));
        row("audience", self.audience.name.clone());
        row("still to be written to", self.counts.open().to_string());
        row("of people on the list", self.counts.total.to_string());
        row("not written to", (self.counts.suppressed + self.counts.held).to_string());
        row("relay", self.campaign.relay.clone());
        row("to begin", when(approval.wanted_at));
        row("its own limits", self.campaign.limits.words().unwrap_or_default());
        row("warnings accepted", warnings.join(", "));
        row("could not be read", self.not_inspected.join("\n"));
        row("digest", approval.submission.clone());
        table.trim_fmt()
    }
}
