//! Everything that is held about one person, as a file for them: as a page that needs nothing else, and as JSON (UK GDPR
//! Art. 15(3), Art. 20(1)).

use askama::Template;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::officer::{Dossier, OpenMessage};
use crate::pages::approval::when;
use crate::pages::campaign::returned;
use crate::pages::person::{asked, suppressed};

/// The page.
#[derive(Template)]
#[template(path = "dossier.html")]
pub(crate) struct Document {
    pub(crate) dossier: Dossier,
    pub(crate) made_at: String,
}

impl Document {
    fn suppressions(&self) -> Vec<(&'static str, String)> {
        self.dossier.suppressions.iter().map(|(scope, at)| (suppressed(*scope), when(*at))).collect()
    }

    fn came_back(message: &OpenMessage) -> Vec<(String, String)> {
        message.delivered.came_back.iter().map(|one| (returned(one.kind, one.code), when(one.at))).collect()
    }

    fn requests(&self) -> Vec<(&'static str, String)> {
        self.dossier.requests.iter().map(|request| (asked(request.kind), when(request.made_at))).collect()
    }
}

/// The same for programs. Times are UTC (RFC 3339).
pub(crate) fn json(dossier: &Dossier, made_at: Timestamp) -> Value {
    let lists = dossier.lists.iter().map(|list| {
        let values: serde_json::Map<String, Value> =
            list.values.iter().map(|(field, value)| (field.clone(), json!(value))).collect();
        json!({
            "list": list.audience, "row": list.row, "imported_at": list.imported_at.to_string(), "values": values,
            "language_chosen": list.language,
        })
    });
    let messages = dossier.messages.iter().map(|message| {
        json!({
            "campaign": message.delivered.name, "state": message.delivered.state.word(),
            "at": message.delivered.at.map(|at| at.to_string()), "status": message.delivered.status,
            "came_back": message.delivered.came_back.iter().map(|one| json!({
                "what": one.kind.word(), "code": one.code.map(|code| code.to_string()), "at": one.at.to_string(),
            })).collect::<Vec<_>>(),
            "mail_server_said": message.reply, "subject": message.subject, "text": message.text,
            "message": message.octets, "message_is": message.as_sent.words(), "cannot_be_made_again": message.cannot,
        })
    });
    let said = &dossier.controller;
    json!({
        "made_at": made_at.to_string(),
        "controller": {
            "name": said.name, "contact": said.contact, "purposes": said.purposes, "source": said.source,
            "recipients": said.recipients, "mail_server": said.relay, "retention": said.retention,
            "supervisory_authority": said.authority, "automated_decisions": false,
        },
        "rights": RIGHTS,
        "address": dossier.address,
        "lists": lists.collect::<Vec<_>>(),
        "messages": messages.collect::<Vec<_>>(),
        "suppressions": dossier.suppressions.iter()
            .map(|(scope, at)| json!({"scope": scope.word(), "since": at.to_string()})).collect::<Vec<_>>(),
        "requests": dossier.requests.iter().map(|request| json!({
            "kind": request.kind.word(), "made_at": request.made_at.to_string(),
            "handled_at": request.handled_at.map(|at| at.to_string()),
        })).collect::<Vec<_>>(),
        "lists_not_searched": dossier.unreadable,
    })
}

/// UK GDPR Art. 15(1)(e), (f).
pub(crate) const RIGHTS: &[&str] = &[
    "to have what is wrong put right (UK GDPR Art. 16)",
    "to be erased (Art. 17)",
    "to have its use restricted (Art. 18)",
    "to object to its use (Art. 21); to object to being written to needs no reason",
    "to complain to the supervisory authority (Art. 77)",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::officer::{AsSent, Delivered, ListValues};

    #[test]
    fn what_others_wrote_is_text_in_the_page() {
        let hostile = || "\"><script>alert(1)</script>".to_owned();
        let delivered = Delivered {
            campaign: 1,
            name: hostile(),
            state: campaign::DeliveryState::Accepted,
            at: Some(Timestamp::UNIX_EPOCH),
            status: hostile(),
            came_back: vec![store::PersonReturn {
                kind: campaign::ReturnKind::BadMailbox,
                code: None,
                at: Timestamp::UNIX_EPOCH,
            }],
        };
        let dossier = Dossier {
            address: hostile(),
            lists: vec![ListValues {
                audience: hostile(),
                row: 2,
                imported_at: Timestamp::UNIX_EPOCH,
                values: vec![(hostile(), hostile())],
                language: Some(hostile()),
            }],
            messages: vec![OpenMessage {
                delivered,
                reply: hostile(),
                subject: hostile(),
                text: hostile(),
                octets: Some(hostile()),
                as_sent: AsSent::Same,
                cannot: Some(hostile()),
            }],
            ..Dossier::default()
        };
        let value = json(&dossier, Timestamp::UNIX_EPOCH);
        assert_eq!(value["lists"][0]["values"][hostile()], hostile());
        assert_eq!(value["messages"][0]["came_back"][0]["what"], "bad mailbox");
        let page = Document { dossier, made_at: String::new() }.render().unwrap();
        assert!(page.contains("Came back: bounced: there is no such mailbox"), "{page}");
        assert!(!page.contains("<script") && page.contains("&#60;script"), "{page}");
        assert!(!page.contains("http://") && !page.contains("https://"), "nothing is loaded from elsewhere");
    }
}
