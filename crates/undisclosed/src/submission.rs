//! What of an installation and a campaign a second person agrees to, and whether that still holds.

use campaign::{CampaignLimits, Submission, SubmissionDigest};
use jiff::Timestamp;
use store::{Audience, Campaign};

use crate::failure::Failure;
use crate::installation::Installation;
use crate::settings::Settings;

/// What is submitted.
pub(crate) struct Submitted<'a> {
    pub(crate) campaign: &'a str,
    pub(crate) message: &'a str,
    pub(crate) audience: &'a Audience,
    pub(crate) relay: &'a str,
    pub(crate) at: Option<Timestamp>,
    pub(crate) limits: CampaignLimits,
}

impl Submitted<'_> {
    /// A campaign as it stands in the database.
    pub(crate) fn stored<'a>(campaign: &'a Campaign, audience: &'a Audience) -> Submitted<'a> {
        Submitted {
            campaign: &campaign.uid,
            message: &campaign.message_digest,
            audience,
            relay: &campaign.relay,
            at: campaign.approval.wanted_at,
            limits: campaign.limits,
        }
    }

    /// The hash of it, together with the settings that shape what leaves.
    pub(crate) fn digest(&self, settings: &Settings) -> SubmissionDigest {
        Submission {
            campaign: self.campaign,
            message: self.message,
            audience: &self.audience.uid.0,
            audience_digest: &self.audience.digest,
            people: self.audience.people,
            relay: self.relay,
            at: self.at,
            settings: &[shaping(settings), asked_for(&self.limits)].concat(),
        }
        .digest()
    }
}

/// A campaign's own pace and quiet hours: the approver sees them. Only where there are any: what was approved before there were
/// such stays approved.
fn asked_for(limits: &CampaignLimits) -> Vec<(&'static str, String)> {
    limits.words().into_iter().map(|words| ("campaign.limits", words)).collect()
}

/// Settings that change what people get, what they may see, or when. Speed is not among them.
fn shaping(settings: &Settings) -> Vec<(&'static str, String)> {
    let dkim: Vec<String> =
        settings.dkim.0.iter().map(|key| format!("{} {}", key.selector, key.domain)).collect();
    let mut shaping = vec![
        ("bounce.domain", settings.bounce.domain.clone().unwrap_or_default()),
        ("delivery.quiet_hours", settings.delivery.quiet_hours.clone().unwrap_or_default()),
        ("delivery.time_zone", settings.delivery.time_zone.clone()),
        ("dkim", dkim.join(", ")),
        ("public.contacts", settings.public.contacts.0.join(", ")),
        ("public.url", settings.public.url.clone().unwrap_or_default()),
    ];
    // Only where it is set: what was approved before there was this setting stays approved.
    if settings.bounce.is_received() {
        shaping.push(("bounce.received", "yes".to_owned()));
    }
    shaping
}

impl Installation {
    /// Whether a campaign may only be sent with a second person's approval: the setting says so, or it was submitted.
    pub(crate) fn needs_approval(&self, campaign: &Campaign) -> bool {
        self.settings.approval.required || campaign.approval.needed
    }

    /// Refuses a campaign that nobody agreed to, or that is not what was agreed to any more.
    ///
    /// # Errors
    /// Exit 4 without an approval, 2 where relay or settings have changed since.
    pub(crate) fn check_approval(&self, campaign: &Campaign, audience: &Audience) -> Result<(), Failure> {
        if !self.needs_approval(campaign) {
            return Ok(());
        }
        if campaign.approval.approver.is_none() {
            return Err(Failure::approval(
                "nobody has approved this campaign, and approval.required is on; nothing was sent. \
                 `undisclosed submit` asks for it, `undisclosed approve` by somebody else gives it",
            ));
        }
        let now = Submitted::stored(campaign, audience).digest(&self.settings).to_string();
        if now == campaign.approval.submission {
            return Ok(());
        }
        Err(Failure::usage(
            "changed",
            "the relay, or a setting that shapes the messages, is another one than was approved; nothing was sent. Set it \
             back, or `undisclosed submit` the campaign once more",
        ))
    }
}
