//! Sending a campaign in the foreground, until it is settled or stopped.

use std::sync::Arc;
use std::time::Duration;

use campaign::{CampaignEvent, CampaignState};
use delivery::{Clock, Finish, Patience, Prepare, Progress, Scribe, Sender, Stop, StopSignal, asked};
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::json;
use store::{Audience, Campaign, Presence, StoreError, Version, WorkerId};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::book::{Act, RuleScribe};
use crate::campaign_object::{CameBack, CampaignObject, Timing};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::progress_bar::Bar;
use crate::relay::ReadyRelay;

/// How often the bar moves.
const BAR_TICK: Duration = Duration::from_millis(250);

/// How a run ended.
pub(crate) struct Sent {
    pub(crate) object: CampaignObject,
    pub(crate) finish: Finish,
    pub(crate) deferrals: u64,
}

impl Sent {
    /// 0: everybody was accepted; 3: somebody was not, or it was stopped.
    pub(crate) fn exit(&self) -> Exit {
        if self.finish == Finish::Done { self.object.exit() } else { Exit::Somebody }
    }
}

/// Becomes a sender of the campaign: on SQLite the only one.
pub(crate) async fn enlist(installation: &Installation, campaign: &Campaign) -> Result<Presence, Failure> {
    let lease = installation.settings.worker.lease.0;
    Ok(installation.store.enlist(campaign.id, worker_id(installation)?, lease).await?)
}

pub(crate) fn worker_id(installation: &Installation) -> Result<WorkerId, Failure> {
    Ok(WorkerId::from_random(u64::from_le_bytes(installation.random.octets()?)))
}

/// Sends, or goes on sending.
pub(crate) async fn run(
    installation: &Installation,
    campaign: Campaign,
    presence: Presence,
    audience: &Audience,
    relay: ReadyRelay,
    mut stop: StopSignal,
    bar: bool,
) -> Result<Sent, Failure> {
    let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
    let identity = CampaignIdentity { number: campaign.id.get(), uid: &campaign.uid, test: false };
    let letters: Arc<dyn Prepare> = Arc::new(letters(installation, audience, files, &identity)?);
    let scribe: Arc<dyn Scribe> = Arc::new(RuleScribe::new(installation, &campaign.name).await?);
    let limits = installation.settings.limits(campaign.connections, &campaign.limits)?;
    let (store, clock, id) = (installation.store.clone(), installation.clock, campaign.id);
    let patience = Patience::new(&store, stop.clone());
    let progress = Arc::new(Progress::default());
    installation.tally.begin(&progress);
    let asked = campaign.clone();
    let mut begun = clock.now();
    let finish = if wait_for_start(installation, &campaign, &patience, &mut stop).await? {
        begun = clock.now();
        let sender = Sender {
            store: store.clone(),
            campaign,
            presence,
            letters,
            scribe,
            relay: relay.relay,
            tokens: relay.tokens,
            tls: relay.tls,
            limits,
            clock: Arc::new(clock),
            chance: StdRng::from_seed(installation.random.octets()?),
            progress: progress.clone(),
            stop,
        };
        if bar { with_bar(sender, store.counts(id).await?.open()).await? } else { sender.run().await? }
    } else {
        Finish::Stopped
    };
    let timing = timing(installation, &progress, begun);
    let (state, reason) = patience.keep(|| store.campaign_state(id)).await?;
    let counts = patience.keep(|| store.counts(id)).await?;
    let came_back = patience.keep(|| CameBack::load(&store, id)).await?;
    installation.close_accounts().await?;
    let mut campaign = asked;
    (campaign.state, campaign.reason) = (state, reason);
    let object = CampaignObject::new(&campaign, audience, (counts, came_back), Some(timing));
    Ok(Sent { object, finish, deferrals: progress.deferrals() })
}

fn timing(installation: &Installation, progress: &Progress, begun: Timestamp) -> Timing {
    let now = installation.now();
    let seconds = now.duration_since(installation.begun).as_secs_f64().max(1e-6);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let messages_per_second = progress.accepted() as f64 / seconds;
    Timing {
        messages_per_second,
        sending: Duration::try_from(now.duration_since(begun)).unwrap_or_default(),
        intent: progress.mean_intent(),
        commit: progress.mean_commit(),
        reply: progress.mean_reply(),
    }
}

/// Runs a sender, and a bar beside it.
async fn with_bar(sender: Sender, open: u64) -> Result<Finish, Failure> {
    let bar = Bar::new("sending", open);
    let progress = sender.progress.clone();
    let ticking = async {
        loop {
            bar.set(progress.accepted() + progress.failed());
            if progress.deferrals() > 0 {
                bar.say(format!("({} put off)", progress.deferrals()));
            }
            tokio::time::sleep(BAR_TICK).await;
        }
    };
    let finish = tokio::select! {
        finish = sender.run() => finish,
        () = ticking => Ok(Finish::Stopped),
    };
    bar.finish();
    Ok(finish?)
}

/// Waits for the campaign's time, also when it was paused and resumed before it. `false`: the process is to stop.
async fn wait_for_start(
    installation: &Installation,
    campaign: &Campaign,
    patience: &Patience,
    stop: &mut StopSignal,
) -> Result<bool, Failure> {
    let (store, id) = (&installation.store, campaign.id);
    let version = Version::of(campaign);
    loop {
        // Read anew: taken back and agreed to once more, it has another time.
        let campaign = patience.keep(|| store.campaign(&campaign.name)).await?;
        if Version::of(&campaign) != version {
            return Ok(false);
        }
        let (state, now) = (campaign.state, installation.now());
        match state {
            CampaignState::Waiting if now >= campaign.start_at => {
                let entry = installation.entry(&Act::new("begin", &campaign.name, json!({}))).await?;
                let begin = || store.act_on_campaign(id, CampaignEvent::Begin, "", now, &entry);
                match patience.keep(begin).await {
                    // Somebody paused or cancelled it in this moment, or another sender began it: the sender will see.
                    Ok(_) | Err(StoreError::Transition(_)) => return Ok(true),
                    Err(error) => return Err(error.into()),
                }
            }
            CampaignState::Approved => {
                // Taken up, in this moment by another process perhaps: looked at again.
                match patience.keep(|| store.move_campaign(id, CampaignEvent::Await, "", now)).await {
                    Ok(_) | Err(StoreError::Transition(_)) => continue,
                    Err(error) => return Err(error.into()),
                }
            }
            // Taken back, or changed: whoever resumes it then has another approval.
            CampaignState::Draft | CampaignState::Submitted => return Ok(false),
            CampaignState::Waiting | CampaignState::Sending if now < campaign.start_at => {}
            _ => return Ok(true),
        }
        let wait = Duration::try_from(campaign.start_at.duration_since(now)).unwrap_or_default();
        tokio::select! {
            // Looks again each second: somebody may have cancelled it.
            () = tokio::time::sleep(wait.min(Duration::from_secs(1))) => {}
            () = asked(stop, Stop::Soon) => return Ok(false),
        }
    }
}

/// SIGINT and SIGTERM: the first finishes the messages in flight, the second stops at once.
pub(crate) fn stop_signals() -> Result<StopSignal, Failure> {
    let fail = |_| Failure::unexpected("signals", "the signals to stop cannot be watched");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fail)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(fail)?;
    let (stop, receiver) = watch::channel(Stop::No);
    tokio::spawn(async move {
        for next in [Stop::Soon, Stop::Now] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            stop.send_replace(next);
        }
        // Held to the end of the process: a dropped sender would look like a signal.
        std::future::pending::<()>().await;
    });
    Ok(receiver)
}
