//! What must not be erased for now, and why.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Audience, PersonAt};

use crate::failure::Failure;
use crate::installation::Installation;
use crate::subject::Subject;

impl Installation {
    /// What holds one person, in words without a name; nothing where they may be erased.
    pub(crate) async fn holds_of(&self, subject: &Subject) -> Result<Vec<String>, Failure> {
        let mut holds = Vec::new();
        for (at, _) in &subject.places {
            for hold in self.store.holds_on(&at.audience, Some(at.row)).await? {
                holds.push(match hold.row {
                    Some(row) => {
                        format!("row {row} of \"{}\" is held since {}", hold.audience_name, day(hold.since))
                    }
                    None => {
                        format!("the audience \"{}\" is held since {}", hold.audience_name, day(hold.since))
                    }
                });
            }
        }
        let requests = self.store.requests_of(subject.listed).await?;
        if requests
            .iter()
            .any(|request| request.kind == store::RequestKind::Access && request.handled_at.is_none())
        {
            holds.push("their request for access is open: answer it first".to_owned());
        }
        Ok(holds)
    }

    /// What holds a whole audience: a hold on it or on anybody in it, and open requests for access of its people, by whatever
    /// campaign they came.
    pub(crate) async fn holds_of_audience(&self, audience: &Audience) -> Result<Vec<String>, Failure> {
        let mut holds: Vec<String> = self
            .store
            .holds_on(audience, None)
            .await?
            .into_iter()
            .map(|hold| match hold.row {
                Some(row) => format!("row {row} is held since {}", day(hold.since)),
                None => format!("it is held since {}", day(hold.since)),
            })
            .collect();
        if self.asks_for_access(audience).await? {
            holds.push(
                "a request for access is open, by somebody in it or by somebody whose key is not here"
                    .to_owned(),
            );
        }
        Ok(holds)
    }

    async fn asks_for_access(&self, audience: &Audience) -> Result<bool, Failure> {
        let requests = self.store.open_access_requests().await?;
        if requests.is_empty() {
            return Ok(false);
        }
        // Where a key is not here it cannot be known: then it is held.
        let Ok(key) = self.audience_key(audience) else { return Ok(true) };
        for request in requests {
            let Some(place) = self.store.place_of_request(request).await? else { continue };
            if place.audience.number() == audience.number() {
                return Ok(true);
            }
            let Ok(address) = self.address_at(&place).await else { return Ok(true) };
            let Some(address) = address else { continue };
            if !self.store.rows_of_person(audience, key.fingerprint(&address)).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Refuses what is held, unless somebody said why it is done all the same.
    pub(crate) fn not_held(holds: &[String], overridden: Option<&str>) -> Result<(), Failure> {
        if holds.is_empty() || overridden.is_some() {
            return Ok(());
        }
        Err(Failure::usage(
            "held",
            format!(
                "nothing was erased: {}. Answer the request or lift the hold in the console, or say why it is done all the \
                 same with --override-hold",
                holds.join("; ")
            ),
        ))
    }

    /// The place of a row of the audience of that name.
    pub(crate) async fn place(&self, audience: &str, row: u64) -> Result<PersonAt, Failure> {
        Ok(PersonAt { audience: self.audience(audience).await?, row })
    }
}

fn day(at: Timestamp) -> String {
    TimeZone::system().to_datetime(at).strftime("%Y-%m-%d").to_string()
}
