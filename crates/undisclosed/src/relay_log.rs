//! What the relay's log says of the messages in doubt, and whether it can be believed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use delivery::IdentityKeys;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maillog::{Calendar, Findings, LogFile, Verdict, Wanted, Window};
use store::{Campaign, InDoubt, Settled};

use crate::failure::Failure;
use crate::installation::Installation;
use crate::message_files::MessageFiles;

/// Messages that the relay is known to have taken, looked for in the log: without them it is not this relay's, or not
/// complete.
const WITNESSES_MAX: u32 = 1_000;
/// How long before and after the doubts such messages are looked for, at the least.
const WITNESSES_AROUND: SignedDuration = SignedDuration::from_hours(1);

struct Log<'a>(&'a Path);

impl LogFile for Log<'_> {
    type Reader = File;

    fn open(&self) -> io::Result<File> {
        File::open(self.0)
    }
}

/// A delivery in doubt, and what follows from the log.
pub(crate) enum Conclusion {
    Settled(u64, Settled),
    /// Why not.
    Open(String),
}

/// What follows for all of them.
pub(crate) struct Conclusions {
    pub(crate) all: Vec<Conclusion>,
    /// Messages that the relay took more than once.
    pub(crate) taken_twice: u64,
}

/// How the log is to be read.
pub(crate) struct Reading<'a> {
    pub(crate) files: &'a [PathBuf],
    pub(crate) time_zone: Option<&'a str>,
    /// Somebody said that nothing is missing.
    pub(crate) complete: bool,
}

/// Reads the log for the messages in doubt.
pub(crate) async fn conclude(
    installation: &Installation,
    campaign: &Campaign,
    doubts: &[InDoubt],
    reading: &Reading<'_>,
) -> Result<Conclusions, Failure> {
    let settle_after = SignedDuration::try_from(installation.settings.doubt.settle_after.0)
        .map_err(|_| Failure::usage("settings", "doubt.settle_after is too long"))?;
    let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
    let domain = files.template.from().address().domain().to_owned();
    let identities = IdentityKeys::new(&installation.instance);
    let id = |number: u64| identities.message_id(&campaign.uid, number, &domain);
    let witnesses = witnesses(installation, campaign, doubts, settle_after).await?;
    let mut wanted = Wanted::new();
    for number in doubts.iter().map(|doubt| doubt.number).chain(witnesses.iter().map(|(number, _)| *number)) {
        wanted.add(&id(number)).map_err(|error| Failure::usage("log", error.to_string()))?;
    }
    let findings = read(installation, wanted, reading)?;
    let covered = |at: Timestamp| {
        findings.coverage().first_time().is_some_and(|first| first < at)
            && findings.coverage().last_time().is_some_and(|last| last > at + settle_after)
    };
    let found = |number| findings.get(&id(number)).is_some_and(|finding| finding.accepted > 0);
    // One at the least: a log in which nothing of ours stands could be anybody's.
    let believed = witnesses.iter().any(|(number, _)| found(*number))
        && witnesses.iter().all(|(number, at)| !covered(*at) || found(*number));
    let mut conclusions = Conclusions { all: Vec::with_capacity(doubts.len()), taken_twice: 0 };
    for doubt in doubts {
        let window = Window::new(doubt.from, doubt.until, settle_after);
        let verdict = findings.verdict(&id(doubt.number), &window, reading.complete);
        conclusions.all.push(match verdict {
            Some(Verdict::Accepted { times, .. }) => {
                conclusions.taken_twice += u64::from(times > 1);
                Conclusion::Settled(doubt.number, Settled::Sent)
            }
            Some(Verdict::Unsent) if believed => Conclusion::Settled(doubt.number, Settled::Unsent),
            Some(Verdict::Unsent) => Conclusion::Open(
                "the log does not show the messages of this campaign that the relay took: it is another relay's, or not \
                 complete"
                    .to_owned(),
            ),
            Some(Verdict::Undecided(why)) => Conclusion::Open(why.to_string()),
            None => Conclusion::Open("it was not looked for".to_owned()),
        });
    }
    Ok(conclusions)
}

fn read(installation: &Installation, wanted: Wanted, reading: &Reading<'_>) -> Result<Findings, Failure> {
    let zone = match reading.time_zone {
        Some(name) => TimeZone::get(name)
            .map_err(|_| Failure::usage("time_zone", "--time-zone takes a name like Europe/London"))?,
        None => TimeZone::system(),
    };
    let logs: Vec<Log<'_>> = reading.files.iter().map(|path| Log(path)).collect();
    let calendar = Calendar::new(zone, installation.now());
    tokio::task::block_in_place(|| maillog::read(&logs, wanted, &calendar)).map_err(|failed| {
        let name = reading.files.get(failed.index).map(|path| path.display().to_string()).unwrap_or_default();
        Failure::usage("log", format!("{name}: {}. Nothing was settled", failed.error))
    })
}

/// Messages of the time of the doubts that the relay is known to have taken.
async fn witnesses(
    installation: &Installation,
    campaign: &Campaign,
    doubts: &[InDoubt],
    settle_after: SignedDuration,
) -> Result<Vec<(u64, Timestamp)>, Failure> {
    let from = doubts.iter().map(|doubt| doubt.from).min();
    let until = doubts.iter().map(|doubt| doubt.until).max();
    let (Some(from), Some(until)) = (from, until) else { return Ok(Vec::new()) };
    let store = &installation.store;
    let around = settle_after.max(WITNESSES_AROUND);
    Ok(store.taken_between(campaign.id, from - around, until + around, WITNESSES_MAX).await?)
}
