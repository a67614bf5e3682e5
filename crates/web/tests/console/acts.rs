//! Whoever changes something is in the ledger with it, once; and no secret is, there or in anything printed.

use accounts::{Role, Roles};
use axum::http::StatusCode;
use jiff::SignedDuration;

use crate::browser::{Browser, secret_of};
use crate::on_both;
use crate::site::{PASSWORD, Site, fine};

on_both! { each_change_is_one_entry_and_a_refusal_is_none }

const NEW: &str = "copper badger window tide";

/// What a form led to, and what of it is in the ledger.
async fn entered(
    browser: &mut Browser<'_>,
    path: &str,
    fields: &[(&str, &str)],
    wanted: Option<(&str, &str)>,
) -> crate::browser::Answer {
    let site = browser.site;
    let before = site.entries().await;
    let answer = browser.post(path, fields).await;
    let added = site.entries().await - before;
    assert_eq!(added, u64::from(wanted.is_some()), "{path}: {answer:?}");
    if let Some((actor, act)) = wanted {
        let last = site.acts().last().expect("an act").clone();
        assert_eq!((last.actor.as_str(), last.act), (actor, act), "{path}");
    }
    answer
}

async fn each_change_is_one_entry_and_a_refusal_is_none(site: Site) {
    let anna = site.member("anna@staff.example", Role::ALL.into_iter().collect()).await;
    let bert = site.member("bert@staff.example", Roles::NONE.with(Role::Reader)).await;
    let actor = format!("user {}", anna.id.0);
    let by = |act| Some((actor.as_str(), act));
    let mut own = site.browser();
    let before = site.entries().await;
    own.show_password(&anna).await;
    own.show_code(&anna).await;
    assert_eq!(site.entries().await, before, "signing in changes nothing but one's own session");
    let user = format!("/users/{}", bert.id.0);
    let invite = [("login", "cora@staff.example"), ("name", "Cora"), ("roles", "reader")];
    let made = entered(&mut own, "/users/new", &invite, by("invite-user")).await;
    entered(&mut own, "/users/new", &invite, None).await;
    entered(&mut own, &format!("{user}/roles"), &[("roles", "author")], by("set-roles")).await;
    entered(&mut own, &format!("{user}/roles"), &[], None).await;
    entered(&mut own, &format!("{user}/end-sessions"), &[], by("end-sessions")).await;
    entered(&mut own, &format!("{user}/disable"), &[], by("disable-user")).await;
    entered(&mut own, &format!("{user}/recover"), &[], None).await;
    entered(&mut own, &format!("{user}/enable"), &[], by("enable-user")).await;
    entered(&mut own, &format!("{user}/recover"), &[], by("recover-user")).await;
    entered(&mut own, &format!("/users/{}/recover", anna.id.0), &[], None).await;
    entered(&mut own, &format!("/users/{}/disable", anna.id.0), &[], None).await;
    entered(&mut own, "/users/999/disable", &[], None).await;
    // A campaign; what its state does not allow is refused, and in no entry.
    let campaign = format!("/campaigns/{}", site.campaign("January").await.get());
    let other = format!("/campaigns/{}/take-back", site.campaign("February").await.get());
    entered(&mut own, &other, &[], by("take-back")).await;
    entered(&mut own, &other, &[], None).await;
    entered(&mut own, &format!("{campaign}/pause"), &[], by("pause")).await;
    let again = entered(&mut own, &format!("{campaign}/pause"), &[], None).await;
    assert!(again.leads_to(&campaign), "it is paused: there is nothing to do");
    entered(&mut own, &format!("{campaign}/cancel"), &[], by("cancel")).await;
    let over = entered(&mut own, &format!("{campaign}/pause"), &[], None).await;
    assert_eq!(over.status, StatusCode::CONFLICT);
    entered(&mut own, "/campaigns/999/cancel", &[], None).await;
    // One's own account.
    entered(&mut own, "/me/sessions/999/end", &[], None).await;
    entered(&mut own, "/me/sessions/end-others", &[], by("end-other-sessions")).await;
    let change = [("current", PASSWORD), ("password", NEW), ("again", NEW)];
    entered(&mut own, "/me/password", &change, by("change-password")).await;
    entered(&mut own, "/me/password", &change, None).await;
    let paper = anna.codes.first().expect("a code");
    entered(&mut own, "/sign-in/code", &[("code", paper)], by("use-recovery-code")).await;
    entered(&mut own, "/sign-in/code", &[("code", paper)], None).await;
    // Nobody is signed in behind a link.
    let link = made.between("app-link\">https://console.example", "<").to_owned();
    let mut cora = site.browser();
    let page = cora.get(&link).await;
    let (secret, sealed) = secret_of(&page);
    let code = secret.code_at(site.now());
    let fields = [("secret", sealed.as_str()), ("password", PASSWORD), ("again", PASSWORD), ("code", &code)];
    entered(&mut cora, &link, &fields, Some(("link", "set-up-account"))).await;
    entered(&mut cora, &link, &fields, None).await;
    // What reader may not do.
    let cora = crate::site::Member {
        id: fine(site.store.find_user("cora@staff.example").await).expect("there").id,
        login: "cora@staff.example".to_owned(),
        secret,
        codes: Vec::new(),
    };
    let mut reader = site.browser().with_session(&cora, true).await;
    entered(&mut reader, &format!("{campaign}/pause"), &[], None).await;
    entered(&mut own, "/sign-out", &[], None).await;
}

#[tokio::test]
async fn no_secret_is_entered_or_printed() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", Role::ALL.into_iter().collect()).await;
    let bert = site.member("bert@staff.example", Roles::NONE.with(Role::Reader)).await;
    let mut own = site.browser().sign_in(&anna).await;
    let invite = [("login", "cora@staff.example"), ("name", "Cora"), ("roles", "reader")];
    let made = own.post("/users/new", &invite).await;
    let link = made.between("app-link\">https://console.example/link/", "<").to_owned();
    let recovered = own.post(&format!("/users/{}/recover", bert.id.0), &[]).await;
    let second = recovered.between("app-link\">https://console.example/link/", "<").to_owned();
    own.post("/me/password", &[("current", PASSWORD), ("password", NEW), ("again", NEW)]).await;
    let paper = anna.codes.first().expect("a code").clone();
    own.post("/sign-in/code", &[("code", &paper)]).await;
    let code = anna.secret.code_at(site.now());
    let mut secrets =
        vec![PASSWORD.to_owned(), NEW.to_owned(), paper.clone(), paper.replace('-', ""), code, link, second];
    secrets.extend(own.cookies.values().cloned());
    secrets.push(anna.secret.for_typing());
    assert!(site.acts().len() >= 5);
    let printed = format!("{:?} {:?} {:?}", site.acts(), site.console, site.store);
    for secret in secrets {
        assert!(!printed.contains(&secret), "{secret} in {printed}");
    }
    let act = web::Act {
        actor: "user 1".to_owned(),
        act: "invite-user",
        subject: "a@x",
        detail: vec![("name", "Anna".to_owned())],
        reason: None,
        row: None,
    };
    assert_eq!(format!("{act:?}"), "Act(user 1, invite-user)");
}

#[tokio::test]
async fn a_campaign_of_which_a_message_left_is_not_taken_back() {
    use campaign::CampaignEvent;
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", Role::ALL.into_iter().collect()).await;
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.campaign("January").await;
    let presence = fine(
        site.store.enlist(id, store::WorkerId::from_random(7), std::time::Duration::from_secs(60)).await,
    );
    let version = store::Version { message: "January".to_owned(), submission: String::new() };
    fine(site.store.claim(id, &presence, site.now(), 1).await);
    let intent = store::Intent {
        number: 1,
        worker: presence.worker,
        date: site.now(),
        at: site.now(),
        message: ledger::Digest::of(b"message"),
        person: None,
    };
    assert_eq!(fine(site.store.journal(id, &version, &[], &[intent]).await).intended, [1]);
    fine(site.store.move_campaign(id, CampaignEvent::Pause, "", site.now()).await);
    let submission = crate::site::agreed("January");
    let again = store::Resubmission {
        author: "uid 1",
        message: None,
        relay: "smtp://127.0.0.1:25",
        connections: 1,
        wanted_at: None,
        limits: campaign::CampaignLimits::default(),
        submission,
        draft: None,
        now: site.now(),
    };
    fine(site.store.resubmit(id, &again, &crate::site::entry()).await);
    let entry = crate::site::entry();
    let approve = site.store.approve(id, submission, "uid 2", site.now(), SignedDuration::ZERO, &entry);
    fine(approve.await);
    let answer = own.post(&format!("/campaigns/{}/take-back", id.get()), &[]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{answer:?}");
    assert!(answer.body.contains("a message has left already"));
}

#[tokio::test]
async fn why_a_rule_paused_a_campaign_is_not_written_over() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", Roles::NONE.with(Role::Author)).await;
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.campaign("January").await;
    let path = format!("/campaigns/{}", id.get());
    assert!(own.get(&path).await.body.contains("/pause\""));
    let why = "10 deliveries are in doubt";
    fine(site.store.move_campaign(id, campaign::CampaignEvent::Pause, why, site.now()).await);
    assert!(!own.get(&path).await.body.contains("/pause\""), "what is paused is not offered to be paused");
    assert!(own.post(&format!("{path}/pause"), &[]).await.leads_to(&path));
    assert!(own.get(&path).await.body.contains(why));
}
