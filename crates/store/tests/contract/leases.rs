//! Leases, the fence, taking over, outcomes that come late, and the pace of all together.

use std::collections::BTreeSet;

use store::Place;

use super::*;

async fn delivery(store: &Store, id: CampaignId, number: u64) -> store::DeliveryRow {
    fine(store.deliveries(id, None, number - 1, 1).await).remove(0)
}

/// A sender that has intended 1, 4 and 5 and claimed 6 is taken for dead.
async fn taken_for_dead(bench: &Bench) -> (CampaignId, Presence, Presence) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    // On SQLite the process must be dead for that; its number lives on in what it says late.
    let sleeper = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    assert_eq!(fine(store.claim(id, &sleeper, NOW, 4).await).len(), 4);
    let intents = [intent(&sleeper, 1), intent(&sleeper, 4), intent(&sleeper, 5)];
    assert_eq!(fine(store.journal(id, &version("m"), &[], &intents).await).intended.len(), 3);
    fine(store.discharge(&sleeper, NOW).await);
    assert_eq!(fine(store.counts(id).await).in_doubt, 3);
    let me = if store.has_leases() {
        fine(store.enlist(id, WorkerId::from_random(8), LEASE).await)
    } else {
        fine(bench.store.enlist(fine(other(store).await), WorkerId::from_random(8), LEASE).await)
    };
    (id, sleeper, me)
}

/// Another campaign, so that two senders can be there on SQLite.
async fn other(store: &Store) -> Result<CampaignId, StoreError> {
    let people = audience(store, "other", 4).await;
    store
        .create_campaign(&NewCampaign { uid: "o", ..new_campaign("other") }, &people, true, &crate::act())
        .await
}

pub(crate) async fn a_late_outcome_of_the_same_attempt_settles_its_doubt(bench: Bench) {
    let store = &bench.store;
    let (id, sleeper, me) = taken_for_dead(&bench).await;
    let late = |number, event| settle(&sleeper, number, DeliveryState::Intended, event);
    // Another sender's, another attempt's, and that of a claim: none settles it.
    let foreign = [
        settle(&me, 1, DeliveryState::Intended, DeliveryEvent::Accept),
        Settlement {
            intended_at: Some(NOW + SignedDuration::from_secs(1)),
            ..late(4, DeliveryEvent::Accept)
        },
        settle(&sleeper, 5, DeliveryState::Claimed, DeliveryEvent::Defer),
        settle(&sleeper, 6, DeliveryState::Claimed, DeliveryEvent::Defer),
    ];
    assert!(fine(store.journal(id, &version("m"), &foreign, &[]).await).settled.is_empty());
    assert_eq!(fine(store.counts(id).await).in_doubt, 3);
    let outcomes =
        [late(1, DeliveryEvent::Accept), late(4, DeliveryEvent::Defer), late(5, DeliveryEvent::Refuse)];
    for settled in [3, 0] {
        assert_eq!(
            fine(store.journal(id, &version("m"), &outcomes, &[]).await).settled.len(),
            settled,
            "once"
        );
        let counts = fine(store.counts(id).await);
        assert_eq!((counts.accepted, counts.deferred, counts.failed, counts.in_doubt), (1, 1, 1, 0));
    }
    for number in [1, 4, 5] {
        assert_eq!(delivery(store, id, number).await.attempts, 1, "counted once");
    }
    // Its old number claims and intends nothing more.
    assert!(fine(store.journal(id, &version("m"), &[], &[intent(&sleeper, 6)]).await).intended.is_empty());
}

pub(crate) async fn later_of_a_finished_campaign_is_a_failure(bench: Bench) {
    let store = &bench.store;
    let (id, sleeper, _me) = taken_for_dead(&bench).await;
    assert!(!fine(store.finish_campaign(id, NOW).await), "there are open ones");
    fine(store.fail_waiting(id, WorkerId::from_random(8), NOW).await);
    assert!(fine(store.finish_campaign(id, NOW).await));
    assert!(!fine(store.finish_campaign(id, NOW).await), "once");
    let late = settle(&sleeper, 1, DeliveryState::Intended, DeliveryEvent::Defer);
    assert_eq!(fine(store.journal(id, &version("m"), &[late], &[]).await).settled, [1]);
    assert_eq!(delivery(store, id, 1).await.state, DeliveryState::Failed);
}

pub(crate) async fn a_claim_whose_answer_was_lost_is_given_back(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    assert_eq!(fine(store.claim(id, &me, NOW, 3).await).len(), 3);
    fine(store.journal(id, &version("m"), &[], &[intent(&me, 1)]).await);
    assert_eq!(fine(store.release_claims(&me).await), 2, "not what has an intent");
    assert_eq!(fine(store.claim(id, &me, NOW, 20).await).len(), 7);
}

#[tokio::test]
async fn a_second_sender_on_sqlite_is_refused() {
    let bench = sqlite().await;
    let id = campaign_of(&bench.store, "c", 5).await;
    let _first = fine(bench.store.enlist(id, WorkerId::from_random(7), LEASE).await);
    let second = bench.store.enlist(id, WorkerId::from_random(8), LEASE).await;
    assert!(matches!(second, Err(StoreError::SenderPresent)));
}

#[tokio::test]
async fn senders_on_postgres_share() {
    let bench = postgres().await;
    let id = campaign_of(&bench.store, "c", 10).await;
    let first = fine(bench.store.enlist(id, WorkerId::from_random(7), LEASE).await);
    let second = fine(bench.store.enlist(id, WorkerId::from_random(8), LEASE).await);
    assert!(fine(bench.store.renew(&first).await));
    assert_eq!(fine(bench.store.claim(id, &first, NOW, 3).await).len(), 3, "no more than asked for");
    assert_eq!(fine(bench.store.fail_waiting(id, second.worker, NOW).await), 0, "the first one lives");
    assert_eq!(fine(bench.store.take_over(id, &second, NOW).await), 0, "the first one lives");
    assert_eq!(fine(bench.store.claim(id, &second, NOW, 20).await).len(), 5);
    // A claim belongs to who made it.
    assert!(
        fine(bench.store.journal(id, &version("m"), &[], &[intent(&second, 1)]).await).intended.is_empty()
    );
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_over_and_the_fence_holds() {
    let bench = postgres().await;
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let sleeper = fine(store.enlist(id, WorkerId::from_random(7), Duration::ZERO).await);
    assert_eq!(fine(store.claim(id, &sleeper, NOW, 3).await).len(), 3, "nobody has taken over yet");
    assert_eq!(fine(store.journal(id, &version("m"), &[], &[intent(&sleeper, 1)]).await).intended, [1]);
    let me = fine(store.enlist(id, WorkerId::from_random(8), LEASE).await);
    assert_eq!(fine(store.take_over(id, &me, NOW).await), 1);
    assert_eq!(fine(store.take_over(id, &me, NOW).await), 0, "once");
    let counts = fine(store.counts(id).await);
    assert_eq!((counts.in_doubt, counts.queued), (1, 7));
    // Its claims are released, and it gets no more: not under this number.
    assert!(fine(store.journal(id, &version("m"), &[], &[intent(&sleeper, 4)]).await).intended.is_empty());
    assert!(matches!(store.claim(id, &sleeper, NOW, 3).await, Err(StoreError::TakenOver)));
    assert!(!fine(store.renew(&sleeper).await), "and it finds out");
    let anew = fine(store.enlist(id, WorkerId::from_random(10), LEASE).await);
    assert_eq!(fine(store.claim(id, &anew, NOW, 20).await).len(), 7);
}

#[tokio::test]
async fn a_lease_that_was_renewed_in_time_is_not_taken_over() {
    let bench = postgres().await;
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let first = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &first, NOW, 3).await);
    let second = fine(store.enlist(id, WorkerId::from_random(8), LEASE).await);
    assert!(fine(store.renew(&first).await));
    assert_eq!(fine(store.take_over(id, &second, NOW).await), 0);
    assert_eq!(fine(store.journal(id, &version("m"), &[], &[intent(&first, 1)]).await).intended, [1]);
    fine(store.discharge(&first, NOW).await);
    assert!(!fine(store.is_alive(id, first.worker).await));
    assert!(fine(store.is_alive(id, second.worker).await));
}

/// All sessions end with the server; nobody is dead for that.
#[tokio::test]
async fn a_restart_of_the_server_kills_nobody() {
    let bench = postgres().await;
    let (store, server) = (&bench.store, bench._server.as_ref().expect("a server"));
    let id = campaign_of(store, "c", 10).await;
    let first = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &first, NOW, 3).await);
    server.stop();
    server.start_again();
    // The first tries find connections that are gone.
    let mut second = store.enlist(id, WorkerId::from_random(8), LEASE).await;
    while second.is_err() {
        second = store.enlist(id, WorkerId::from_random(8), LEASE).await;
    }
    let second = fine(second);
    assert_eq!(fine(store.take_over(id, &second, NOW).await), 0);
    assert_eq!(fine(store.journal(id, &version("m"), &[], &[intent(&first, 1)]).await).intended, [1]);
    while store.renew(&first).await.is_err() {}
    assert!(fine(store.is_alive(id, first.worker).await));
    // With a sign of life since the start, its lock counts again.
    drop(first);
    while fine(store.is_alive(id, WorkerId::from_random(7)).await) {
        tokio::task::yield_now().await;
    }
    assert_eq!(fine(store.take_over(id, &second, NOW).await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_claim_at_once_share() {
    let bench = postgres().await;
    let store = &bench.store;
    let id = campaign_of(store, "c", 250).await;
    let mut claiming = Vec::new();
    for number in 0..4 {
        let me = fine(store.enlist(id, WorkerId::from_random(number * 2 + 2), LEASE).await);
        let store = store.clone();
        claiming.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claimed = fine(store.claim(id, &me, NOW, 7).await);
                if claimed.is_empty() {
                    return (mine, me);
                }
                mine.extend(claimed.into_iter().map(|c| c.number));
            }
        }));
    }
    let mut all = BTreeSet::new();
    let mut total = 0;
    for claims in claiming {
        let (mine, _me) = fine(claims.await);
        total += mine.len();
        all.extend(mine);
    }
    assert_eq!((total, all.len()), (248, 248), "everybody, each by one");
}

#[tokio::test]
async fn places_are_one_interval_apart_for_all() {
    let bench = postgres().await;
    let store = &bench.store;
    let (lane, other) = (Fingerprint([1; 16]), Fingerprint([2; 16]));
    let interval = SignedDuration::from_secs(100);
    let about = |wait: SignedDuration, seconds: i64| {
        let late = SignedDuration::from_secs(seconds) - wait;
        assert!(
            late >= SignedDuration::ZERO && late < SignedDuration::from_secs(50),
            "{wait:?}, not {seconds} s"
        );
    };
    about(fine(store.reserve_places(lane, interval, 3).await), 0);
    about(fine(store.reserve_places(lane, interval, 1).await), 300);
    about(fine(store.reserve_places(lane, interval, 2).await), 400);
    about(fine(store.reserve_places(other, interval, 1).await), 0);
}

#[tokio::test]
async fn each_who_waits_for_a_domain_is_told_a_time_of_their_own() {
    let bench = postgres().await;
    let store = &bench.store;
    let lane = Fingerprint([1; 16]);
    let (interval, late) = (SignedDuration::from_secs(100), SignedDuration::from_millis(50));
    let take = || store.take_place(lane, interval, late);
    assert_eq!(fine(take().await), Place::Now);
    for seconds in [100, 200, 300] {
        let Place::Later(wait) = fine(take().await) else { panic!("one place an interval") };
        assert!(wait <= SignedDuration::from_secs(seconds) && wait > SignedDuration::from_secs(seconds - 50));
    }
    // A short interval passes while we ask.
    let (lane, interval) = (Fingerprint([2; 16]), SignedDuration::from_micros(1));
    assert_eq!(fine(store.take_place(lane, interval, late).await), Place::Now);
    assert_eq!(fine(store.take_place(lane, interval, late).await), Place::Now);
}
