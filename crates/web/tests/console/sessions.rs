//! One's own account: where one is signed in, and the password.

use accounts::{Role, Roles, SESSION_IDLE_MAX};
use axum::http::StatusCode;
use jiff::SignedDuration;

use crate::on_both;
use crate::site::{PASSWORD, Site, fine};

on_both! { a_new_password_ends_every_other_session_and_every_token }

const READER: Roles = Roles::NONE.with(Role::Reader);
const NEW: &str = "copper badger window tide";

async fn a_new_password_ends_every_other_session_and_every_token(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    let mut own = site.browser().sign_in(&anna).await;
    let mut other = site.browser().sign_in(&anna).await;
    let change = |current, new| [("current", current), ("password", new), ("again", new)];
    let wrong = own.post("/me/password", &change("wrong", NEW)).await;
    assert!(wrong.status == StatusCode::OK && wrong.body.contains("not the password you have now"));
    let expected = own.post("/me/password", &change(PASSWORD, "anna@staff.example")).await;
    assert!(expected.status == StatusCode::OK && expected.body.contains("There is a problem"));
    assert_eq!(other.get("/me").await.status, StatusCode::OK, "nothing was changed");
    let before = own.copy();
    assert!(own.post("/me/password", &change(PASSWORD, NEW)).await.leads_to("/me"));
    assert_eq!(own.get("/me").await.status, StatusCode::OK);
    assert!(other.get("/me").await.leads_to("/sign-in"));
    assert!({ before }.get("/me").await.leads_to("/sign-in"), "the session's own token from before, too");
    let mut later = site.browser();
    assert_eq!(later.show_password(&anna).await.status, StatusCode::OK, "the old password is wrong");
    let new = [("login", anna.login.as_str()), ("password", NEW)];
    assert!(later.post("/sign-in", &new).await.leads_to("/sign-in/code"));
}

#[tokio::test]
async fn a_password_is_not_guessed_in_an_open_browser() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let mut own = site.browser().sign_in(&anna).await;
    let fields = |current| [("current", current), ("password", NEW), ("again", NEW)];
    for _ in 0..=accounts::FREE_FAILURES {
        assert_eq!(own.post("/me/password", &fields("wrong")).await.status, StatusCode::OK);
    }
    assert_eq!(own.post("/me/password", &fields(PASSWORD)).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn one_ends_ones_own_sessions_and_nobody_elses() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let bert = site.member("bert@staff.example", READER).await;
    let mut own = site.browser().sign_in(&anna).await;
    let mut berts = site.browser().sign_in(&bert).await;
    let id = fine(site.store.sessions(bert.id).await).first().expect("one").id.0;
    assert!(own.post(&format!("/me/sessions/{id}/end"), &[]).await.leads_to("/me"));
    assert_eq!(berts.get("/me").await.status, StatusCode::OK);
    let mut second = site.browser().sign_in(&anna).await;
    let id = fine(site.store.sessions(anna.id).await).first().expect("one").id.0;
    assert!(own.post(&format!("/me/sessions/{id}/end"), &[]).await.leads_to("/me"));
    assert!(second.get("/me").await.leads_to("/sign-in"));
    for id in ["x", "9999999999999999999999", "1.5"] {
        let answer = own.post(&format!("/me/sessions/{id}/end"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn sessions_that_are_over_are_not_listed_and_do_not_stay() {
    let site = Site::sqlite().await;
    let anna = site.administrator("anna@staff.example").await;
    let mut old = site.browser();
    old.agent = "Grandmother's telephone";
    old.sign_in(&anna).await;
    site.pass(SESSION_IDLE_MAX);
    let mut own = site.browser().sign_in(&anna).await;
    assert!(!own.get("/me").await.body.contains("telephone"), "nobody is signed in there");
    assert!(own.get(&format!("/users/{}", anna.id.0)).await.body.contains("In one browser"));
    site.pass(SignedDuration::from_hours(24));
    site.browser().sign_in(&anna).await;
    assert_eq!(fine(site.store.sessions(anna.id).await).len(), 1, "the rows are cleared away");
}
