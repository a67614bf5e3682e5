//! What both databases must do alike.

mod api_requests;
mod drafts;
mod entries;
mod forgetting;
mod leases;
mod officer;
mod public_pages;
mod returns;
mod sessions;
mod sign_ons;
mod staff;
mod two_people;

use std::fmt::Debug;
use std::time::Duration;

use campaign::{CampaignEvent, CampaignState, DeliveryEvent, DeliveryState};
use jiff::{SignedDuration, Timestamp};
use keys::Fingerprint;
use ledger::{Digest, Hash};
use store::{
    Audience, AudienceUid, CampaignId, Channel, DatabaseUrl, Intent, NewAudience, NewCampaign, Presence,
    Scope, SealedEntry, SealedPerson, Settlement, Store, StoreError, Version, WorkerId,
};

/// Longer than any test.
const LEASE: Duration = Duration::from_secs(600);
const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

fn fine<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("the store does it")
}

/// A store on one of the databases, and what keeps that alive.
struct Bench {
    store: Store,
    url: DatabaseUrl,
    _folder: tempfile::TempDir,
    _server: Option<testkit::Postgres>,
}

async fn sqlite() -> Bench {
    let folder = fine(tempfile::tempdir());
    let url = fine(DatabaseUrl::parse(&format!("sqlite:{}/data/it%s.db", folder.path().display())));
    Bench { store: fine(Store::open(&url).await), url, _folder: folder, _server: None }
}

async fn postgres() -> Bench {
    let server = testkit::Postgres::start();
    let url = fine(DatabaseUrl::parse(server.url()));
    Bench {
        store: fine(Store::open(&url).await),
        url,
        _folder: fine(tempfile::tempdir()),
        _server: Some(server),
    }
}

async fn audience(store: &Store, name: &str, people: u64) -> Audience {
    let uid = AudienceUid(format!("uid-{name}"));
    let fields = ["email".to_owned(), "first_name".to_owned()];
    let new =
        NewAudience { uid: &uid, name, key_name: "k", fields: &fields, language_field: Some(1), at: NOW };
    let mut audience = fine(store.begin_audience(&new).await);
    let people: Vec<SealedPerson> = (0..people)
        .map(|n| SealedPerson {
            row: n + 2,
            fingerprint: Fingerprint([u8::try_from(n % 251).expect("small"); 16]),
            channel: if n == 1 {
                Channel::Unsafe
            } else if n == 2 {
                Channel::Unknown
            } else {
                Channel::Safe
            },
            sealed: vec![u8::try_from(n % 251).expect("small"), 0, 255],
        })
        .collect();
    for batch in people.chunks(store::PEOPLE_BATCH_MAX) {
        fine(store.add_people(&audience, batch).await);
    }
    audience.people = people.len() as u64;
    audience.digest = format!("digest-{name}");
    audience
}

fn new_campaign<'a>(name: &'a str) -> NewCampaign<'a> {
    NewCampaign {
        uid: name,
        name,
        message: "{}",
        message_digest: "m",
        relay: "smtp://127.0.0.1:25",
        connections: 3,
        acknowledged: "",
        at: NOW,
        author: "uid 1",
        submission: None,
        wanted_at: None,
        limits: campaign::CampaignLimits::default(),
        suppressed_rows: &[],
        draft: None,
    }
}

async fn campaign_of(store: &Store, name: &str, people: u64) -> CampaignId {
    let audience = audience(store, name, people).await;
    fine(store.create_campaign(&new_campaign(name), &audience, true, &act()).await)
}

fn settle(by: &Presence, number: u64, from: DeliveryState, event: DeliveryEvent) -> Settlement {
    Settlement {
        number,
        worker: by.worker,
        intended_at: (from == DeliveryState::Intended).then_some(NOW),
        from,
        event,
        at: NOW,
        code: 250,
        enhanced: "2.0.0".to_owned(),
        reply: String::new(),
        next_attempt: (event == DeliveryEvent::Defer).then(|| NOW + SignedDuration::from_secs(60)),
        suppress: (event == DeliveryEvent::Refuse).then_some(Fingerprint([77; 16])),
        person: Some(listed(number)),
    }
}

/// What a sender of a campaign of one person alone goes by.
fn version(message: &str) -> Version {
    Version { message: message.to_owned(), submission: String::new() }
}

/// An act; what it commits to does not matter here.
fn act() -> SealedEntry {
    SealedEntry { leaf: Hash::leaf(b"act"), sealed: vec![1, 2, 3], confidence: None }
}

/// The fingerprint under which the suppression list knows the person of a delivery.
fn listed(number: u64) -> Fingerprint {
    Fingerprint([u8::try_from(100 + number).expect("small"); 16])
}

fn intent(by: &Presence, number: u64) -> Intent {
    Intent {
        number,
        worker: by.worker,
        date: NOW,
        at: NOW,
        message: Digest::of(b"message"),
        person: Some(listed(number)),
    }
}

async fn an_import_is_seen_when_complete(bench: Bench) {
    let store = &bench.store;
    let audience = audience(store, "victims", 1_101).await;
    assert!(fine(store.find_audience("victims").await).is_none());
    fine(store.complete_audience(&audience, &act()).await);
    let seen = fine(store.find_audience("victims").await).expect("seen now");
    assert_eq!((seen.people, seen.fields.len(), seen.language_field), (1_101, 2, Some(1)));
    let new = NewAudience {
        uid: &AudienceUid("other".into()),
        name: "victims",
        key_name: "k",
        fields: &[],
        language_field: None,
        at: NOW,
    };
    assert!(matches!(store.begin_audience(&new).await, Err(StoreError::NameInUse)));
    let page = fine(store.people(&seen, 1_100, 10).await);
    assert_eq!(page.iter().map(|p| p.row).collect::<Vec<_>>(), [1_101, 1_102]);
    assert_eq!(
        fine(store.person_at(&seen, 3).await).map(|p| (p.row, p.channel)),
        Some((4, Channel::Unknown))
    );
    assert!(fine(store.person_at(&seen, 1_102).await).is_none());
    assert!(!fine(store.discard_audience(&seen).await));
    assert!(fine(store.find_audience("victims").await).is_some(), "a complete one is not discarded");
}

async fn an_abandoned_import_is_found_and_discarded(bench: Bench) {
    let store = &bench.store;
    audience(store, "victims", 3).await;
    assert!(fine(store.abandoned_audiences(NOW).await).is_empty());
    let abandoned = fine(store.abandoned_audiences(NOW + SignedDuration::from_secs(1)).await);
    assert!(fine(store.discard_audience(&abandoned[0]).await));
    assert!(fine(store.abandoned_audiences(NOW + SignedDuration::from_secs(1)).await).is_empty());
}

async fn a_campaign_appears_whole(bench: Bench) {
    let store = &bench.store;
    let audience = audience(store, "victims", 6).await;
    let new = NewCampaign { suppressed_rows: &[5, 4], ..new_campaign("January") };
    let id = fine(store.create_campaign(&new, &audience, true, &act()).await);
    let counts = fine(store.counts(id).await);
    // Row 3 is unsafe, row 4 unknown (held, though it is on the suppression list too), row 5 suppressed.
    assert_eq!((counts.total, counts.queued, counts.suppressed, counts.held), (6, 3, 2, 1));
    assert!(matches!(
        store.create_campaign(&new, &audience, false, &act()).await,
        Err(StoreError::NameInUse)
    ));
    assert_eq!(fine(store.sent_before("m", "digest-victims").await).as_deref(), Some("January"));
    assert_eq!(fine(store.sent_before("m", "other").await), None);
    let campaign = fine(store.campaign("January").await);
    assert_eq!((campaign.state, campaign.connections), (CampaignState::Sending, 3));
    assert_eq!(fine(store.audience_of(&campaign).await).name, "victims");
    assert!(matches!(store.campaign("February").await, Err(StoreError::NotFound)));
    let later = NewCampaign {
        wanted_at: Some(NOW + SignedDuration::from_secs(9)),
        uid: "l",
        ..new_campaign("Later")
    };
    fine(store.create_campaign(&later, &audience, false, &act()).await);
    assert_eq!(fine(store.campaign("Later").await).state, CampaignState::Waiting);
    assert_eq!(fine(store.campaigns().await).len(), 2);
}

async fn outcome_and_next_intent_are_one_commit(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    let claimed = fine(store.claim(id, &me, NOW, 4).await);
    assert_eq!(claimed.iter().map(|c| c.number).collect::<Vec<_>>(), [1, 4, 5, 6], "2 is unsafe, 3 is held");
    assert_eq!(claimed[1].sealed, [3, 0, 255]);
    assert_eq!(fine(store.claim(id, &me, NOW, 2).await).len(), 2, "nobody is claimed twice");
    let first = fine(store.journal(id, &version("m"), &[], &[intent(&me, 1), intent(&me, 4)]).await);
    assert_eq!(first.intended.len(), 2);
    let lost_answer = fine(store.journal(id, &version("m"), &[], &[intent(&me, 1), intent(&me, 4)]).await);
    assert_eq!(lost_answer.intended.len(), 2, "the same intent again is the same intent");
    assert_eq!(fine(store.counts(id).await).queued, 8, "in flight with a live sender");
    let outcomes = [
        settle(&me, 1, DeliveryState::Intended, DeliveryEvent::Accept),
        settle(&me, 4, DeliveryState::Intended, DeliveryEvent::Defer),
        settle(&me, 6, DeliveryState::Claimed, DeliveryEvent::Refuse),
    ];
    let second = fine(store.journal(id, &version("m"), &outcomes, &[intent(&me, 5)]).await);
    assert_eq!((second.intended.as_slice(), second.settled.len()), ([5].as_slice(), 3));
    let counts = fine(store.counts(id).await);
    assert_eq!((counts.accepted, counts.deferred, counts.failed, counts.queued), (1, 1, 1, 5));
    assert!(fine(store.suppressed(&[Fingerprint([77; 16])]).await).len() == 1, "in the same commit");
    // What is final does not move again, whoever asks.
    let again = fine(store.journal(id, &version("m"), &outcomes, &[intent(&me, 1)]).await);
    assert_eq!((again.intended.len(), again.settled.len()), (0, 0));
    // A deferred one is claimed when it is due, before those not tried yet, with the Date of its first intent.
    assert!(fine(store.claim(id, &me, NOW, 1).await)[0].date.is_none());
    let due = fine(store.claim(id, &me, NOW + SignedDuration::from_secs(60), 1).await);
    assert_eq!(
        (due[0].number, due[0].attempts, due[0].date, due[0].first_attempt),
        (4, 1, Some(NOW), Some(NOW))
    );
    let rows = fine(store.deliveries(id, Some(DeliveryState::Failed), 0, 10).await);
    fine(store.fail_deferred(id, &[5, 4]).await);
    assert_eq!(fine(store.counts(id).await).failed, 1, "4 is claimed and 5 in flight: neither is deferred");
    assert_eq!((rows.len(), rows[0].number, rows[0].code, rows[0].enhanced.as_str()), (1, 6, 250, "2.0.0"));
}

async fn no_intent_holds_once_the_campaign_is_paused(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &me, NOW, 4).await);
    assert_eq!(
        fine(store.move_campaign(id, CampaignEvent::Pause, "by hand", NOW).await),
        CampaignState::Paused
    );
    assert!(fine(store.journal(id, &version("m"), &[], &[intent(&me, 1)]).await).intended.is_empty());
    let release = settle(&me, 1, DeliveryState::Claimed, DeliveryEvent::Release);
    assert_eq!(fine(store.journal(id, &version("m"), &[release], &[]).await).settled, [1]);
    assert_eq!(fine(store.campaign("c").await).reason, "by hand");
    fine(store.move_campaign(id, CampaignEvent::Resume, "", NOW).await);
    assert_eq!(fine(store.claim(id, &me, NOW, 1).await)[0].attempts, 0, "a release is no attempt");
    fine(store.move_campaign(id, CampaignEvent::Cancel, "", NOW).await);
    assert!(matches!(
        store.move_campaign(id, CampaignEvent::Resume, "", NOW).await,
        Err(StoreError::Transition(_))
    ));
}

async fn a_dead_sender_is_taken_over(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let dead = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &dead, NOW, 6).await);
    fine(store.journal(id, &version("m"), &[], &[intent(&dead, 1), intent(&dead, 4)]).await);
    drop(dead);
    let counts = fine(store.counts(id).await);
    assert_eq!((counts.in_doubt, counts.queued), (2, 6), "an intent without a live sender shows as in doubt");
    let me = fine(store.enlist(id, WorkerId::from_random(8), LEASE).await);
    assert_eq!(fine(store.take_over(id, &me, NOW).await), 2);
    assert_eq!(fine(store.take_over(id, &me, NOW).await), 0);
    let claimed = fine(store.claim(id, &me, NOW, 20).await);
    assert_eq!(claimed.iter().map(|c| c.number).collect::<Vec<_>>(), [5, 6, 7, 8, 9, 10]);
    assert_eq!(fine(store.next_due(id).await), None);
    assert_eq!(fine(store.counts(id).await).in_doubt, 2);
}

async fn a_halted_campaign_is_mended(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 5).await;
    assert!(matches!(store.mend_campaign(id, "new", "d", &act()).await, Err(StoreError::Transition(_))));
    fine(store.move_campaign(id, CampaignEvent::Halt, "refused", NOW).await);
    assert!(matches!(
        store.move_campaign(id, CampaignEvent::Resume, "", NOW).await,
        Err(StoreError::Transition(_))
    ));
    fine(store.mend_campaign(id, "new", "d", &act()).await);
    fine(store.move_campaign(id, CampaignEvent::Resume, "", NOW).await);
    // A sender that slept through the mending still has the old message: its intents do not hold.
    let sleeper = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &sleeper, NOW, 1).await);
    assert!(fine(store.journal(id, &version("m"), &[], &[intent(&sleeper, 1)]).await).intended.is_empty());
    assert_eq!(fine(store.journal(id, &version("d"), &[], &[intent(&sleeper, 1)]).await).intended, [1]);
    assert_eq!(fine(store.campaign("c").await).message, "new");
}

async fn suppressions_are_found_by_fingerprint(bench: Bench) {
    let store = &bench.store;
    let all: Vec<Fingerprint> =
        (0..=255).map(|n| Fingerprint([n; 16])).chain([Fingerprint([1; 16])]).collect();
    assert!(fine(store.suppressed(&all).await).is_empty());
    for _ in 0..2 {
        fine(store.suppress(Fingerprint([9; 16]), Scope::Address, NOW).await);
        fine(store.suppress(Fingerprint([255; 16]), Scope::Surveys, NOW).await);
    }
    let found = fine(store.suppressed(&all).await);
    assert!(found.len() == 2 && found.contains(&Fingerprint([9; 16])));
    assert_eq!(fine(store.suppressions().await), 2);
}

async fn relay_down_for_too_long_fails_what_waits(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &me, NOW, 3).await);
    assert_eq!(fine(store.fail_waiting(id, me.worker, NOW).await), 5);
    let counts = fine(store.counts(id).await);
    assert_eq!((counts.failed, counts.queued, counts.suppressed, counts.held), (5, 3, 1, 1));
    fine(store.set_relay(id, "smtp://127.0.0.1:26", 9).await);
    assert_eq!(fine(store.campaign("c").await).connections, 9);
}

/// Runs each test of a module on both databases.
macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite { $( #[tokio::test] async fn $name() { super::$name(crate::sqlite().await).await; } )* }
        mod on_postgres { $( #[tokio::test] async fn $name() { super::$name(crate::postgres().await).await; } )* }
    };
}
pub(crate) use contract;

use leases::{
    a_claim_whose_answer_was_lost_is_given_back, a_late_outcome_of_the_same_attempt_settles_its_doubt,
    later_of_a_finished_campaign_is_a_failure,
};

contract! {
    an_import_is_seen_when_complete,
    an_abandoned_import_is_found_and_discarded,
    a_campaign_appears_whole,
    outcome_and_next_intent_are_one_commit,
    no_intent_holds_once_the_campaign_is_paused,
    a_dead_sender_is_taken_over,
    a_halted_campaign_is_mended,
    suppressions_are_found_by_fingerprint,
    relay_down_for_too_long_fails_what_waits,
    a_late_outcome_of_the_same_attempt_settles_its_doubt,
    later_of_a_finished_campaign_is_a_failure,
    a_claim_whose_answer_was_lost_is_given_back,
}

#[tokio::test]
async fn postgres_without_fsync_is_refused() {
    let server = testkit::Postgres::start();
    let url = fine(DatabaseUrl::parse(server.url()));
    fine(Store::open(&url).await).close().await;
    server.set("fsync", "off");
    assert!(matches!(Store::open(&url).await, Err(StoreError::FsyncOff)));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_programs_open_a_new_database_at_once() {
    let folder = fine(tempfile::tempdir());
    let url = fine(DatabaseUrl::parse(&format!("sqlite:{}/data/it.db", folder.path().display())));
    let opening: Vec<_> = (0..8)
        .map(|_| {
            let url = url.clone();
            tokio::spawn(async move { Store::open(&url).await })
        })
        .collect();
    for opened in opening {
        fine(fine(opened.await));
    }
}
