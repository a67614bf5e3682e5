//! What somebody typed stands on pages as text, and in no header.

use accounts::{Role, Roles};
use axum::http::StatusCode;
use campaign::CampaignEvent;

use crate::browser::Answer;
use crate::site::{HOSTILE, Site, fine};

pub(crate) fn harmless(answer: &Answer, shown: bool) {
    let page = &answer.body;
    for raw in ["<script>", "<img", "onerror=alert(1)>", "\"'>"] {
        assert!(!page.contains(raw), "{raw} in {page}");
    }
    assert_eq!(page.matches("<script").count(), 1, "our own script alone");
    assert!(!shown || page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "{page}");
    for value in answer.headers.values() {
        let value = fine(value.to_str());
        assert!(!value.contains("script>") && !value.contains("alert"), "{value}");
    }
}

#[tokio::test]
async fn what_somebody_typed_is_text_on_every_page() {
    let site = Site::sqlite().await;
    let login = "\"><script>alert(1)</script>@staff.example";
    let anna = site.named(login, HOSTILE, Role::ALL.into_iter().collect()).await;
    let (_, link) = site.invited("<script>@staff.example", HOSTILE, Roles::NONE).await;
    let campaign = site.campaign(HOSTILE).await;
    fine(site.store.move_campaign(campaign, CampaignEvent::Pause, HOSTILE, site.now()).await);
    let mut browser = site.browser();
    browser.agent = "<script>alert(1)</script>\"'>";
    let mut browser = browser.sign_in(&anna).await;
    let number = campaign.get();
    for path in [
        "/me".to_owned(),
        "/users".to_owned(),
        format!("/users/{}", anna.id.0),
        "/campaigns".to_owned(),
        format!("/campaigns/{number}"),
        format!("/campaigns/{number}/cancel"),
        link,
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        harmless(&page, true);
    }
    let typed = [
        ("login", HOSTILE),
        ("name", HOSTILE),
        ("password", "x"),
        ("roles", HOSTILE),
        ("code", HOSTILE),
        ("to", HOSTILE),
    ];
    for path in ["/sign-in", "/users/new", "/sign-in/code"] {
        harmless(&browser.post(path, &typed).await, path != "/sign-in/code");
    }
    let query = crate::browser::Browser::fields(&[("to", HOSTILE)]);
    harmless(&browser.get(&format!("/sign-in/code?{query}")).await, false);
    harmless(&browser.get("/%3Cscript%3Ealert(1)%3C/script%3E").await, false);
    harmless(&browser.get("/users/%3Cscript%3E").await, false);
    let invite = [("login", "cora@staff.example"), ("name", HOSTILE), ("roles", "reader")];
    let made = browser.post("/users/new", &invite).await;
    assert_eq!(made.status, StatusCode::OK);
    harmless(&made, true);
}

#[tokio::test]
async fn a_name_that_would_turn_a_page_around_is_not_taken() {
    let site = Site::sqlite().await;
    let anna = site.administrator("anna@staff.example").await;
    let mut browser = site.browser().sign_in(&anna).await;
    let invite = async |browser: &mut crate::browser::Browser<'_>, login: &str, name: &str| {
        browser.post("/users/new", &[("login", login), ("name", name), ("roles", "reader")]).await
    };
    for name in [
        "a\u{202e}b",
        "a\nb",
        "a\r\nb",
        "a\u{0}b",
        "a\u{2066}b",
        "a\u{2028}b",
        "\u{200b}",
        "a\u{feff}b",
        "a\u{7f}b",
    ] {
        let answer = invite(&mut browser, "bert@staff.example", name).await;
        assert!(answer.body.contains("Enter a name"), "{name:?}: {answer:?}");
        let login = format!("{name}@staff.example");
        let answer = invite(&mut browser, &login, "Bert").await;
        assert!(answer.body.contains("Enter an e-mail address"), "{login:?}");
    }
    // Persian writes with a joiner, and names are long.
    for (n, name) in ["می\u{200c}خواهم", &"ä".repeat(100), "O’Brien-Ng"].iter().enumerate() {
        let answer = invite(&mut browser, &format!("new{n}@staff.example"), name).await;
        assert!(answer.body.contains("The invitation is made"), "{name:?}");
    }
    let answer = invite(&mut browser, "cora@staff.example", &"ä".repeat(101)).await;
    assert!(answer.body.contains("Enter a name"));
}
