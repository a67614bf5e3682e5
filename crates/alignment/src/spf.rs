//! Who may send for the domain of the envelope (RFC 7208).

use std::net::IpAddr;

use viaspf::lookup::{Lookup, Name};
use viaspf::record::{Directive, Mechanism, Modifier, Qualifier, SpfRecord};
use viaspf::{Config, ErrorCause, Sender, SpfResult, SpfResultCause, evaluate_sender};

use crate::record::{Published, Record, Standing, What, published, unknown};
use crate::sending::Route;

/// Names that are followed for a provider's own record (RFC 7208 §4.6.4).
const LOOKUPS_MAX: usize = 10;

/// What was found out: the record, and whether mail passes by the route it takes, where that can be told.
pub(crate) struct Found {
    pub(crate) record: Record,
    pub(crate) passes: Option<bool>,
}

/// What a record says of the way that mail takes, and why.
enum Judged {
    Permitted(String),
    /// One more word in it, or a record at all, makes it right.
    Lacking(String),
    /// Something else in it is wrong.
    Broken(String),
    NotLookedUp(String),
    /// It cannot be told from here.
    Untold(String),
}

pub(crate) async fn look(lookup: &impl Lookup, domain: &str, route: &Route) -> Found {
    let found = match published(lookup, domain, is_spf).await {
        Published::Unknown => {
            return Found { record: unknown(What::Spf, "TXT", domain.to_owned()), passes: None };
        }
        Published::Texts(found) => found,
    };
    let judged = judge(lookup, domain, &found, route).await;
    let publish = if let Judged::Lacking(_) = judged { wanted(&found, route) } else { None };
    let (standing, passes, said) = match judged {
        Judged::Permitted(said) => (Standing::Right, Some(true), said),
        Judged::Lacking(said) if found.is_empty() => (Standing::Missing, Some(false), said),
        Judged::Lacking(said) | Judged::Broken(said) => (Standing::Wrong, Some(false), said),
        Judged::NotLookedUp(said) => (Standing::Unknown, None, said),
        Judged::Untold(said) => (Standing::Remark, None, said),
    };
    let record =
        Record { what: What::Spf, kind: "TXT", name: domain.to_owned(), standing, found, publish, said };
    Found { record, passes }
}

async fn judge(lookup: &impl Lookup, domain: &str, found: &[String], route: &Route) -> Judged {
    let lacking = |said: &str| Judged::Lacking(said.to_owned());
    match found {
        // The address has to come from whoever runs the mail server.
        [] if *route == Route::Unknown => lacking(
            "The domain does not say who may send for it. Publish v=spf1 ip4:ADDRESS ~all, with the address that the mail server \
             sends from.",
        ),
        [] => lacking("The domain does not say who may send for it."),
        [text] => match text.parse::<SpfRecord>() {
            Err(_) => lacking("The record has a mistake in it: receivers take it for an error."),
            Ok(record) if permits_everybody(&record) => {
                lacking("It permits everybody to send for the domain (+all), which is as good as none.")
            }
            Ok(record) => by_route(lookup, domain, record, route).await,
        },
        _ => lacking(
            "There is more than one record: receivers take that for an error (RFC 7208 §4.5). Make one of them.",
        ),
    }
}

/// RFC 7208 §4.5: the version, then a blank or the end.
fn is_spf(text: &str) -> bool {
    let mut words = text.splitn(2, ' ');
    words.next().is_some_and(|version| version.eq_ignore_ascii_case("v=spf1"))
}

fn permits_everybody(record: &SpfRecord) -> bool {
    let permits = |directive: &Directive| matches!(directive.qualifier, None | Some(Qualifier::Pass));
    record.directives().any(|directive| matches!(directive.mechanism, Mechanism::All) && permits(directive))
}

async fn by_route(lookup: &impl Lookup, domain: &str, record: SpfRecord, route: &Route) -> Judged {
    match route {
        Route::Addresses(addresses) => {
            for address in addresses {
                match by_address(lookup, domain, *address).await {
                    Judged::Permitted(_) => {}
                    other => return other,
                }
            }
            Judged::Permitted("It permits the mail server’s address.".to_owned())
        }
        Route::Provider(provider) => match includes(lookup, record, provider).await {
            Some(true) => Judged::Permitted("It permits the mail server.".to_owned()),
            Some(false) => Judged::Lacking(format!(
                "It does not permit the mail server: include:{provider} is not among it."
            )),
            None => Judged::NotLookedUp(
                "A name that it includes could not be looked up. Try again later.".to_owned(),
            ),
        },
        Route::Unknown => Judged::Untold(
            "There is a record. Whether it permits the address that the mail server sends from cannot be told from here: \
             the server is on this machine, or within your network."
                .to_owned(),
        ),
    }
}

/// What the record says of one address of the mail server.
async fn by_address(lookup: &impl Lookup, domain: &str, address: IpAddr) -> Judged {
    let Ok(sender) = Sender::from_domain(domain) else {
        return Judged::Broken("The domain is none that mail can come from.".to_owned());
    };
    let result = evaluate_sender(lookup, &Config::default(), address, &sender, None).await;
    match result.spf_result {
        SpfResult::Pass => Judged::Permitted(String::new()),
        SpfResult::Temperror => Judged::NotLookedUp(
            "A name that it refers to could not be looked up. Try again later.".to_owned(),
        ),
        SpfResult::Permerror => {
            Judged::Broken(format!("Receivers take it for an error: {}.", cause(result.cause.as_ref())))
        }
        _ => Judged::Lacking(format!(
            "It does not permit {address}, the mail server’s address. If mail leaves by another address, that one must be \
             permitted."
        )),
    }
}

fn cause(cause: Option<&SpfResultCause>) -> &'static str {
    match cause {
        Some(SpfResultCause::Error(ErrorCause::LookupLimitExceeded)) => {
            "it leads to more than ten lookups (RFC 7208 §4.6.4)"
        }
        Some(SpfResultCause::Error(ErrorCause::VoidLookupLimitExceeded)) => {
            "more than two of the names that it refers to do not exist (RFC 7208 §4.6.4)"
        }
        Some(SpfResultCause::Error(ErrorCause::NoSpfRecord)) => "a domain that it includes has no record",
        Some(SpfResultCause::Error(ErrorCause::MultipleSpfRecords)) => {
            "a domain that it includes has more than one record"
        }
        Some(SpfResultCause::Error(ErrorCause::InvalidSpfRecordSyntax)) => {
            "the record, or that of a domain that it includes, has a mistake in it"
        }
        _ => "it refers to a domain that cannot be one",
    }
}

/// Whether a provider's record is included, however deep; `None` where that could not be looked up.
async fn includes(lookup: &impl Lookup, record: SpfRecord, provider: &str) -> Option<bool> {
    let (mut waiting, mut lookups, mut unknown) = (vec![record], 0, false);
    while let Some(record) = waiting.pop() {
        for target in targets(&record) {
            if target.trim_end_matches('.').eq_ignore_ascii_case(provider) {
                return Some(true);
            }
            lookups += 1;
            if lookups > LOOKUPS_MAX || Name::new(&target).is_err() {
                continue;
            }
            match published(lookup, &target, is_spf).await {
                Published::Texts(found) => waiting.extend(found.iter().filter_map(|text| text.parse().ok())),
                Published::Unknown => unknown = true,
            }
        }
    }
    if unknown { None } else { Some(false) }
}

/// The domains whose records count as if they stood in this one.
fn targets(record: &SpfRecord) -> Vec<String> {
    let permits = |directive: &&Directive| matches!(directive.qualifier, None | Some(Qualifier::Pass));
    let included = record.directives().filter(permits).filter_map(|directive| match &directive.mechanism {
        Mechanism::Include(include) => Some(include.domain_spec.to_string()),
        _ => None,
    });
    let redirected = record.modifiers().filter_map(|modifier| match modifier {
        Modifier::Redirect(redirect) => Some(redirect.domain_spec.to_string()),
        _ => None,
    });
    included.chain(redirected).collect()
}

/// The record with this route in it: what is there keeps its place, for others may send by it.
fn wanted(found: &[String], route: &Route) -> Option<String> {
    let words: Vec<String> = match route {
        Route::Addresses(addresses) => addresses
            .iter()
            .map(|address| match address {
                IpAddr::V4(address) => format!("ip4:{address}"),
                IpAddr::V6(address) => format!("ip6:{address}"),
            })
            .collect(),
        Route::Provider(provider) => vec![format!("include:{provider}")],
        Route::Unknown => return None,
    };
    let kept: Vec<&str> = match found {
        [text] if text.parse::<SpfRecord>().is_ok() => text.split_ascii_whitespace().skip(1).collect(),
        _ => Vec::new(),
    };
    // Whoever permits everybody permits nobody in particular.
    let kept: Vec<&str> =
        kept.into_iter().filter(|word| !is_all(word.strip_prefix('+').unwrap_or(word))).collect();
    let missing = words.iter().map(String::as_str).filter(|word| !kept.contains(word));
    // What stands behind `all` is never looked at, and `redirect` only where nothing matched.
    let end = kept.iter().position(|word| {
        is_all(word.trim_start_matches(['-', '~', '?'])) || word.to_ascii_lowercase().starts_with("redirect=")
    });
    let (front, end) = kept.split_at(end.unwrap_or(kept.len()));
    let end = if end.is_empty() { &["~all"][..] } else { end };
    let all: Vec<&str> = std::iter::once("v=spf1")
        .chain(front.iter().copied())
        .chain(missing)
        .chain(end.iter().copied())
        .collect();
    Some(all.join(" "))
}

fn is_all(mechanism: &str) -> bool {
    mechanism.eq_ignore_ascii_case("all")
}
