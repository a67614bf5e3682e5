//! `undisclosed forget`: an audience's key is destroyed, and with it whatever was sealed under it (promise 11).

use serde_json::{Value, json};
use store::Audience;

use crate::answer::{answer, ask, note};
use crate::book::Act;
use crate::cli::{ForgetArgs, General};
use crate::failure::{Exit, Failure};
use crate::forgetting;
use crate::installation::Installation;
use crate::warnings::{Warning, acknowledge};

pub(crate) async fn run(general: &General, args: ForgetArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    installation.caller.person()?;
    check_reason(args.reason.as_deref())?;
    check_reason(args.override_hold.as_deref())?;
    let audience = installation.audience(&args.audience).await?;
    // A hold can be set while somebody is asked below.
    let seen = installation.store.holds_seen().await?;
    let holds = installation.holds_of_audience(&audience).await?;
    Installation::not_held(&holds, args.override_hold.as_deref())?;
    installation.close_accounts().await?;
    let lost = Lost::look(&installation, &audience).await?;
    note(general.json, &lost.words());
    let warnings: Vec<Warning> = lost.warning().into_iter().collect();
    let acknowledged = acknowledge(&warnings, &args.acknowledge.acknowledge)?;
    if !confirmed(&args) {
        return Err(Failure::usage(
            "not_confirmed",
            "nothing was forgotten. It cannot be undone: without a terminal, `--yes` says that it is meant",
        ));
    }
    let detail = json!({
        forgetting::AUDIENCE: audience.uid.0, "people": audience.people, "campaigns": lost.campaigns,
        "in_doubt": lost.doubts, "acknowledged": acknowledged, "reason": args.reason,
        "overridden": args.override_hold.as_deref().filter(|_| !holds.is_empty()),
    });
    let entry = installation.entry(&Act::new(forgetting::ACT, &args.audience, detail)).await?;
    let seen = args.override_hold.is_none().then_some(seen);
    if !installation.forget(&audience, seen, &entry).await? {
        return Err(forgetting::forgotten_on(Some(installation.now())));
    }
    let days = installation.settings.keys.backup_days;
    answer(
        general.json,
        &lost.to_json(&args.audience, days),
        &format!(
            "{}: forgotten. Copies of its key in backups of the keys are gone in {days} days, if `undisclosed backup --keys` \
             runs; then the erasure is complete.",
            args.audience
        ),
    );
    Ok(Exit::Done)
}

/// The reason is kept for good, under the ledger's key: not under the audience's, which is about to go.
fn check_reason(reason: Option<&str>) -> Result<(), Failure> {
    if reason.is_some_and(|text| text.contains('@')) {
        return Err(Failure::usage(
            "reason",
            "the reason stays in the ledger for good, so it holds no address; nothing was forgotten",
        ));
    }
    Ok(())
}

/// What nobody will be able to read.
struct Lost {
    people: u64,
    campaigns: Vec<String>,
    doubts: u64,
}

impl Lost {
    async fn look(installation: &Installation, audience: &Audience) -> Result<Self, Failure> {
        let campaigns = installation.store.campaigns_of(audience).await?;
        if let Some((name, state, _)) = campaigns.iter().find(|(_, state, _)| !state.is_final()) {
            return Err(Failure::usage(
                "campaign_open",
                format!(
                    "the campaign \"{name}\" to this audience is {}; nothing was forgotten. Wait for its end, or \
                     `undisclosed cancel` it",
                    state.word()
                ),
            ));
        }
        Ok(Self {
            people: audience.people,
            doubts: campaigns.iter().map(|(_, _, doubts)| doubts).sum(),
            campaigns: campaigns.into_iter().map(|(name, _, _)| name).collect(),
        })
    }

    fn warning(&self) -> Option<Warning> {
        (self.doubts > 0).then(|| Warning {
            word: "in_doubt",
            text: format!(
                "{} deliveries are in doubt, and will be for good: their account cannot be made again without the key. \
                 `undisclosed reconcile` settles them from a log first",
                self.doubts
            ),
        })
    }

    fn words(&self) -> String {
        let campaigns = match self.campaigns.as_slice() {
            [] => "no campaign".to_owned(),
            names => format!("campaigns: {}", names.join(", ")),
        };
        format!(
            "Nobody will be able to read: the addresses and fields of {} people; the relay's words and typed reasons about them; \
             which person a delivery was for. Previews, reveals, and proofs of single deliveries end ({campaigns}).\n\
             What stays: counts, times and codes, the ledger with its roots, messages without people, and suppressions.\n\
             Not reached: spreadsheets, exports, previews in files, relay logs, mailboxes.",
            self.people
        )
    }

    fn to_json(&self, audience: &str, days: u16) -> Value {
        json!({
            "forgotten": audience, "people": self.people, "campaigns": self.campaigns, "in_doubt": self.doubts,
            "key_backups_gone_in_days": days,
        })
    }
}

/// Asks, where there is a terminal to ask on.
fn confirmed(args: &ForgetArgs) -> bool {
    let name = || ask("Forget it? It cannot be undone. Type the audience's name: ");
    args.yes || name().is_some_and(|name| name == args.audience)
}
