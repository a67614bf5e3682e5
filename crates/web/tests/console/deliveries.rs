//! What became of whom, one by one, addresses masked.

use accounts::{Role, Roles};
use axum::http::StatusCode;

use crate::escaping::harmless;
use crate::on_both;
use crate::site::Site;

on_both! {
    everybody_is_listed_by_what_became_of_them,
    the_accounting_is_a_table_without_addresses,
    addresses_are_downloaded_for_a_reason_that_is_entered,
}

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

async fn the_accounting_is_a_table_without_addresses(site: Site) {
    let anna = site.member("anna@staff.example", Roles::NONE.with(Role::Reader)).await;
    let mut own = site.browser().sign_in(&anna).await;
    let (id, before) = (site.campaign("January").await.get(), site.acts());
    let page = own.get(&format!("/campaigns/{id}/deliveries")).await;
    assert!(
        page.body.contains("deliveries.csv") && !page.body.contains("/accounting"),
        "no addresses for a reader"
    );
    let table = own.get(&format!("/campaigns/{id}/deliveries.csv")).await;
    let lines: Vec<&str> = table.body.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "row,state,attempts,settled,code,enhanced");
    assert_eq!(
        lines[1..],
        ["2,queued,0,,,", "3,queued,0,,,", "4,queued,0,,,", "5,queued,0,,,", "6,queued,0,,,"]
    );
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    assert!(table.header("content-disposition").contains(&format!("accounting-{id}.csv")));
    assert!(!table.body.contains('@'));
    assert_eq!(site.acts(), before, "looking at rows is not entered");
}

async fn addresses_are_downloaded_for_a_reason_that_is_entered(site: Site) {
    let olga = site.member("olga@staff.example", Roles::NONE.with(Role::Officer)).await;
    let mut own = site.browser().sign_in(&olga).await;
    let (id, before) = (site.campaign("January").await.get(), site.acts());
    let path = format!("/campaigns/{id}/accounting");
    assert!(own.get(&format!("/campaigns/{id}/deliveries")).await.body.contains(&path));
    assert!(!own.get(&path).await.body.contains("people.example"));
    for wrong in ["", "ann@people.example asked"] {
        let refused = own.post(&path, &[("reason", wrong)]).await;
        assert!(refused.body.contains("id=\"reason-error\""), "{wrong}");
    }
    assert_eq!(site.acts(), before, "nothing left, and nothing is entered");
    let table = own.post(&path, &[("reason", "case 12")]).await;
    let lines: Vec<&str> = table.body.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines[0], "row,address,state,attempts,settled,code,enhanced");
    assert_eq!(lines[1], "2,row2@people.example,queued,0,,,");
    assert_eq!(lines[3], "4,'=1+1@people.example,queued,0,,,", "no formula");
    assert_eq!(lines[4], "5,,queued,0,,,", "whoever was erased has no address");
    let act = site.acts().last().expect("an act").clone();
    assert_eq!((act.act, act.subject.as_str()), ("download-account", "January"));
    assert_eq!(act.reason.as_deref(), Some("case 12"));
    assert_eq!(table.header("cache-control"), "no-store");
}
