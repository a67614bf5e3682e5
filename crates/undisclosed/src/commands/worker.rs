//! `undisclosed worker`: sends every campaign that may be sent, several at once, until it is told to stop. Any number of
//! them share one PostgreSQL.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use delivery::{Finish, Patience, Stop, StopSignal, asked};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::CampaignId;
use tokio::task::JoinSet;

use crate::answer::answer;
use crate::campaign_object::CampaignObject;
use crate::cli::{General, WorkerArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::relay::ReadyRelay;
use crate::sending::{self, Sent};

/// Campaigns that one worker sends at once: each has its own connections to the relay and to the database.
const CAMPAIGNS_AT_ONCE_MAX: usize = 4;
/// How often it looks for campaigns.
const LOOK: Duration = Duration::from_secs(1);
/// A campaign that could not be sent is looked at again after this.
const LEFT_ALONE: SignedDuration = SignedDuration::from_secs(5);
/// How often it looks whether an audience was forgotten, by another machine: its copy of the key goes too; and whether
/// the account of a campaign that ended is to be closed.
const FORGET_LOOK: SignedDuration = SignedDuration::from_mins(1);
/// How often what is due is erased; the first time a minute after the start.
const RETENTION: SignedDuration = SignedDuration::from_hours(24);
/// Campaigns in its answer: of more, the oldest are left out.
const ANSWERED_MAX: usize = 1_000;

pub(crate) async fn run(general: &General, args: WorkerArgs) -> Result<Exit, Failure> {
    let installation =
        Arc::new(Installation::open(general.config.as_deref(), general.database.as_deref()).await?);
    let stop = sending::stop_signals()?;
    let shift = work(&installation, &stop, general.json, args.once).await?;
    let objects: Vec<_> = shift.sent.values().map(|(object, _)| object.to_json()).collect();
    let words: Vec<String> = shift.sent.values().map(|(object, _)| object.table()).collect();
    answer(general.json, &json!({"campaigns": objects}), &words.join("\n"));
    // As for `send`: 3 when somebody was not accepted, or this process was stopped in the middle.
    let everybody = shift.broken_off.is_empty() && shift.sent.values().all(|(_, exit)| *exit == Exit::Done);
    Ok(if everybody { Exit::Done } else { Exit::Somebody })
}

/// Works until it is told to stop; with `once`, until nothing is left to send.
pub(crate) async fn work(
    installation: &Arc<Installation>,
    stop: &StopSignal,
    quiet: bool,
    once: bool,
) -> Result<Shift, Failure> {
    let mut shift = Shift {
        quiet,
        installation: installation.clone(),
        stop: stop.clone(),
        running: JoinSet::new(),
        taken: HashSet::new(),
        left_alone: HashMap::new(),
        sent: BTreeMap::new(),
        broken_off: HashSet::new(),
    };
    shift.work(once).await?;
    Ok(shift)
}

/// A campaign that this worker does not send at present.
struct LeftAlone {
    /// Said once.
    message: String,
    until: Timestamp,
}

/// One worker at work.
pub(crate) struct Shift {
    installation: Arc<Installation>,
    stop: StopSignal,
    quiet: bool,
    running: JoinSet<(CampaignId, Result<Option<Sent>, Failure>)>,
    taken: HashSet<CampaignId>,
    left_alone: HashMap<CampaignId, LeftAlone>,
    sent: BTreeMap<i64, (CampaignObject, Exit)>,
    /// Campaigns in the middle of which the database failed, or was still away when this process was to stop.
    broken_off: HashSet<CampaignId>,
}

impl Shift {
    async fn work(&mut self, once: bool) -> Result<(), Failure> {
        let mut stop = self.stop.clone();
        let patience = Patience::new(&self.installation.store, self.stop.clone());
        let mut looked = self.installation.now();
        let mut retained: Option<Timestamp> = None;
        while *stop.borrow() == Stop::No {
            let store = &self.installation.store;
            if self.installation.now().duration_since(looked) > FORGET_LOOK {
                looked = self.installation.now();
                for done in
                    [self.installation.finish_forgetting().await, self.installation.close_accounts().await]
                {
                    if let Err(failure) = done {
                        self.installation.log_failure(&failure);
                    }
                }
                if retained.is_none_or(|at| looked.duration_since(at) >= RETENTION) {
                    retained = Some(looked);
                    if let Err(failure) = self.installation.run_retention(looked).await {
                        self.installation.log_failure(&failure);
                    }
                }
            }
            let campaigns = match patience.keep(|| store.campaigns_to_send()).await {
                Ok(campaigns) => campaigns,
                // The database is away, and this process is to stop: whatever runs ends by itself.
                Err(error) if error.may_pass() && *stop.borrow() > Stop::No => break,
                Err(error) => return Err(error.into()),
            };
            let taken = self.take_up(campaigns);
            if once && !taken && self.running.is_empty() {
                break;
            }
            tokio::select! {
                Some(ended) = self.running.join_next() => self.note_end(ended),
                () = tokio::time::sleep(LOOK) => {}
                () = asked(&mut stop, Stop::Soon) => {}
            }
        }
        // Each campaign's sender heard the same signal and finishes what it has in flight.
        while let Some(ended) = self.running.join_next().await {
            self.note_end(ended);
        }
        Ok(())
    }

    /// Whether any was taken up.
    fn take_up(&mut self, campaigns: Vec<(CampaignId, String)>) -> bool {
        let now = self.installation.now();
        let mut any = false;
        for (id, name) in campaigns {
            let left_alone = self.left_alone.get(&id).is_some_and(|left| now < left.until);
            if self.running.len() >= CAMPAIGNS_AT_ONCE_MAX || left_alone || !self.taken.insert(id) {
                continue;
            }
            let (installation, stop) = (self.installation.clone(), self.stop.clone());
            self.running.spawn(async move { (id, send(&installation, &name, stop).await) });
            any = true;
        }
        any
    }

    fn note_end(
        &mut self,
        ended: Result<(CampaignId, Result<Option<Sent>, Failure>), tokio::task::JoinError>,
    ) {
        // A task that panicked said so; its campaign stays taken, and other workers have it.
        let Ok((id, ended)) = ended else { return };
        self.taken.remove(&id);
        match ended {
            Ok(None) => {}
            Ok(Some(sent)) => {
                self.left_alone.remove(&id);
                self.broken_off.remove(&id);
                let object = &sent.object;
                self.installation.log_event(self.quiet, "campaign", &object.to_json(), &object.table());
                let exit = sent.exit();
                self.sent.insert(id.get(), (sent.object, exit));
                if self.sent.len() > ANSWERED_MAX {
                    self.sent.pop_first();
                }
                if sent.finish == Finish::Stopped {
                    // Another relay perhaps: not at once again.
                    self.leave_alone(id, String::new());
                }
            }
            Err(failure) => {
                if failure.exit == Exit::Unexpected {
                    self.broken_off.insert(id);
                }
                if self.left_alone.get(&id).is_none_or(|left| left.message != failure.message) {
                    self.installation.log_failure(&failure);
                }
                self.leave_alone(id, failure.message);
            }
        }
    }

    fn leave_alone(&mut self, id: CampaignId, message: String) {
        let until = self.installation.now() + LEFT_ALONE;
        self.left_alone.insert(id, LeftAlone { message, until });
    }
}

/// Sends one campaign, as `resume` does. Nothing where another process on SQLite sends it.
async fn send(installation: &Installation, name: &str, stop: StopSignal) -> Result<Option<Sent>, Failure> {
    let mut campaign = installation.store.campaign(name).await?;
    let audience = installation.store.audience_of(&campaign).await?;
    let relay = ReadyRelay::find(Some(&campaign.relay), &installation.settings)?;
    campaign.relay = relay.relay.url.to_string();
    installation.check_approval(&campaign, &audience).map_err(|mut failure| {
        failure.message = format!("{}: {}", campaign.name, failure.message);
        failure
    })?;
    let presence = match sending::enlist(installation, &campaign).await {
        Err(failure) if failure.code == "sender_present" => return Ok(None),
        presence => presence?,
    };
    sending::run(installation, campaign, presence, &audience, relay, stop, false).await.map(Some)
}
