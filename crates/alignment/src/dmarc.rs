//! The policy of the domain that the reader sees (RFC 7489 §6).

use viaspf::lookup::Lookup;

use crate::domain::organizational;
use crate::record::{Published, Record, Standing, What, published, unknown};
use crate::tags::{is_version, tag};

/// What counts for alignment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// The envelope's domain must be the very same (`aspf=s`).
    pub strict_spf: bool,
    /// The signature's domain must be the very same (`adkim=s`).
    pub strict_dkim: bool,
}

const VERSION: &str = "DMARC1";
/// What to begin with: it asks receivers for nothing, and bulk mail passes.
const FIRST: &str = "v=DMARC1; p=none";

/// Looks for the policy, as a receiver does: at the domain, then at the organization's (RFC 7489 §6.6.3).
pub(crate) async fn look(lookup: &impl Lookup, from: &str) -> (Record, Policy) {
    let organization = organizational(from);
    let mut names = vec![format!("_dmarc.{from}")];
    if organization != from {
        names.push(format!("_dmarc.{organization}"));
    }
    for name in &names {
        match published(lookup, name, |text| is_version(text, VERSION)).await {
            Published::Unknown => return (unknown(What::Dmarc, "TXT", name.clone()), Policy::default()),
            Published::Texts(found) if found.is_empty() => {}
            Published::Texts(found) => {
                return judge(name, found, organization != from && *name != names[0]);
            }
        }
    }
    let record = Record {
        what: What::Dmarc,
        kind: "TXT",
        name: names.swap_remove(names.len() - 1),
        standing: Standing::Missing,
        found: Vec::new(),
        publish: Some(FIRST.to_owned()),
        said: "There is no policy. Large mailbox providers refuse bulk mail of a domain without one."
            .to_owned(),
    };
    (record, Policy::default())
}

fn judge(name: &str, found: Vec<String>, of_organization: bool) -> (Record, Policy) {
    let record = |standing, publish: Option<&str>, said: &str, found| Record {
        what: What::Dmarc,
        kind: "TXT",
        name: name.to_owned(),
        standing,
        found,
        publish: publish.map(ToOwned::to_owned),
        said: said.to_owned(),
    };
    let [text] = found.as_slice() else {
        let said =
            "There is more than one policy, so receivers take none (RFC 7489 §6.6.3). Remove all but one.";
        return (record(Standing::Wrong, None, said, found), Policy::default());
    };
    let policy = Policy {
        strict_spf: tag(text, "aspf").is_some_and(|value| value.eq_ignore_ascii_case("s")),
        strict_dkim: tag(text, "adkim").is_some_and(|value| value.eq_ignore_ascii_case("s")),
    };
    let of_subdomains = tag(text, "sp").filter(|_| of_organization);
    let asked = of_subdomains.or_else(|| tag(text, "p")).unwrap_or_default().to_ascii_lowercase();
    let (standing, said) = match asked.as_str() {
        "reject" => (Standing::Right, "Receivers are asked to refuse mail in this name that is not aligned."),
        "quarantine" => (
            Standing::Right,
            "Receivers are asked to put mail in this name that is not aligned among the spam.",
        ),
        "none" => (
            Standing::Remark,
            "Receivers are asked for nothing: bulk mail passes, and others can write in this name. Later, with the \
             reports at hand, p=quarantine or p=reject stops them.",
        ),
        _ => {
            let said = "It has no policy that receivers know: p=none, p=quarantine or p=reject.";
            return (record(Standing::Wrong, Some(FIRST), said, found), policy);
        }
    };
    (record(standing, None, said, found), policy)
}
