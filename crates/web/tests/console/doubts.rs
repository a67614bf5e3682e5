//! Somebody's word for what became of those in doubt.

use accounts::{Role, Roles};
use axum::http::StatusCode;
use jiff::SignedDuration;
use store::Gap;

use crate::escaping::harmless;
use crate::on_both;
use crate::site::{Site, entry, fine};

on_both! { what_somebody_knows_settles_those_they_looked_up }

async fn what_somebody_knows_settles_those_they_looked_up(site: Site) {
    let anna = site.member("anna@staff.example", Roles::NONE.with(Role::Author)).await;
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.campaign("January").await;
    let path = format!("/campaigns/{}/doubts", id.get());
    assert!(own.get(&path).await.body.contains("Nobody is in doubt"));
    let gap = Gap { from: site.now() - SignedDuration::from_hours(1), to: site.now() };
    assert_eq!(fine(site.store.mark_gap(gap, &entry()).await), 5);
    let in_doubt = async || fine(site.store.counts(id).await).in_doubt;

    let page = own.get(&path).await;
    harmless(&page, false);
    assert_eq!(page.body.matches("name=\"delivery\"").count(), 5);
    assert!(own.get(&format!("{path}?after=3")).await.body.matches("name=\"delivery\"").count() == 2);
    assert_eq!(own.get(&format!("{path}?after=x")).await.status, StatusCode::NOT_FOUND);
    let list = own.get(&format!("/campaigns/{}/deliveries?state=in_doubt", id.get())).await;
    assert!(list.body.contains(&path), "there is a way to it");

    let wrong = own.post(&path, &[("reason", "ann@example.org rang")]).await;
    for field in ["#delivery", "#became", "#reason"] {
        assert!(wrong.body.contains(&format!("href=\"{field}\"")), "{field}");
    }
    assert_eq!(in_doubt().await, 5, "half a form settles nothing");
    let unsent = |number| [("delivery", number), ("became", "unsent"), ("reason", "the log of 3 March")];
    let young = own.post(&path, &unsent("5")).await;
    assert!(young.body.contains("may still be deciding about 1 of them"), "{young:?}");
    assert!(young.body.contains("value=\"5\" checked"), "what was ticked stays");
    assert_eq!(in_doubt().await, 5);

    let two = [("delivery", "2"), ("delivery", "4"), ("became", "sent"), ("reason", "the log of 3 March")];
    let back = own.post(&path, &two).await;
    assert!(back.leads_to(&format!("/campaigns/{}/deliveries?state=in_doubt", id.get())), "{back:?}");
    assert!(own.post(&path, &unsent("3")).await.status.is_redirection());
    let counts = fine(site.store.counts(id).await);
    assert_eq!((counts.accepted, counts.queued, counts.in_doubt), (2, 1, 2));
    // Settled by another hand meanwhile, or never in doubt: nothing is done to it.
    own.post(&path, &two).await;
    own.post(&path, &unsent("99")).await;
    assert_eq!(fine(site.store.counts(id).await), counts);
}
