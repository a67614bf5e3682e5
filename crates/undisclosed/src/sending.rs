//! Sending a campaign in the foreground, until it is settled or stopped.

use std::sync::Arc;
use std::time::Duration;

use campaign::{CampaignEvent, CampaignState};
use delivery::{Clock, Finish, Limits, Prepare, Progress, Sender, Stop};
use rand::SeedableRng;
use rand::rngs::StdRng;
use store::{Audience, Campaign, WorkerId};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::campaign_object::CampaignObject;
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

/// Sends, or goes on sending.
pub(crate) async fn run(
    installation: &Installation,
    campaign: Campaign,
    audience: &Audience,
    relay: ReadyRelay,
) -> Result<Sent, Failure> {
    let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
    let identity = CampaignIdentity { number: campaign.id.get(), uid: &campaign.uid, test: false };
    let letters: Arc<dyn Prepare> = Arc::new(letters(installation, audience, files, &identity)?);
    let limits = installation.settings.limits(campaign.connections)?;
    run_with(installation, campaign, audience, relay, letters, limits).await
}

/// Sends with letters of the caller's.
pub(crate) async fn run_with(
    installation: &Installation,
    campaign: Campaign,
    audience: &Audience,
    relay: ReadyRelay,
    letters: Arc<dyn Prepare>,
    limits: Limits,
) -> Result<Sent, Failure> {
    let store = installation.store.clone();
    let (id, name) = (campaign.id, campaign.name.clone());
    let mut stop = stop_signals()?;
    let worker = WorkerId::from_random(u64::from_le_bytes(installation.random.octets()?));
    let presence = store.enlist(id, worker).await?;
    wait_for_start(installation, &campaign, &mut stop).await?;
    let seed = StdRng::from_seed(installation.random.octets()?);
    let progress = Arc::new(Progress::default());
    let clock = installation.clock;
    let begun = clock.now();
    let sender = Sender {
        store: store.clone(),
        campaign,
        presence,
        letters,
        relay: relay.relay,
        tokens: relay.tokens,
        tls: relay.tls,
        limits,
        clock: Arc::new(clock),
        chance: seed,
        progress: progress.clone(),
        stop: stop.clone(),
    };
    let before = store.counts(id).await?;
    let bar = Bar::new("sending", before.open());
    let shown = progress.clone();
    let ticking = async {
        loop {
            bar.set(shown.accepted() + shown.failed());
            if shown.deferrals() > 0 {
                bar.say(format!("({} put off)", shown.deferrals()));
            }
            tokio::time::sleep(BAR_TICK).await;
        }
    };
    let finish = tokio::select! {
        finish = sender.run() => finish,
        () = ticking => Ok(Finish::Stopped),
    };
    bar.finish();
    let finish = finish?;
    let seconds = clock.now().duration_since(begun).as_secs_f64().max(1e-6);
    let counts = store.counts(id).await?;
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = progress.accepted() as f64 / seconds;
    let (state, reason) = store.campaign_state(id).await?;
    let object = CampaignObject {
        name,
        state,
        reason,
        counts,
        duplicates_folded: audience.folded,
        rows_skipped: audience.skipped,
        messages_per_second: Some(rate),
    };
    Ok(Sent { object, finish, deferrals: progress.deferrals() })
}

async fn wait_for_start(
    installation: &Installation,
    campaign: &Campaign,
    stop: &mut delivery::StopSignal,
) -> Result<(), Failure> {
    let (store, id) = (&installation.store, campaign.id);
    loop {
        let (state, _) = store.campaign_state(id).await?;
        if state != CampaignState::Waiting {
            return Ok(());
        }
        let now = installation.now();
        if now >= campaign.start_at {
            store.move_campaign(id, CampaignEvent::Begin, "", now).await?;
            return Ok(());
        }
        let wait = Duration::try_from(campaign.start_at.duration_since(now)).unwrap_or_default();
        tokio::select! {
            // Looks again each second: somebody may have cancelled it.
            () = tokio::time::sleep(wait.min(Duration::from_secs(1))) => {}
            _ = stop.wait_for(|stop| *stop > Stop::No) => {
                return Err(Failure::somebody("stopped", "stopped before its time came; nobody was written to yet. `undisclosed resume` goes on waiting"));
            }
        }
    }
}

/// SIGINT and SIGTERM: the first finishes the messages in flight, the second stops at once.
fn stop_signals() -> Result<delivery::StopSignal, Failure> {
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
