//! Signing in: who learns what from a refusal, how long one waits, and what the two factors are worth.

use accounts::{
    DELAY_FIRST, FREE_FAILURES, PASSWORD_ONLY_AGE_MAX, Role, Roles, SESSION_AGE_MAX, SESSION_IDLE_MAX,
    TOUCH_INTERVAL,
};
use axum::http::StatusCode;
use jiff::SignedDuration;
use store::SESSIONS_PER_USER_MAX;

use crate::browser::{Answer, Browser};
use crate::on_both;
use crate::site::{Member, PASSWORD, Site, entry, fine};

on_both! {
    both_factors_let_in_and_each_gives_another_token,
    a_code_of_the_app_lets_in_once,
    two_who_show_one_code_at_once_are_one,
    a_code_on_paper_lets_in_once,
    no_text_that_somebody_types_is_an_error_of_the_server,
}

const READER: Roles = Roles::NONE.with(Role::Reader);
const SECOND: SignedDuration = SignedDuration::from_secs(1);

async fn try_password(browser: &mut Browser<'_>, login: &str, password: &str) -> Answer {
    browser.post("/sign-in", &[("login", login), ("password", password)]).await
}

async fn both_factors_let_in_and_each_gives_another_token(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    let mut browser = site.browser();
    // By the tokens that the pages themselves have.
    let page = browser.get("/sign-in").await;
    let token = page.between("name=\"form\" value=\"", "\"");
    let fields = [("form", token), ("login", " ANNA@staff.example"), ("password", PASSWORD)];
    let request = browser.form("/sign-in", Browser::fields(&fields));
    assert!(browser.send(request).await.leads_to("/sign-in/code"));
    let half = browser.copy();
    assert!(browser.get("/").await.leads_to("/sign-in/code"), "the password alone opens nothing");
    let page = browser.get("/sign-in/code").await;
    let token = page.between("name=\"form\" value=\"", "\"");
    let code = anna.secret.code_at(site.now());
    let request = browser.form("/sign-in/code", Browser::fields(&[("form", token), ("code", &code)]));
    assert!(browser.send(request).await.leads_to("/"));
    assert!(browser.get("/").await.leads_to("/campaigns"));
    assert_ne!(half.cookie("session"), browser.cookie("session"));
    assert!(
        { half }.get("/sign-in/code").await.leads_to("/sign-in"),
        "the token from before is worth nothing"
    );
    let old = browser.copy();
    assert!(browser.post("/sign-out", &[]).await.leads_to("/sign-in") && browser.cookie("session").is_none());
    assert!({ old }.get("/").await.leads_to("/sign-in"), "it ended, and not in this browser alone");
}

async fn a_code_of_the_app_lets_in_once(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    let (mut one, mut two) = (site.browser(), site.browser());
    one.show_password(&anna).await;
    two.show_password(&anna).await;
    assert!(one.show_code(&anna).await.leads_to("/"));
    let again = two.show_code(&anna).await;
    assert!(again.status == StatusCode::OK && again.body.contains("was used already"));
    site.pass(SignedDuration::from_secs(30));
    assert!(two.show_code(&anna).await.leads_to("/"));
}

async fn two_who_show_one_code_at_once_are_one(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    let (mut one, mut two) = (site.browser(), site.browser());
    one.show_password(&anna).await;
    two.show_password(&anna).await;
    let (first, second) = tokio::join!(one.show_code(&anna), two.show_code(&anna));
    assert_eq!([first, second].iter().filter(|answer| answer.leads_to("/")).count(), 1);
    let (first, second) = (one.get("/me").await, two.get("/me").await);
    assert_eq!([first, second].iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
}

async fn a_code_on_paper_lets_in_once(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    let code = anna.codes.first().expect("a code").to_uppercase();
    let (mut one, mut two, mut three) = (site.browser(), site.browser(), site.browser());
    for browser in [&mut one, &mut two, &mut three] {
        browser.show_password(&anna).await;
    }
    let show = async |browser: &mut Browser<'_>| browser.post("/sign-in/code", &[("code", &code)]).await;
    let (first, second) = tokio::join!(show(&mut one), show(&mut two));
    assert_eq!([first, second].iter().filter(|answer| answer.leads_to("/")).count(), 1);
    assert_eq!(show(&mut three).await.status, StatusCode::OK);
    assert_eq!(fine(site.store.recovery_codes_left(anna.id).await), anna.codes.len() as u64 - 1);
}

async fn no_text_that_somebody_types_is_an_error_of_the_server(site: Site) {
    let anna = site.administrator("anna@staff.example").await;
    let mut browser = site.browser().sign_in(&anna).await;
    for text in ["a\0b@x", "\0", "a\u{202e}b@x", "😀", &"x@".repeat(400), "' OR 1=1 --"] {
        let fields = [
            ("login", text),
            ("password", text),
            ("name", text),
            ("roles", "reader"),
            ("code", text),
            ("to", text),
        ];
        for path in ["/sign-in", "/sign-in/code", "/users/new"] {
            let mut stranger = site.browser();
            let asked = if path == "/sign-in" { &mut stranger } else { &mut browser };
            let answer = asked.post(path, &fields).await;
            assert!(answer.status.as_u16() < 500, "{path} with {text:?}: {answer:?}");
            site.pass(SignedDuration::from_mins(1));
            if path == "/sign-in/code" {
                site.pass(SignedDuration::from_secs(-60));
            }
        }
    }
}

#[tokio::test]
async fn nobody_learns_who_has_an_account() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let bert = site.member("bert@staff.example", READER).await;
    site.administrator("admin@staff.example").await;
    fine(site.store.set_disabled(bert.id, true, &entry()).await);
    site.invited("cora@staff.example", "Cora", READER).await;
    let mut answers = Vec::new();
    for (login, password) in [
        (anna.login.as_str(), "wrong quilt lamp seven"),
        (bert.login.as_str(), PASSWORD),
        ("cora@staff.example", PASSWORD),
        ("nobo@staff.example", PASSWORD),
    ] {
        let answer = try_password(&mut site.browser(), login, password).await;
        let mut headers: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        let length = answer.body.len();
        answers.push((answer.status, headers, length, answer.without_token().replace(login, "LOGIN")));
    }
    assert_eq!(answers[0].0, StatusCode::OK);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn who_fails_waits_and_a_known_device_does_not() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let mut known = site.browser().sign_in(&anna).await;
    known.post("/sign-out", &[]).await;
    let mut stranger = site.browser();
    for _ in 0..=FREE_FAILURES {
        assert_eq!(try_password(&mut stranger, &anna.login, "wrong").await.status, StatusCode::OK);
    }
    let refused = try_password(&mut stranger, &anna.login, PASSWORD).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "with the right password too");
    let wait: i64 = fine(refused.header("retry-after").parse());
    assert!(wait >= DELAY_FIRST.as_secs());
    assert!(known.show_password(&anna).await.leads_to("/sign-in/code"), "from the same network");
    let mut elsewhere = site.browser().from("198.51.100.1:5000");
    assert!(elsewhere.show_password(&anna).await.leads_to("/sign-in/code"), "from another network");
    site.pass(SECOND * i32::try_from(wait).expect("short"));
    assert!(stranger.show_password(&anna).await.leads_to("/sign-in/code"));
    // The second factor of strangers is one counter, wherever they come from.
    let mut networks = [stranger, elsewhere];
    for n in 0..=FREE_FAILURES as usize {
        let answer = networks[n % 2].post("/sign-in/code", &[("code", "000000")]).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    for browser in &mut networks {
        assert_eq!(browser.show_code(&anna).await.status, StatusCode::TOO_MANY_REQUESTS);
    }
    assert!(known.show_code(&anna).await.leads_to("/"));
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let mut half = site.browser();
    half.show_password(&anna).await;
    site.pass(PASSWORD_ONLY_AGE_MAX - SECOND);
    assert_eq!(half.get("/sign-in/code").await.status, StatusCode::OK);
    site.pass(SECOND);
    assert!(half.get("/sign-in/code").await.leads_to("/sign-in"));
    let mut idle = site.browser().sign_in(&anna).await;
    let began = site.now() - SignedDuration::from_secs(30);
    site.pass(began + SESSION_IDLE_MAX - SECOND - site.now());
    assert_eq!({ idle.copy() }.ask(axum::http::Method::HEAD, "/me").await.status, StatusCode::OK);
    site.pass(SECOND);
    assert!(idle.get("/me").await.leads_to("/sign-in"));
    let mut busy = site.browser().sign_in(&anna).await;
    let began = site.now() - SignedDuration::from_secs(30);
    while site.now() + SESSION_IDLE_MAX - TOUCH_INTERVAL < began + SESSION_AGE_MAX {
        // When a session was used is known to the minute.
        site.pass(SESSION_IDLE_MAX - TOUCH_INTERVAL);
        assert_eq!(busy.get("/me").await.status, StatusCode::OK);
    }
    site.pass(began + SESSION_AGE_MAX - SECOND - site.now());
    assert_eq!(busy.get("/me").await.status, StatusCode::OK);
    site.pass(SECOND);
    assert!(busy.get("/me").await.leads_to("/sign-in"), "used all day, and the day is done");
}

#[tokio::test]
async fn whoever_knows_the_password_alone_ends_nobodys_session() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let mut own = site.browser().sign_in(&anna).await;
    for _ in 0..=SESSIONS_PER_USER_MAX {
        let mut other = site.browser();
        assert!(other.show_password(&anna).await.leads_to("/sign-in/code"));
        let refused = other.post("/me/sessions/end-others", &[]).await;
        assert!(refused.leads_to("/sign-in/code"));
    }
    assert_eq!(own.get("/me").await.status, StatusCode::OK);
    assert!(fine(site.store.sessions(anna.id).await).len() <= 2 * SESSIONS_PER_USER_MAX as usize);
}

#[tokio::test]
async fn another_login_in_the_same_browser_ends_the_session_before() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let bert = site.member("bert@staff.example", READER).await;
    let mut browser = site.browser().sign_in(&anna).await;
    let annas = browser.copy();
    assert!(browser.get("/sign-in").await.leads_to("/"), "who has signed in is not asked to");
    // The wrong password leaves the session as it is.
    assert_eq!(try_password(&mut browser, &bert.login, "wrong").await.status, StatusCode::OK);
    assert_eq!(browser.get("/me").await.status, StatusCode::OK);
    assert!(browser.show_password(&bert).await.leads_to("/sign-in/code"));
    assert!(browser.get("/me").await.leads_to("/sign-in/code"));
    assert!({ annas }.get("/me").await.leads_to("/sign-in"));
}

#[tokio::test]
async fn a_second_factor_leads_to_a_page_of_this_console_alone() {
    let site = Site::sqlite().await;
    let anna: Member = site.member("anna@staff.example", READER).await;
    let mut browser = site.browser();
    browser.show_password(&anna).await;
    for to in [
        "//evil.example",
        "//evil",
        "///evil",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\r\nLocation: x",
        "/%2f%2fevil.example",
        "%2F%2Fevil.example",
        "/a\r\nSet-Cookie: x=1",
        "javascript:alert(1)",
        "",
        "evil.example",
        "/\t/evil.example",
        " //evil.example",
        "/campaigns?next=//evil.example",
        "/..//evil.example",
        "/@evil.example",
        "\u{2f}\u{ff0f}evil.example",
    ] {
        let page = browser.get(&("/sign-in/code?".to_owned() + &Browser::fields(&[("to", to)]))).await;
        assert_eq!(page.between("name=\"to\" value=\"", "\""), "/", "{to:?}");
        let code = anna.secret.code_at(site.now());
        let answer = browser.post("/sign-in/code", &[("code", &code), ("to", to)]).await;
        assert!(answer.leads_to("/"), "{to:?}: {answer:?}");
        site.pass(SignedDuration::from_secs(30));
    }
    let code = anna.secret.code_at(site.now());
    assert!(browser.post("/sign-in/code", &[("code", &code), ("to", "/users/7")]).await.leads_to("/users/7"));
}
