//! Two people: an edit voids, also one that races the approval; taking back works until the first message.

use accounts::{Roles, Scopes, TokenKind};
use campaign::{CampaignEvent, CampaignState, Submission, SubmissionDigest};
use jiff::SignedDuration;
use store::{
    CampaignId, CorrectedMessage, NewApiKey, NewCampaign, NewUser, Resubmission, Store, StoreError, UserId,
    Version, WorkerId,
};

use crate::staff::digest;
use crate::{Bench, LEASE, NOW, act, audience, contract, fine, intent, new_campaign};

contract! {
    it_takes_two_people,
    two_names_of_one_person_are_not_two_people,
    an_edit_that_races_the_approval_voids_it,
    an_intent_is_of_what_was_agreed_on,
    taking_back_works_until_the_first_message,
    a_halted_campaign_needs_another_message_and_another_approval,
}

/// A hash as two people would agree on.
pub(crate) fn submission(message: &str) -> SubmissionDigest {
    let parts = ["c", message, "a", "d", "smtp://127.0.0.1:25"];
    Submission {
        campaign: parts[0],
        message: parts[1],
        audience: parts[2],
        audience_digest: parts[3],
        people: 4,
        relay: parts[4],
        at: None,
        settings: &[],
    }
    .digest()
}

pub(crate) async fn submitted_campaign(store: &Store) -> CampaignId {
    let people = audience(store, "c", 5).await;
    let new = NewCampaign { submission: Some(submission("m")), ..new_campaign("c") };
    fine(store.create_campaign(&new, &people, true, &act()).await)
}

fn again<'a>(digest: &'a str) -> Resubmission<'a> {
    Resubmission {
        author: "uid 3",
        message: Some(CorrectedMessage { bundle: "{}", digest, acknowledged: "{}" }),
        relay: "smtp://127.0.0.1:25",
        connections: 3,
        wanted_at: None,
        limits: campaign::CampaignLimits::default(),
        submission: submission(digest),
        draft: None,
        now: NOW,
    }
}

async fn it_takes_two_people(bench: Bench) {
    let store = &bench.store;
    let id = submitted_campaign(store).await;
    let wait = SignedDuration::from_mins(5);
    assert_eq!(fine(store.campaign_state(id).await).0, CampaignState::Submitted);
    let by_author = store.approve(id, submission("m"), "uid 1", NOW, wait, &act()).await;
    assert!(matches!(by_author, Err(StoreError::SamePerson)));
    // Looked at by the approver, and edited before the approval: nothing is approved.
    fine(store.resubmit(id, &again("m2"), &act()).await);
    let edited = store.approve(id, submission("m"), "uid 2", NOW, wait, &act()).await;
    assert!(matches!(edited, Err(StoreError::Edited)));
    assert_eq!(fine(store.campaign_state(id).await).0, CampaignState::Submitted);
    // Whoever edited it is its author now.
    assert!(matches!(
        store.approve(id, submission("m2"), "uid 3", NOW, wait, &act()).await,
        Err(StoreError::SamePerson)
    ));
    fine(store.approve(id, submission("m2"), "uid 2", NOW, wait, &act()).await);
    let campaign = fine(store.campaign("c").await);
    assert_eq!((campaign.state, campaign.start_at), (CampaignState::Approved, NOW + wait));
    assert_eq!(
        (campaign.approval.approver.as_deref(), campaign.approval.author.as_str()),
        (Some("uid 2"), "uid 3")
    );
    // An edit voids.
    fine(store.resubmit(id, &again("m3"), &act()).await);
    let campaign = fine(store.campaign("c").await);
    assert_eq!((campaign.state, campaign.approval.approver), (CampaignState::Submitted, None));
    assert_eq!(campaign.message_digest, "m3");
}

/// Whichever comes first, what is approved is what was looked at.
async fn user(store: &Store, login: &str, link: u8) -> UserId {
    let new = NewUser { login, name: login, roles: Roles::NONE, at: NOW };
    let offered = (digest(TokenKind::Link, link), NOW + SignedDuration::from_hours(1));
    fine(store.invite_user(&new, offered, &act()).await)
}

/// Who works at the command line and in the console, or by a key, is one person there.
async fn two_names_of_one_person_are_not_two_people(bench: Bench) {
    let store = &bench.store;
    let id = submitted_campaign(store).await;
    let (ann, ben) = (user(store, "ann@staff.example", 1).await, user(store, "ben@staff.example", 2).await);
    let (anns, bens) = (format!("user {}", ann.0), format!("user {}", ben.0));
    assert_eq!(fine(store.command_line_of(ann).await), None);
    // Nobody has said yet whose account that is.
    assert!(!fine(store.are_one_person("uid 1", &anns).await));
    fine(store.set_command_line(ann, Some("uid 1"), &act()).await);
    assert_eq!(fine(store.command_line_of(ann).await).as_deref(), Some("uid 1"));
    let taken = store.set_command_line(ben, Some("uid 1"), &act()).await;
    assert!(matches!(taken, Err(StoreError::NameInUse)));
    let nobody = store.set_command_line(UserId(999), None, &act()).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
    let key = NewApiKey {
        digest: digest(TokenKind::ApiKey, 1),
        name: "import",
        scopes: Scopes::NONE,
        created_by: &anns,
        at: NOW,
        expires_at: None,
    };
    fine(store.create_api_key(&key, &act()).await);
    for (one, other, same) in [
        ("uid 1", anns.as_str(), true),
        (anns.as_str(), "uid 1", true),
        ("api import", anns.as_str(), true),
        ("api import", "uid 1", true),
        ("uid 1", bens.as_str(), false),
        ("api other", anns.as_str(), false),
        ("", "", true),
        ("", bens.as_str(), false),
        ("uid 2", "uid 2", true),
    ] {
        assert_eq!(fine(store.are_one_person(one, other).await), same, "{one} {other}");
    }
    let entries = fine(store.ledger_head().await).size;
    let wait = SignedDuration::ZERO;
    let own = store.approve(id, submission("m"), &anns, NOW, wait, &act()).await;
    assert!(matches!(own, Err(StoreError::SamePerson)));
    let own = store.return_campaign(id, submission("m"), &anns, &act()).await;
    assert!(matches!(own, Err(StoreError::SamePerson)));
    assert_eq!(fine(store.ledger_head().await).size, entries, "nothing was decided, and nothing entered");
    // It is said again that they are two.
    fine(store.set_command_line(ann, None, &act()).await);
    assert_eq!(fine(store.command_line_of(ann).await), None);
    fine(store.approve(id, submission("m"), &anns, NOW, wait, &act()).await);
}

async fn an_edit_that_races_the_approval_voids_it(bench: Bench) {
    let store = &bench.store;
    let id = submitted_campaign(store).await;
    for round in 0..20 {
        let (seen, next) = (format!("m{round}"), format!("m{}", round + 1));
        fine(store.resubmit(id, &again(&seen), &act()).await);
        let (edit, entry) = (again(&next), act());
        let (approved, edited) = tokio::join!(
            store.approve(id, submission(&seen), "uid 2", NOW, SignedDuration::ZERO, &entry),
            store.resubmit(id, &edit, &entry)
        );
        fine(edited);
        let campaign = fine(store.campaign("c").await);
        // The edit went through, so whatever was agreed before it is void, and nothing was agreed after it.
        assert!(approved.is_ok() || matches!(approved, Err(StoreError::Edited)), "{approved:?}");
        assert_eq!((campaign.state, campaign.approval.approver), (CampaignState::Submitted, None));
        assert_eq!(campaign.message_digest, next);
    }
}

/// What a sender goes by that read the campaign with this message.
fn submitted(message: &str) -> Version {
    Version { message: message.to_owned(), submission: submission(message).to_string() }
}

/// A sender that did not notice that another way was submitted and agreed to sends nothing by the old one.
async fn an_intent_is_of_what_was_agreed_on(bench: Bench) {
    let store = &bench.store;
    let id = submitted_campaign(store).await;
    let another = Resubmission { message: None, submission: submission("another relay"), ..again("m") };
    fine(store.resubmit(id, &another, &act()).await);
    let now = submission("another relay");
    fine(store.approve(id, now, "uid 2", NOW, SignedDuration::ZERO, &act()).await);
    for event in [CampaignEvent::Await, CampaignEvent::Begin] {
        fine(store.move_campaign(id, event, "", NOW).await);
    }
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    fine(store.claim(id, &me, NOW, 1).await);
    assert!(fine(store.journal(id, &submitted("m"), &[], &[intent(&me, 1)]).await).intended.is_empty());
    let agreed = Version { message: "m".to_owned(), submission: now.to_string() };
    assert_eq!(fine(store.journal(id, &agreed, &[], &[intent(&me, 1)]).await).intended, [1]);
}

async fn taking_back_works_until_the_first_message(bench: Bench) {
    let store = &bench.store;
    let id = submitted_campaign(store).await;
    let start = || async {
        fine(store.resubmit(id, &again("m"), &act()).await);
        fine(store.approve(id, submission("m"), "uid 2", NOW, SignedDuration::ZERO, &act()).await);
        fine(store.move_campaign(id, CampaignEvent::Await, "", NOW).await);
        fine(store.move_campaign(id, CampaignEvent::Begin, "", NOW).await);
    };
    start().await;
    let me = fine(store.enlist(id, WorkerId::from_random(7), LEASE).await);
    assert_eq!(fine(store.claim(id, &me, NOW, 1).await).len(), 1);
    fine(store.take_back(id, &act()).await);
    assert_eq!(fine(store.campaign_state(id).await).0, CampaignState::Draft);
    // Its claim is worth nothing any more.
    assert!(fine(store.journal(id, &submitted("m"), &[], &[intent(&me, 1)]).await).intended.is_empty());
    start().await;
    assert_eq!(fine(store.journal(id, &submitted("m"), &[], &[intent(&me, 1)]).await).intended, [1]);
    assert!(matches!(store.take_back(id, &act()).await, Err(StoreError::Left)));
    assert_eq!(fine(store.campaign_state(id).await).0, CampaignState::Sending);
}

async fn a_halted_campaign_needs_another_message_and_another_approval(bench: Bench) {
    let store = &bench.store;
    let id = submitted_campaign(store).await;
    fine(store.approve(id, submission("m"), "uid 2", NOW, SignedDuration::ZERO, &act()).await);
    for event in [CampaignEvent::Await, CampaignEvent::Begin, CampaignEvent::Halt] {
        fine(store.move_campaign(id, event, "", NOW).await);
    }
    let unchanged = Resubmission { message: None, ..again("m") };
    assert!(matches!(store.resubmit(id, &unchanged, &act()).await, Err(StoreError::Transition(_))));
    fine(store.resubmit(id, &again("m2"), &act()).await);
    let campaign = fine(store.campaign("c").await);
    assert_eq!((campaign.state, campaign.approval.approver), (CampaignState::Submitted, None));
}
