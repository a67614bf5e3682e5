//! Somebody who works at the command line too is one person with two names.

use accounts::{Role, Roles};
use axum::http::StatusCode;

use crate::escaping::harmless;
use crate::on_both;
use crate::site::{HOSTILE, PEOPLE, Site, agreed};

on_both! { nobody_approves_what_they_submitted_at_the_command_line }

async fn nobody_approves_what_they_submitted_at_the_command_line(site: Site) {
    let ada = site.administrator("ada@staff.example").await;
    let anna = site.member("anna@staff.example", Roles::NONE.with(Role::Approver)).await;
    let mut admin = site.browser().sign_in(&ada).await;
    let (annas, adas) = (format!("/users/{}", anna.id.0), format!("/users/{}", ada.id.0));
    let set = |number: &'static str| [("account", number)];
    let before = site.acts();
    for wrong in ["ann", "-1", "4294967296", HOSTILE] {
        let refused = admin.post(&format!("{annas}/command-line"), &[("account", wrong)]).await;
        harmless(&refused, false);
        assert!(refused.body.contains("id=\"account-error\""), "{wrong}");
    }
    assert_eq!(site.acts(), before);
    assert!(admin.post(&format!("{annas}/command-line"), &set("1000")).await.leads_to(&annas));
    let act = site.acts().last().expect("an act").clone();
    assert_eq!((act.act, act.subject.as_str()), ("set-command-line", "anna@staff.example"));
    assert!(act.detail.contains("uid 1000"));
    assert!(admin.get(&annas).await.body.contains("value=\"1000\""));
    let taken = admin.post(&format!("{adas}/command-line"), &set("1000")).await;
    assert!(taken.body.contains("Another user has this account"));
    let id = site.submitted("January", "uid 1000").await;
    let path = format!("/campaigns/{}", id.get());
    let digest = agreed("January").to_string();
    let mut own = site.browser().sign_in(&anna).await;
    for place in 1..=PEOPLE {
        own.post(&format!("{path}/messages/{place}"), &[]).await;
    }
    assert!(own.get(&format!("{path}/approve")).await.body.contains("Somebody else has to approve it"));
    let refused = own.post(&format!("{path}/approve"), &[("digest", digest.as_str())]).await;
    assert!(refused.status == StatusCode::CONFLICT && refused.body.contains("another person has to"));
    // Of another account it is another person.
    assert!(admin.post(&format!("{annas}/command-line"), &set("")).await.leads_to(&annas));
    assert!(own.post(&format!("{path}/approve"), &[("digest", digest.as_str())]).await.leads_to(&path));
}
