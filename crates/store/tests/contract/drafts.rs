//! Drafts: nobody overwrites unseen what somebody else wrote, and what was submitted is exactly what was in them.

use accounts::TokenKind;
use campaign::{CampaignLimits, CampaignState};
use jiff::SignedDuration;
use store::{
    Audience, DRAFTS_MAX, DraftFile, DraftReader, DraftVersion, Looker, NewCampaign, NewDraft, NewUser,
    Resubmission, Store, StoreError, UserId,
};

use crate::staff::digest;
use crate::two_people::submission;
use crate::{Bench, NOW, act, audience, contract, fine, new_campaign};

contract! {
    a_draft_is_changed_by_one_at_a_time,
    files_go_and_come_with_the_text_that_names_them,
    a_draft_becomes_a_campaign_once,
    limits_stay_with_a_draft_and_its_campaign,
    a_draft_that_was_changed_meanwhile_is_not_submitted,
    names_of_drafts_and_campaigns_are_one,
    drafts_are_bounded,
    a_returned_campaign_is_a_draft_with_a_remark,
    what_somebody_saw_last,
    looking_at_a_draft_is_entered_once,
}

fn new<'a>(name: &'a str, content: &'a str) -> NewDraft<'a> {
    NewDraft {
        name,
        campaign: None,
        content,
        wanted_at: None,
        limits: CampaignLimits::default(),
        author: "user 1",
        now: NOW,
    }
}

async fn people(store: &Store) -> Audience {
    let people = audience(store, "people", 5).await;
    // Complete, by a campaign of its own.
    fine(
        store
            .create_campaign(&NewCampaign { uid: "first", ..new_campaign("first") }, &people, true, &act())
            .await,
    );
    fine(store.find_audience("people").await).expect("there is one")
}

async fn draft(store: &Store, name: &str) -> DraftVersion {
    let people = match fine(store.find_audience("people").await) {
        Some(people) => people,
        None => people(store).await,
    };
    let id = fine(store.create_draft(&new(name, "{}"), &people, &[], &act()).await);
    fine(store.draft(id).await).at
}

fn file(name: &str, octets: &[u8]) -> DraftFile {
    DraftFile { name: name.to_owned(), content_type: "text/plain".to_owned(), octets: octets.to_vec() }
}

async fn user(store: &Store, login: &str) -> UserId {
    let new = NewUser { login, name: login, roles: accounts::Roles::NONE, at: NOW };
    let link = digest(TokenKind::Link, u8::try_from(login.len()).expect("short"));
    fine(store.invite_user(&new, (link, NOW + SignedDuration::from_hours(1)), &act()).await)
}

async fn a_draft_is_changed_by_one_at_a_time(bench: Bench) {
    let store = &bench.store;
    let at = draft(store, "January").await;
    let later = NOW + SignedDuration::from_hours(1);
    let change = NewDraft { author: "user 2", wanted_at: Some(later), ..new("January", "two") };
    assert_eq!(fine(store.save_draft(at, &change, &act()).await), 2);
    let lost = store.save_draft(at, &new("January", "mine"), &act()).await;
    assert!(matches!(lost, Err(StoreError::DraftChanged)));
    let draft = fine(store.draft(at.id).await);
    assert_eq!(
        (draft.content.as_str(), draft.author.as_str(), draft.wanted_at),
        ("two", "user 2", Some(later))
    );
    assert_eq!((draft.at.version, draft.audience.name.as_str()), (2, "people"));
    let entries = fine(store.ledger_head().await).size;
    fine(store.delete_draft(at.id, &act()).await);
    assert!(matches!(store.draft(at.id).await, Err(StoreError::NotFound)));
    assert!(matches!(store.delete_draft(at.id, &act()).await, Err(StoreError::NotFound)));
    assert!(matches!(store.save_draft(draft.at, &change, &act()).await, Err(StoreError::DraftChanged)));
    assert_eq!(fine(store.ledger_head().await).size, entries + 1, "what was not done is not entered");
}

async fn files_go_and_come_with_the_text_that_names_them(bench: Bench) {
    let store = &bench.store;
    let at = draft(store, "January").await;
    let version = fine(store.add_draft_file(at, &new("", "a"), &file("a.txt", b"\0one"), &act()).await);
    let at = DraftVersion { version, ..at };
    let version = fine(store.add_draft_file(at, &new("", "a"), &file("a.txt", b"two"), &act()).await);
    let late = store.add_draft_file(at, &new("", "b"), &file("b.txt", b""), &act()).await;
    assert!(matches!(late, Err(StoreError::DraftChanged)));
    let files = fine(store.draft_files(at.id).await);
    assert_eq!(files.iter().map(|file| &*file.octets).collect::<Vec<_>>(), [b"two"]);
    let at = DraftVersion { version, ..at };
    fine(store.remove_draft_file(at, &new("", "none"), "a.txt", &act()).await);
    assert!(fine(store.draft_files(at.id).await).is_empty());
    assert_eq!(fine(store.draft(at.id).await).content, "none");
}

async fn a_draft_becomes_a_campaign_once(bench: Bench) {
    let store = &bench.store;
    let at = draft(store, "January").await;
    let people = fine(store.draft(at.id).await).audience;
    let january =
        NewCampaign { draft: Some(at), submission: Some(submission("m")), ..new_campaign("January") };
    fine(store.create_campaign(&january, &people, false, &act()).await);
    assert!(matches!(store.draft(at.id).await, Err(StoreError::NotFound)));
    let twice = NewCampaign { uid: "x", name: "x", ..january };
    let twice = store.create_campaign(&twice, &people, false, &act()).await;
    assert!(matches!(twice, Err(StoreError::DraftChanged)));
    assert!(matches!(store.campaign("x").await, Err(StoreError::NotFound)), "nothing is half done");
}

async fn limits_stay_with_a_draft_and_its_campaign(bench: Bench) {
    let store = &bench.store;
    let at = draft(store, "January").await;
    let limits = CampaignLimits {
        per_minute: std::num::NonZeroU32::new(30),
        quiet: Some("20:00-08:00".parse().expect("quiet hours")),
    };
    assert_eq!(fine(store.draft(at.id).await).limits, CampaignLimits::default());
    let change = NewDraft { limits, ..new("January", "{}") };
    let version = fine(store.save_draft(at, &change, &act()).await);
    let kept = fine(store.draft(at.id).await);
    assert_eq!(kept.limits, limits);
    let january = NewCampaign {
        draft: Some(DraftVersion { version, ..at }),
        submission: Some(submission("m")),
        limits: kept.limits,
        ..new_campaign("January")
    };
    let id = fine(store.create_campaign(&january, &kept.audience, false, &act()).await);
    assert_eq!(fine(store.campaign("January").await).limits, limits);
    // An approver is shown what they were.
    let ann = user(store, "ann@staff.example").await;
    let looker = |text: &str| Looker { campaign: id, user: ann, submission: submission(text) };
    fine(store.look(&looker("m"), 1, NOW, &act()).await);
    let again = Resubmission {
        author: "uid 1",
        message: None,
        relay: "smtp://127.0.0.1:25",
        connections: 3,
        wanted_at: None,
        limits: CampaignLimits::default(),
        submission: submission("m2"),
        draft: None,
        now: NOW,
    };
    fine(store.resubmit(id, &again, &act()).await);
    assert_eq!(fine(store.campaign("January").await).limits, CampaignLimits::default());
    assert_eq!(fine(store.last_seen(&looker("m2")).await).expect("she saw it").limits, limits);
}

async fn a_draft_that_was_changed_meanwhile_is_not_submitted(bench: Bench) {
    let store = &bench.store;
    let at = draft(store, "January").await;
    let people = fine(store.draft(at.id).await).audience;
    fine(store.save_draft(at, &new("January", "other"), &act()).await);
    let january =
        NewCampaign { draft: Some(at), submission: Some(submission("m")), ..new_campaign("January") };
    let made = store.create_campaign(&january, &people, false, &act()).await;
    assert!(matches!(made, Err(StoreError::DraftChanged)));
    assert!(matches!(store.campaign("January").await, Err(StoreError::NotFound)));
    assert_eq!(fine(store.draft(at.id).await).content, "other");
}

async fn names_of_drafts_and_campaigns_are_one(bench: Bench) {
    let store = &bench.store;
    let people = people(store).await;
    let taken = store.create_draft(&new("first", "{}"), &people, &[], &act()).await;
    assert!(matches!(taken, Err(StoreError::NameInUse)), "by a campaign");
    fine(store.create_draft(&new("second", "{}"), &people, &[], &act()).await);
    let taken = store.create_draft(&new("second", "{}"), &people, &[], &act()).await;
    assert!(matches!(taken, Err(StoreError::NameInUse)), "by a draft");
    // A draft that changes a campaign has its name, and there is one of them.
    let first = fine(store.campaign("first").await).id;
    let change = NewDraft { campaign: Some(first), ..new("first", "{}") };
    let id = fine(store.create_draft(&change, &people, &[file("a", b"x")], &act()).await);
    assert_eq!(fine(store.draft_of(first).await), Some(id));
    assert!(matches!(store.create_draft(&change, &people, &[], &act()).await, Err(StoreError::NameInUse)));
    assert_eq!(fine(store.drafts().await).len(), 2);
    assert_eq!(fine(store.draft_files(id).await).len(), 1);
}

async fn drafts_are_bounded(bench: Bench) {
    let store = &bench.store;
    let people = people(store).await;
    for n in 0..DRAFTS_MAX {
        fine(store.create_draft(&new(&n.to_string(), "{}"), &people, &[], &act()).await);
    }
    let one_more = store.create_draft(&new("one more", "{}"), &people, &[], &act()).await;
    assert!(matches!(one_more, Err(StoreError::TooMany(_))));
    assert_eq!(fine(store.drafts().await).len(), DRAFTS_MAX);
}

async fn a_returned_campaign_is_a_draft_with_a_remark(bench: Bench) {
    let store = &bench.store;
    let id = crate::two_people::submitted_campaign(store).await;
    assert_eq!(fine(store.remark_of(id).await), None);
    let by_author = store.return_campaign(id, submission("m"), "uid 1", &act()).await;
    assert!(matches!(by_author, Err(StoreError::SamePerson)));
    let other = store.return_campaign(id, submission("other"), "uid 2", &act()).await;
    assert!(matches!(other, Err(StoreError::Edited)));
    let entries = fine(store.ledger_head().await).size;
    fine(store.return_campaign(id, submission("m"), "uid 2", &act()).await);
    assert_eq!(fine(store.campaign_state(id).await).0, CampaignState::Draft);
    assert_eq!(fine(store.remark_of(id).await), Some(entries), "the entry that has it");
    let again = store.return_campaign(id, submission("m"), "uid 2", &act()).await;
    assert!(matches!(again, Err(StoreError::Transition(_))));
    let approved = store.approve(id, submission("m"), "uid 2", NOW, SignedDuration::ZERO, &act()).await;
    assert!(matches!(approved, Err(StoreError::Transition(_))), "a returned one is not approved");
}

async fn what_somebody_saw_last(bench: Bench) {
    let store = &bench.store;
    let id = crate::two_people::submitted_campaign(store).await;
    let (ann, ben) = (user(store, "ann@staff.example").await, user(store, "benjamin@staff.example").await);
    let looker = |user, text: &str| Looker { campaign: id, user, submission: submission(text) };
    assert_eq!(fine(store.last_seen(&looker(ann, "m")).await), None, "nothing was seen yet");
    fine(store.look(&looker(ann, "m"), 1, NOW, &act()).await);
    assert_eq!(fine(store.last_seen(&looker(ann, "m")).await), None, "this very one");
    let again = Resubmission {
        author: "uid 1",
        message: None,
        relay: "smtp://other.example:25",
        connections: 3,
        wanted_at: None,
        limits: CampaignLimits::default(),
        submission: submission("m2"),
        draft: None,
        now: NOW + SignedDuration::from_hours(1),
    };
    fine(store.resubmit(id, &again, &act()).await);
    let seen = fine(store.last_seen(&looker(ann, "m2")).await).expect("she saw the first");
    assert_eq!((seen.relay.as_str(), seen.at), ("smtp://127.0.0.1:25", NOW));
    assert_eq!(fine(store.last_seen(&looker(ben, "m2")).await), None, "he saw none");
}

async fn looking_at_a_draft_is_entered_once(bench: Bench) {
    let store = &bench.store;
    let at = draft(store, "January").await;
    let ann = user(store, "ann@staff.example").await;
    assert!(!fine(store.looked_at_draft(at.id, DraftReader::User(ann)).await));
    let entries = fine(store.ledger_head().await).size;
    fine(store.look_at_draft(at.id, DraftReader::User(ann), NOW, &act()).await);
    fine(store.look_at_draft(at.id, DraftReader::User(ann), NOW, &act()).await);
    assert!(fine(store.looked_at_draft(at.id, DraftReader::User(ann)).await));
    assert_eq!(fine(store.ledger_head().await).size, entries + 1);
    // A key of the same number is another reader.
    let key = store::NewApiKey {
        digest: digest(TokenKind::ApiKey, 1),
        name: "case system",
        scopes: accounts::Scopes::NONE,
        created_by: "user 1",
        at: NOW,
        expires_at: None,
    };
    let key = DraftReader::Key(fine(store.create_api_key(&key, &act()).await));
    assert!(!fine(store.looked_at_draft(at.id, key).await));
    for _ in 0..2 {
        fine(store.look_at_draft(at.id, key, NOW, &act()).await);
    }
    assert!(fine(store.looked_at_draft(at.id, key).await));
    assert_eq!(fine(store.ledger_head().await).size, entries + 3);
    fine(store.delete_draft(at.id, &act()).await);
    assert!(!fine(store.looked_at_draft(at.id, key).await));
}
