//! The program behind the console, for the officer: one person is known, everything of theirs is hostile, and what it was asked is
//! kept.

use std::sync::Mutex;

use campaign::DeliveryState;
use store::{PersonRequest, RequestId, RequestKind, Scope};
use web::{
    AsSent, Controller, Delivered, Dossier, Due, ErasureDone, ErasureOrder, Known, ListValues, Officer,
    OnList, OpenMessage, PersonPlace, Retained,
};

use crate::site::{HOSTILE, START, fine};

/// The one address that is known, and stands on no page but where it is revealed.
pub(crate) const ADDRESS: &str = "canary@people.example";
/// As it looks masked.
pub(crate) const MASKED_ADDRESS: &str = "c***y@p---e.example";

/// Says what the test tells it to.
#[derive(Default)]
pub(crate) struct TestOfficer {
    /// What holds the person.
    pub(crate) holds: Mutex<Vec<String>>,
    /// The lists that have the person: audience and row.
    pub(crate) places: Mutex<Vec<PersonPlace>>,
    /// What it was asked to do.
    pub(crate) asked: Mutex<Vec<String>>,
}

impl TestOfficer {
    fn ask(&self, what: String) {
        fine(self.asked.lock()).push(what);
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        fine(self.asked.lock()).clone()
    }

    fn known_person(&self) -> Known {
        let hostile = || HOSTILE.to_owned();
        let list = |place: &PersonPlace| OnList { place: *place, audience: hostile(), imported_at: START };
        Known {
            address: MASKED_ADDRESS.to_owned(),
            lists: fine(self.places.lock()).iter().map(list).collect(),
            deliveries: vec![Delivered {
                campaign: 1,
                name: hostile(),
                state: DeliveryState::Accepted,
                at: Some(START),
                status: hostile(),
                came_back: Vec::new(),
            }],
            suppressions: vec![(Scope::Unsafe, START)],
            requests: vec![PersonRequest {
                id: RequestId(1),
                kind: RequestKind::Access,
                made_at: START,
                handled_at: None,
            }],
            holds: fine(self.holds.lock()).clone(),
            unreadable: 1,
        }
    }

    fn has(&self, place: PersonPlace) -> bool {
        // Whatever audience the test made: its first row.
        place.row == 2
    }
}

impl Officer for TestOfficer {
    fn find<'a>(&'a self, address: &'a str) -> web::Answer<'a, Option<Known>> {
        Box::pin(async move {
            Ok(match address {
                ADDRESS => Some(self.known_person()),
                address if address.contains('@') => {
                    Some(Known { address: MASKED_ADDRESS.to_owned(), ..Known::default() })
                }
                _ => None,
            })
        })
    }

    fn known(&self, place: PersonPlace) -> web::Answer<'_, Option<Known>> {
        Box::pin(async move { Ok(self.has(place).then(|| self.known_person())) })
    }

    fn dossier(&self, place: PersonPlace) -> web::Answer<'_, Option<Dossier>> {
        let hostile = || HOSTILE.to_owned();
        let dossier = Dossier {
            address: ADDRESS.to_owned(),
            lists: vec![ListValues {
                audience: hostile(),
                row: 2,
                imported_at: START,
                values: vec![(hostile(), hostile())],
                language: Some(hostile()),
            }],
            messages: vec![OpenMessage {
                delivered: self.known_person().deliveries.remove(0),
                reply: hostile(),
                subject: hostile(),
                text: hostile(),
                octets: Some(hostile()),
                as_sent: AsSent::Same,
                cannot: None,
            }],
            controller: Controller { name: hostile(), purposes: hostile(), ..Controller::default() },
            ..Dossier::default()
        };
        Box::pin(async move { Ok(self.has(place).then_some(dossier)) })
    }

    fn erase(&self, place: PersonPlace, order: ErasureOrder) -> web::Answer<'_, Option<ErasureDone>> {
        Box::pin(async move {
            self.ask(format!("erase row {} {order:?}", place.row));
            Ok(self.has(place).then_some(ErasureDone { rows: 2, stopped: 1 }))
        })
    }

    fn suppress<'a>(
        &'a self,
        address: &'a str,
        scope: Scope,
        reason: &'a str,
        by: &'a str,
    ) -> web::Answer<'a, Option<bool>> {
        Box::pin(async move {
            self.ask(format!("suppress {} because {reason} by {by}", scope.word()));
            Ok(address.contains('@').then_some(true))
        })
    }

    fn release<'a>(
        &'a self,
        address: &'a str,
        scope: Scope,
        reason: &'a str,
        by: &'a str,
    ) -> web::Answer<'a, Option<bool>> {
        Box::pin(async move {
            self.ask(format!("release {} because {reason} by {by}", scope.word()));
            Ok(address.contains('@').then_some(false))
        })
    }

    fn retention(&self) -> web::Answer<'_, Retained> {
        let due = Due {
            what: "audience",
            name: HOSTILE.to_owned(),
            at: Some(START),
            now: true,
            holds: vec![HOSTILE.to_owned()],
        };
        let kept = || "90 days".to_owned();
        let retained = Retained { audiences_kept: kept(), messages_kept: kept(), due: vec![due] };
        Box::pin(async move { Ok(retained) })
    }
}
