//! The way out: what senders' domains publish, and whether the mail server can be reached.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use alignment::{Lookup, LookupError, Name, Report, Route, Sending, Signing};
use campaign::{CampaignLimits, Rate};
use delivery::smtp::{RelayUrl, TlsPolicy, open};
use jiff::SignedDuration;
use mail::{Address, Mailbox};
use web::{Answer, DeskError, MailServer, Tried};

use crate::desk::said;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::letters_of::signers;
use crate::names::Names;
use crate::relay::{ReadyRelay, ehlo_name};
use crate::settings::RelayKind;

/// All that is asked about one sender. A page answers within thirty seconds.
const LOOK_MAX: Duration = Duration::from_secs(20);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// All of a try of the mail server.
const TRY_MAX: Duration = Duration::from_secs(20);

/// The program behind the console, for whoever sets up senders and the mail server.
pub(crate) struct MailSetUp(pub(crate) Arc<Installation>);

impl web::MailSetUp for MailSetUp {
    fn senders(&self) -> Vec<String> {
        senders(&self.0)
    }

    fn look_up<'a>(&'a self, domain: &'a str) -> Answer<'a, Report> {
        Box::pin(async move { look_up(&self.0, domain).await.map_err(said) })
    }

    fn mail_server(&self) -> Result<MailServer, DeskError> {
        described(&self.0).map_err(said)
    }

    fn try_mail_server(&self) -> Answer<'_, Tried> {
        Box::pin(async move { tried(&self.0).await.map_err(said) })
    }
}

/// The domains that settings name as senders', the first the usual one.
pub(crate) fn senders(installation: &Installation) -> Vec<String> {
    let settings = &installation.settings;
    let usual = settings.sender.from.as_deref().and_then(|from| Mailbox::parse(from).ok());
    let mut domains: Vec<String> = usual.iter().map(|from| from.address().domain().to_owned()).collect();
    for key in &settings.dkim.0 {
        let domain = key.domain.to_ascii_lowercase();
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

/// Looks up what is published for a sender's domain; what is typed may be an address too.
pub(crate) async fn look_up(installation: &Installation, typed: &str) -> Result<Report, Failure> {
    let names = Names::new(installation.settings.dns.resolver)?;
    if !names.has_somebody() {
        return Err(Failure::usage(
            "dns",
            "nobody is asked for names here (dns.resolver is none), so what the domain publishes is not known",
        ));
    }
    let domain = domain_of(typed)?;
    let looking = async {
        let sending = sending(installation, &names, domain).await?;
        Ok(alignment::look(&names, &sending).await)
    };
    tokio::time::timeout(LOOK_MAX, looking).await.unwrap_or_else(|_| {
        Err(Failure::usage("dns", "the name servers take too long to answer; try again later"))
    })
}

/// In its A-label form, as it stands in an address.
fn domain_of(typed: &str) -> Result<String, Failure> {
    let typed = typed.trim();
    let domain = typed.rsplit_once('@').map_or(typed, |(_, domain)| domain);
    Address::parse(&format!("postmaster@{domain}"))
        .map(|address| address.domain().to_owned())
        .map_err(|_| Failure::usage("domain", "that is not a domain like unit.example"))
}

/// How mail of this sender leaves.
async fn sending(installation: &Installation, names: &Names, from: String) -> Result<Sending, Failure> {
    let settings = &installation.settings;
    let signings = signers(installation)?
        .iter()
        .map(|signer| Signing {
            domain: signer.domain().to_owned(),
            selector: signer.selector().to_owned(),
            record: signer.record(),
        })
        .collect();
    let envelope = settings.bounce.domain.as_deref().map_or_else(|| from.clone(), str::to_ascii_lowercase);
    let own_name = ehlo_name(settings)?;
    let bounce_host = settings.bounce.listen.is_some() && !own_name.starts_with('[');
    let route = route(installation, names).await;
    Ok(Sending { from, envelope, signings, route, bounce_host: bounce_host.then_some(own_name) })
}

/// Large providers send from many addresses, and publish them; any other server sends from its own, as far as is known.
async fn route(installation: &Installation, names: &Names) -> Route {
    match installation.settings.relay.kind {
        RelayKind::Microsoft365 => return Route::Provider("spf.protection.outlook.com"),
        RelayKind::Google => return Route::Provider("_spf.google.com"),
        RelayKind::Generic => {}
    }
    let url = installation.settings.relay.url.as_deref().and_then(|url| RelayUrl::parse(url).ok());
    let Some(url) = url else { return Route::Unknown };
    let host = url.host();
    let addresses = match (host.parse(), Name::new(host)) {
        (Ok(address), _) => vec![address],
        (Err(_), Ok(name)) => addresses_of(names, &name).await,
        (Err(_), Err(_)) => Vec::new(),
    };
    if addresses.is_empty() || !addresses.iter().all(is_seen_from_outside) {
        return Route::Unknown;
    }
    Route::Addresses(addresses)
}

async fn addresses_of(names: &Names, host: &Name) -> Vec<IpAddr> {
    let (four, six) = tokio::join!(names.lookup_a(host), names.lookup_aaaa(host));
    // Half of them would be taken for all.
    let none = |error| match error {
        LookupError::NoRecords => Some(Vec::new()),
        _ => None,
    };
    let four =
        four.map(|found| found.into_iter().map(IpAddr::V4).collect()).or_else(|error| none(error).ok_or(()));
    let six =
        six.map(|found| found.into_iter().map(IpAddr::V6).collect()).or_else(|error| none(error).ok_or(()));
    match (four, six) {
        (Ok(four), Ok(six)) => [four, six].concat(),
        _ => Vec::new(),
    }
}

/// Whether receivers can meet this address.
fn is_seen_from_outside(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !(address.is_private() || address.is_loopback() || address.is_link_local()),
        IpAddr::V6(address) => {
            !(address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local())
        }
    }
}

fn described(installation: &Installation) -> Result<MailServer, Failure> {
    let settings = &installation.settings;
    let ready = ReadyRelay::find(None, settings)?;
    let limits = settings.limits(settings.delivery.connections, &CampaignLimits::default())?;
    let per_minute = |rate: Rate| {
        format!("{} messages a minute at most", MINUTE.as_micros() / rate.interval().as_micros().max(1))
    };
    Ok(MailServer {
        place: format!("{}, port {}", ready.relay.url.host(), ready.relay.url.port()),
        protection: match ready.relay.url.tls() {
            TlsPolicy::Plain => "None: it is on this machine",
            TlsPolicy::StartTls => {
                "STARTTLS, with a certificate that is verified; nothing is sent without it"
            }
            TlsPolicy::Implicit => "TLS from the first octet, with a certificate that is verified",
        },
        sign_in: match (&ready.tokens, &ready.relay.credentials) {
            (Some(_), _) => "With a token that is renewed",
            (None, Some(_)) => "With a user and a password",
            (None, None) => "Without",
        },
        connections: limits.connections,
        pace: limits.pace.map_or_else(|| "As fast as it takes them".to_owned(), per_minute),
        name: ready.relay.ehlo_name,
    })
}

/// Connects, protects, signs in, and says goodbye: no message is sent.
async fn tried(installation: &Installation) -> Result<Tried, Failure> {
    let ready = ReadyRelay::find(None, &installation.settings)?;
    let begun = installation.now();
    let opening = open(&ready.relay, ready.tokens.as_ref(), &ready.tls, begun);
    let session = tokio::time::timeout(TRY_MAX, opening)
        .await
        .map_err(|_| Failure::usage("relay", "the mail server takes too long to answer"))?
        .map_err(|error| Failure::usage("relay", error.to_string()))?;
    let took = installation.now().duration_since(begun);
    let offers = session.offers();
    let extensions = [
        (offers.pipelining, "PIPELINING"),
        (offers.eight_bit_mime, "8BITMIME"),
        (offers.smtputf8, "SMTPUTF8"),
        (offers.dsn, "DSN"),
    ];
    let tried = Tried {
        took,
        tls: session.tls_version(),
        signed_in: ready.tokens.is_some() || ready.relay.credentials.is_some(),
        size_max: offers.size_max,
        offers: extensions.into_iter().filter_map(|(offered, name)| offered.then_some(name)).collect(),
    };
    session.quit().await;
    Ok(tried)
}
