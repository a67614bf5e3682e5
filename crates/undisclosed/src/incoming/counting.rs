//! What follows from what came back about somebody's delivery.

use campaign::{Judgement, ReturnKind, judge, nobody_empties};
use delivery::About;
use jiff::Timestamp;
use mail::report::{EnhancedCode, Report};
use returns::{Arrival, Settled, Way};
use serde_json::json;
use store::{Returned, Scope, Stop};

use super::{Incoming, writer};
use crate::book::Act;
use crate::failure::Failure;
use crate::person_behind::PersonBehind;

/// Who acts, in the ledger: what came by mail.
const ACTOR: &str = "mail";
/// Replies to one message that are passed on; a program that answers itself is not, for ever.
const REPLIES_MAX: u64 = 20;

impl Incoming {
    pub(super) async fn about(
        &self,
        person: &PersonBehind,
        report: &Report,
        arrival: &Arrival<'_>,
    ) -> Result<Settled, Failure> {
        match judge(&report.what, &person.fields.address) {
            Judgement::Nothing => self.count(person, None).await?,
            Judgement::Counted(kind, code) => self.count(person, Some((kind, code))).await?,
            // Nobody writes with an empty sender, and nothing could be answered.
            Judgement::Words if arrival.null_sender == Some(true) => self.count(person, None).await?,
            // It stays there: whoever reads that mailbox sees it.
            Judgement::Words if arrival.by == Way::Mailbox => return Ok(Settled::Refused),
            Judgement::Words => return self.pass_on(person, report, arrival).await,
        }
        Ok(Settled::Taken)
    }

    /// Passed on first, and counted then: where the counting fails it comes again, as the same message.
    async fn pass_on(
        &self,
        person: &PersonBehind,
        report: &Report,
        arrival: &Arrival<'_>,
    ) -> Result<Settled, Failure> {
        let (store, campaign) = (&self.installation.store, person.addressee.campaign);
        let Some(forwarding) = &self.forwarding else { return Ok(Settled::Later) };
        if store.times_returned(campaign, person.delivery, ReturnKind::Reply).await? >= REPLIES_MAX {
            return Ok(Settled::Refused);
        }
        let about = About {
            delivery: Some((&person.addressee.campaign_name, person.addressee.row)),
            from: writer(&report.what),
        };
        let forwarded = forwarding.forward(&about, arrival.octets, self.installation.now()).await?;
        if forwarded == Settled::Taken {
            self.count(person, Some((ReturnKind::Reply, None))).await?;
        }
        Ok(forwarded)
    }

    /// Counts it, once however often it comes, with whatever follows.
    async fn count(
        &self,
        person: &PersonBehind,
        kind: Option<(ReturnKind, Option<EnhancedCode>)>,
    ) -> Result<(), Failure> {
        let (installation, store) = (&*self.installation, &self.installation.store);
        let at = installation.now();
        let scope = self.stops(person, kind.map(|(kind, _)| kind), at).await?;
        let sightings = match scope {
            Some(_) => installation.sightings(&person.fields.address, store.audiences_in_use().await?),
            None => Vec::new(),
        };
        let word = kind.map_or("returned", |(kind, _)| kind.word());
        let code = kind.and_then(|(_, code)| code).map(|code| code.to_string());
        let detail = json!({"delivery": person.delivery, "code": code, "suppressed": scope.map(Scope::word)});
        let act = Act::new(word, &person.addressee.campaign_name, detail);
        let entry = installation.entry(&Act { by: Some(ACTOR), ..act }).await?;
        let full = matches!(kind, Some((ReturnKind::FullMailbox, _)));
        let returned = Returned {
            campaign: person.addressee.campaign,
            delivery: person.delivery,
            kind,
            stop: scope.map(|scope| Stop { person: person.listed, scope, sightings: &sightings }),
            full: full.then_some(person.listed),
            at,
        };
        store.take_return(&returned, &entry).await?;
        Ok(())
    }

    /// What of this person stops.
    async fn stops(
        &self,
        person: &PersonBehind,
        kind: Option<ReturnKind>,
        at: Timestamp,
    ) -> Result<Option<Scope>, Failure> {
        Ok(match kind {
            Some(ReturnKind::BadMailbox) => Some(Scope::Address),
            Some(ReturnKind::Complaint | ReturnKind::Unsubscribe) => Some(Scope::Surveys),
            Some(ReturnKind::FullMailbox) => {
                let before = self.installation.store.full_mailboxes(person.listed).await?;
                // Of one campaign it counts once, as it came first.
                let here = person.addressee.campaign;
                let mut times: Vec<_> = before.iter().map(|(_, at)| *at).collect();
                if before.iter().all(|(campaign, _)| *campaign != here) {
                    times.push(at);
                }
                nobody_empties(&times).then_some(Scope::Address)
            }
            _ => None,
        })
    }
}
