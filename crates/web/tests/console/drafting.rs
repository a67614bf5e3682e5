//! Writing a message in a browser: drafts that nobody overwrites unseen, and what may be submitted.

use accounts::{Role, Roles};
use axum::http::{Method, StatusCode};
use campaign::CampaignState;
use message::ComposedField;
use store::DraftId;
use web::{Fault, Standing};

use crate::browser::{Answer, Browser};
use crate::escaping::harmless;
use crate::on_both;
use crate::site::{HOSTILE, Site, agreed, fine};

on_both! {
    a_draft_is_written_and_kept,
    two_people_write_at_once,
    nothing_is_submitted_but_what_was_checked,
    who_looks_at_peoples_messages_is_entered,
    a_campaign_is_changed_through_a_draft,
    an_approver_gives_it_back,
    files_go_with_a_message,
}

const AUTHOR: Roles = Roles::NONE.with(Role::Author);
const APPROVER: Roles = Roles::NONE.with(Role::Approver);

/// Begins a draft for the audience of a campaign. Its path.
async fn begun(site: &Site, browser: &mut Browser<'_>) -> String {
    site.campaign("People").await;
    let form = [("name", "January"), ("audience", "People")];
    let answer = browser.post("/drafts/new", &form).await;
    assert!(answer.to().starts_with("/drafts/"), "{answer:?}");
    answer.to().to_owned()
}

/// What a browser sends with a text.
fn written<'a>(version: &'a str, subject: &'a str, body: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("version", version),
        ("from", "Team <team@unit.example>"),
        ("reply_to", ""),
        ("contacts", " help@unit.example \r\n\r\nline@unit.example"),
        ("subject", subject),
        ("body", body),
    ]
}

fn version(page: &Answer) -> String {
    page.between("name=\"version\" value=\"", "\"").to_owned()
}

async fn a_draft_is_written_and_kept(site: Site) {
    let anna = site.member("anna@staff.example", AUTHOR).await;
    let mut own = site.browser().sign_in(&anna).await;
    for (name, audience, wrong) in [
        ("", "People", "id=\"name-error\""),
        ("two\nlines", "People", "id=\"name-error\""),
        (&"x".repeat(201), "People", "id=\"name-error\""),
        ("January", "", "id=\"audience-error\""),
        ("January", "Nobody", "id=\"audience-error\""),
    ] {
        let answer = own.post("/drafts/new", &[("name", name), ("audience", audience)]).await;
        assert!(answer.body.contains(wrong), "{name} {audience}");
    }
    let path = begun(&site, &mut own).await;
    let taken = own.post("/drafts/new", &[("name", "January"), ("audience", "People")]).await;
    assert!(taken.body.contains("id=\"name-error\""), "a second one of that name");
    let text = format!("{path}/text/0");
    let page = own.get(&text).await;
    let (before, entries) = (version(&page), site.entries().await);
    let saved = own.post(&text, &written(&before, HOSTILE, "one\r\n\r\ntwo")).await;
    assert!(saved.leads_to(&path), "{saved:?}");
    assert_eq!(site.entries().await, entries + 1);
    let page = own.get(&text).await;
    harmless(&page, true);
    assert!(
        page.body.contains("one\n\ntwo</textarea>") && page.body.contains("help@unit.example\nline@unit")
    );
    // What is wrong is said beside its field, and what was written is kept all the same.
    *fine(site.program.fault.lock()) =
        Some(Fault { text: 0, field: ComposedField::Subject, words: HOSTILE.to_owned() });
    let saved = own.post(&text, &written(&version(&page), "", "three")).await;
    harmless(&saved, true);
    assert!(saved.body.contains("id=\"subject-error\"") && saved.body.contains("<title>Error:"));
    assert!(own.get(&text).await.body.contains("three</textarea>"));
    // Another language.
    let languages = format!("{path}/languages");
    for wrong in ["", "no tag", "EN"] {
        let page = own.get(&languages).await;
        let answer = own.post(&languages, &[("version", &version(&page)), ("language", wrong)]).await;
        assert!(answer.body.contains("id=\"language-error\""), "{wrong}");
    }
    let page = own.get(&languages).await;
    let added = own.post(&languages, &[("version", &version(&page)), ("language", "cy")]).await;
    assert!(added.leads_to(&format!("{path}/text/1")));
    let page = own.get(&languages).await;
    let removed = own.post(&format!("{languages}/1/remove"), &[("version", &version(&page))]).await;
    assert!(removed.leads_to(&languages));
    for none in ["0", "1", "x"] {
        let answer = own.post(&format!("{languages}/{none}/remove"), &[("version", "1")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{none}");
    }
    // Thrown away.
    harmless(&own.get(&format!("{path}/remove")).await, false);
    assert!(own.post(&format!("{path}/remove"), &[]).await.leads_to("/campaigns"));
    assert_eq!(own.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(site.acts().last().expect("an act").act, "draft-remove");
}

async fn two_people_write_at_once(site: Site) {
    let (anna, ben) =
        (site.member("anna@staff.example", AUTHOR).await, site.member("ben@staff.example", AUTHOR).await);
    let mut first = site.browser().sign_in(&anna).await;
    let mut second = site.browser().sign_in(&ben).await;
    let path = begun(&site, &mut first).await;
    let text = format!("{path}/text/0");
    let page = first.get(&text).await;
    let at = version(&page);
    assert!(second.post(&text, &written(&at, "theirs", "theirs")).await.leads_to(&path));
    let late = first.post(&text, &written(&at, "mine", "mine")).await;
    assert!(late.body.contains("Somebody else has changed this draft"), "{late:?}");
    assert!(late.body.contains("mine</textarea>"), "what was typed is not lost");
    let kept = second.get(&text).await;
    assert!(kept.body.contains("theirs</textarea>"), "and neither is the other's");
    let again = first.post(&text, &written(&version(&late), "mine", "mine")).await;
    assert!(again.leads_to(&path), "now knowingly");
    let when = first.post(&format!("{path}/time"), &[("version", &at), ("when", "soon")]).await;
    assert!(when.body.contains("id=\"when-error\""), "{when:?}");
}

async fn nothing_is_submitted_but_what_was_checked(site: Site) {
    use Standing::{Fine, Warning, Wrong};
    let anna = site.member("anna@staff.example", AUTHOR).await;
    let mut own = site.browser().sign_in(&anna).await;
    let path = begun(&site, &mut own).await;
    let (checks, submit) = (format!("{path}/checks"), format!("{path}/submit"));
    let send = [("version", "1"), ("accept", "discretion"), ("accept", "size")];
    assert!(own.post(&submit, &send).await.body.contains("Check everything"), "never checked");
    assert!(own.post(&format!("{path}/check"), &[]).await.leads_to(&checks));
    site.program.find(2, &[(Fine, None)]);
    assert!(own.post(&submit, &send).await.body.contains("Check everything"), "another version was");
    site.program.find(1, &[(Wrong, None)]);
    harmless(&own.get(&checks).await, true);
    assert!(own.post(&submit, &send).await.body.contains("Check everything"), "something is wrong");
    site.program.find(1, &[(Fine, None), (Warning, Some("discretion")), (Warning, Some("size"))]);
    harmless(&own.get(&submit).await, true);
    for too_few in [&send[..1], &send[..2]] {
        let answer = own.post(&submit, too_few).await;
        assert!(answer.body.contains("id=\"accept-error\""), "{answer:?}");
    }
    let stale = own.post(&submit, &[("version", "0"), ("accept", "discretion"), ("accept", "size")]).await;
    assert!(stale.body.contains("Submit</button>"), "the page as it is now, to be looked at again");
    assert_eq!(site.program.asked(), ["check version 1"], "nothing was submitted so far");
    assert!(own.post(&submit, &send).await.leads_to(&checks));
    let asked = format!("submit version 1 by user {}, accepted [\"discretion\", \"size\"]", anna.id.0);
    assert_eq!(site.program.asked().last(), Some(&asked));
    // A test goes to one's own address alone, whatever the form says.
    let sent = own.post(&format!("{path}/test"), &[("to", "victim@evil.example")]).await;
    harmless(&sent, true);
    let asked = format!("test to anna@staff.example by user {}", anna.id.0);
    assert_eq!(site.program.asked().last(), Some(&asked));
}

async fn who_looks_at_peoples_messages_is_entered(site: Site) {
    let anna = site.member("anna@staff.example", AUTHOR).await;
    let mut own = site.browser().sign_in(&anna).await;
    let path = begun(&site, &mut own).await;
    let first = format!("{path}/preview/1");
    let closed = own.get(&first).await;
    assert!(closed.body.contains("Show the messages") && !closed.body.contains("&#60;script&#62;"));
    assert_eq!(own.get(&format!("{first}/html")).await.status, StatusCode::NOT_FOUND);
    let entries = site.entries().await;
    assert!(own.post(&first, &[]).await.leads_to(&first));
    assert!(own.post(&format!("{path}/preview/2"), &[]).await.leads_to(&format!("{path}/preview/2")));
    assert_eq!(site.entries().await, entries + 1, "once for a draft");
    harmless(&own.get(&first).await, true);
    let raw = own.get(&format!("{first}/html")).await;
    assert!(raw.header("content-security-policy").starts_with("sandbox;"));
    for nobody in ["0", "6", "x", "-1"] {
        let answer = own.get(&format!("{path}/preview/{nobody}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{nobody}");
    }
    for (typed, found) in [("3", 3), ("99", 5), ("0", 1), ("x", 1), ("", 1)] {
        let answer = own.get(&format!("{path}/preview?person={typed}")).await;
        assert!(answer.leads_to(&format!("{path}/preview/{found}")), "{typed}");
    }
    // What stands in the form, before it is kept: in a sandbox, and nothing is written.
    let ben = site.member("ben@staff.example", AUTHOR).await;
    let mut other = site.browser().sign_in(&ben).await;
    let live = format!("{path}/text/0/live");
    let mut form = written("1", "s", HOSTILE).to_vec();
    form.extend([("place", "2"), ("view", "text")]);
    let entries = site.entries().await;
    let shown = other.post(&live, &form).await;
    assert!(shown.header("content-security-policy").starts_with("sandbox;"));
    assert!(!shown.body.contains("<script>") && shown.body.contains("alert(1)"));
    assert_eq!(site.entries().await, entries + 1, "his first look at this draft");
    other.post(&live, &form).await;
    assert_eq!(site.entries().await, entries + 1);
    let number = path.rsplit('/').next().and_then(|n| n.parse().ok()).expect("a number");
    assert_eq!(fine(site.store.draft(DraftId(number)).await).at.version, 1);
}

async fn a_campaign_is_changed_through_a_draft(site: Site) {
    let anna = site.member("anna@staff.example", AUTHOR).await;
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.campaign("January").await;
    let change = format!("/campaigns/{}/change", id.get());
    assert_eq!(own.post(&change, &[]).await.status, StatusCode::CONFLICT, "it is being sent");
    let pause = own.post(&format!("/campaigns/{}/pause", id.get()), &[]).await;
    assert_eq!(pause.status, StatusCode::SEE_OTHER);
    let draft = own.post(&change, &[]).await.to().to_owned();
    assert!(draft.starts_with("/drafts/"));
    assert!(own.post(&change, &[]).await.leads_to(&draft), "there is one draft of it");
    let page = own.get(&draft).await;
    assert!(page.body.contains("This changes a campaign"));
    harmless(&own.get(&format!("{draft}/text/0")).await, true);
    assert_eq!(fine(site.store.campaign("January").await).state, CampaignState::Paused, "as it was");
    let go_on = own.post(&format!("/campaigns/{}/resume", id.get()), &[]).await;
    assert_eq!(go_on.status, StatusCode::SEE_OTHER);
    assert_eq!(fine(site.store.campaign("January").await).state, CampaignState::Sending);
    assert_eq!(site.acts().last().expect("an act").act, "resume");
}

async fn an_approver_gives_it_back(site: Site) {
    let (anna, ben) =
        (site.member("anna@staff.example", APPROVER).await, site.member("ben@staff.example", AUTHOR).await);
    let mut own = site.browser().sign_in(&anna).await;
    let id = site.submitted("January", &format!("user {}", ben.id.0)).await;
    let path = format!("/campaigns/{}", id.get());
    let give_back = format!("{path}/return");
    let digest = agreed("January").to_string();
    let other = own.post(&give_back, &[("digest", "x"), ("remark", "no")]).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    let empty = own.post(&give_back, &[("digest", &digest), ("remark", " ")]).await;
    assert!(empty.body.contains("id=\"remark-error\""));
    let long = own.post(&give_back, &[("digest", &digest), ("remark", &"x".repeat(2_001))]).await;
    assert!(long.body.contains("id=\"remark-error\""));
    assert!(own.post(&give_back, &[("digest", &digest), ("remark", HOSTILE)]).await.leads_to(&path));
    let last = site.acts().last().expect("an act").clone();
    assert_eq!(last.act, "return");
    assert!(!last.detail.contains("script"), "a remark can hold a name: it is not in the clear");
    assert_eq!(last.reason.as_deref(), Some(HOSTILE));
    assert_eq!(fine(site.store.campaign("January").await).state, CampaignState::Draft);
    harmless(&own.get(&path).await, true);
    let mut author = site.browser().sign_in(&ben).await;
    assert!(author.get(&path).await.body.contains("The approver gave it back"));
}

async fn files_go_with_a_message(site: Site) {
    let anna = site.member("anna@staff.example", AUTHOR).await;
    let mut own = site.browser().sign_in(&anna).await;
    let path = format!("{}/files", begun(&site, &mut own).await);
    assert!(own.attach(&path, "1", "C:\\x\\leaflet.pdf", b"%PDF-1.4").await.leads_to(&path));
    assert!(own.get(&path).await.body.contains("<strong>leaflet.pdf</strong>, 1 kB"));
    let hostile = own.attach(&path, "2", "<img src=x onerror=alert(1)>.txt", b"x").await;
    assert!(hostile.leads_to(&path));
    let page = own.get(&path).await;
    harmless(&page, false);
    assert!(page.body.contains("&#60;img src=x onerror=alert(1)&#62;.txt"), "{page:?}");
    for (version, name, octets, what) in [
        ("1", "late.txt", &b"x"[..], "meanwhile"),
        ("3", "empty.txt", b"", "something in it"),
        ("3", &"x".repeat(256), b"x", "shorter name"),
    ] {
        let answer = own.attach(&path, version, name, octets).await;
        assert!(answer.body.contains("id=\"file-error\"") && answer.body.contains(what), "{name}");
    }
    let removed = own.post(&format!("{path}/remove"), &[("version", "3"), ("name", "leaflet.pdf")]).await;
    assert!(removed.leads_to(&path));
    let none = own.post(&format!("{path}/remove"), &[("version", "4"), ("name", "leaflet.pdf")]).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    assert!(!own.get(&path).await.body.contains("leaflet.pdf"));
}

#[tokio::test]
async fn files_of_a_message_are_bounded_together() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", AUTHOR).await;
    let mut own = site.browser().sign_in(&anna).await;
    let path = format!("{}/files", begun(&site, &mut own).await);
    let half = vec![b'x'; message::ATTACHMENTS_OCTETS_MAX / 2];
    assert!(own.attach(&path, "1", "a.txt", &half).await.leads_to(&path));
    let too_large = own.attach(&path, "2", "b.txt", &[&half[..], b"x"].concat()).await;
    assert!(too_large.body.contains("larger than 16 MiB"), "{}", too_large.status);
    assert!(own.attach(&path, "2", "b.txt", &half).await.leads_to(&path), "exactly as much as may be");
    assert!(own.attach(&path, "3", "c.txt", b"x").await.body.contains("larger than 16 MiB"));
    // One in the place of another of its name takes no more room.
    assert!(own.attach(&path, "3", "b.txt", b"x").await.leads_to(&path));
    for n in 2..message::ATTACHMENTS_MAX {
        assert!(own.attach(&path, &(n + 2).to_string(), &n.to_string(), b"x").await.leads_to(&path));
    }
    let one_more = own.attach(&path, "22", "more", b"x").await;
    assert!(one_more.body.contains("no more than 20 files"), "{one_more:?}");
}

#[tokio::test]
async fn a_text_is_larger_than_other_forms_and_has_its_limit() {
    let site = Site::sqlite().await;
    let anna = site.member("anna@staff.example", AUTHOR).await;
    let mut own = site.browser().sign_in(&anna).await;
    let path = begun(&site, &mut own).await;
    let text = format!("{path}/text/0");
    let size = |octets: usize| "x".repeat(octets);
    let fits = own.post(&text, &written("1", "s", &size(500 * 1024))).await;
    assert!(fits.leads_to(&path), "{}", fits.status);
    let one_too_many = own.post(&text, &written("2", "s", &size(512 * 1024))).await;
    assert_eq!(one_too_many.status, StatusCode::PAYLOAD_TOO_LARGE);
    let elsewhere = own.post("/me/password", &[("current", &size(64 * 1024))]).await;
    assert_eq!(elsewhere.status, StatusCode::PAYLOAD_TOO_LARGE);
    // A stranger's is as small as any.
    let stranger = site.browser().post(&text, &written("2", "s", &size(64 * 1024))).await;
    assert_eq!(stranger.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(own.ask(Method::GET, "/drafts/999").await.status, StatusCode::NOT_FOUND);
}
