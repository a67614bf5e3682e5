//! Where mail to a domain goes.

use viaspf::lookup::{Lookup, LookupError, Name};

use crate::record::{FOUND_MAX, Record, Standing, What, unknown};

/// Whether the domain takes mail: by its MX records, else by its own address (RFC 5321 §5.1), unless it says that it takes
/// none (RFC 7505: an MX whose name is the root; a [`Lookup`] gives no name for it).
pub(crate) async fn look(lookup: &impl Lookup, what: What, domain: &str, host: Option<&str>) -> Record {
    let publish = host.map(|host| format!("10 {host}."));
    let record = |standing, found, said: &str| Record {
        what,
        kind: "MX",
        name: domain.to_owned(),
        standing,
        found,
        publish: if matches!(standing, Standing::Right | Standing::Remark) { None } else { publish.clone() },
        said: said.to_owned(),
    };
    let unknown = || unknown(what, "MX", domain.to_owned());
    let Ok(name) = Name::new(domain) else { return unknown() };
    match lookup.lookup_mx(&name).await {
        Ok(names) if names.is_empty() => record(
            Standing::Wrong,
            vec!["0 .".to_owned()],
            "The domain says that it takes no mail at all (RFC 7505).",
        ),
        Ok(names) => {
            let found: Vec<String> = names.iter().take(FOUND_MAX).map(ToString::to_string).collect();
            let ours = host.is_none_or(|host| found.iter().any(|name| name.eq_ignore_ascii_case(host)));
            match (what, ours) {
                (What::Bounces, false) => record(
                    Standing::Remark,
                    found,
                    "Mail to this domain goes to another machine. That is right if it hands it on to this one, or puts it \
                     into the mailbox that is read here.",
                ),
                _ => record(Standing::Right, found, "The domain takes mail."),
            }
        }
        Err(LookupError::NoRecords) => {
            match (lookup.lookup_a(&name).await, lookup.lookup_aaaa(&name).await) {
                (Ok(found), _) if !found.is_empty() => record(
                    Standing::Remark,
                    found.iter().take(FOUND_MAX).map(ToString::to_string).collect(),
                    "There is no MX record, so mail goes to the domain’s own address.",
                ),
                (_, Ok(found)) if !found.is_empty() => record(
                    Standing::Remark,
                    found.iter().take(FOUND_MAX).map(ToString::to_string).collect(),
                    "There is no MX record, so mail goes to the domain’s own address.",
                ),
                (Err(LookupError::NoRecords) | Ok(_), Err(LookupError::NoRecords) | Ok(_)) => {
                    record(Standing::Missing, Vec::new(), missing(what))
                }
                _ => unknown(),
            }
        }
        Err(_) => unknown(),
    }
}

const fn missing(what: What) -> &'static str {
    match what {
        What::Bounces => {
            "Reports of what could not be delivered find no way back: nobody learns of bad addresses."
        }
        _ => {
            "The domain takes no mail: answers are lost, and many receivers refuse its messages. Publish an MX record that names \
             the host of its mailboxes, such as 10 mail.unit.example."
        }
    }
}
