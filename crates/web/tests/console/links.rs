//! Links that work once, and the administrators who make them.

use accounts::{Role, Roles};
use axum::http::StatusCode;
use jiff::SignedDuration;
use web::LINK_LIFE;

use crate::browser::{Answer, Browser, secret_of};
use crate::on_both;
use crate::site::{PASSWORD, Site, entry, fine};

on_both! {
    the_first_administrator_comes_by_the_link_that_was_printed,
    a_link_is_looked_at_often_and_used_once,
    of_two_who_use_a_link_at_once_one_does,
    a_recovery_ends_what_was_before,
    of_two_administrators_who_disable_each_other_one_stays,
}

const READER: Roles = Roles::NONE.with(Role::Reader);

/// Fills in a link's form as its page had it.
async fn fill_in(browser: &mut Browser<'_>, link: &str, page: &Answer, more: &[(&str, &str)]) -> Answer {
    let (secret, sealed) = secret_of(page);
    let code = secret.code_at(browser.site.now());
    let own = [("secret", sealed.as_str()), ("password", PASSWORD), ("again", PASSWORD), ("code", &code)];
    browser.post(link, &[&own, more].concat()).await
}

fn path_of(page: &Answer) -> String {
    page.between("app-link\">https://console.example", "<").to_owned()
}

async fn the_first_administrator_comes_by_the_link_that_was_printed(site: Site) {
    let first = fine(site.console.first_administrator_link().await).expect("a link");
    let link = fine(site.console.first_administrator_link().await).expect("another");
    let path = |link: &str| link.strip_prefix(site.origin).expect("ours").to_owned();
    assert_eq!(
        site.browser().get(&path(&first)).await.status,
        StatusCode::GONE,
        "the one before works no more"
    );
    let (mut browser, link) = (site.browser(), path(&link));
    let page = browser.get(&link).await;
    let who = [("login", "cora@staff.example"), ("name", "Cora")];
    // An account of that name is there: the link is not lost by it.
    site.invited("cora@staff.example", "Cora", READER).await;
    let taken = fill_in(&mut browser, &link, &page, &who).await;
    assert!(taken.status == StatusCode::OK && taken.body.contains("has an account"), "{taken:?}");
    let page = browser.get(&link).await;
    let who = [("login", "anna@staff.example"), ("name", "Anna")];
    let done = fill_in(&mut browser, &link, &page, &who).await;
    assert!(done.status == StatusCode::OK && done.body.contains("Write these codes down"), "{done:?}");
    let user = fine(site.store.find_user("anna@staff.example").await).expect("there");
    assert_eq!(user.roles, Roles::NONE.with(Role::Administrator));
    assert!(fine(site.console.first_administrator_link().await).is_none());
}

async fn a_link_is_looked_at_often_and_used_once(site: Site) {
    let (_, link) = site.invited("anna@staff.example", "Anna", READER).await;
    let mut browser = site.browser();
    let first = browser.get(&link).await;
    let page = browser.get(&link).await;
    assert_eq!(page.status, StatusCode::OK);
    // A form with a mistake in it does not use it up.
    let short = [("password", "short")];
    let (_, sealed) = secret_of(&page);
    let refused = browser.post(&link, &[short.as_slice(), &[("secret", &sealed)]].concat()).await;
    assert!(refused.status == StatusCode::OK && refused.body.contains("There is a problem"));
    assert_eq!(secret_of(&refused).0.octets(), secret_of(&page).0.octets(), "the picture stays the same");
    assert_eq!(fill_in(&mut browser, &link, &first, &[]).await.status, StatusCode::OK);
    assert_eq!(fill_in(&mut browser, &link, &page, &[]).await.status, StatusCode::GONE);
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE);
}

async fn of_two_who_use_a_link_at_once_one_does(site: Site) {
    let (id, link) = site.invited("anna@staff.example", "Anna", READER).await;
    let (mut one, mut two) = (site.browser(), site.browser());
    let (first, second) = (one.get(&link).await, two.get(&link).await);
    let (first, second) =
        tokio::join!(fill_in(&mut one, &link, &first, &[]), fill_in(&mut two, &link, &second, &[]));
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::GONE]);
    assert_eq!(fine(site.store.recovery_codes_left(id).await), accounts::RECOVERY_CODES as u64);
}

async fn a_recovery_ends_what_was_before(site: Site) {
    let anna = site.administrator("anna@staff.example").await;
    let bert = site.member("bert@staff.example", READER).await;
    let mut administrator = site.browser().sign_in(&anna).await;
    let mut berts = site.browser().sign_in(&bert).await;
    let recover = format!("/users/{}/recover", bert.id.0);
    let link = path_of(&administrator.post(&recover, &[]).await);
    assert!(berts.get("/me").await.leads_to("/sign-in"), "sessions end with the link");
    // The old password works until the link is used; what was begun with it ends then.
    let mut before = site.browser().sign_in(&bert).await;
    assert_eq!(before.get("/me").await.status, StatusCode::OK);
    let (secret, codes) = site.browser().set_up(&link).await;
    assert!(before.get("/me").await.leads_to("/sign-in"));
    site.pass(SignedDuration::from_secs(30));
    let mut old = site.browser();
    old.show_password(&bert).await;
    assert_eq!(old.show_code(&bert).await.status, StatusCode::OK, "the old telephone is worth nothing");
    let paper = bert.codes.first().expect("a code");
    assert_eq!(old.post("/sign-in/code", &[("code", paper)]).await.status, StatusCode::OK, "nor old paper");
    let new = crate::site::Member { secret, codes, login: bert.login, id: bert.id };
    site.browser().sign_in(&new).await;
    // Nobody recovers their own account.
    let own = administrator.post(&format!("/users/{}/recover", anna.id.0), &[]).await;
    assert_eq!(own.status, StatusCode::CONFLICT);
}

async fn of_two_administrators_who_disable_each_other_one_stays(site: Site) {
    let anna = site.administrator("anna@staff.example").await;
    let bert = site.administrator("bert@staff.example").await;
    let mut annas = site.browser().sign_in(&anna).await;
    let mut berts = site.browser().sign_in(&bert).await;
    let disable = |id: store::UserId| format!("/users/{}/disable", id.0);
    let (of_bert, of_anna) = (disable(bert.id), disable(anna.id));
    let (first, second) = tokio::join!(annas.post(&of_bert, &[]), berts.post(&of_anna, &[]));
    assert_eq!([&first, &second].iter().filter(|answer| answer.to().starts_with("/users/")).count(), 1);
    let users = fine(site.store.users().await);
    let left = users.iter().find(|user| !user.disabled).expect("one stays");
    assert_eq!(users.iter().filter(|user| user.disabled).count(), 1);
    // Who stays is the last, and can neither be disabled nor lose the role.
    let mut last = if left.id == anna.id { annas } else { berts };
    let own = format!("/users/{}", left.id.0);
    assert_eq!(last.post(&format!("{own}/disable"), &[]).await.status, StatusCode::CONFLICT);
    let other_role = last.post(&format!("{own}/roles"), &[("roles", "reader")]).await;
    assert_eq!(other_role.status, StatusCode::CONFLICT);
    let none = last.post(&format!("{own}/roles"), &[]).await;
    assert!(none.status == StatusCode::OK && none.body.contains("Tick at least one role"));
    assert_eq!(last.get(&own).await.status, StatusCode::OK, "and is still signed in");
}

#[tokio::test]
async fn a_link_takes_no_secret_but_its_own() {
    let site = Site::sqlite().await;
    let (_, annas) = site.invited("anna@staff.example", "Anna", READER).await;
    let (_, berts) = site.invited("bert@staff.example", "Bert", READER).await;
    let mut browser = site.browser();
    let page = browser.get(&berts).await;
    assert_eq!(fill_in(&mut browser, &annas, &page, &[]).await.status, StatusCode::FORBIDDEN);
    for secret in ["", "AAAA", "\u{0}"] {
        let fields = [("secret", secret), ("password", PASSWORD), ("again", PASSWORD), ("code", "000000")];
        assert_eq!(browser.post(&annas, &fields).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(browser.get(&annas).await.status, StatusCode::OK);
    for link in [
        "/link/x",
        "/link/undl_",
        &annas.replace("undl_", "unds_"),
        &annas.to_uppercase().replace("/LINK/", "/link/"),
    ] {
        assert_eq!(browser.get(link).await.status, StatusCode::GONE, "{link}");
    }
}

#[tokio::test]
async fn a_link_ends_after_48_hours_and_when_the_account_is_disabled() {
    let site = Site::sqlite().await;
    site.administrator("admin@staff.example").await;
    let (_, link) = site.invited("anna@staff.example", "Anna", READER).await;
    let mut browser = site.browser();
    let page = browser.get(&link).await;
    site.pass(LINK_LIFE - SignedDuration::from_secs(1));
    assert_eq!(browser.get(&link).await.status, StatusCode::OK);
    site.pass(SignedDuration::from_secs(1));
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE);
    assert_eq!(fill_in(&mut browser, &link, &page, &[]).await.status, StatusCode::GONE);
    let (id, link) = site.invited("bert@staff.example", "Bert", READER).await;
    for disabled in [true, false] {
        fine(site.store.set_disabled(id, disabled, &entry()).await);
        assert_eq!(browser.get(&link).await.status, StatusCode::GONE, "disabled: {disabled}");
    }
}
