//! API keys, made and revoked by an administrator; and that whoever made one is not the second person for what it submitted.

use accounts::{Role, Roles, Scope};
use axum::http::StatusCode;
use jiff::SignedDuration;

use crate::escaping::harmless;
use crate::on_both;
use crate::site::{Site, agreed, entry, fine};

on_both! { a_key_is_made_and_shown_once_and_revoked, whoever_made_a_key_does_not_approve_what_it_submitted }

const GOOD: [(&str, &str); 4] =
    [("name", "Case system, import"), ("scopes", "read"), ("scopes", "import"), ("life", "quarter")];

async fn a_key_is_made_and_shown_once_and_revoked(site: Site) {
    let anna = site.administrator("anna@staff.example").await;
    let actor = format!("user {}", anna.id.0);
    let mut own = site.browser().sign_in(&anna).await;
    assert!(own.get("/api-keys").await.body.contains("There are no keys yet"));
    let before = site.entries().await;
    let wrong = own.post("/api-keys/new", &[]).await;
    for field in ["name", "scopes", "life"] {
        assert!(wrong.body.contains(&format!("href=\"#{field}\"")), "{field}: {wrong:?}");
    }
    let long = "x".repeat(101);
    for name in ["", "person@people.example", "two\nlines", "a\u{202e}b", &long] {
        let form = [("name", name), ("scopes", "read"), ("life", "year")];
        let answer = own.post("/api-keys/new", &form).await;
        assert!(answer.body.contains("id=\"name-error\""), "{name:?}");
    }
    for (scopes, life) in [("approve", "year"), ("", "year"), ("read", "forever")] {
        let form = [("name", "x"), ("scopes", scopes), ("life", life)];
        assert!(own.post("/api-keys/new", &form).await.body.contains("There is a problem"));
    }
    assert_eq!(site.entries().await, before, "nothing was made");
    let made = own.post("/api-keys/new", &GOOD).await;
    assert_eq!(made.status, StatusCode::OK);
    let key = made.between("app-link\">", "<").to_owned();
    assert!(key.starts_with("und_"));
    let act = site.acts().last().expect("an act").clone();
    assert_eq!(
        (act.actor.as_str(), act.act, act.subject.as_str()),
        (actor.as_str(), "make-api-key", GOOD[0].1)
    );
    assert!(act.detail.contains("read, import"), "{act:?}");
    let kept = fine(site.store.api_keys().await).remove(0);
    assert_eq!(kept.scopes.iter().collect::<Vec<_>>(), [Scope::Read, Scope::Import]);
    assert_eq!(kept.expires_at, Some(kept.created_at + SignedDuration::from_hours(24 * 90)));
    // It stands nowhere else.
    let list = own.get("/api-keys").await;
    assert!(list.body.contains(GOOD[0].1) && !list.body.contains(&key));
    assert!(!format!("{:?} {:?}", site.acts(), site.console).contains(&key));
    assert!(own.get("/api-keys/new").await.status == StatusCode::OK);
    let again = own.post("/api-keys/new", &GOOD).await;
    assert!(again.body.contains("Another key has this name"));
    let program = site.program_with(Some(key));
    assert_eq!(program.get("/campaigns").await.status, StatusCode::OK);
    assert_eq!(program.post("/campaigns/1/pause").await.problem(), "missing-scope");
    let revoke = format!("/api-keys/{}/revoke", kept.id.0);
    let before = site.entries().await;
    assert!(own.post(&revoke, &[]).await.leads_to("/api-keys"));
    assert_eq!(site.acts().last().expect("an act").act, "revoke-api-key");
    assert_eq!(program.get("/campaigns").await.problem(), "wrong-key", "at once");
    assert_eq!(own.post(&revoke, &[]).await.status, StatusCode::NOT_FOUND, "once");
    assert_eq!(own.post("/api-keys/x/revoke", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.entries().await, before + 1);
    assert!(own.get("/api-keys").await.body.contains("Revoked on"));
    // Its name is free; a key that nobody gave an end is said to have none.
    let always = [("name", GOOD[0].1), ("scopes", "suppress"), ("life", "always")];
    assert_eq!(own.post("/api-keys/new", &always).await.status, StatusCode::OK);
    assert!(own.get("/api-keys").await.body.contains("Until it is revoked"));
}

async fn whoever_made_a_key_does_not_approve_what_it_submitted(site: Site) {
    let roles = Roles::NONE.with(Role::Administrator).with(Role::Approver);
    let anna = site.member("anna@staff.example", roles).await;
    let bert = site.member("bert@staff.example", Roles::NONE.with(Role::Approver)).await;
    let mut annas = site.browser().sign_in(&anna).await;
    let made = [("name", "author"), ("scopes", "submit"), ("life", "month")];
    assert_eq!(annas.post("/api-keys/new", &made).await.status, StatusCode::OK);
    let id = site.submitted("January", "api author").await;
    // A key that was revoked is no other person.
    let key = fine(site.store.api_keys().await).remove(0);
    fine(site.store.revoke_api_key(key.id, site.now(), &entry()).await);
    let path = format!("/campaigns/{}", id.get());
    let form = [("digest", agreed("January").to_string())];
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut berts = site.browser().sign_in(&bert).await;
    for browser in [&mut annas, &mut berts] {
        for place in 1..=crate::site::PEOPLE {
            browser.post(&format!("{path}/messages/{place}"), &[]).await;
        }
    }
    assert!(annas.get(&format!("{path}/approve")).await.body.contains("Somebody else has to approve it"));
    let refused = annas.post(&format!("{path}/approve"), &form).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.body.contains("another person has to"));
    assert!(berts.post(&format!("{path}/approve"), &form).await.leads_to(&path));
}

#[tokio::test]
async fn what_a_key_is_called_is_text() {
    let site = Site::sqlite().await;
    let anna = site.administrator("anna@staff.example").await;
    let mut own = site.browser().sign_in(&anna).await;
    let hostile = "<script>alert(1)</script>\"'>";
    let form = |life| [("name", hostile), ("scopes", "read"), ("life", life)];
    harmless(&own.post("/api-keys/new", &form("no")).await, true);
    harmless(&own.post("/api-keys/new", &form("year")).await, true);
    harmless(&own.get("/api-keys").await, true);
}
