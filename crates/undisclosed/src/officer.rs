//! What the console asks of the program about one person, answered.

mod messages;
mod suppressing;

use std::sync::Arc;

use jiff::Timestamp;
use mail::Address;
use store::{Audience, PersonAt, PersonDelivery, StoreError};
use web::{
    Answer, Controller, Delivered, Dossier, ErasureDone, ErasureOrder, Known, ListValues, OnList,
    PersonPlace, Retained,
};

use crate::desk::said;
use crate::erasing::Order;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::rendering::masked_address;
use crate::retention;
use crate::subject::Subject;

/// The program behind the console, for the data protection officer.
pub(crate) struct Officer(pub(crate) Arc<Installation>);

impl web::Officer for Officer {
    fn find<'a>(&'a self, address: &'a str) -> Answer<'a, Option<Known>> {
        Box::pin(async move {
            let Ok(address) = Address::parse(address.trim()) else { return Ok(None) };
            let subject = self.0.subject(&address).await.map_err(said)?;
            self.known_of(&subject).await.map(Some).map_err(said)
        })
    }

    fn known(&self, place: PersonPlace) -> Answer<'_, Option<Known>> {
        Box::pin(async move {
            let Some(subject) = self.subject_at(place).await.map_err(said)? else { return Ok(None) };
            self.known_of(&subject).await.map(Some).map_err(said)
        })
    }

    fn dossier(&self, place: PersonPlace) -> Answer<'_, Option<Dossier>> {
        Box::pin(async move {
            let Some(subject) = self.subject_at(place).await.map_err(said)? else { return Ok(None) };
            self.dossier_of(&subject).await.map(Some).map_err(said)
        })
    }

    fn erase(&self, place: PersonPlace, order: ErasureOrder) -> Answer<'_, Option<ErasureDone>> {
        Box::pin(async move {
            let Some(subject) = self.subject_at(place).await.map_err(said)? else { return Ok(None) };
            let order = Order {
                keep_suppressed: order.keep_suppressed,
                reason: &order.reason,
                overridden: order.overridden.as_deref(),
                by: Some(&order.by),
            };
            let done = self.0.erase(&subject, &order).await.map_err(said)?;
            Ok(done.map(|done| ErasureDone { rows: done.rows, stopped: done.stopped }))
        })
    }

    fn suppress<'a>(
        &'a self,
        address: &'a str,
        scope: store::Scope,
        reason: &'a str,
        by: &'a str,
    ) -> Answer<'a, Option<bool>> {
        Box::pin(async move { self.suppress_address(address, scope, reason, by).await.map_err(said) })
    }

    fn release<'a>(
        &'a self,
        address: &'a str,
        scope: store::Scope,
        reason: &'a str,
        by: &'a str,
    ) -> Answer<'a, Option<bool>> {
        Box::pin(async move { self.release_address(address, scope, reason, by).await.map_err(said) })
    }

    fn retention(&self) -> Answer<'_, Retained> {
        Box::pin(async move {
            let now = self.0.now();
            let plan = self.0.retention_plan(now).await.map_err(said)?;
            let settings = &self.0.settings.retention;
            Ok(Retained {
                audiences_kept: settings.audience.words(),
                messages_kept: settings.messages.words(),
                due: plan.into_iter().map(|item| retention::shown(item, now)).collect(),
            })
        })
    }
}

impl Officer {
    async fn subject_at(&self, place: PersonPlace) -> Result<Option<Subject>, Failure> {
        let audience: Audience = match self.0.store.audience_numbered(place.audience).await {
            Err(StoreError::NotFound) => return Ok(None),
            audience => audience?,
        };
        self.0.subject_at(&PersonAt { audience, row: place.row }).await
    }

    async fn known_of(&self, subject: &Subject) -> Result<Known, Failure> {
        let store = &self.0.store;
        let mut deliveries = Vec::new();
        for (at, _) in &subject.places {
            deliveries.extend(store.deliveries_of_person(at).await?.iter().map(delivered));
        }
        let list = |(at, _): &(PersonAt, _)| OnList {
            place: PersonPlace { audience: at.audience.number(), row: at.row },
            audience: at.audience.name.clone(),
            imported_at: at.audience.created_at,
        };
        Ok(Known {
            address: masked_address(&subject.address)?.expose(),
            lists: subject.places.iter().map(list).collect(),
            deliveries,
            suppressions: store.suppressions_of(subject.listed).await?,
            requests: store.requests_of(subject.listed).await?,
            holds: self.0.holds_of(subject).await?,
            unreadable: subject.unreadable,
        })
    }

    async fn dossier_of(&self, subject: &Subject) -> Result<Dossier, Failure> {
        let store = &self.0.store;
        let list = |(at, fields): &(PersonAt, store::PersonFields)| ListValues {
            audience: at.audience.name.clone(),
            row: at.row,
            imported_at: at.audience.created_at,
            values: at.audience.fields.iter().cloned().zip(fields.values.iter().cloned()).collect(),
            language: fields.language.clone(),
        };
        Ok(Dossier {
            address: subject.address.expose(),
            lists: subject.places.iter().map(list).collect(),
            messages: messages::of(&self.0, subject).await?,
            suppressions: store.suppressions_of(subject.listed).await?,
            requests: store.requests_of(subject.listed).await?,
            controller: self.controller(),
            unreadable: subject.unreadable,
        })
    }

    fn controller(&self) -> Controller {
        let settings = &self.0.settings;
        let said = settings.controller.clone();
        let relay = settings.relay.url.as_deref().unwrap_or_default();
        Controller {
            name: said.name,
            contact: said.contact,
            purposes: said.purposes,
            source: said.source,
            recipients: said.recipients,
            authority: said.authority,
            retention: settings.retention.words(),
            // Its name alone: how it is reached is nobody's business.
            relay: relay
                .split_once("://")
                .map_or(relay, |(_, host)| host)
                .split(['?', '/'])
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

pub(super) fn delivered(delivery: &PersonDelivery) -> Delivered {
    let code = if delivery.code == 0 { String::new() } else { delivery.code.to_string() };
    let at: Option<Timestamp> = delivery.settled_at.or(delivery.intended_at);
    Delivered {
        campaign: delivery.campaign.get(),
        name: delivery.name.clone(),
        state: delivery.state,
        at,
        status: format!("{code} {}", delivery.enhanced).trim().to_owned(),
        came_back: delivery.came_back.clone(),
    }
}
