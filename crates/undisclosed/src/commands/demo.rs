//! `undisclosed demo`: the incident of 2012 as it should have gone. Everything is embedded, in one process, on
//! loopback: the only mail server it can talk to is its own (promise 14).

mod open;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use campaign::{CampaignLimits, SubmissionDigest};
use keys::InstanceKey;
use lab::{Behaviour, Mailbox, Reaction, Rule, Server, Stage, When};
use mail::{Address, Limits};
use serde_json::json;
use store::{Audience, Campaign, DatabaseUrl, NewCampaign, StoreError};

use crate::answer::{answer, note};
use crate::book::Act;
use crate::caller::Caller;
use crate::cli::{AcknowledgeArgs, DemoArgs, General, ReadingArgs, Shared};
use crate::commands::approval;
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::preparation::{Wanted, prepare};
use crate::relay::ReadyRelay;
use crate::sending::{self, Sent};
use crate::settings::{Resolver, Settings, Span};
use crate::submission::Submitted;

const PEOPLE: &str = include_str!("../../demo/people.csv");
const MESSAGE: &str = include_str!("../../demo/message.md");
const WELSH: &str = include_str!("../../demo/message.cy.md");
/// The seven messages of 30 January 2012, as data: invented people, reserved domains.
const LEAKED: [&[u8]; 7] = [
    include_bytes!("../../demo/leaked-1.eml"),
    include_bytes!("../../demo/leaked-2.eml"),
    include_bytes!("../../demo/leaked-3.eml"),
    include_bytes!("../../demo/leaked-4.eml"),
    include_bytes!("../../demo/leaked-5.eml"),
    include_bytes!("../../demo/leaked-6.eml"),
    include_bytes!("../../demo/leaked-7.eml"),
];
const NAME: &str = "January survey";
/// The two people.
const AUTHOR: &str = "the author";
const APPROVER: &str = "the approver";
/// Nobody waits five minutes for a demo.
const TAKE_BACK: Duration = Duration::from_secs(1);
const CONNECTIONS: u32 = 10;

/// What the seven messages showed to whom.
struct Exposure {
    messages: usize,
    ordered_pairs: usize,
    most: usize,
}

/// What arrived, counted from the octets.
struct Arrived {
    messages: usize,
    recipients: usize,
    showing_another: usize,
}

pub(crate) async fn run(general: &General, args: DemoArgs) -> Result<Exit, Failure> {
    let people = people()?;
    let exposure = incident();
    note(general.json, &told(&exposure, people.len()));
    let folder =
        tempfile::tempdir().map_err(|_| Failure::usage("folder", "no temporary folder can be made"))?;
    let mut installation = installation(folder.path()).await?;
    let server = Server::start(misbehaving())
        .await
        .map_err(|_| Failure::usage("demo", "the demo's mail server cannot listen on loopback"))?;
    let pages = open::PublicListener::bind(&mut installation.settings).await?;
    let sent = send(general, folder.path(), &installation, &server).await?;
    let arrived = arrived(&server.mailbox(), &people);
    let mut object = sent.object.to_json();
    for (key, value) in [
        ("people", json!(people.len())),
        ("incident_messages", json!(exposure.messages)),
        ("incident_ordered_pairs", json!(exposure.ordered_pairs)),
        ("messages_received", json!(arrived.messages)),
        ("messages_showing_another", json!(arrived.showing_another)),
        ("retried", json!(sent.deferrals)),
    ] {
        object[key] = value;
    }
    answer(general.json, &object, &accounting(&sent, &arrived, people.len()));
    if !args.exit && !general.json {
        let inbox = (server.mailbox(), summary(&sent, &arrived, &exposure));
        if args.no_console {
            open::show_inbox(inbox, args.port).await?;
        } else {
            open::stay_open(installation, &server, inbox, pages, folder.path(), &args).await?;
        }
    }
    let clean = arrived.showing_another == 0 && arrived.recipients == arrived.messages;
    Ok(if clean { sent.exit() } else { Exit::Somebody })
}

/// A mail server as they are: now and then it says "later", or hangs up before it took anything.
fn misbehaving() -> Behaviour {
    let rule = |stage, nth, reaction| Rule::new(stage, When::EveryNth(nth), reaction);
    Behaviour {
        single_recipient: true,
        messages_per_connection_max: Some(100),
        rules: vec![
            rule(Stage::Rcpt, 61, Reaction::reply("450 4.2.0 Greylisted, come back later")),
            rule(Stage::Mail, 173, Reaction::Close),
            rule(Stage::DotBeforeRecording, 211, Reaction::reply("451 4.3.0 Too busy, come back later")),
        ],
        ..Behaviour::default()
    }
}

fn people() -> Result<HashSet<Address>, Failure> {
    let mut people = HashSet::new();
    for line in PEOPLE.lines().skip(1) {
        let address = Address::parse(line.split(',').next().unwrap_or(""))
            .map_err(|_| Failure::unexpected("demo", "the demo's own list is damaged"))?;
        people.insert(address);
    }
    Ok(people)
}

/// Reads the seven messages as anybody could who got one: each showed all addresses of its batch to all of them.
fn incident() -> Exposure {
    let mut exposure = Exposure { messages: LEAKED.len(), ordered_pairs: 0, most: 0 };
    for message in LEAKED {
        let reading = mail::read(message, &Limits::default());
        let sender: HashSet<&Address> =
            reading.sightings.iter().filter(|s| s.place.is_field("From")).map(|s| &s.address).collect();
        let visible: HashSet<&Address> = reading
            .sightings
            .iter()
            .filter(|s| s.place.is_field("To") || s.place.is_field("Cc"))
            .map(|s| &s.address)
            .filter(|address| !sender.contains(address))
            .collect();
        exposure.ordered_pairs += visible.len() * visible.len().saturating_sub(1);
        exposure.most = exposure.most.max(visible.len().saturating_sub(1));
    }
    exposure
}

fn told(exposure: &Exposure, people: usize) -> String {
    format!(
        "30 January 2012: {people} people, {} messages, all addresses in Cc.\n\
         {} times somebody's address was shown to somebody else; one address to as many as {} strangers.\n\n\
         The same survey, as it should have gone:",
        exposure.messages, exposure.ordered_pairs, exposure.most
    )
}

async fn installation(folder: &Path) -> Result<Installation, Failure> {
    let mut settings = Settings::default();
    // The demo's mail server says "later" a few times; nobody wants to wait a minute for it here.
    settings.delivery.retry_first = Span(Duration::from_millis(200));
    settings.delivery.retry_max = Span(Duration::from_secs(1));
    settings.delivery.connections = CONNECTIONS;
    settings.approval.take_back = Span(TAKE_BACK);
    // It asks nobody outside this machine for anything.
    settings.dns.resolver = Resolver::Nobody;
    let random = keys::Random::default();
    let instance = InstanceKey::ephemeral(&random)?;
    let database = DatabaseUrl::Sqlite(folder.join("data").join("undisclosed.db"));
    let author = Caller::Person(AUTHOR.to_owned());
    Installation::assemble(author, settings, instance, &folder.join("keys"), &database).await
}

async fn send(
    general: &General,
    folder: &Path,
    installation: &Installation,
    server: &Server,
) -> Result<Sent, Failure> {
    let cannot = |_| Failure::usage("folder", "the demo's temporary folder cannot be written to");
    for (name, text) in [("people.csv", PEOPLE), ("message.md", MESSAGE), ("message.cy.md", WELSH)] {
        fs::write(folder.join(name), text).map_err(cannot)?;
    }
    let spreadsheet = folder.join("people.csv");
    let what = Submitting {
        name: NAME,
        audience: spreadsheet.to_str().unwrap_or_default(),
        message: &folder.join("message.md"),
        author: AUTHOR,
    };
    let (submission, audience) = submit(general, installation, server, &what).await?;
    let relay = ReadyRelay::find(Some(&server.url()), &installation.settings)?;
    two_people(general, installation, submission).await?;
    let campaign: Campaign = installation.store.campaign(NAME).await?;
    installation.check_approval(&campaign, &audience)?;
    let presence = sending::enlist(installation, &campaign).await?;
    let stop = sending::stop_signals()?;
    sending::run(installation, campaign, presence, &audience, relay, stop, true).await
}

/// A campaign of the demo.
struct Submitting<'a> {
    name: &'a str,
    /// A spreadsheet, or an audience that there is.
    audience: &'a str,
    message: &'a Path,
    author: &'a str,
}

/// Builds and proves everybody's message, and submits the campaign.
async fn submit(
    general: &General,
    installation: &Installation,
    server: &Server,
    what: &Submitting<'_>,
) -> Result<(SubmissionDigest, Audience), Failure> {
    let uid = data_encoding::HEXLOWER.encode(&installation.random.octets::<16>()?);
    let wanted = Wanted {
        audience: what.audience,
        message: what.message,
        from: None,
        reading: &ReadingArgs { shared_address: Some(Shared::Each), ..ReadingArgs::default() },
        acknowledge: &AcknowledgeArgs { acknowledge: vec!["channel".to_owned()] },
        uid: &uid,
        name: what.name,
    };
    let prepared = prepare(installation, &wanted).await?;
    if prepared.draft {
        note(general.json, &prepared.words());
    }
    let submitted = Submitted {
        campaign: &uid,
        message: &prepared.digest,
        audience: &prepared.audience,
        relay: &server.url(),
        at: None,
        limits: CampaignLimits::default(),
    };
    let submission = submitted.digest(&installation.settings);
    let new = NewCampaign {
        uid: &uid,
        name: what.name,
        message: &prepared.bundle,
        message_digest: &prepared.digest,
        relay: &server.url(),
        connections: CONNECTIONS,
        acknowledged: "{}",
        author: what.author,
        submission: Some(submission),
        at: installation.now(),
        wanted_at: None,
        limits: CampaignLimits::default(),
        suppressed_rows: &prepared.checked.suppressed,
        draft: None,
    };
    let detail = json!({"submission": submission.to_string()});
    let entry =
        installation.entry(&Act { by: Some(what.author), ..Act::new("submit", what.name, detail) }).await?;
    installation.store.create_campaign(&new, &prepared.audience, prepared.draft, &entry).await?;
    Ok((submission, prepared.audience))
}

/// Who wrote it cannot approve it; somebody else can.
async fn two_people(
    general: &General,
    installation: &Installation,
    submission: SubmissionDigest,
) -> Result<(), Failure> {
    let (store, now) = (&installation.store, installation.now());
    let id = store.campaign(NAME).await?.id;
    let take_back = approval::take_back(installation);
    let detail = json!({"submission": submission.to_string()});
    let act = Act { by: Some(APPROVER), ..Act::new("approve", NAME, detail) };
    let entry = installation.entry(&act).await?;
    let by_author = store.approve(id, submission, AUTHOR, now, take_back, &entry).await;
    let Err(StoreError::SamePerson) = by_author else {
        return Err(Failure::unexpected("demo", "one person alone could approve the campaign"));
    };
    store.approve(id, submission, APPROVER, now, take_back, &entry).await?;
    note(
        general.json,
        &format!(
            "\nSubmitted by {AUTHOR}, and {AUTHOR} tries to approve it: refused, it takes another person.\n\
             Approved by {APPROVER}. There is time to take it back: {} second here, five minutes elsewhere.\n",
            TAKE_BACK.as_secs()
        ),
    );
    Ok(())
}

/// Counts from the octets that arrived: whose address is in whose message.
fn arrived(mailbox: &Mailbox, people: &HashSet<Address>) -> Arrived {
    let received = mailbox.received();
    let mut arrived = Arrived { messages: received.len(), recipients: 0, showing_another: 0 };
    for message in received {
        arrived.recipients += message.recipients.len();
        let own: Vec<Address> = message.recipients.iter().filter_map(|r| Address::parse(r).ok()).collect();
        let reading = mail::read(&message.bytes, &Limits::default());
        let shows_another = reading
            .sightings
            .iter()
            .flat_map(mail::Sighting::readings)
            .any(|address| people.contains(address) && !own.contains(address));
        arrived.showing_another += usize::from(shows_another);
    }
    arrived
}

fn accounting(sent: &Sent, arrived: &Arrived, people: usize) -> String {
    sent.object.table_with(&[
        ("people on the list", people as u64),
        ("messages that arrived", arrived.messages as u64),
        ("recipients of them", arrived.recipients as u64),
        ("messages that show another person", arrived.showing_another as u64),
        ("attempts put off and made again", sent.deferrals),
    ])
}

fn summary(sent: &Sent, arrived: &Arrived, exposure: &Exposure) -> Vec<(String, String)> {
    vec![
        ("In 2012: addresses shown to strangers".to_owned(), exposure.ordered_pairs.to_string()),
        ("Now: messages that show another person".to_owned(), arrived.showing_another.to_string()),
        ("Messages that arrived".to_owned(), arrived.messages.to_string()),
        ("Attempts put off and made again".to_owned(), sent.deferrals.to_string()),
    ]
}
