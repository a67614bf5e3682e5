//! What became of whom, one by one, addresses masked.

use accounts::{Role, Roles};
use axum::http::StatusCode;

use crate::escaping::harmless;
use crate::on_both;
use crate::site::Site;

on_both! { everybody_is_listed_by_what_became_of_them }

async fn everybody_is_listed_by_what_became_of_them(site: Site) {
    let anna = site.member("anna@staff.example", Roles::NONE.with(Role::Reader)).await;
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.campaign("January").await.get();
    let path = format!("/campaigns/{id}/deliveries");
    let all = own.get(&path).await;
    harmless(&all, false);
    assert_eq!(all.body.matches("<td class=\"govuk-table__cell\">Waiting</td>").count(), 5, "{all:?}");
    assert!(own.get(&format!("{path}?state=queued&after=3")).await.body.contains(">6</td>"));
    assert!(!own.get(&format!("{path}?state=queued&after=3")).await.body.contains(">4</td>"));
    assert!(own.get(&format!("{path}?state=accepted")).await.body.contains("Nobody."));
    assert!(own.get(&format!("{path}?state=in_doubt")).await.body.contains("reconcile"));
    for none in ["?state=other", "?after=x", "?state=%3Cscript%3E"] {
        assert_eq!(own.get(&format!("{path}{none}")).await.status, StatusCode::NOT_FOUND, "{none}");
    }
    assert!(own.get(&format!("/campaigns/{id}")).await.body.contains(&path));
}
