//! What people ask for by the link in a message: kept at once, in every campaign, and in no intent after it.

use campaign::{CampaignEvent, DeliveryEvent, DeliveryState};
use jiff::SignedDuration;
use keys::Fingerprint;
use store::{
    Audience, CampaignId, NewCampaign, NewRequest, Objection, RequestId, RequestKind, Resealed, Scope,
    Sighting, Store, WorkerId,
};

use crate::{
    Bench, LEASE, NOW, act, audience, campaign_of, contract, fine, intent, listed, new_campaign, settle,
    version,
};

contract! {
    a_wish_stops_what_has_not_left_and_is_entered_once,
    unsubscribe_while_sending,
    who_was_suppressed_meanwhile_does_not_wait_for_another_try,
    a_campaign_made_while_somebody_unsubscribed_does_not_write_to_them,
    only_an_own_wish_is_withdrawn,
    an_ended_campaign_keeps_its_account,
    a_request_is_open_once_until_it_is_handled,
    requests_come_in_pages,
    a_link_leads_to_nobody_once_they_are_forgotten,
    a_row_is_sealed_anew_only_where_it_is_as_it_was_read,
}

async fn entries(store: &Store) -> u64 {
    fine(store.ledger_head().await).size
}

async fn state(store: &Store, id: CampaignId, number: u64) -> DeliveryState {
    fine(store.deliveries(id, None, number - 1, 1).await)[0].state
}

fn objection(sightings: &[Sighting], scope: Scope) -> Objection<'_> {
    Objection { person: listed(1), scope, sightings, request: None, unsubscribed: None, at: NOW }
}

/// Where person 1 of each of these audiences is.
fn seen(audiences: &[&Audience]) -> Vec<Sighting> {
    let sighting =
        |audience: &&Audience| Sighting { audience: (*audience).clone(), person: Fingerprint([0; 16]) };
    audiences.iter().map(sighting).collect()
}

async fn stored(store: &Store, name: &str) -> Audience {
    fine(store.find_audience(name).await).expect("an audience")
}

async fn a_wish_stops_what_has_not_left_and_is_entered_once(bench: Bench) {
    let store = &bench.store;
    let (one, other) = (campaign_of(store, "one", 4).await, campaign_of(store, "other", 4).await);
    let audiences = fine(store.audiences_in_use().await);
    assert_eq!(audiences.len(), 2);
    let sightings = seen(&audiences.iter().collect::<Vec<_>>());
    let before = entries(store).await;
    assert!(fine(store.object(&objection(&sightings, Scope::Surveys), &act()).await));
    for id in [one, other] {
        assert_eq!(state(store, id, 1).await, DeliveryState::Suppressed);
        assert_eq!(state(store, id, 4).await, DeliveryState::Queued, "nobody else");
    }
    assert!(fine(store.suppressed(&[listed(1)]).await).contains(&listed(1)));
    assert!(!fine(store.object(&objection(&sightings, Scope::Surveys), &act()).await), "it is so already");
    assert_eq!(entries(store).await, before + 1);
}

async fn unsubscribe_while_sending(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let audience = stored(store, "c").await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &me, NOW, 2).await);
    fine(store.object(&objection(&seen(&[&audience]), Scope::Surveys), &act()).await);
    let journaled = fine(store.journal(id, &version("m"), &[], &[intent(&me, 1), intent(&me, 4)]).await);
    assert_eq!(journaled.intended, [4], "the claim was theirs, and the others' intents hold");
    let release = settle(&me, 1, DeliveryState::Claimed, DeliveryEvent::Release);
    assert!(fine(store.journal(id, &version("m"), &[release], &[]).await).settled.is_empty());
    assert_eq!(state(store, id, 1).await, DeliveryState::Suppressed);
    let later = NOW + SignedDuration::from_hours(9);
    assert!(fine(store.claim(id, &me, later, 100).await).iter().all(|claimed| claimed.number != 1));
}

async fn who_was_suppressed_meanwhile_does_not_wait_for_another_try(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 10).await;
    let audience = stored(store, "c").await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &me, NOW, 2).await);
    fine(store.journal(id, &version("m"), &[], &[intent(&me, 1), intent(&me, 4)]).await);
    fine(store.object(&objection(&seen(&[&audience]), Scope::Surveys), &act()).await);
    assert_eq!(state(store, id, 1).await, DeliveryState::Intended, "it is in flight, and nobody can stop it");
    let outcomes = [1, 4].map(|number| settle(&me, number, DeliveryState::Intended, DeliveryEvent::Defer));
    assert_eq!(fine(store.journal(id, &version("m"), &outcomes, &[]).await).settled.len(), 2);
    assert_eq!(state(store, id, 1).await, DeliveryState::Suppressed);
    assert_eq!(state(store, id, 4).await, DeliveryState::Deferred);
}

async fn a_campaign_made_while_somebody_unsubscribed_does_not_write_to_them(bench: Bench) {
    let store = &bench.store;
    let audience = audience(store, "c", 10).await;
    // Its people were looked up before; then somebody unsubscribed, of whose delivery nothing was known yet.
    fine(store.object(&objection(&[], Scope::Unsafe), &act()).await);
    let id = fine(store.create_campaign(&new_campaign("c"), &audience, true, &act()).await);
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &me, NOW, 2).await);
    let journaled = fine(store.journal(id, &version("m"), &[], &[intent(&me, 1), intent(&me, 4)]).await);
    assert_eq!(journaled.intended, [4]);
    let release = settle(&me, 1, DeliveryState::Claimed, DeliveryEvent::Release);
    assert_eq!(fine(store.journal(id, &version("m"), &[release], &[]).await).settled, [1]);
    assert_eq!(state(store, id, 1).await, DeliveryState::Suppressed);
}

async fn only_an_own_wish_is_withdrawn(bench: Bench) {
    let store = &bench.store;
    campaign_of(store, "c", 4).await;
    let before = entries(store).await;
    assert!(!fine(store.withdraw_objection(listed(1), &act()).await), "there was none");
    assert_eq!(entries(store).await, before);
    fine(store.object(&objection(&[], Scope::Surveys), &act()).await);
    assert!(fine(store.withdraw_objection(listed(1), &act()).await));
    assert!(fine(store.suppressed(&[listed(1)]).await).is_empty());
    for lasting in [Scope::Address, Scope::Unsafe] {
        fine(store.suppress(listed(1), lasting, NOW).await);
        assert!(!fine(store.withdraw_objection(listed(1), &act()).await));
        assert!(fine(store.suppressed(&[listed(1)]).await).contains(&listed(1)), "{lasting:?}");
    }
}

async fn an_ended_campaign_keeps_its_account(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 4).await;
    let audience = stored(store, "c").await;
    fine(store.move_campaign(id, CampaignEvent::Cancel, "", NOW).await);
    assert!(fine(store.audiences_in_use().await).is_empty());
    fine(store.object(&objection(&seen(&[&audience]), Scope::Surveys), &act()).await);
    assert_eq!(state(store, id, 1).await, DeliveryState::Queued);
}

fn request(campaign: CampaignId, person: u64, kind: RequestKind) -> NewRequest {
    NewRequest { campaign, delivery: 1, person: listed(person), kind, at: NOW }
}

async fn a_request_is_open_once_until_it_is_handled(bench: Bench) {
    let store = &bench.store;
    let (one, other) = (campaign_of(store, "one", 4).await, campaign_of(store, "other", 4).await);
    let before = entries(store).await;
    assert!(fine(store.make_request(&request(one, 1, RequestKind::Access), &act()).await));
    assert!(!fine(store.make_request(&request(other, 1, RequestKind::Access), &act()).await));
    assert!(fine(store.make_request(&request(other, 1, RequestKind::Telephone), &act()).await));
    let with_request =
        Objection { request: Some(request(one, 1, RequestKind::Erasure)), ..objection(&[], Scope::Surveys) };
    assert!(fine(store.object(&with_request, &act()).await));
    assert!(!fine(store.object(&with_request, &act()).await));
    assert_eq!(entries(store).await, before + 3);
    let open = fine(store.open_requests(RequestId(0), 10).await);
    let kinds: Vec<_> = open.iter().map(|request| request.kind).collect();
    assert_eq!(kinds, [RequestKind::Access, RequestKind::Telephone, RequestKind::Erasure]);
    assert_eq!((open[0].campaign.as_str(), open[0].delivery, open[0].row), ("one", 1, 2));
    assert!(fine(store.handle_request(open[0].id, NOW, &act()).await));
    assert!(!fine(store.handle_request(open[0].id, NOW, &act()).await));
    assert_eq!(entries(store).await, before + 4);
    assert!(fine(store.make_request(&request(other, 1, RequestKind::Access), &act()).await), "asked anew");
    assert_eq!(fine(store.open_requests(RequestId(0), 10).await).len(), 3);
}

async fn requests_come_in_pages(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 4).await;
    for person in 0..3 {
        fine(store.make_request(&request(id, person, RequestKind::Telephone), &act()).await);
    }
    let first = fine(store.open_requests(RequestId(0), 2).await);
    let rest = fine(store.open_requests(first[1].id, 2).await);
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert!(fine(store.open_requests(rest[0].id, u32::MAX).await).is_empty());
}

async fn a_link_leads_to_nobody_once_they_are_forgotten(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 4).await;
    let found = fine(store.addressee(id.get(), 1).await).expect("somebody");
    assert_eq!(
        (found.row, found.campaign_name.as_str(), found.sealed.as_slice()),
        (2, "c", &[0, 0, 255][..])
    );
    assert!(fine(store.addressee(id.get(), 5).await).is_none(), "one past the last");
    assert!(fine(store.addressee(id.get() + 1, 1).await).is_none());
    assert!(fine(store.addressee(i64::MAX, u64::MAX).await).is_none());
    fine(store.forget_audience(&found.audience, NOW, true, None, &act()).await);
    assert!(fine(store.addressee(id.get(), 1).await).is_none());
}

async fn a_row_is_sealed_anew_only_where_it_is_as_it_was_read(bench: Bench) {
    let store = &bench.store;
    campaign_of(store, "c", 4).await;
    let audience = stored(store, "c").await;
    let person = Fingerprint([3; 16]);
    assert!(fine(store.rows_of_person(&audience, Fingerprint([9; 16])).await).is_empty());
    let read = fine(store.rows_of_person(&audience, person).await);
    assert_eq!(read.iter().map(|(row, _)| *row).collect::<Vec<_>>(), [5]);
    let anew = |before: &[u8]| {
        [Resealed { audience: audience.clone(), row: 5, before: before.to_vec(), after: vec![7] }]
    };
    assert!(!fine(store.reseal(&anew(b"other"), &act()).await));
    assert!(fine(store.reseal(&anew(&read[0].1), &act()).await));
    assert_eq!(fine(store.rows_of_person(&audience, person).await), [(5, vec![7])]);
    let other = NewCampaign { uid: "d", ..new_campaign("d") };
    fine(store.create_campaign(&other, &audience, false, &act()).await);
}
