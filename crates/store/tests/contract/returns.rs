//! What comes back about deliveries: counted once, with what follows in the same commit.

use campaign::{DeliveryEvent, DeliveryState, FULL_WITHIN, ReturnKind};
use jiff::SignedDuration;
use keys::Fingerprint;
use mail::report::EnhancedCode;
use store::{
    CampaignId, Erased, Erasure, Noted, PersonAt, RETURN_REASONS_MAX, ReturnCount, Returned, Scope, Sighting,
    Stop, Store, WorkerId,
};

use crate::{Bench, LEASE, NOW, act, campaign_of, contract, fine, intent, listed, settle, version};

contract! {
    what_came_back_counts_once_however_often_it_comes,
    a_bounce_stops_every_open_delivery_to_the_address,
    what_came_back_settles_a_doubt,
    what_came_back_before_its_sender_was_buried_is_in_no_doubt,
    a_full_mailbox_is_remembered_for_a_year_and_not_of_the_erased,
    reasons_are_bounded,
    an_unsubscribe_by_the_link_is_counted,
    what_came_back_is_known_of_its_person_alone,
}

const UNKNOWN: EnhancedCode = EnhancedCode { class: 5, subject: 1, detail: 1 };

fn bounce(campaign: CampaignId, delivery: u64) -> Returned<'static> {
    let kind = Some((ReturnKind::BadMailbox, Some(UNKNOWN)));
    Returned { campaign, delivery, kind, stop: None, full: None, at: NOW }
}

async fn entries(store: &Store) -> u64 {
    fine(store.ledger_head().await).size
}

async fn states(store: &Store, id: CampaignId) -> Vec<DeliveryState> {
    fine(store.deliveries(id, None, 0, 100).await).iter().map(|row| row.state).collect()
}

async fn what_came_back_counts_once_however_often_it_comes(bench: Bench) {
    let store = &bench.store;
    let (id, other) = (campaign_of(store, "one", 5).await, campaign_of(store, "other", 5).await);
    let before = entries(store).await;
    assert_eq!(fine(store.take_return(&bounce(id, 1), &act()).await), Noted { new: true, times: 1 });
    for times in 2..5 {
        assert_eq!(fine(store.take_return(&bounce(id, 1), &act()).await), Noted { new: false, times });
    }
    assert_eq!(entries(store).await, before + 1);
    let delayed = Returned { kind: Some((ReturnKind::Undelivered, None)), ..bounce(id, 1) };
    assert!(fine(store.take_return(&delayed, &act()).await).new);
    let complaint = Returned { kind: Some((ReturnKind::Complaint, None)), ..bounce(id, 4) };
    assert!(fine(store.take_return(&complaint, &act()).await).new);
    assert!(fine(store.take_return(&bounce(other, 1), &act()).await).new);
    let of = |kind, code| ReturnCount { kind, code, number: 1 };
    assert_eq!(
        fine(store.returns(id).await),
        [
            of(ReturnKind::BadMailbox, Some(UNKNOWN)),
            of(ReturnKind::Undelivered, None),
            of(ReturnKind::Complaint, None)
        ]
    );
    assert_eq!(
        fine(store.bounced_and_complained(Some(id)).await),
        (1, 1),
        "one person, bounced for two reasons"
    );
    assert_eq!(fine(store.bounced_and_complained(None).await), (2, 1));
    let nothing = Returned { kind: None, ..bounce(id, 1) };
    assert!(!fine(store.take_return(&nothing, &act()).await).new, "a program's words change nothing");
}

async fn a_bounce_stops_every_open_delivery_to_the_address(bench: Bench) {
    let store = &bench.store;
    let (one, other) = (campaign_of(store, "one", 5).await, campaign_of(store, "other", 5).await);
    let sightings: Vec<Sighting> = fine(store.audiences_in_use().await)
        .into_iter()
        .map(|audience| Sighting { audience, person: Fingerprint([3; 16]) })
        .collect();
    let stop = Stop { person: listed(4), scope: Scope::Address, sightings: &sightings };
    let returned = Returned { stop: Some(stop), ..bounce(one, 4) };
    assert!(fine(store.take_return(&returned, &act()).await).new);
    for id in [one, other] {
        let states = states(store, id).await;
        assert_eq!((states[3], states[4]), (DeliveryState::Suppressed, DeliveryState::Queued));
    }
    assert!(fine(store.suppressed(&[listed(4)]).await).contains(&listed(4)));
    assert!(!fine(store.take_return(&returned, &act()).await).new);
}

async fn what_came_back_settles_a_doubt(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 5).await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &me, NOW, 5).await);
    fine(store.journal(id, &version("m"), &[], &[intent(&me, 1), intent(&me, 4)]).await);
    let doubts = [1, 4].map(|number| settle(&me, number, DeliveryState::Intended, DeliveryEvent::Lose));
    fine(store.journal(id, &version("m"), &doubts, &[]).await);
    assert_eq!(fine(store.counts(id).await).in_doubt, 2);
    let away = Returned { kind: None, ..bounce(id, 1) };
    assert!(fine(store.take_return(&away, &act()).await).new);
    assert!(fine(store.take_return(&bounce(id, 4), &act()).await).new);
    let counts = fine(store.counts(id).await);
    assert_eq!((counts.in_doubt, counts.accepted), (0, 2));
    assert!(!fine(store.take_return(&away, &act()).await).new);
}

async fn what_came_back_before_its_sender_was_buried_is_in_no_doubt(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 5).await;
    let dead = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &dead, NOW, 5).await);
    fine(store.journal(id, &version("m"), &[], &[intent(&dead, 1), intent(&dead, 4)]).await);
    drop(dead);
    fine(store.take_return(&bounce(id, 1), &act()).await);
    let me = fine(store.enlist(id, WorkerId::from_random(8), LEASE).await);
    assert_eq!(fine(store.take_over(id, &me, NOW).await), 1);
    let counts = fine(store.counts(id).await);
    assert_eq!((counts.in_doubt, counts.accepted), (1, 1));
}

async fn a_full_mailbox_is_remembered_for_a_year_and_not_of_the_erased(bench: Bench) {
    let store = &bench.store;
    let (one, other) = (campaign_of(store, "one", 5).await, campaign_of(store, "other", 5).await);
    let kind = Some((ReturnKind::FullMailbox, None));
    let full = |id, at| Returned { kind, full: Some(listed(1)), at, ..bounce(id, 1) };
    let later = NOW + FULL_WITHIN;
    for returned in [full(one, NOW), full(other, later), full(other, later)] {
        fine(store.take_return(&returned, &act()).await);
    }
    assert_eq!(fine(store.full_mailboxes(listed(1)).await), [(other, later), (one, NOW)]);
    assert!(fine(store.full_mailboxes(listed(2)).await).is_empty());
    let third = campaign_of(store, "third", 5).await;
    let at = later + SignedDuration::from_secs(1);
    fine(store.take_return(&full(third, at), &act()).await);
    assert_eq!(fine(store.full_mailboxes(listed(1)).await), [(third, at), (other, later)], "a year is over");
    let audience = fine(store.find_audience("one").await).expect("there");
    let places = [PersonAt { audience, row: 2 }];
    let touched = fine(store.touched_by_erasing(&places).await);
    let erasure = Erasure {
        places: &places,
        listed: listed(1),
        keep_suppressed: false,
        touched: &touched,
        seen: None,
        at,
    };
    assert!(matches!(fine(store.erase_person(&erasure, &act()).await), Erased::Done(_)));
    assert!(fine(store.full_mailboxes(listed(1)).await).is_empty());
    assert_eq!(fine(store.returns(one).await).len(), 1, "what is counted stays");
}

async fn reasons_are_bounded(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 100).await;
    for detail in 0..u16::try_from(RETURN_REASONS_MAX).expect("small") + 1 {
        let code = EnhancedCode { class: 5, subject: 999, detail };
        let kind = Some((ReturnKind::Undelivered, Some(code)));
        fine(store.take_return(&Returned { kind, ..bounce(id, u64::from(detail) + 1) }, &act()).await);
    }
    let reasons = fine(store.returns(id).await);
    assert_eq!(reasons.len(), RETURN_REASONS_MAX as usize);
    assert_eq!(reasons[7].code, Some(EnhancedCode { class: 5, subject: 999, detail: 7 }));
}

async fn an_unsubscribe_by_the_link_is_counted(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 5).await;
    let objection = store::Objection {
        person: listed(1),
        scope: Scope::Surveys,
        sightings: &[],
        request: None,
        unsubscribed: Some((id, 1)),
        at: NOW,
    };
    assert!(fine(store.object(&objection, &act()).await));
    assert!(!fine(store.object(&objection, &act()).await));
    assert_eq!(
        fine(store.returns(id).await),
        [ReturnCount { kind: ReturnKind::Unsubscribe, code: None, number: 1 }]
    );
}

async fn what_came_back_is_known_of_its_person_alone(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "one", 5).await;
    fine(store.take_return(&bounce(id, 1), &act()).await);
    let reply = Returned { kind: Some((ReturnKind::Reply, None)), ..bounce(id, 1) };
    fine(store.take_return(&reply, &act()).await);
    let audience = fine(store.audience_of(&fine(store.campaign("one").await)).await);
    for row in fine(store.deliveries(id, None, 0, 100).await) {
        let place = PersonAt { audience: audience.clone(), row: row.row };
        let deliveries = fine(store.deliveries_of_person(&place).await);
        let came_back: Vec<_> = deliveries
            .iter()
            .flat_map(|delivery| &delivery.came_back)
            .map(|one| (one.kind, one.code))
            .collect();
        let expected = [(ReturnKind::BadMailbox, Some(UNKNOWN)), (ReturnKind::Reply, None)];
        assert_eq!(came_back, if row.number == 1 { &expected[..] } else { &[] }, "row {}", row.row);
    }
}
