//! What people write is passed on to whoever reads it, before anybody is told that it was taken.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use delivery::smtp::{ForwardError, open};
use delivery::{About, Forwarded};
use jiff::{SignedDuration, Timestamp};
use mail::Address;
use returns::Settled;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::relay::ReadyRelay;

/// How long passing one on may take, with the connection to the relay.
const FORWARD_WAIT: Duration = Duration::from_secs(60);
/// How many are passed on at once.
const AT_ONCE_MAX: usize = 4;
/// Messages in an hour that lead to no delivery: whoever floods the mailboxes that anybody knows floods nobody's desk.
pub(super) const UNPLACED_MAX: u32 = 60;
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The way to whoever reads what people write.
pub(super) struct Forwarding {
    relay: ReadyRelay,
    reader: Address,
    from: Address,
    places: Semaphore,
    hour: Mutex<(Option<Timestamp>, u32)>,
}

impl Forwarding {
    pub(super) fn new(relay: ReadyRelay, reader: Address, from: Address) -> Self {
        Self { relay, reader, from, places: Semaphore::new(AT_ONCE_MAX), hour: Mutex::default() }
    }

    /// Whether one more that leads to no delivery is passed on in this hour; then it counts.
    pub(super) fn has_room(&self, now: Timestamp) -> bool {
        let mut hour = self.hour.lock().unwrap_or_else(PoisonError::into_inner);
        if hour.0.is_none_or(|begun| now.duration_since(begun) >= HOUR) {
            *hour = (Some(now), 0);
        }
        hour.1 += 1;
        hour.1 <= UNPLACED_MAX
    }

    /// Hands it to the relay. Where that says no for good, so do we; where it says nothing, it is to come again.
    pub(super) async fn forward(
        &self,
        about: &About<'_>,
        octets: &[u8],
        now: Timestamp,
    ) -> Result<Settled, Failure> {
        // A cover is as large as what it covers. The semaphore is never closed.
        let Ok(_place) = self.places.acquire().await else { return Ok(Settled::Later) };
        let Some(forwarded) = Forwarded::new((&self.reader, &self.from), about, octets, now) else {
            return Ok(Settled::Refused);
        };
        match timeout(FORWARD_WAIT, self.hand_over(&forwarded, now)).await {
            Ok(handed_over) => handed_over.map_err(|why| not_passed_on(&why)),
            Err(_) => Err(not_passed_on("the relay takes too long")),
        }
    }

    async fn hand_over(&self, forwarded: &Forwarded, now: Timestamp) -> Result<Settled, String> {
        let relay = &self.relay;
        let opened = open(&relay.relay, relay.tokens.as_ref(), &relay.tls, now).await;
        let mut session = opened.map_err(|error| error.to_string())?;
        let done = session.forward(forwarded).await;
        session.quit().await;
        match done {
            Ok(()) => Ok(Settled::Taken),
            Err(ForwardError::Refused(reply)) if reply.code.0 / 100 == 5 => Ok(Settled::Refused),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn not_passed_on(why: &str) -> Failure {
    Failure::somebody(
        "forward",
        format!(
            "a reply could not be passed on: {why}. Nothing is lost: its sender was told to bring it again"
        ),
    )
}
