//! Senders, the mail server, backups and the ledger, as an administrator meets them.

use accounts::{Role, Roles};
use axum::http::StatusCode;
use axum::http::header::CONTENT_DISPOSITION;
use web::BackupOf;

use crate::escaping::harmless;
use crate::set_up_double::PUBLISH;
use crate::site::{HOSTILE, Site, fine};

#[tokio::test]
async fn what_a_sender_must_publish_is_named_with_its_value() {
    let site = Site::sqlite().await;
    let anna = site.administrator("anna@staff.example").await;
    let mut own = site.browser().sign_in(&anna).await;
    let before = site.acts();
    let page = own.get("/senders").await;
    assert!(page.body.contains("value=\"unit.example\""), "the usual one is proposed");
    harmless(&page, true);
    let looked = own.post("/senders", &[("domain", "unit.example")]).await;
    harmless(&looked, true);
    for text in ["do not pass", PUBLISH, ">Right<", ">Wrong<", ">Missing<"] {
        assert!(looked.body.contains(text), "{text}");
    }
    for wrong in ["", HOSTILE] {
        let refused = own.post("/senders", &[("domain", wrong)]).await;
        harmless(&refused, !wrong.is_empty());
        assert!(refused.body.contains("id=\"domain-error\"") && refused.body.contains("There is a problem"));
    }
    assert_eq!(site.acts(), before, "it changes nothing");
}

#[tokio::test]
async fn the_mail_server_is_tried_and_says_what_is_wrong() {
    let site = Site::sqlite().await;
    let anna = site.administrator("anna@staff.example").await;
    let mut own = site.browser().sign_in(&anna).await;
    harmless(&own.get("/mail-server").await, true);
    let tried = own.post("/mail-server/try", &[]).await;
    for text in ["ready for messages", "34 ms", "TLS 1.3", "10 MB", "PIPELINING, SMTPUTF8"] {
        assert!(tried.body.contains(text), "{text}");
    }
    *fine(site.mail_set_up.trouble.lock()) = Some("its certificate has expired".to_owned());
    let failed = own.post("/mail-server/try", &[]).await;
    assert!(failed.body.contains("Its certificate has expired. Nothing was sent"));
    assert_eq!(failed.status, StatusCode::OK);
}

#[tokio::test]
async fn a_backup_is_begun_by_somebody_and_never_without_a_folder() {
    let site = Site::sqlite().await;
    let anna = site.administrator("anna@staff.example").await;
    let mut own = site.browser().sign_in(&anna).await;
    let page = own.get("/backups").await;
    harmless(&page, true);
    assert!(page.body.contains("124 kB") && page.body.contains("backup.keys_folder"));
    assert!(!page.body.contains("action=\"/backups/keys\""), "no button where there is no folder");
    assert!(own.post("/backups/database", &[]).await.leads_to("/backups"));
    let begun = fine(site.safekeeping.begun.lock()).clone();
    assert_eq!(begun, [(BackupOf::Database, format!("user {}", anna.id.0))]);
    assert!(own.get("/backups").await.body.contains("Written on"));
    let refused = own.post("/backups/keys", &[]).await;
    assert!(refused.body.contains("nothing was written"));
    assert_eq!(fine(site.safekeeping.begun.lock()).len(), 1);
}

#[tokio::test]
async fn a_reader_verifies_the_ledger_and_takes_its_checkpoint_away() {
    let site = Site::sqlite().await;
    let reader = site.member("rita@staff.example", [Role::Reader].into_iter().collect::<Roles>()).await;
    let mut own = site.browser().sign_in(&reader).await;
    let page = own.get("/ledger").await;
    harmless(&page, true);
    assert!(page.body.contains("not gone through") && page.body.contains("Altered or gone"));
    assert_eq!(own.get("/ledger/checkpoint").await.status, StatusCode::NOT_FOUND);
    assert!(own.post("/ledger/verify", &[]).await.leads_to("/ledger"));
    let verified = own.get("/ledger").await;
    harmless(&verified, true);
    assert!(verified.body.contains("120 entries, none altered") && verified.body.contains("2 campaigns"));
    let kept = own.get("/ledger/checkpoint").await;
    assert_eq!(kept.body, "undisclosed/test\n120\n");
    assert_eq!(kept.headers[CONTENT_DISPOSITION], "attachment; filename=\"undisclosed-checkpoint-120.txt\"");
    *fine(site.safekeeping.finding.lock()) = Some("the ledger does not verify".to_owned());
    assert!(own.get("/ledger").await.body.contains("The ledger does not verify"));
    assert_eq!(own.get("/ledger/checkpoint").await.status, StatusCode::NOT_FOUND, "nothing stands for it");
}

#[tokio::test]
async fn earlier_entries_and_checkpoints_that_do_not_fit() {
    let site = Site::sqlite().await;
    let reader = site.member("rita@staff.example", [Role::Reader].into_iter().collect::<Roles>()).await;
    let mut own = site.browser().sign_in(&reader).await;
    assert!(own.get("/ledger").await.body.contains("/ledger?before=70"));
    let last = own.get("/ledger?before=20").await;
    assert!(last.body.contains("Earlier entries") && !last.body.contains("?before="));
    assert_eq!(own.get("/ledger?before=x").await.status, StatusCode::OK);
    let compare = |text: &'static str| [("checkpoint", text)];
    assert!(
        own.post("/ledger/compare", &compare("good")).await.body.contains("The first 100 entries are those")
    );
    let other = own.post("/ledger/compare", &compare("other")).await;
    assert!(other.body.contains("It does not fit: Entry 7 is missing"));
    for wrong in ["", HOSTILE] {
        let refused = own.post("/ledger/compare", &[("checkpoint", wrong)]).await;
        harmless(&refused, !wrong.is_empty());
        assert!(refused.body.contains("id=\"checkpoint-error\""));
    }
}
