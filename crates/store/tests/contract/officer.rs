//! One person erased, what is held, and what is kept for how long.

use campaign::{DeliveryEvent, DeliveryState};
use jiff::SignedDuration;
use keys::Fingerprint;
use store::{
    Audience, Confidence, ERASED, Erased, Erasure, NewRequest, PersonAt, RequestKind, Scope, SealedEntry,
    Settled, Store, StoreError, Touched, WorkerId,
};

use crate::{Bench, LEASE, NOW, act, audience, campaign_of, contract, fine, intent, listed, settle, version};

contract! {
    an_erased_person_leaves_counts_and_a_doubt_that_is_accounted_for,
    what_came_in_between_is_noticed,
    reasons_about_them_are_emptied_and_others_stay,
    no_account_is_closed_over_an_erasure,
    suppressions_go_only_if_they_are_to,
    a_hold_is_set_once_and_lifted_once,
    what_is_held_while_somebody_decides_is_not_erased,
    what_is_kept_says_since_when,
}

async fn audience_named(store: &Store, name: &str) -> Audience {
    fine(store.find_audience(name).await).expect("an audience")
}

/// The person of the delivery of this number.
async fn person(store: &Store, name: &str, number: u64) -> Vec<PersonAt> {
    vec![PersonAt { audience: audience_named(store, name).await, row: number + 1 }]
}

async fn erase(store: &Store, places: &[PersonAt], keep_suppressed: bool) -> Erased {
    let touched = fine(store.touched_by_erasing(places).await);
    let erasure =
        Erasure { places, listed: listed(1), keep_suppressed, touched: &touched, seen: None, at: NOW };
    fine(store.erase_person(&erasure, &act()).await)
}

async fn an_erased_person_leaves_counts_and_a_doubt_that_is_accounted_for(bench: Bench) {
    let store = &bench.store;
    // Of nine: row 3 is unsafe, row 4 is held.
    let id = campaign_of(store, "c", 9).await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    let claimed = fine(store.claim(id, &me, NOW, 4).await);
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| claimed[n].number);
    let intents = [a, b, c].map(|number| intent(&me, number));
    fine(store.journal(id, &version("m"), &[], &intents).await);
    let accepted = settle(&me, a, DeliveryState::Intended, DeliveryEvent::Accept);
    let mut lost = settle(&me, b, DeliveryState::Intended, DeliveryEvent::Lose);
    lost.reply = "sealed words".to_owned();
    fine(store.journal(id, &version("m"), &[accepted, lost], &[]).await);
    // Accepted, in doubt, in flight, claimed, held, and one that waits.
    for number in [a, b, c, d, 3, 9] {
        let before = fine(store.counts(id).await);
        let at = person(store, "c", number).await;
        let open = [d, 3, 9].contains(&number);
        assert_eq!(erase(store, &at, true).await, Erased::Done(open.into()), "{number}");
        assert_eq!(erase(store, &at, true).await, Erased::Gone, "{number}");
        let after = fine(store.counts(id).await);
        assert_eq!((after.total, after.suppressed), (before.total, before.suppressed + u64::from(open)));
    }
    // The claim is lost: no intent holds.
    let journaled = fine(store.journal(id, &version("m"), &[], &[intent(&me, d)]).await);
    assert!(journaled.intended.is_empty());
    // "Later" of the one in flight: nobody would try again. Its words are not kept.
    let mut later = settle(&me, c, DeliveryState::Intended, DeliveryEvent::Defer);
    (later.reply, later.person) = ("sealed words".to_owned(), None);
    assert_eq!(fine(store.journal(id, &version("m"), &[later], &[]).await).settled, [c]);
    // And of the doubt that a log says was not sent.
    let among = fine(store.doubts_among(id, &[a, b, 99]).await);
    assert_eq!(among.iter().map(|doubt| doubt.number).collect::<Vec<_>>(), [b]);
    assert_eq!(fine(store.settle_doubts(id, &[(b, Settled::Unsent)], NOW, &act()).await), 1);
    let campaign = fine(store.campaign("c").await);
    let rows = fine(store.account_rows(&campaign, 0).await);
    let row = |number: u64| rows.iter().find(|row| row.number == number).expect("a delivery");
    for number in [b, c, d, 3, 9] {
        assert_eq!(
            (row(number).state, &row(number).person[..]),
            (DeliveryState::Suppressed, &ERASED[..]),
            "{number}"
        );
    }
    assert_eq!((row(a).state, row(a).message), (DeliveryState::Accepted, None));
    for delivery in fine(store.deliveries(id, None, 0, 100).await) {
        assert!(delivery.reply.is_empty(), "{delivery:?}");
    }
    assert_eq!(fine(store.erased_deliveries(id).await), 6);
    assert_eq!(fine(store.erased_people().await).len(), 6);
    assert_eq!(fine(store.claim(id, &me, NOW, 10).await).len(), 2, "the others are written to");
}

async fn what_came_in_between_is_noticed(bench: Bench) {
    let store = &bench.store;
    let people = audience(store, "c", 3).await;
    fine(store.complete_audience(&people, &act()).await);
    let places = person(store, "c", 1).await;
    let touched = fine(store.touched_by_erasing(&places).await);
    assert_eq!(touched, Touched::default());
    let people = audience_named(store, "c").await;
    fine(store.create_campaign(&crate::new_campaign("c"), &people, false, &act()).await);
    let size = fine(store.ledger_head().await).size;
    let erasure = Erasure {
        places: &places,
        listed: listed(1),
        keep_suppressed: true,
        touched: &touched,
        seen: None,
        at: NOW,
    };
    assert_eq!(fine(store.erase_person(&erasure, &act()).await), Erased::Changed);
    assert_eq!(fine(store.people(&people, 0, 10).await).len(), 3, "nothing was done");
    assert_eq!(fine(store.ledger_head().await).size, size);
    assert_eq!(erase(store, &places, true).await, Erased::Done(1));
}

fn because(row: u64) -> SealedEntry {
    let confidence = Confidence { key_name: "k".to_owned(), row: Some(row), sealed: vec![9, 9] };
    SealedEntry { confidence: Some(confidence), ..act() }
}

async fn reasons_about_them_are_emptied_and_others_stay(bench: Bench) {
    let store = &bench.store;
    campaign_of(store, "c", 3).await;
    let about = fine(store.record(&because(2)).await);
    let other = fine(store.record(&because(5)).await);
    let places = person(store, "c", 1).await;
    let touched = fine(store.touched_by_erasing(&places).await);
    assert_eq!((touched.reasons, touched.campaigns), (vec![about], vec!["c".to_owned()]));
    erase(store, &places, true).await;
    let entries = fine(store.ledger_entries(0).await);
    let sealed = |number: u64| {
        let entry = entries.iter().find(|entry| entry.number == number).expect("an entry");
        entry.confidence.clone().expect("a place for a reason")
    };
    assert_eq!((sealed(about).sealed, sealed(about).row), (vec![], Some(2)));
    assert_eq!(sealed(other).sealed, [9, 9]);
}

async fn no_account_is_closed_over_an_erasure(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 3).await;
    fine(store.move_campaign(id, campaign::CampaignEvent::Cancel, "", NOW).await);
    let erased = fine(store.erased_deliveries(id).await);
    erase(store, &person(store, "c", 1).await, true).await;
    assert!(!fine(store.close_account(id, erased, None, &act()).await), "its leaves have the person");
    assert!(fine(store.close_account(id, 1, None, &act()).await));
    assert!(fine(store.unaccounted().await).is_empty());
    erase(store, &person(store, "c", 2).await, true).await;
    assert_eq!(fine(store.unaccounted().await), ["c"], "it is made anew");
}

async fn suppressions_go_only_if_they_are_to(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 3).await;
    for scope in Scope::ALL {
        fine(store.suppress(listed(1), scope, NOW).await);
    }
    let request =
        NewRequest { campaign: id, delivery: 1, person: listed(1), kind: RequestKind::Erasure, at: NOW };
    fine(store.make_request(&request, &act()).await);
    erase(store, &person(store, "c", 1).await, true).await;
    assert_eq!(fine(store.suppressions_of(listed(1)).await).len(), 3);
    assert!(fine(store.requests_of(listed(1)).await).is_empty());
    erase(store, &person(store, "c", 2).await, false).await;
    assert!(fine(store.suppressions_of(listed(1)).await).is_empty());
    // Erased once more after a restore: what they said since stays.
    fine(store.suppress(listed(1), Scope::Surveys, NOW + SignedDuration::from_secs(1)).await);
    erase(store, &person(store, "c", 3).await, false).await;
    assert_eq!(fine(store.suppressions_of(listed(1)).await).len(), 1);
    let counts = fine(store.suppressions_by_scope().await);
    assert_eq!(counts, [(Scope::Surveys, 1), (Scope::Address, 0), (Scope::Unsafe, 0)]);
    assert!(!fine(store.end_suppression(listed(1), Scope::Unsafe, &act()).await));
    assert!(fine(store.end_suppression(listed(1), Scope::Surveys, &act()).await));
}

async fn a_hold_is_set_once_and_lifted_once(bench: Bench) {
    let store = &bench.store;
    campaign_of(store, "c", 3).await;
    let people = audience_named(store, "c").await;
    assert!(fine(store.set_hold(&people, Some(2), "uid 1", NOW, &act()).await));
    assert!(!fine(store.set_hold(&people, Some(2), "uid 2", NOW, &act()).await), "once");
    assert_eq!(fine(store.holds_on(&people, None).await).len(), 1, "somebody in it");
    assert_eq!(fine(store.holds_on(&people, Some(3)).await).len(), 0);
    assert!(fine(store.set_hold(&people, None, "uid 1", NOW, &act()).await));
    assert_eq!(fine(store.holds_on(&people, Some(3)).await).len(), 1);
    let all = fine(store.holds().await);
    assert_eq!(all.iter().map(|hold| hold.row).collect::<Vec<_>>(), [Some(2), None]);
    let size = fine(store.ledger_head().await).size;
    assert!(fine(store.lift_hold(all[1].id, NOW, &act()).await));
    assert!(!fine(store.lift_hold(all[1].id, NOW, &act()).await));
    assert_eq!(fine(store.ledger_head().await).size, size + 1);
    // Erased in spite of it: there is nothing to hold any more.
    erase(store, &person(store, "c", 1).await, true).await;
    assert!(fine(store.holds().await).is_empty());
    fine(store.forget_audience(&people, NOW, true, None, &act()).await);
    let late = store.set_hold(&people, None, "uid 1", NOW, &act()).await;
    assert!(matches!(late, Err(StoreError::Forgotten)));
}

async fn what_is_kept_says_since_when(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 3).await;
    let kept = fine(store.kept_audiences().await);
    assert!(kept[0].open && kept[0].used_at == NOW);
    assert!(fine(store.kept_words().await).is_empty());
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    let number = fine(store.claim(id, &me, NOW, 1).await)[0].number;
    fine(store.journal(id, &version("m"), &[], &[intent(&me, number)]).await);
    let mut refused = settle(&me, number, DeliveryState::Intended, DeliveryEvent::Refuse);
    (refused.reply, refused.suppress) = ("sealed".to_owned(), Some(Fingerprint([77; 16])));
    fine(store.journal(id, &version("m"), &[refused], &[]).await);
    assert!(fine(store.kept_words().await).is_empty(), "while it is sent they are needed");
    let end = NOW + SignedDuration::from_hours(1);
    assert!(fine(store.finish_campaign(id, end).await));
    let kept = fine(store.kept_audiences().await);
    assert!(!kept[0].open && kept[0].used_at == end);
    let words = fine(store.kept_words().await);
    assert_eq!((words[0].name.as_str(), words[0].ended_at), ("c", end));
    let before = fine(store.account_rows(&fine(store.campaign("c").await), 0).await);
    assert!(fine(store.drop_words(id, &act()).await));
    assert!(!fine(store.drop_words(id, &act()).await), "and once is enough");
    assert!(fine(store.kept_words().await).is_empty());
    let after = fine(store.account_rows(&fine(store.campaign("c").await), 0).await);
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "no account changes by it");
}

/// Between the look and the commit somebody may be asked to confirm, for minutes.
async fn what_is_held_while_somebody_decides_is_not_erased(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 5).await;
    let people = audience_named(store, "c").await;
    let places = person(store, "c", 1).await;
    let touched = fine(store.touched_by_erasing(&places).await);
    let erasure = |seen| Erasure {
        places: &places,
        listed: listed(1),
        keep_suppressed: true,
        touched: &touched,
        seen: Some(seen),
        at: NOW,
    };
    let is_held = |result: Result<(), StoreError>| matches!(result, Err(StoreError::HeldSince));
    let before = fine(store.holds_seen().await);
    assert!(fine(store.set_hold(&people, None, "user 1", NOW, &act()).await));
    let entries = fine(store.ledger_head().await).size;
    assert!(is_held(store.forget_audience(&people, NOW, true, Some(before), &act()).await.map(|_| ())));
    assert!(is_held(store.erase_person(&erasure(before), &act()).await.map(|_| ())));
    // Whoever looks again has seen it, and decides with it; lifted, it holds nothing.
    let hold = fine(store.holds().await).remove(0).id;
    assert!(fine(store.lift_hold(hold, NOW, &act()).await));
    let request = NewRequest {
        campaign: id,
        delivery: 2,
        person: Fingerprint([9; 16]),
        kind: RequestKind::Access,
        at: NOW,
    };
    fine(store.make_request(&request, &act()).await);
    assert!(is_held(store.forget_audience(&people, NOW, true, Some(before), &act()).await.map(|_| ())));
    let after = fine(store.holds_seen().await);
    assert_eq!(fine(store.erase_person(&erasure(after), &act()).await), Erased::Done(1));
    assert!(fine(store.forget_audience(&people, NOW, true, Some(after), &act()).await));
    assert_eq!(fine(store.ledger_head().await).size, entries + 4, "what was refused is not entered");
}
