//! A spreadsheet becomes an audience in a browser: looked at, decided on, imported; and who may see what of it.

use accounts::{Role, Roles};
use axum::http::StatusCode;

use crate::browser::{Answer, Browser};
use crate::escaping::harmless;
use crate::lists::{CANNOT, LIST_ROWS, MASKED};
use crate::on_both;
use crate::site::{HOSTILE, Site, fine};

on_both! { a_list_with_bad_rows_is_mapped_decided_on_and_imported, an_audience_is_read_page_by_page }

/// Two bad rows, two that are equal, two that share an address, and two columns of languages.
const LIST: &[u8] = b"E-mail;First name;Language;Iaith;OK\n\
    ann@people.example;Ann;en;cy;yes\n\
    not an address;Bob;en;cy;no\n\
    cy@people.example;Cy;en;cy;no\n\
    cy@people.example;Cy;en;cy;no\n\
    fam@people.example;Dee;en;cy;\n\
    fam@people.example;Eve;en;cy;\n";

pub(crate) async fn author<'a>(site: &'a Site, login: &str) -> Browser<'a> {
    let author = site.member(login, Roles::NONE.with(Role::Author)).await;
    site.browser().with_session(&author, true).await
}

/// Where an upload led to.
pub(crate) fn place(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    assert!(answer.to().starts_with("/audiences/uploads/"), "{answer:?}");
    answer.to().to_owned()
}

fn shows(page: &Answer, all: &[&str]) {
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    for text in all {
        assert!(page.body.contains(text), "no {text} in {}", page.body);
    }
    // No address of the list, whatever comes of it.
    assert!(!page.body.contains("people.example"), "{}", page.body);
}

async fn a_list_with_bad_rows_is_mapped_decided_on_and_imported(site: Site) {
    let mut anna = author(&site, "anna@staff.example").await;
    let before = site.entries().await;
    let at = place(&anna.upload("", "C:\\lists\\January.csv", LIST).await);
    let page = anna.get(&at).await;
    shows(
        &page,
        &[
            "Check the list",
            MASKED,
            "value=\"January\"",
            "3 rows are bad",
            "Import 2 people",
            "this is not an e-mail address",
        ],
    );
    shows(
        &page,
        &["Leave the 3 bad rows out", "No column says to whom e-mail is safe", "row 7 has the same address"],
    );
    let listed = anna.get("/audiences").await;
    shows(&listed, &["There are no audiences yet", &at]);
    // Nothing is decided yet.
    let (import, read) = (format!("{at}/import"), format!("{at}/read"));
    let as_found = [("email", "e_mail"), ("language", "language"), ("channel", "")];
    let page = anna.post(&import, &as_found).await;
    shows(&page, &["There is a problem", "href=\"#name\"", "href=\"#bad_rows\"", "href=\"#acknowledged\""]);
    // Other columns: what is seen then is another list, and a button pressed for the one before imports nothing.
    let mapped = [
        ("email", "e_mail"),
        ("language", "iaith"),
        ("channel", "ok"),
        ("shared", "skip"),
        ("name", "Winter"),
    ];
    let all = [&mapped[..], &[("bad_rows", "leave_out"), ("acknowledged", "channel-0")]].concat();
    assert!(anna.post(&import, &all).await.leads_to(&at));
    let page = anna.get(&at).await;
    shows(
        &page,
        &[
            "Import 3 people",
            "Leave the 1 bad row out",
            "safe in 1 rows, not safe in 2, not known in 2",
            "value=\"Winter\"",
        ],
    );
    assert!(!page.body.contains("No column says to whom") && site.entries().await == before);
    assert!(anna.post(&read, &mapped).await.leads_to(&at), "and once more, the same");
    // A name that was used, and one that cannot be written.
    fine(site.store.find_audience("Winter").await.map(|found| assert!(found.is_none())));
    let undecided = anna.post(&import, &mapped).await;
    shows(&undecided, &["href=\"#bad_rows\""]);
    let correct = [&mapped[..], &[("bad_rows", "correct")]].concat();
    shows(&anna.post(&import, &correct).await, &["href=\"#bad_rows\"", "value=\"correct\" checked"]);
    let done = [&mapped[..], &[("bad_rows", "leave_out")]].concat();
    assert!(anna.post(&import, &done).await.leads_to(&at));
    let audience = fine(site.store.find_audience("Winter").await).expect("it is there");
    assert_eq!((audience.people, audience.skipped, site.entries().await), (3, 1, before + 1));
    let own = format!("/audiences/{}", audience.number());
    assert!(anna.get(&at).await.leads_to(&own));
    assert!(anna.post(&import, &done).await.leads_to(&at), "twice is once");
    assert_eq!(site.entries().await, before + 1);
    let listed = anna.get("/audiences").await;
    shows(&listed, &["Winter", &own]);
    assert!(!listed.body.contains("that wait to be imported"));
    // Its name is taken; that of a campaign's audience is as well.
    let again = place(&anna.upload("Winter", "January.csv", LIST).await);
    anna.post(&format!("{again}/read"), &mapped).await;
    let taken = anna.post(&format!("{again}/import"), &done).await;
    shows(&taken, &["There is an audience of this name", "href=\"#name\""]);
}

async fn an_audience_is_read_page_by_page(site: Site) {
    let mut anna = author(&site, "anna@staff.example").await;
    let campaign = site.campaign("January").await.get();
    let audience = fine(site.store.find_audience("January").await).expect("its audience");
    let own = format!("/audiences/{}", audience.number());
    let (mut at, mut rows, mut pages) = (own.clone(), Vec::new(), 0);
    loop {
        let page = anna.get(&at).await;
        shows(&page, &["Addresses are masked", &format!("/campaigns/{campaign}\"")]);
        harmless(&page, true);
        let cells = page.body.split("<td class=\"govuk-table__cell govuk-table__cell--numeric\">").skip(1);
        rows.extend(cells.map(|rest| rest.split('<').next().and_then(|row| row.parse::<u64>().ok())));
        pages += 1;
        let Some((_, rest)) = page.body.split_once("?after=") else { break };
        at = format!("{own}?after={}", rest.split('"').next().unwrap_or_default());
    }
    assert_eq!(rows, (2..=LIST_ROWS).map(Some).collect::<Vec<_>>());
    assert_eq!(pages, 3);
    for wrong in ["?after=x", "?after=-1"] {
        assert_eq!(anna.get(&format!("{own}{wrong}")).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(anna.get("/audiences/999").await.status, StatusCode::NOT_FOUND);
    // Forgotten: it stays in the list, its name is not used again, and its people are gone.
    let other = site.campaign("February").await;
    fine(site.store.move_campaign(other, campaign::CampaignEvent::Cancel, "", site.now()).await);
    let february = fine(site.store.find_audience("February").await).expect("its audience");
    let forgotten =
        site.store.forget_audience(&february, site.now(), true, None, &crate::site::entry()).await;
    assert!(fine(forgotten));
    shows(&anna.get("/audiences").await, &["Forgotten", "February"]);
    let page = anna.get(&format!("/audiences/{}", february.number())).await;
    shows(&page, &["This audience was forgotten on"]);
    assert!(!page.body.contains("Address, masked"));
    let at = place(&anna.upload("February", "x.csv", b"email,ok to email\na@people.example,yes\n").await);
    let form = [("email", "email"), ("language", ""), ("channel", "ok_to_email"), ("name", "February")];
    let page = anna.post(&format!("{at}/import"), &form).await;
    shows(&page, &["An audience of this name was forgotten"]);
}

#[tokio::test]
async fn an_upload_is_its_users_alone() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let mut bert = author(&site, "bert@staff.example").await;
    let at = place(&anna.upload("January", "x.csv", LIST).await);
    for path in ["", "/events", "/bad-rows.csv"] {
        let (theirs, nobodys) = (
            bert.get(&format!("{at}{path}")).await,
            bert.get(&format!("/audiences/uploads/0123456789abcdef{path}")).await,
        );
        assert_eq!((theirs.status, nobodys.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert!(theirs.body == nobodys.body, "one is as little there as the other");
        assert!(theirs.body.contains("What is not in the list of audiences was"));
    }
    for act in ["read", "import", "remove"] {
        let answer = bert.post(&format!("{at}/{act}"), &[("name", "x"), ("bad_rows", "leave_out")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{act}");
    }
    assert!(!bert.get("/audiences").await.body.contains(&at));
    shows(&anna.get(&at).await, &["Check the list"]);
    assert!(anna.post(&format!("{at}/remove"), &[]).await.leads_to("/audiences"));
    assert_eq!(anna.get(&at).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_bad_rows_are_a_table_without_addresses() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let mut list = b"email,=1+1\n".to_vec();
    for row in 0..250 {
        list.extend_from_slice(format!("person{row}@people.example person,x\n").as_bytes());
    }
    list.extend_from_slice(b"ann@people.example,\"x\x01\"\n");
    let at = place(&anna.upload("January", "x.csv", &list).await);
    let page = anna.get(&at).await;
    shows(&page, &["251 rows are bad. Shown are the first 100", "Import 0 people"]);
    let table = anna.get(&format!("{at}/bad-rows.csv")).await;
    shows(&table, &["\u{feff}row,column,what is wrong\r\n", "\r\n252,'=1+1,"]);
    assert_eq!(table.body.lines().count(), 252);
    assert_eq!(table.header("content-disposition"), "attachment; filename=\"bad-rows.csv\"");
    let nobody = anna
        .post(
            &format!("{at}/import"),
            &[("name", "x"), ("email", "email"), ("language", ""), ("channel", "")],
        )
        .await;
    shows(&nobody, &["There is nobody in the spreadsheet", "href=\"#email\""]);
}

#[tokio::test]
async fn a_spreadsheet_that_cannot_be_read_says_why_and_which_column_it_is_can_be_said() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    for (file, why) in [
        (&b"%PDF-1.7 and so on"[..], "this is a PDF"),
        (b"email\n", "there are headings and no rows"),
        (b"ann@people.example\nbob@people.example\n", "the first row has to name the columns"),
    ] {
        let at = place(&anna.upload("January", "x.csv", file).await);
        shows(
            &anna.get(&at).await,
            &["The spreadsheet cannot be read like this", why, "Nothing was imported"],
        );
        anna.post(&format!("{at}/remove"), &[]).await;
    }
    let two = b"one,other\na@people.example,b@people.example\n";
    let at = place(&anna.upload("January", "x.csv", two).await);
    let page = anna.get(&at).await;
    shows(&page, &["Several columns could hold the addresses", "<option value=\"other\">"]);
    assert!(!page.body.contains("--email-column"), "nobody here has a command line");
    assert!(anna.post(&format!("{at}/read"), &[("email", "other")]).await.leads_to(&at));
    shows(&anna.get(&at).await, &["Check the list", "Import 1 person"]);
    assert!(
        anna.post(&format!("{at}/read"), &[("email", "other"), ("language", "other"), ("channel", "")])
            .await
            .leads_to(&at)
    );
    shows(&anna.get(&at).await, &["The column with the addresses cannot also say the language"]);
}

#[tokio::test]
async fn what_stands_in_a_file_and_what_it_is_called_is_text() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let heading = HOSTILE.replace('"', "&quot;");
    let list = format!("sep=,\nemail,\"{heading}\"\nann@people.example,\"{heading}\"\n\"{heading}\",\n");
    let file = "<script>alert(1)'><img src=x onerror=alert(1)>.csv";
    let at = place(&anna.upload("", file, list.as_bytes()).await);
    let page = anna.get(&at).await;
    harmless(&page, true);
    harmless(&anna.get("/audiences").await, true);
    let named =
        [("email", "email"), ("name", HOSTILE), ("bad_rows", HOSTILE), ("language", ""), ("channel", "")];
    harmless(&anna.post(&format!("{at}/import"), &named).await, true);
    harmless(&anna.upload(HOSTILE, "x.csv", b"").await, true);
    let two = format!("sep=,\n\"{heading}\",other\na@people.example,b@people.example\n");
    let at = place(&anna.upload(HOSTILE, "x.csv", two.as_bytes()).await);
    harmless(&anna.get(&at).await, true);
}

#[tokio::test]
async fn an_import_that_fails_says_why_and_can_be_done_again() {
    let site = Site::sqlite().await;
    let mut anna = author(&site, "anna@staff.example").await;
    let at = place(&anna.upload(CANNOT, "x.csv", b"email,ok to email\na@people.example,yes\n").await);
    let form = |name| [("email", "email"), ("language", ""), ("channel", "ok_to_email"), ("name", name)];
    assert!(anna.post(&format!("{at}/import"), &form(CANNOT)).await.leads_to(&at));
    shows(&anna.get(&at).await, &["There is a problem", "Nothing was imported: the disk is full"]);
    anna.post(&format!("{at}/import"), &form("Another")).await;
    assert!(anna.get(&at).await.to().starts_with("/audiences/"));
    assert!(!anna.get(&at).await.to().contains("uploads"));
}
