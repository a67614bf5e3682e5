//! What the console asks of the program, answered.

use std::sync::Arc;

use delivery::Letters;
use jiff::Timestamp;
use serde_json::Value;
use store::{Campaign, PersonRow, Submission};
use web::{Answer, Assumed, Assumption, DeskError, Difference, Rendered, Submitted};

use crate::commands::approval::{sender, take_back};
use crate::differences::differences;
use crate::failure::Failure;
use crate::forgetting::forgotten_on;
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::reconciling::{Grounds, KnownBy, assume, settle};
use crate::relay_log::Conclusion;
use crate::rendering::render;
use crate::submission;

/// The program behind the console.
pub(crate) struct Desk(pub(crate) Arc<Installation>);

impl web::Desk for Desk {
    fn submitted<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, Submitted> {
        Box::pin(async move { self.submission_of(campaign).await.map_err(said) })
    }

    fn may_be_sent<'a>(&'a self, campaign: &'a Campaign) -> Answer<'a, ()> {
        Box::pin(async move {
            let audience = self.0.store.audience_of(campaign).await.map_err(|error| said(error.into()))?;
            self.0.check_approval(campaign, &audience).map_err(said)
        })
    }

    fn differences<'a>(
        &'a self,
        campaign: &'a Campaign,
        before: &'a Submission,
    ) -> Answer<'a, Vec<Difference>> {
        Box::pin(async move { differences(campaign, before, &self.0.settings).map_err(said) })
    }

    fn rendered<'a>(&'a self, campaign: &'a Campaign, place: u64) -> Answer<'a, Rendered> {
        Box::pin(async move { self.message_of(campaign, place).await.map_err(said) })
    }

    fn assume<'a>(&'a self, assumption: &'a Assumption<'a>) -> Answer<'a, Assumed> {
        Box::pin(async move { self.settled(assumption).await.map_err(said) })
    }
}

pub(crate) fn said(failure: Failure) -> DeskError {
    DeskError(failure.message)
}

impl Desk {
    async fn settled(&self, assumption: &Assumption<'_>) -> Result<Assumed, Failure> {
        let (installation, campaign) = (&*self.0, assumption.campaign);
        let audience = installation.store.audience_of(campaign).await?;
        if audience.forgotten_at.is_some() {
            return Err(forgotten_on(audience.forgotten_at));
        }
        let doubts = installation.store.doubts_among(campaign.id, assumption.deliveries).await?;
        let (mut settled, mut undecided) = (Vec::new(), 0);
        for conclusion in assume(installation, &doubts, assumption.settled)? {
            match conclusion {
                Conclusion::Settled(number, what) => settled.push((number, what)),
                Conclusion::Open(_) => undecided += 1,
            }
        }
        let grounds = Grounds {
            known_by: KnownBy::Assumption,
            log_complete: false,
            reason: Some(assumption.reason),
            by: Some(assumption.by),
        };
        let settled = settle(installation, campaign, &settled, &grounds).await?;
        // A campaign that has ended is accounted for anew: here, or by the next worker that looks.
        let _ = installation.close_accounts().await;
        Ok(Assumed { settled, undecided })
    }

    async fn submission_of(&self, campaign: &Campaign) -> Result<Submitted, Failure> {
        let installation = &*self.0;
        let audience = installation.store.audience_of(campaign).await?;
        let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
        let acknowledged: Value = serde_json::from_str(&campaign.acknowledged).unwrap_or(Value::Null);
        let warnings = acknowledged["warnings"].as_array().into_iter().flatten();
        Ok(Submitted {
            digest: submission::Submitted::stored(campaign, &audience).digest(&installation.settings),
            people: audience.people,
            sender: sender(files.template.from()),
            subjects: files.template.subjects().map(|(tag, text)| format!("{text} ({tag})")).collect(),
            warnings: warnings.filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
            not_inspected: files.not_inspected(),
            relay: campaign.relay.clone(),
            wanted_at: campaign.approval.wanted_at,
            limits: campaign.limits,
            take_back: take_back(installation),
            audience: audience.name,
        })
    }

    async fn message_of(&self, campaign: &Campaign, place: u64) -> Result<Rendered, Failure> {
        let installation = &*self.0;
        let audience = installation.store.audience_of(campaign).await?;
        if audience.forgotten_at.is_some() {
            return Err(forgotten_on(audience.forgotten_at));
        }
        let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
        let person = match installation.store.person_at(&audience, place).await? {
            // Somebody was erased since it was picked: the first person stands in, so that it can still be approved.
            None if place <= audience.people => installation.store.person_at(&audience, 1).await?,
            person => person,
        };
        let person = person.ok_or_else(|| {
            Failure::usage("person", format!("the audience has {} people", audience.people))
        })?;
        // Dead links, and no Message-ID of a delivery: who looks at it must not act as the person.
        let identity = CampaignIdentity { number: 0, uid: "preview", test: true };
        let letters = letters(installation, &audience, files, &identity)?;
        rendered(&letters, &person, installation.now())
    }
}

/// One person's message for a page: the address masked, and links dead.
pub(crate) fn rendered(letters: &Letters, person: &PersonRow, now: Timestamp) -> Result<Rendered, Failure> {
    let rendering = render(letters, person, false, now)?;
    Ok(Rendered {
        row: person.row,
        language: rendering.language,
        fell_back: rendering.fell_back,
        sender: sender(letters.template.from()),
        headers: rendering.headers,
        subject: rendering.subject,
        text: rendering.plain,
        html: rendering.html,
    })
}
