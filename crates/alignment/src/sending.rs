//! How mail of a sender leaves, held against what is published.

use std::net::IpAddr;

use futures_util::future::join_all;
use futures_util::join;
use viaspf::lookup::Lookup;

use crate::domain::are_aligned;
use crate::record::{Alignment, Record, Report, Standing, What};
use crate::{dkim, dmarc, mail_exchange, spf};

/// By which way mail reaches its receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// The mail server's own addresses, where they can be seen from outside.
    Addresses(Vec<IpAddr>),
    /// A provider with many addresses, which publishes them under this name.
    Provider(&'static str),
    /// A mail server on this machine or within the network: what address it sends from is not known here.
    Unknown,
}

/// A key that messages are signed with here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signing {
    /// The domain that signs (`d=`).
    pub domain: String,
    /// The key's name there (`s=`).
    pub selector: String,
    /// What is to be published: `v=DKIM1; k=…; p=…`.
    pub record: String,
}

/// How mail of a sender leaves. Domains in their A-label form, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    /// The domain that the reader sees (RFC 5322 §3.6.2).
    pub from: String,
    /// The domain of the envelope (RFC 5321 §4.1.1.2): where bounces go.
    pub envelope: String,
    /// The keys by which it is signed.
    pub signings: Vec<Signing>,
    /// The way that it takes.
    pub route: Route,
    /// The host that takes bounces, where it is this machine and it has a name.
    pub bounce_host: Option<String>,
}

/// Looks up what is published for a sender, and says what follows.
///
/// It makes about twenty lookups at the most for a domain with one key; how long each may take is the [`Lookup`]'s.
pub async fn look(lookup: &impl Lookup, sending: &Sending) -> Report {
    let keys = join_all(sending.signings.iter().map(|signing| dkim::look(lookup, signing)));
    let bounces = async {
        if sending.envelope == sending.from {
            return None;
        }
        let host = sending.bounce_host.as_deref();
        Some(mail_exchange::look(lookup, What::Bounces, &sending.envelope, host).await)
    };
    // At once: a name server that does not answer is waited for once.
    let ((policy_record, policy), mut spf, keys, replies, bounces) = join!(
        dmarc::look(lookup, &sending.from),
        spf::look(lookup, &sending.envelope, &sending.route),
        keys,
        mail_exchange::look(lookup, What::Replies, &sending.from, None),
        bounces
    );
    let spf_aligned = are_aligned(&sending.envelope, &sending.from, policy.strict_spf);
    if !spf_aligned && spf.passes == Some(true) {
        spf.record.standing = Standing::Remark;
        spf.record.said.push_str(
            " It does not help the sender: the envelope’s domain is another organization’s (bounce.domain).",
        );
    }
    let mut records = vec![spf.record];
    let (mut by_dkim, mut dkim_unknown) = (false, false);
    for (signing, mut record) in sending.signings.iter().zip(keys) {
        let aligned = are_aligned(&signing.domain, &sending.from, policy.strict_dkim);
        by_dkim |= aligned && record.standing == Standing::Right;
        dkim_unknown |= aligned && record.standing == Standing::Unknown;
        if !aligned && record.standing == Standing::Right {
            record.standing = Standing::Remark;
            record.said.push_str(" It signs for another organization than the sender’s.");
        }
        records.push(record);
    }
    if sending.signings.is_empty() {
        records.push(not_signed(&sending.from));
    }
    records.extend([policy_record, replies].into_iter().chain(bounces));
    let by_spf = spf_aligned && spf.passes == Some(true);
    // A mail server may sign what it is handed.
    let unknown = sending.signings.is_empty()
        || dkim_unknown
        || (spf_aligned && spf.passes.is_none())
        || is_unknown(&records, What::Dmarc);
    let alignment = match (by_spf || by_dkim, unknown) {
        (true, _) => Alignment::Aligned { by_spf, by_dkim },
        (false, true) => Alignment::Unknown,
        (false, false) => Alignment::NotAligned,
    };
    Report { from: sending.from.clone(), records, alignment }
}

fn not_signed(from: &str) -> Record {
    Record {
        what: What::Dkim,
        kind: "TXT",
        name: format!("_domainkey.{from}"),
        standing: Standing::Remark,
        found: Vec::new(),
        publish: None,
        said: "Messages are not signed here. Whether the mail server signs them cannot be seen from here: send a test to a mailbox \
               elsewhere, and look there for “dkim=pass” among its header fields."
            .to_owned(),
    }
}

fn is_unknown(records: &[Record], what: What) -> bool {
    records.iter().any(|record| record.what == what && record.standing == Standing::Unknown)
}
