//! Forgetting, backups, and the gap that a restore leaves.

use campaign::{CampaignState, DeliveryEvent, DeliveryState};
use jiff::SignedDuration;
use store::{Gap, NewCampaign, Restore, StoreError, WorkerId};

use crate::two_people::submitted_campaign;
use crate::{
    Bench, LEASE, NOW, act, audience, campaign_of, contract, fine, intent, new_campaign, settle, version,
};

contract! {
    an_audience_with_an_open_campaign_is_not_forgotten,
    what_is_erased_leaves_counts_and_entries,
    a_gap_puts_in_doubt_what_was_not_final,
    a_backup_comes_back_with_every_row,
}

async fn an_audience_with_an_open_campaign_is_not_forgotten(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 5).await;
    let people = fine(store.audience_of(&fine(store.campaign("c").await)).await);
    let refused = store.forget_audience(&people, NOW, false, None, &act()).await;
    assert!(matches!(refused, Err(StoreError::CampaignOpen)));
    assert!(fine(store.find_audience("c").await).is_some());
    assert_eq!(fine(store.ledger_head().await).size, 1);
    // A backup brought it back: it is forgotten all the same, and its campaign is over.
    assert!(fine(store.forget_audience(&people, NOW, true, None, &act()).await));
    assert!(!fine(store.forget_audience(&people, NOW, true, None, &act()).await), "once");
    assert_eq!(fine(store.campaign_state(id).await).0, CampaignState::Cancelled);
    assert!(fine(store.unaccounted().await).is_empty(), "nobody can make its account");
    assert_eq!(fine(store.ledger_head().await).size, 2);
    let new = NewCampaign { uid: "d", ..new_campaign("d") };
    let made = store.create_campaign(&new, &people, false, &act()).await;
    assert!(matches!(made, Err(StoreError::Forgotten)));
}

async fn what_is_erased_leaves_counts_and_entries(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 12_000).await;
    let people = fine(store.audience_of(&fine(store.campaign("c").await)).await);
    let before = fine(store.counts(id).await);
    fine(store.forget_audience(&people, NOW, true, None, &act()).await);
    assert!(!fine(store.forgotten_audiences().await)[0].erased);
    fine(store.erase_audience(&people).await);
    let forgotten = fine(store.forgotten_audiences().await);
    assert!(forgotten[0].erased && forgotten[0].audience.forgotten_at == Some(NOW));
    assert!(fine(store.people(&people, 0, 10).await).is_empty());
    assert_eq!(fine(store.counts(id).await), before);
    // The name is free again.
    let again = audience_of_that_name(&bench).await;
    assert_ne!(again, people.uid.0);
}

async fn audience_of_that_name(bench: &Bench) -> String {
    let store = &bench.store;
    let uid = store::AudienceUid("another".to_owned());
    let new = store::NewAudience {
        uid: &uid,
        name: "c",
        key_name: "k2",
        fields: &[],
        language_field: None,
        at: NOW,
    };
    let audience = fine(store.begin_audience(&new).await);
    fine(store.complete_audience(&audience, &act()).await);
    fine(store.find_audience("c").await).expect("found").uid.0
}

async fn a_gap_puts_in_doubt_what_was_not_final(bench: Bench) {
    let store = &bench.store;
    let id = campaign_of(store, "c", 9).await;
    let submitted = submitted_campaign_named_other(&bench).await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    let claimed = fine(store.claim(id, &me, NOW, 4).await);
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| claimed[n].number);
    fine(store.journal(id, &version("m"), &[], &[a, b, c].map(|number| intent(&me, number))).await);
    let settled = [
        settle(&me, a, DeliveryState::Intended, DeliveryEvent::Accept),
        settle(&me, b, DeliveryState::Intended, DeliveryEvent::Defer),
    ];
    fine(store.journal(id, &version("m"), &settled, &[]).await);
    drop(me);
    let gap = Gap { from: NOW + SignedDuration::from_secs(60), to: NOW + SignedDuration::from_hours(9) };
    // c was in flight, d claimed, three were queued: all but the accepted, the unsafe and the unknown.
    assert_eq!(fine(store.mark_gap(gap, &act()).await), 6 + 7);
    let rows = fine(store.deliveries(id, None, 0, 100).await);
    let state = |number: u64| rows.iter().find(|row| row.number == number).map(|row| row.state);
    assert_eq!(state(a), Some(DeliveryState::Accepted));
    for number in [b, c, d] {
        assert_eq!(state(number), Some(DeliveryState::InDoubt));
    }
    assert!(rows.iter().filter(|r| r.state == DeliveryState::InDoubt).all(|r| r.settled_at == Some(gap.to)));
    // Each can have been attempted at any moment of the gap.
    let doubts = fine(store.doubts(id).await);
    assert!(doubts.iter().all(|doubt| doubt.from <= gap.from && doubt.until == gap.to), "{doubts:?}");
    assert_eq!(fine(store.campaign_state(id).await).0, CampaignState::Paused);
    assert_eq!(fine(store.campaign_state(submitted).await).0, CampaignState::Draft);
    let me = fine(store.enlist(id, WorkerId::from_random(8), LEASE).await);
    assert!(fine(store.claim(id, &me, gap.to + SignedDuration::from_hours(9), 100).await).is_empty());
    assert_eq!(fine(store.mark_gap(gap, &act()).await), 0);
}

async fn submitted_campaign_named_other(bench: &Bench) -> store::CampaignId {
    let people = audience(&bench.store, "other", 9).await;
    let submission = Some(crate::two_people::submission("m"));
    let new = NewCampaign { submission, uid: "other", ..new_campaign("other") };
    fine(bench.store.create_campaign(&new, &people, true, &act()).await)
}

async fn a_backup_comes_back_with_every_row(bench: Bench) {
    let Bench { store, url, _folder, _server } = bench;
    submitted_campaign(&store).await;
    let folder = _folder.path();
    let file = folder.join("backup %.db");
    fine(store.back_up(&file, NOW).await);
    assert!(matches!(store.back_up(&file, NOW).await, Err(StoreError::Exists)));
    assert_eq!(fine(store.backup_mark().await), None);
    let head = fine(store.ledger_head().await);
    let people = fine(store.audience_of(&fine(store.campaign("c").await)).await);
    let before: Vec<_> =
        fine(store.people(&people, 0, 100).await).into_iter().map(|p| (p.row, p.sealed)).collect();
    // What came after is gone with the restore.
    fine(store.record(&act()).await);
    // But for who does not want to be written to.
    let unwilling = keys::Fingerprint([9; 16]);
    fine(store.suppress(unwilling, store::Scope::Surveys, NOW).await);
    // And for what somebody asked of the officer.
    let asking = store::NewRequest {
        campaign: fine(store.campaign("c").await).id,
        delivery: 1,
        person: unwilling,
        kind: store::RequestKind::Access,
        at: NOW,
    };
    fine(store.make_request(&asking, &act()).await);
    audience(&store, "later", 3).await;
    assert!(matches!(fine_or_busy(&file, &url, folder).await, Err(StoreError::InUse)));
    store.close().await;
    drop(store);
    fine(fine_or_busy(&file, &url, folder).await);
    let again = fine(store::Store::open(&url).await);
    assert_eq!(fine(again.backup_mark().await), None);
    assert_eq!(fine(again.ledger_head().await).size, head.size + 1);
    let after: Vec<_> =
        fine(again.people(&people, 0, 100).await).into_iter().map(|p| (p.row, p.sealed)).collect();
    assert_eq!(after, before);
    assert_eq!(fine(again.counts(fine(again.campaign("c").await).id).await).in_doubt, 3);
    assert!(fine(again.suppressed(&[unwilling]).await).contains(&unwilling));
    assert_eq!(fine(again.open_requests(store::RequestId(0), 10).await).len(), 1);
    // New rows come behind the old ones.
    audience(&again, "later", 3).await;
}

pub(crate) async fn fine_or_busy(
    file: &std::path::Path,
    url: &store::DatabaseUrl,
    folder: &std::path::Path,
) -> Result<(), StoreError> {
    let restore = Restore::begin(file, url, folder).await?;
    assert_eq!(restore.copy.backup_mark().await?, Some(NOW));
    restore.copy.mark_gap(Gap { from: NOW, to: NOW }, &act()).await?;
    restore.finish("kept").await
}
