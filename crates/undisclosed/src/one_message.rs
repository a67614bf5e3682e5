//! One message to one of the staff: built and proved as everybody's is (promises 1 and 2), and handed over at once.

use delivery::smtp::{Envelope, EnvelopeOptions, HandOver, OpenError, Reply, SessionError, open};
use delivery::{LetterError, Letters, Prepare};
use jiff::Timestamp;
use store::PersonFields;

use crate::relay::ReadyRelay;

/// Why it was not sent. None of the texts holds an address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotSent {
    /// The message itself.
    #[error(transparent)]
    Letter(#[from] LetterError),
    /// The way to the relay.
    #[error(transparent)]
    Relay(#[from] OpenError),
    /// The dialogue.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The relay said no, or later.
    #[error("the relay's reply to {0} was {1}")]
    Refused(&'static str, Reply),
    /// Before the relay had all of it.
    #[error("the connection was lost")]
    Lost,
    /// Behind the final dot.
    #[error("the connection was lost as the relay was to reply: it may have arrived")]
    Unknown,
}

impl NotSent {
    /// Whether another try can help, and makes nobody get it twice.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Relay(_) | Self::Session(_) | Self::Lost => true,
            Self::Refused(_, reply) => reply.code.0 / 100 == 4,
            Self::Letter(_) | Self::Unknown => false,
        }
    }
}

/// Sends it; what the relay said.
pub(crate) async fn send(
    letters: &Letters,
    person: &PersonFields,
    relay: &ReadyRelay,
    now: Timestamp,
) -> Result<String, NotSent> {
    let sealed = letters.seal(0, 0, person, now)?;
    let proved = letters.prove(0, sealed)?;
    let mut session = open(&relay.relay, relay.tokens.as_ref(), &relay.tls, now).await?;
    let id = letters.envelope_id(0);
    match session.envelope(&proved, EnvelopeOptions { envelope_id: &id }).await? {
        Envelope::Ready => {}
        Envelope::Refused(stage, reply) | Envelope::RefusedAndClosed(stage, reply) => {
            return Err(NotSent::Refused(stage.word(), reply));
        }
    }
    let outcome = match session.hand_over(&proved, None).await {
        HandOver::Replied(reply) if (200..300).contains(&reply.code.0) => Ok(reply.to_string()),
        HandOver::Replied(reply) => Err(NotSent::Refused("the message", reply)),
        HandOver::NotSent(_) => Err(NotSent::Lost),
        HandOver::InDoubt => Err(NotSent::Unknown),
    };
    session.quit().await;
    outcome
}
