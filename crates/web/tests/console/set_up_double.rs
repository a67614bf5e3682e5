//! The program behind the console, for whoever sets it up: one sender, one mail server, backups that end at once, a ledger.

use std::sync::Mutex;

use alignment::{Alignment, Record, Report, Standing, What};
use jiff::SignedDuration;
use web::{
    Answer, BackupFolder, BackupOf, Backups, Copied, DeskError, Errand, LedgerEntry, LedgerPage, MailServer,
    MailSetUp, Safekeeping, Tried, Verified,
};

use crate::site::{HOSTILE, START, fine};

/// What is to be published where something is missing.
pub(crate) const PUBLISH: &str = "v=DMARC1; p=none";

/// A mail server that answers, or does not.
#[derive(Default)]
pub(crate) struct TestMailSetUp {
    /// Why it cannot be reached.
    pub(crate) trouble: Mutex<Option<String>>,
}

impl MailSetUp for TestMailSetUp {
    fn senders(&self) -> Vec<String> {
        vec!["unit.example".to_owned(), HOSTILE.to_owned()]
    }

    fn look_up<'a>(&'a self, sender: &'a str) -> Answer<'a, Report> {
        Box::pin(async move {
            if sender != "unit.example" {
                return Err(DeskError("that is not a domain like unit.example".to_owned()));
            }
            let record = |what, standing, publish: Option<&str>| Record {
                what,
                kind: "TXT",
                name: HOSTILE.to_owned(),
                standing,
                found: vec![HOSTILE.to_owned()],
                publish: publish.map(ToOwned::to_owned),
                said: HOSTILE.to_owned(),
            };
            Ok(Report {
                from: HOSTILE.to_owned(),
                records: vec![
                    record(What::Spf, Standing::Right, None),
                    record(What::Dkim, Standing::Wrong, Some(HOSTILE)),
                    record(What::Dmarc, Standing::Missing, Some(PUBLISH)),
                ],
                alignment: Alignment::NotAligned,
            })
        })
    }

    fn mail_server(&self) -> Result<MailServer, DeskError> {
        Ok(MailServer {
            place: HOSTILE.to_owned(),
            protection: "STARTTLS",
            sign_in: "Without",
            name: "console.unit.example".to_owned(),
            connections: 10,
            pace: "As fast as it takes them".to_owned(),
        })
    }

    fn try_mail_server(&self) -> Answer<'_, Tried> {
        Box::pin(async move {
            match &*fine(self.trouble.lock()) {
                Some(why) => Err(DeskError(why.clone())),
                None => Ok(Tried {
                    took: SignedDuration::from_millis(34),
                    tls: Some("TLS 1.3"),
                    signed_in: false,
                    size_max: Some(10_240_000),
                    offers: vec!["PIPELINING", "SMTPUTF8"],
                }),
            }
        })
    }
}

/// Keeps what it was asked, and does it at once.
#[derive(Default)]
pub(crate) struct TestSafekeeping {
    /// Backups that were begun, and by whom.
    pub(crate) begun: Mutex<Vec<(BackupOf, String)>>,
    /// Whether somebody asked for a verification.
    pub(crate) verified: Mutex<bool>,
    /// What does not fit.
    pub(crate) finding: Mutex<Option<String>>,
}

impl Safekeeping for TestSafekeeping {
    fn backups(&self) -> Answer<'_, Backups> {
        Box::pin(async move {
            let copies = vec![Copied { name: HOSTILE.to_owned(), at: START, octets: Some(123_456) }];
            let under_way = match fine(self.begun.lock()).last() {
                None => Errand::NotYet,
                Some(_) => Errand::Ended { at: START, outcome: Ok(HOSTILE.to_owned()) },
            };
            Ok(Backups {
                database: Some(BackupFolder { path: HOSTILE.to_owned(), copies: Some(copies) }),
                keys: None,
                keys_days: 30,
                under_way,
            })
        })
    }

    fn back_up<'a>(&'a self, what: BackupOf, by: &'a str) -> Answer<'a, ()> {
        Box::pin(async move {
            if what == BackupOf::Keys {
                return Err(DeskError("it is not set where backups go; nothing was written".to_owned()));
            }
            fine(self.begun.lock()).push((what, by.to_owned()));
            Ok(())
        })
    }

    fn verification(&self) -> Answer<'_, Errand<Verified>> {
        Box::pin(async move {
            if !*fine(self.verified.lock()) {
                return Ok(Errand::NotYet);
            }
            let outcome = match &*fine(self.finding.lock()) {
                Some(finding) => Err(finding.clone()),
                None => Ok(Verified {
                    entries: 120,
                    accounts: 2,
                    restored: Some(HOSTILE.to_owned()),
                    checkpoint: "undisclosed/test\n120\n".to_owned(),
                    verifier: HOSTILE.to_owned(),
                }),
            };
            Ok(Errand::Ended { at: START, outcome })
        })
    }

    fn verify(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            *fine(self.verified.lock()) = true;
            Ok(())
        })
    }

    fn entries(&self, before: Option<u64>, _: u32) -> Answer<'_, LedgerPage> {
        Box::pin(async move {
            let from = before.unwrap_or(120).min(120).saturating_sub(50);
            let entry = LedgerEntry {
                number: from + 1,
                at: Some(START),
                actor: "uid 1".to_owned(),
                act: "approve".to_owned(),
                subject: HOSTILE.to_owned(),
                detail: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
                is_altered: false,
            };
            Ok(LedgerPage { size: 120, from, entries: vec![entry, LedgerEntry::altered(from)] })
        })
    }

    fn compare<'a>(&'a self, checkpoint: &'a str) -> Answer<'a, Result<u64, String>> {
        Box::pin(async move {
            match checkpoint {
                "good" => Ok(Ok(100)),
                "other" => Ok(Err("entry 7 is missing: it was removed".to_owned())),
                _ => Err(DeskError("that is no checkpoint".to_owned())),
            }
        })
    }
}
