//! Signing in at a provider: away, back, and in; and each way in which it does not let in.

use accounts::{FREE_FAILURES, Role, Roles, STEP_UP_AGE_MAX};
use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use store::SIGN_ON_LIFE;

use crate::browser::{Answer, Browser};
use crate::escaping::harmless;
use crate::on_both;
use crate::provider::{ISSUER, NAME, Says, TestSignOn, signed_on};
use crate::site::{HOSTILE, HTTPS, Member, PASSWORD, Site, entry, fine};

on_both! {
    the_first_sign_on_ties_and_then_the_identifier_decides,
    an_administrator_ties_and_takes_away,
    state_works_once_and_in_time,
    two_tabs_of_a_first_sign_on_tie_once,
}

/// As the console has it: browsers for which the provider is being asked something.
const SIGNING_ON_MAX: usize = 8;
const READER: Roles = Roles::NONE.with(Role::Reader);

/// Presses the button; the state that goes to the provider.
async fn go(browser: &mut Browser<'_>) -> String {
    let page = browser.post("/sign-in/begin", &[]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let to = page.header("refresh").strip_prefix("0; url=").expect("where it goes").to_owned();
    to.split_once("state=").expect("a state").1.to_owned()
}

/// What a browser is asked with that comes back from another site: without our cookies, for they are `SameSite=Strict`.
async fn led_back(browser: &Browser<'_>, state: &str, more: &str) -> Answer {
    let path = format!("/sign-in/returned?code=a-code&state={state}{more}");
    let mut without = browser.copy();
    without.cookies.clear();
    let mut request = fine(without.request(Method::GET, &path).body(axum::body::Body::empty()));
    request.headers_mut().insert("sec-fetch-site", fine("cross-site".parse()));
    let page = without.send(request).await;
    assert!(without.cookies.is_empty(), "it sets no cookie, for it would be written over: {page:?}");
    page
}

/// Presses "Continue" on the page that it came back to.
async fn go_on(browser: &mut Browser<'_>, page: &Answer) -> Answer {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let field = |name: &str| page.between(&format!("name=\"{name}\" value=\""), "\"").to_owned();
    let (state, code) = (field("form"), field("code"));
    let request = browser.form("/sign-in/returned", Browser::fields(&[("form", &state), ("code", &code)]));
    browser.send(request).await
}

/// All of it, by a browser that comes back from another site.
async fn sign_on(browser: &mut Browser<'_>) -> Answer {
    let state = go(browser).await;
    let page = led_back(browser, &state, "").await;
    go_on(browser, &page).await
}

fn links(site: &Site) -> Vec<String> {
    let acts = site.acts();
    acts.iter()
        .filter(|act| act.act.ends_with("-sign-on"))
        .map(|act| format!("{} {}", act.actor, act.act))
        .collect()
}

async fn the_first_sign_on_ties_and_then_the_identifier_decides(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    let bert = site.member("bert@staff.example", READER).await;
    site.provider.says(Says::This(signed_on("identifier-1", Some("ANNA@staff.example"))));
    let mut browser = site.browser();
    let before = site.entries().await;
    assert!(sign_on(&mut browser).await.leads_to("/sign-in/code"), "the second factor is the console's own");
    assert!(browser.get("/me").await.leads_to("/sign-in/code"), "as after the password");
    assert!(browser.show_code(&anna).await.leads_to("/"));
    let page = browser.get("/me").await;
    assert!(
        page.status == StatusCode::OK && page.body.contains(&format!("With {NAME}, since ")),
        "{}",
        page.body
    );
    assert_eq!(links(&site), [format!("user {} link-sign-on", anna.id.0)]);
    assert_eq!(site.entries().await, before + 1);
    // The address there is another's now, and nobody's: it does not matter.
    for email in [Some("bert@staff.example"), None] {
        site.pass(SignedDuration::from_secs(30));
        site.provider.says(Says::This(signed_on("identifier-1", email)));
        let mut browser = site.browser();
        assert!(sign_on(&mut browser).await.leads_to("/sign-in/code"));
        assert!(browser.show_code(&anna).await.leads_to("/"));
    }
    // Somebody else there with that address is not let in, for the account is tied.
    site.provider.says(Says::This(signed_on("identifier-2", Some("anna@staff.example"))));
    assert_eq!(sign_on(&mut site.browser()).await.status, StatusCode::FORBIDDEN);
    assert_eq!(site.entries().await, before + 1);
    assert!(fine(site.store.sign_ons(bert.id).await).is_empty());
    site.pass(SignedDuration::from_secs(30));
    assert!(
        site.browser().sign_in(&anna).await.get("/me").await.status == StatusCode::OK,
        "the password too"
    );
}

async fn two_tabs_of_a_first_sign_on_tie_once(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    site.provider.says(Says::This(signed_on("identifier-1", Some("anna@staff.example"))));
    let (mut one, mut two) = (site.browser(), site.browser());
    let (first, second) = (go(&mut one).await, go(&mut two).await);
    let (first, second) = (led_back(&one, &first, "").await, led_back(&two, &second, "").await);
    let (first, second) = tokio::join!(go_on(&mut one, &first), go_on(&mut two, &second));
    assert!(first.leads_to("/sign-in/code") && second.leads_to("/sign-in/code"), "{first:?} {second:?}");
    assert_eq!(fine(site.store.sign_ons(anna.id).await).len(), 1);
}

async fn an_administrator_ties_and_takes_away(site: Site) {
    let root = site.administrator("root@staff.example").await;
    let anna = site.member("anna@staff.example", READER).await;
    let bert = site.member("bert@staff.example", READER).await;
    // Nothing is said of the address, as Entra ID says nothing: the page tells the identifier.
    site.provider.says(Says::This(signed_on("AAAA-identifier", None)));
    let nobody = sign_on(&mut site.browser()).await;
    assert!(
        nobody.status == StatusCode::FORBIDDEN && nobody.body.contains("AAAA-identifier"),
        "{}",
        nobody.body
    );
    let mut own = site.browser().sign_in(&root).await;
    let user = format!("/users/{}", anna.id.0);
    let wrong = own.post(&format!("{user}/sign-on"), &[("subject", "")]).await;
    assert!(wrong.status == StatusCode::OK && wrong.body.contains("There is a problem"));
    assert!(own.post(&format!("{user}/sign-on"), &[("subject", " AAAA-identifier ")]).await.leads_to(&user));
    let page = own.get(&user).await;
    assert!(
        page.body.contains("Take away signing in with Example ID") && !page.body.contains("id=\"subject\"")
    );
    // Nobody else can be that person.
    let other = format!("/users/{}/sign-on", bert.id.0);
    let taken = own.post(&other, &[("subject", "AAAA-identifier")]).await;
    assert!(taken.status == StatusCode::OK && taken.body.contains("is tied already"), "{}", taken.body);
    let mut annas = site.browser();
    assert!(sign_on(&mut annas).await.leads_to("/sign-in/code"));
    assert!(annas.show_code(&anna).await.leads_to("/"));
    let gone = format!("{user}/sign-on/remove");
    assert_eq!(own.post(&gone, &[("issuer", "https://other.example")]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(annas.get("/me").await.status, StatusCode::OK);
    assert!(own.post(&gone, &[("issuer", ISSUER)]).await.leads_to(&user));
    assert!(annas.get("/me").await.leads_to("/sign-in"), "every session ends");
    assert_eq!(sign_on(&mut site.browser()).await.status, StatusCode::FORBIDDEN);
    let by = |act| format!("user {} {act}", root.id.0);
    // Sealed, refused and entered alike: what was refused stands in no entry, as the store's tests see.
    let acts = links(&site);
    assert!(acts.contains(&by("link-sign-on")) && acts.last() == Some(&by("unlink-sign-on")), "{acts:?}");
    // Whoever was invited has no account yet, and is not tied.
    let (cora, _) = site.invited("cora@staff.example", "Cora", READER).await;
    let page = own.get(&format!("/users/{}", cora.0)).await;
    assert!(!page.body.contains("id=\"subject\""), "{}", page.body);
    let tied = own.post(&format!("/users/{}/sign-on", cora.0), &[("subject", "CCCC")]).await;
    assert!(tied.status == StatusCode::OK && tied.body.contains("The account is not in use"));
}

async fn state_works_once_and_in_time(site: Site) {
    let anna = site.member("anna@staff.example", READER).await;
    site.provider.says(Says::This(signed_on("identifier-1", Some("anna@staff.example"))));
    let mut browser = site.browser();
    let state = go(&mut browser).await;
    let page = led_back(&browser, &state, "").await;
    let mut again = browser.copy();
    let (first, second) = tokio::join!(go_on(&mut browser, &page), go_on(&mut again, &page));
    let statuses = [first.status, second.status];
    assert!(
        statuses.contains(&StatusCode::SEE_OTHER) && statuses.contains(&StatusCode::GONE),
        "{statuses:?}"
    );
    assert_eq!(fine(site.provider.finished.lock()).len(), 1, "the provider is asked once");
    assert!(fine(site.store.sessions(anna.id).await).len() == 1);
    let mut slow = site.browser();
    let state = go(&mut slow).await;
    let page = led_back(&slow, &state, "").await;
    site.pass(SIGN_ON_LIFE);
    let late = go_on(&mut slow, &page).await;
    assert!(late.status == StatusCode::GONE && late.body.contains("10 minutes"), "{late:?}");
}

#[tokio::test]
async fn state_of_another_browser_signs_nobody_in() {
    let site = Site::sqlite().await;
    site.member("mallory@staff.example", READER).await;
    site.provider.says(Says::This(signed_on("identifier-9", Some("mallory@staff.example"))));
    let (mut mallory, mut victim) = (site.browser(), site.browser());
    victim.get("/sign-in").await;
    let state = go(&mut mallory).await;
    let page = led_back(&victim, &state, "").await;
    let answer = go_on(&mut victim, &page).await;
    assert!(answer.status == StatusCode::FORBIDDEN && victim.cookie("session").is_none(), "{answer:?}");
    assert!(fine(site.provider.finished.lock()).is_empty(), "the provider is not asked");
    // A token of the victim's own that no sign-on began with is as good as none.
    let own = victim.post("/sign-in/returned", &[("code", "a-code")]).await;
    assert_eq!(own.status, StatusCode::GONE);
    assert!(fine(site.provider.finished.lock()).is_empty());
    assert!(go_on(&mut mallory, &page).await.leads_to("/sign-in/code"), "and it is still whose it is");
}

#[tokio::test]
async fn what_is_kept_is_of_one_sign_on_and_lies_nowhere() {
    let site = Site::sqlite().await;
    let mut browser = site.browser();
    let state = go(&mut browser).await;
    let octets = site.database().concat();
    let has = |wanted: &[u8]| octets.windows(wanted.len()).any(|window| window == wanted);
    let (kept, nonce, verifier) = fine(site.provider.begun.lock())[0].clone();
    assert_eq!(kept, state);
    let hexadecimal = |octets: [u8; 32]| octets.map(|octet| format!("{octet:02x}")).concat();
    for secret in [state.as_bytes(), &nonce, &verifier, hexadecimal(verifier).as_bytes()] {
        assert!(!has(secret), "the database has it");
    }
    let page = led_back(&browser, &state, "").await;
    go_on(&mut browser, &page).await;
    assert_eq!(fine(site.provider.finished.lock())[0], (kept, nonce, verifier), "the same comes back");
    let other = go(&mut browser).await;
    let second = fine(site.provider.begun.lock())[1].clone();
    assert!(other != state && second.1 != nonce && second.2 != verifier);
}

#[tokio::test]
async fn a_link_that_is_opened_does_nothing() {
    let site = Site::sqlite().await;
    site.member("anna@staff.example", READER).await;
    site.provider.says(Says::This(signed_on("identifier-1", Some("anna@staff.example"))));
    let mut browser = site.browser();
    let state = go(&mut browser).await;
    let before = (site.database(), site.acts().len());
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let answer = browser.ask(method, &format!("/sign-in/returned?code=a-code&state={state}")).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert!((site.database(), site.acts().len()) == before && fine(site.provider.finished.lock()).is_empty());
    let page = led_back(&browser, &state, "").await;
    assert_eq!(page.body.matches("<script").count(), 1, "our own, which sends no form");
    assert!(go_on(&mut browser, &page).await.leads_to("/sign-in/code"), "and it still works");
}

#[tokio::test]
async fn who_has_no_account_learns_nothing_more() {
    let site = Site::sqlite().await;
    site.administrator("root@staff.example").await;
    let gone = site.member("gone@staff.example", READER).await;
    let tied = site.member("tied@staff.example", READER).await;
    site.invited("invited@staff.example", "Ina", READER).await;
    let known = |subject: &str| store::SignOn {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        created_at: site.now(),
    };
    fine(site.store.link_sign_on(tied.id, &known("other"), &entry()).await);
    fine(site.store.link_sign_on(gone.id, &known("gone"), &entry()).await);
    fine(site.store.set_disabled(gone.id, true, &entry()).await);
    let entries = site.entries().await;
    let mut pages = Vec::new();
    for somebody in [
        signed_on("x", Some("nobody@staff.example")),
        signed_on("x", Some("gone@staff.example")),
        signed_on("x", Some("tied@staff.example")),
        signed_on("x", Some("invited@staff.example")),
        signed_on("x", Some("no address")),
        signed_on("x", None),
    ] {
        site.provider.says(Says::This(somebody));
        let mut browser = site.browser();
        let answer = sign_on(&mut browser).await;
        assert!(answer.status == StatusCode::FORBIDDEN && browser.cookie("session").is_none(), "{answer:?}");
        pages.push(answer.body);
    }
    assert!(pages.windows(2).all(|two| two[0] == two[1]), "one page for everybody");
    site.provider.says(Says::This(signed_on("gone", Some("gone@staff.example"))));
    let disabled = sign_on(&mut site.browser()).await;
    assert_eq!(disabled.body.replace("gone", "x"), pages[0], "who is disabled is not told so");
    assert_eq!(site.entries().await, entries, "nobody is made, and nobody is tied");
    // What can be nobody's identifier is looked for nowhere, and does not stand on the page.
    for subject in ["", "a\u{0}b", "ä", &"x".repeat(256)] {
        site.provider.says(Says::This(signed_on(subject, Some("nobody@staff.example"))));
        let answer = sign_on(&mut site.browser()).await;
        assert!(answer.status == StatusCode::FORBIDDEN && !answer.body.contains("app-key"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_second_factor_shown_at_the_provider_lets_in_and_is_not_recent() {
    let site = Site::sqlite().await;
    let root = site.administrator("root@staff.example").await;
    let mut somebody = signed_on("identifier-1", Some("root@staff.example"));
    somebody.second_factor = true;
    site.provider.says(Says::This(somebody));
    let mut browser = site.browser();
    let in_at_once = sign_on(&mut browser).await;
    assert!(in_at_once.leads_to("/"), "{in_at_once:?}");
    assert_eq!(browser.get("/me").await.status, StatusCode::OK);
    assert_eq!(fine(site.store.sessions(root.id).await).len(), 1);
    // What asks for a recent second factor asks for the console's own.
    assert!(browser.get("/users").await.to().starts_with("/sign-in/code?to="));
    assert!(browser.show_code(&root).await.leads_to("/"));
    assert_eq!(browser.get("/users").await.status, StatusCode::OK);
    site.pass(STEP_UP_AGE_MAX);
    assert!(browser.get("/users").await.to().starts_with("/sign-in/code?to="));
}

#[tokio::test]
async fn the_provider_is_away_and_the_password_still_works() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let mut browser = site.browser();
    let state = go(&mut browser).await;
    site.provider.says(Says::IsAway);
    let page = led_back(&browser, &state, "").await;
    let answer = go_on(&mut browser, &page).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("It is away. You can sign in with your password."), "{}", answer.body);
    for _ in 0..=2 * FREE_FAILURES {
        let answer = browser.post("/sign-in/begin", &[]).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "that it is away is nobody's fault");
    }
    assert!(browser.sign_in(&anna).await.get("/me").await.status == StatusCode::OK);
}

#[tokio::test]
async fn who_is_refused_too_often_waits_and_passwords_do_not() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    let mut browser = site.browser();
    for _ in 0..=FREE_FAILURES {
        let refused = sign_on(&mut browser).await;
        assert!(
            refused.status == StatusCode::FORBIDDEN && refused.body.contains("It refuses"),
            "{refused:?}"
        );
    }
    let wait = browser.post("/sign-in/begin", &[]).await;
    assert!(wait.status == StatusCode::TOO_MANY_REQUESTS && wait.headers.contains_key("retry-after"));
    let asked = fine(site.provider.finished.lock()).len();
    // A new visit begins afresh, but for what the whole network got wrong.
    let mut last = StatusCode::OK;
    for _ in 0..=accounts::SITE_FREE_FAILURES {
        let mut stranger = site.browser();
        let begun = stranger.post("/sign-in/begin", &[]).await;
        last = begun.status;
        if last != StatusCode::OK {
            break;
        }
        sign_on(&mut stranger).await;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let now = fine(site.provider.finished.lock()).len();
    assert!(now > asked && now <= accounts::SITE_FREE_FAILURES as usize + 1, "{now}");
    assert!(
        site.browser().from("198.51.100.1:5000").post("/sign-in/begin", &[]).await.status == StatusCode::OK
    );
    assert!(site.browser().show_password(&anna).await.leads_to("/sign-in/code"));
}

#[tokio::test]
async fn who_goes_away_while_the_provider_is_asked_keeps_the_place() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", READER).await;
    site.provider.says(Says::Nothing);
    for _ in 0..SIGNING_ON_MAX {
        let mut gone = site.browser();
        tokio::select! {
            answer = gone.post("/sign-in/begin", &[]) => panic!("{answer:?}"),
            () = site.provider.waits.notified() => {}
        }
    }
    let mut browser = site.browser();
    let busy = browser.post("/sign-in/begin", &[]).await;
    assert_eq!(busy.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(busy.body.contains("Too many people are here at once"), "{}", busy.body);
    assert!(browser.show_password(&anna).await.leads_to("/sign-in/code"), "and the password works");
}

#[tokio::test]
async fn what_the_provider_says_instead_is_said_in_our_words() {
    let site = Site::sqlite().await;
    for (error, status, words) in [
        ("access_denied", StatusCode::FORBIDDEN, "It was stopped at Example ID"),
        ("interaction_required", StatusCode::FORBIDDEN, "needs something more from you"),
        ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE, "does not work at the moment"),
        ("invalid_scope", StatusCode::FORBIDDEN, "did not take the request"),
        ("%3Cscript%3E", StatusCode::FORBIDDEN, "did not take the request"),
    ] {
        let path = format!("/sign-in/returned?error={error}&error_description=canary+call+0900&state=x");
        let page = site.browser().get(&path).await;
        assert_eq!(page.status, status, "{error}");
        assert!(page.body.contains(words) && page.body.contains("with your password"), "{}", page.body);
        assert!(!page.body.contains("canary") && !page.body.contains("0900"), "{}", page.body);
    }
    for query in ["", "?code=x", "?state=x", &format!("?code={}&state=x", "x".repeat(16 * 1024 + 1))] {
        let page = site.browser().get(&format!("/sign-in/returned{query}")).await;
        assert_eq!(page.status, StatusCode::GONE, "{query}");
    }
}

#[tokio::test]
async fn what_a_link_holds_is_text() {
    let site = Site::beside(TestSignOn::hostile()).await;
    let root = site.administrator("root@staff.example").await;
    let hostile = Browser::fields(&[("code", HOSTILE), ("state", HOSTILE), ("iss", HOSTILE)]);
    harmless(&site.browser().get(&format!("/sign-in/returned?{hostile}")).await, true);
    harmless(&site.browser().get("/sign-in").await, true);
    harmless(&site.browser().post("/sign-in/begin", &[]).await, true);
    site.provider.says(Says::This(signed_on(HOSTILE, None)));
    harmless(&sign_on(&mut site.browser()).await, true);
    let mut own = site.browser().sign_in(&root).await;
    let user = format!("/users/{}", root.id.0);
    harmless(&own.get(&user).await, true);
    harmless(&own.post(&format!("{user}/sign-on"), &[("subject", "ä")]).await, true);
    assert!(own.post(&format!("{user}/sign-on"), &[("subject", HOSTILE)]).await.leads_to(&user));
    let known = store::SignOn { issuer: HOSTILE.to_owned(), subject: "1".to_owned(), created_at: site.now() };
    fine(site.store.link_sign_on(root.id, &known, &entry()).await);
    harmless(&own.get(&user).await, true);
    harmless(&own.get("/me").await, true);
}

#[tokio::test]
async fn a_session_from_before_ends_and_another_begins() {
    let site = Site::at(HTTPS).await;
    let anna: Member = site.member("anna@staff.example", READER).await;
    site.provider.says(Says::This(signed_on("identifier-1", Some("anna@staff.example"))));
    let mut browser = site.browser();
    let fields = [("login", anna.login.as_str()), ("password", PASSWORD)];
    assert!(browser.post("/sign-in", &fields).await.leads_to("/sign-in/code"));
    let before = browser.copy();
    // By somebody who showed the password and then thought of the other way.
    assert!(sign_on(&mut browser).await.leads_to("/sign-in/code"));
    assert_ne!(before.cookie("session"), browser.cookie("session"));
    assert!({ before }.get("/sign-in/code").await.leads_to("/sign-in"), "the session from before is over");
    assert_eq!(fine(site.store.sessions(anna.id).await).len(), 1);
}
