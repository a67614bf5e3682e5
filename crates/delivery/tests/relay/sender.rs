//! A whole campaign against the relay: who got what, and what the accounting says of it (promise 3).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use campaign::{CampaignState, Counts, Retry};
use delivery::smtp::Reply;
use delivery::{Clock, Finish, LetterError, Limits, Prepare, Progress, Sender, Stop, SystemClock};
use jiff::{SignedDuration, Timestamp};
use keys::Fingerprint;
use lab::{Behaviour, Mailbox, Offers, Reaction, Rule, Stage, When};
use mail::Address;
use proof::Proved;
use rand::SeedableRng;
use store::{AudienceUid, Channel, DatabaseUrl, NewAudience, NewCampaign, SealedPerson, Store, WorkerId};
use tokio::sync::watch;

use crate::{any_tls, proved, relay, started};

/// The message of the delivery `refused` cannot be proved; no delivery has the number 0.
struct Letters {
    refused: u64,
}

/// Entries that commit to nothing: the ledger has tests of its own.
struct Entries;

impl delivery::Scribe for Entries {
    fn entry(&self, _act: &str, _reason: &str) -> Option<store::SealedEntry> {
        Some(store::SealedEntry { leaf: ledger::Hash::leaf(b"act"), sealed: Vec::new(), confidence: None })
    }
}

impl Prepare for Letters {
    fn prepare(&self, number: u64, row: u64, sealed: &[u8], _: Timestamp) -> Result<Proved, LetterError> {
        if number == self.refused {
            return Err(LetterError::Refused { row, refusal: proof::Refusal::ToNotRecipient });
        }
        // These people are not sealed: nothing here is about that.
        Ok(proved(std::str::from_utf8(sealed).expect("an address")))
    }

    fn seal_reply(&self, _: u64, _: &Reply) -> String {
        String::new()
    }

    fn suppression_fingerprint(&self, address: &Address) -> Fingerprint {
        let mut print = [0; 16];
        for (place, octet) in address.expose().bytes().enumerate() {
            print[place % 16] ^= octet;
        }
        Fingerprint(print)
    }

    fn lane(&self, _: &str, _: &str) -> Fingerprint {
        Fingerprint([0; 16])
    }

    fn envelope_id(&self, number: u64) -> String {
        format!("token{number}")
    }
}

fn people(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("person{n}@x.test")).collect()
}

async fn prepare(store: &Store, people: &[String]) -> store::Campaign {
    let now = SystemClock.now();
    let fields = ["email".to_owned()];
    let uid = AudienceUid("audience".to_owned());
    let new =
        NewAudience { uid: &uid, name: "all", key_name: "k", fields: &fields, language_field: None, at: now };
    let mut audience = store.begin_audience(&new).await.expect("an audience");
    let sealed: Vec<SealedPerson> = (0u8..)
        .zip(people)
        .map(|(n, who)| SealedPerson {
            row: u64::from(n) + 2,
            fingerprint: Fingerprint([n; 16]),
            channel: Channel::Safe,
            sealed: who.clone().into_bytes(),
        })
        .collect();
    store.add_people(&audience, &sealed).await.expect("people");
    audience.people = people.len() as u64;
    let campaign = NewCampaign {
        uid: "campaign",
        name: "survey",
        message: "{}",
        message_digest: "m",
        relay: "smtp://127.0.0.1:25",
        connections: 5,
        acknowledged: "",
        at: now,
        author: "",
        submission: None,
        wanted_at: None,
        limits: campaign::CampaignLimits::default(),
        suppressed_rows: &[],
        draft: None,
    };
    let entry =
        store::SealedEntry { leaf: ledger::Hash::leaf(b"send"), sealed: Vec::new(), confidence: None };
    store.create_campaign(&campaign, &audience, true, &entry).await.expect("a campaign");
    store.campaign("survey").await.expect("the campaign")
}

/// How a campaign ended.
struct Ended {
    finish: Finish,
    state: CampaignState,
    counts: Counts,
    progress: Arc<Progress>,
    mailbox: Arc<Mailbox>,
}

impl Ended {
    /// How often each person got the message.
    fn got(&self) -> HashMap<String, usize> {
        let mut got = HashMap::new();
        for message in self.mailbox.received() {
            for recipient in &message.recipients {
                *got.entry(recipient.clone()).or_default() += 1;
            }
        }
        got
    }

    fn nobody_got_two(&self) {
        assert!(self.got().values().all(|count| *count == 1));
    }
}

struct Setting {
    people: Vec<String>,
    doubt_max: u64,
    refused: u64,
}

fn setting(count: usize) -> Setting {
    Setting { people: people(count), doubt_max: 1_000, refused: 0 }
}

async fn sent(setting: Setting, behaviour: Behaviour) -> Ended {
    let server = started(Behaviour { single_recipient: true, ..behaviour }).await;
    let folder = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::parse(&format!("sqlite:{}/it.db", folder.path().display())).expect("a URL");
    let store = Store::open(&url).await.expect("a store");
    let campaign = prepare(&store, &setting.people).await;
    let id = campaign.id;
    let presence = store.enlist(id, WorkerId::from_random(7), Duration::from_secs(30)).await.expect("a lock");
    let progress = Arc::new(Progress::default());
    let (_stop, stop) = watch::channel(Stop::No);
    let milliseconds = SignedDuration::from_millis;
    let sender = Sender {
        store: store.clone(),
        campaign,
        presence,
        letters: Arc::new(Letters { refused: setting.refused }),
        scribe: Arc::new(Entries),
        relay: relay(&server),
        tokens: None,
        tls: any_tls(),
        limits: Limits {
            connections: 5,
            retry: Retry {
                first: milliseconds(2),
                max: milliseconds(20),
                give_up_after: milliseconds(60_000),
            },
            doubt_max: setting.doubt_max,
            pace: None,
            pace_per_connection: None,
            pace_per_domain: None,
            pace_of_campaign: None,
            quiet_hours: Vec::new(),
        },
        clock: Arc::new(SystemClock),
        chance: rand::rngs::StdRng::seed_from_u64(1),
        progress: progress.clone(),
        stop,
    };
    let finish = sender.run().await.expect("a sender that ends");
    let counts = store.counts(id).await.expect("counts");
    let (state, _) = store.campaign_state(id).await.expect("a state");
    Ended { finish, state, counts, progress, mailbox: server.mailbox() }
}

fn one(stage: Stage, when: When, reaction: Reaction) -> Behaviour {
    Behaviour::with_rule(stage, when, reaction)
}

#[tokio::test]
async fn nothing_goes_wrong() {
    let ended = sent(setting(50), Behaviour::default()).await;
    assert_eq!((ended.finish.clone(), ended.state), (Finish::Done, CampaignState::Done));
    assert_eq!((ended.counts.accepted, ended.progress.accepted()), (50, 50));
    assert_eq!(ended.got().len(), 50);
    ended.nobody_got_two();
    assert!(ended.mailbox.received().iter().all(|message| message.acknowledged()));
}

#[tokio::test]
async fn greylisting_puts_off_everybody_once() {
    let ended =
        sent(setting(20), one(Stage::Rcpt, When::FirstAttempts(1), Reaction::reply("451 4.7.1 Later"))).await;
    assert_eq!(
        (ended.finish.clone(), ended.counts.accepted, ended.progress.deferrals()),
        (Finish::Done, 20, 20)
    );
    ended.nobody_got_two();
}

#[tokio::test]
async fn some_mailboxes_do_not_exist() {
    let rules = ["person3@x.test", "person9@x.test"].map(|who| {
        Rule::new(Stage::Rcpt, When::Recipient(who.into()), Reaction::reply("550 5.1.1 No such mailbox"))
    });
    let ended = sent(setting(20), Behaviour::with_rules(rules.to_vec())).await;
    assert_eq!((ended.finish.clone(), ended.counts.accepted, ended.counts.failed), (Finish::Done, 18, 2));
    assert!(!ended.got().contains_key("person3@x.test"));
    ended.nobody_got_two();
}

#[tokio::test]
async fn connection_reset_after_some_dots_leaves_doubt_and_nobody_gets_two() {
    let ended = sent(setting(30), one(Stage::DotAfterRecording, When::EveryNth(10), Reaction::Reset)).await;
    assert_eq!((ended.counts.accepted, ended.counts.in_doubt, ended.counts.open()), (27, 3, 0));
    assert_eq!((ended.finish.clone(), ended.got().len()), (Finish::Done, 30));
    ended.nobody_got_two();
}

#[tokio::test]
async fn connection_closed_before_some_dots_count_is_in_doubt_too() {
    let ended = sent(setting(30), one(Stage::DotBeforeRecording, When::EveryNth(10), Reaction::Close)).await;
    // Nobody can tell from here whether the relay has kept them: they are not sent again by themselves.
    assert_eq!((ended.counts.accepted, ended.counts.in_doubt, ended.got().len()), (27, 3, 27));
    ended.nobody_got_two();
}

#[tokio::test]
async fn doubts_pause_the_campaign() {
    let setting = Setting { doubt_max: 3, ..setting(50) };
    let ended = sent(setting, one(Stage::DotAfterRecording, When::All, Reaction::Close)).await;
    assert!(matches!(ended.finish, Finish::Paused(_)), "{:?}", ended.finish);
    assert_eq!(ended.state, CampaignState::Paused);
    // Three, and at most one more for each of the other connections.
    assert!((3..=7).contains(&ended.counts.in_doubt), "{}", ended.counts.in_doubt);
    assert_eq!(ended.counts.in_doubt + ended.counts.open(), 50);
    ended.nobody_got_two();
}

#[tokio::test]
async fn relay_refuses_the_sender_and_nobody_fails() {
    for (stage, line) in
        [(Stage::Mail, "550 5.7.1 Blocked"), (Stage::Greeting, "554 Blocked"), (Stage::Ehlo, "550 Who?")]
    {
        let ended = sent(setting(20), one(stage, When::All, Reaction::reply_and_close(line))).await;
        assert!(
            matches!(&ended.finish, Finish::Paused(why) if !why.contains("Blocked")),
            "{:?}",
            ended.finish
        );
        assert_eq!((ended.counts.failed, ended.counts.open(), ended.mailbox.count()), (0, 20, 0));
    }
}

#[tokio::test]
async fn relay_refuses_everybody_for_its_policy_and_nobody_fails() {
    let ended =
        sent(setting(40), one(Stage::Rcpt, When::All, Reaction::reply("550 5.7.1 Not from you"))).await;
    assert!(matches!(ended.finish, Finish::Paused(_)), "{:?}", ended.finish);
    assert_eq!((ended.counts.failed, ended.counts.open()), (0, 40));
}

#[tokio::test]
async fn relay_closes_after_each_few_messages() {
    let behaviour = Behaviour { messages_per_connection_max: Some(3), ..Behaviour::default() };
    let ended = sent(setting(40), behaviour).await;
    assert_eq!((ended.finish.clone(), ended.counts.accepted), (Finish::Done, 40));
    ended.nobody_got_two();
}

#[tokio::test]
async fn relay_is_busy_at_first() {
    let ended =
        sent(setting(20), one(Stage::Greeting, When::FirstAttempts(7), Reaction::reply("421 4.3.2 Busy")))
            .await;
    assert_eq!((ended.finish.clone(), ended.counts.accepted), (Finish::Done, 20));
    ended.nobody_got_two();
}

#[tokio::test]
async fn relay_takes_two_connections_of_five() {
    let ended = sent(setting(30), Behaviour { connections_max: 2, ..Behaviour::default() }).await;
    assert_eq!((ended.finish.clone(), ended.counts.accepted), (Finish::Done, 30));
    ended.nobody_got_two();
}

#[tokio::test]
async fn relay_takes_no_address_beyond_ascii() {
    let offers = Offers { smtputf8: false, ..Offers::default() };
    let mut setting = setting(10);
    setting.people[4] = "jörg@x.test".to_owned();
    let ended = sent(setting, Behaviour { offers, ..Behaviour::default() }).await;
    assert_eq!((ended.finish.clone(), ended.counts.accepted, ended.counts.failed), (Finish::Done, 9, 1));
}

#[tokio::test]
async fn message_larger_than_the_relay_takes_pauses_and_nobody_fails() {
    let offers = Offers { size_max: 100, ..Offers::default() };
    let ended = sent(setting(10), Behaviour { offers, ..Behaviour::default() }).await;
    assert!(matches!(ended.finish, Finish::Paused(_)), "{:?}", ended.finish);
    assert_eq!((ended.counts.failed, ended.counts.open(), ended.mailbox.count()), (0, 10, 0));
}

#[tokio::test]
async fn message_that_is_not_proved_halts_the_campaign() {
    let ended = sent(Setting { refused: 20, ..setting(50) }, Behaviour::default()).await;
    assert!(matches!(ended.finish, Finish::Halted(_)), "{:?}", ended.finish);
    assert_eq!(ended.state, CampaignState::Halted);
    assert!(!ended.got().contains_key("person20@x.test"));
    assert_eq!(ended.counts.accepted, ended.mailbox.count() as u64);
    ended.nobody_got_two();
}

#[tokio::test]
async fn everything_goes_wrong_at_times() {
    let rules = vec![
        Rule::new(Stage::Greeting, When::EveryNth(7), Reaction::Close),
        Rule::new(Stage::Mail, When::EveryNth(23), Reaction::reply("421 4.3.2 Closing")),
        Rule::new(Stage::Rcpt, When::EveryNth(11), Reaction::reply("451 4.3.0 Later")),
        Rule::new(Stage::Rcpt, When::EveryNth(17), Reaction::Reset),
        Rule::new(Stage::Data, When::EveryNth(19), Reaction::Garbage(b"what?\r\n".to_vec())),
        Rule::new(Stage::DotBeforeRecording, When::EveryNth(13), Reaction::reply("451 4.3.0 Later")),
        Rule::new(Stage::DotBeforeRecording, When::EveryNth(29), Reaction::Close),
        Rule::new(Stage::DotAfterRecording, When::EveryNth(31), Reaction::Reset),
        Rule::new(Stage::DotAfterRecording, When::EveryNth(37), Reaction::Garbage(b"hello\r\n".to_vec())),
    ];
    let mut behaviour = Behaviour::with_rules(rules);
    behaviour.messages_per_connection_max = Some(9);
    let ended = sent(setting(200), behaviour).await;
    let Counts { accepted, in_doubt, failed, total, .. } = ended.counts;
    assert_eq!((ended.finish.clone(), accepted + in_doubt, failed, total), (Finish::Done, 200, 0, 200));
    assert!(in_doubt > 0);
    ended.nobody_got_two();
    // Whoever has no message is in doubt, and whoever is accepted has one.
    let got = ended.mailbox.count() as u64;
    assert!(got >= accepted && got <= accepted + in_doubt, "{got} {accepted} {in_doubt}");
}
