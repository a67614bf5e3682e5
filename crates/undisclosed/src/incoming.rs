//! What comes back from the world: whose it is, what follows from it, and what people wrote passed on.

mod counting;
mod forwarding;
mod mailbox;
mod place;

use std::sync::Arc;

use delivery::{About, IdentityKeys};
use keys::DataKey;
use mail::report::{REPORT_OCTETS_MAX, Report, What, read, read_enveloped};
use mail::{Address, Mailbox};
use returns::{
    Arrival, Certificate, Door, MEMORY_OCTETS_MAX, Memory, Protocol, Recipient, Settled, Terms, Way,
};

use crate::failure::Failure;
use crate::installation::Installation;
use crate::log::LastSaid;
use crate::relay::ReadyRelay;
use crate::settings::{ListenProtocol, Settings};
use forwarding::Forwarding;

pub(crate) use mailbox::ReadyMailbox;

/// The mailbox of requests for no more, at the domain of return paths.
pub(crate) const UNSUBSCRIBE: &str = "unsubscribe";
/// Mailboxes there beside the return paths: what providers and people write to (RFC 2142 §4; RFC 5321 §4.5.1).
const MAILBOXES: [&str; 4] = [UNSUBSCRIBE, "complaints", "abuse", "postmaster"];

/// The program behind the listener.
pub(crate) struct Incoming {
    installation: Arc<Installation>,
    identities: IdentityKeys,
    suppressions: DataKey,
    /// The domain of return paths, as addresses are compared; nothing is listened for without.
    domain: Option<String>,
    /// To whoever reads what people write; out of a mailbox nothing is passed on.
    forwarding: Option<Forwarding>,
    said: LastSaid,
}

impl Incoming {
    pub(crate) fn new(installation: &Arc<Installation>) -> Result<Self, Failure> {
        let bounce = &installation.settings.bounce;
        Ok(Self {
            identities: IdentityKeys::new(&installation.instance),
            suppressions: installation.suppression_key()?,
            domain: bounce.domain.as_deref().map(folded).transpose()?,
            forwarding: bounce.listen.as_ref().map(|_| forwarding(&installation.settings)).transpose()?,
            installation: installation.clone(),
            said: LastSaid::default(),
        })
    }

    /// Where it is heard, as the settings have it.
    pub(crate) fn door(self: Arc<Self>) -> Result<Door<Self>, Failure> {
        let bounce = &self.installation.settings.bounce;
        let certificate = match (&bounce.certificate_file, &bounce.key_file) {
            (Some(chain), Some(key)) => {
                Some(Certificate::load(chain.clone(), key.clone()).map_err(|error| {
                    Failure::usage("certificate", format!("bounce.certificate_file: {error}"))
                })?)
            }
            _ => None,
        };
        let accepting = self.clone();
        let terms = Terms {
            protocol: match bounce.protocol {
                ListenProtocol::Smtp => Protocol::Smtp,
                ListenProtocol::Lmtp => Protocol::Lmtp,
            },
            name: self.domain.clone().unwrap_or_default(),
            tls: certificate.is_some(),
            bounce_octets: REPORT_OCTETS_MAX,
            memory: Memory::new(MEMORY_OCTETS_MAX),
            accepts: Box::new(move |recipient| returns::Desk::accepts(&*accepting, recipient)),
        };
        Ok(Door { desk: self, terms: Arc::new(terms), certificate })
    }

    async fn deal_with(&self, arrival: &Arrival<'_>) -> Result<Settled, Failure> {
        let report = tokio::task::block_in_place(|| match arrival.null_sender {
            Some(null_sender) => read_enveloped(arrival.octets, null_sender),
            None => read(arrival.octets),
        });
        let person = match self.place(arrival, &report.names) {
            Some(place) => self.installation.person_behind(place, &self.suppressions).await?,
            None => None,
        };
        match person {
            Some(person) => self.about(&person, &report, arrival).await,
            None => self.about_nobody(&report, arrival).await,
        }
    }

    /// What leads to nobody, or to somebody who was erased: words are for people, and everything else is nothing.
    async fn about_nobody(&self, report: &Report, arrival: &Arrival<'_>) -> Result<Settled, Failure> {
        let for_people = match &report.what {
            What::Person(_) | What::Unsubscribe(_) => arrival.null_sender != Some(true),
            What::Complaint(_) => true,
            _ => false,
        };
        let now = self.installation.now();
        match &self.forwarding {
            // It may be of anything: whoever reads that mailbox sees it there.
            _ if arrival.by == Way::Mailbox => Ok(Settled::Refused),
            _ if !for_people => Ok(Settled::Taken),
            Some(forwarding) if forwarding.has_room(now) => {
                let about = About { delivery: None, from: writer(&report.what) };
                forwarding.forward(&about, arrival.octets, now).await
            }
            _ => Ok(Settled::Later),
        }
    }
}

impl returns::Desk for Incoming {
    fn accepts(&self, recipient: &Recipient) -> bool {
        let ours = self.domain.as_ref().is_some_and(|domain| recipient.domain.eq_ignore_ascii_case(domain));
        let mailbox = MAILBOXES.iter().any(|name| recipient.local.eq_ignore_ascii_case(name));
        match (ours, mailbox) {
            (true, true) => true,
            (true, false) => self.opened(&recipient.local).is_some(),
            // RFC 5321 §4.5.1: `<postmaster>` has no domain.
            (false, _) => recipient.domain.is_empty(),
        }
    }

    async fn settle(&self, arrival: Arrival<'_>) -> Settled {
        match self.deal_with(&arrival).await {
            Ok(settled) => settled,
            Err(failure) => {
                self.said.say(&self.installation, &failure);
                Settled::Later
            }
        }
    }
}

/// Whoever wrote it, if they can be answered.
fn writer(what: &What) -> Option<&Address> {
    match what {
        What::Person(person) => person.from.as_ref(),
        What::Unsubscribe(wish) => wish.from.as_ref(),
        _ => None,
    }
}

fn forwarding(settings: &Settings) -> Result<Forwarding, Failure> {
    let reader = settings.bounce.reader(&settings.sender)?;
    let sender = settings.sender.from.as_ref().and_then(|from| Mailbox::parse(from).ok());
    let from = sender.map_or_else(|| reader.clone(), |from| from.address().clone());
    Ok(Forwarding::new(ReadyRelay::find(None, settings)?, reader, from))
}

fn folded(domain: &str) -> Result<String, Failure> {
    let address = Address::parse(&format!("x@{domain}"))
        .map_err(|error| Failure::usage("settings", format!("bounce.domain: {error}")))?;
    Ok(address.domain().to_owned())
}
