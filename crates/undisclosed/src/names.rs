//! What is published in the domain name system, asked with bounds.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use alignment::{Lookup, LookupError, LookupResult, Name};
use async_trait::async_trait;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{Resolver, TokioResolver};

use crate::failure::Failure;
use crate::settings;

/// One question, and once more where no answer came.
const QUESTION_MAX: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;
/// Answers that are kept: what is asked for is mended and asked for again at once, so none is.
const CACHE_SIZE: u64 = 0;

/// Asks name servers; without any, every answer is that it is not known.
pub(crate) struct Names(Option<TokioResolver>);

impl Names {
    pub(crate) fn new(resolver: settings::Resolver) -> Result<Self, Failure> {
        let cannot = |_| {
            Failure::usage(
                "dns",
                "the name servers of this machine cannot be found (/etc/resolv.conf): set dns.resolver to an address and a \
                 port, or to none",
            )
        };
        let mut builder = match resolver {
            settings::Resolver::Nobody => return Ok(Self(None)),
            settings::Resolver::System => TokioResolver::builder_tokio().map_err(cannot)?,
            settings::Resolver::At(address) => {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                for connection in &mut server.connections {
                    connection.port = address.port();
                }
                let config = ResolverConfig::from_name_servers(vec![server]);
                Resolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        options.timeout = QUESTION_MAX;
        options.attempts = ATTEMPTS;
        options.cache_size = CACHE_SIZE;
        // What this machine alone believes is not what receivers see.
        options.use_hosts_file = ResolveHosts::Never;
        Ok(Self(Some(builder.build().map_err(cannot)?)))
    }

    /// Whether anybody can be asked.
    pub(crate) const fn has_somebody(&self) -> bool {
        self.0.is_some()
    }

    fn resolver(&self) -> LookupResult<&TokioResolver> {
        self.0.as_ref().ok_or(LookupError::Dns(None))
    }
}

/// What was answered, by `read`; an answer without one of the kind has none.
fn answers<T>(
    answer: Result<hickory_resolver::lookup::Lookup, NetError>,
    read: impl Fn(&RData) -> Option<T>,
) -> LookupResult<Vec<T>> {
    match answer {
        Ok(answer) => Ok(answer.answers().iter().filter_map(|record| read(&record.data)).collect()),
        Err(NetError::Dns(DnsError::NoRecordsFound(none)))
            if matches!(none.response_code, ResponseCode::NXDomain | ResponseCode::NoError) =>
        {
            Err(LookupError::NoRecords)
        }
        Err(NetError::Timeout) => Err(LookupError::Timeout),
        Err(error) => Err(LookupError::Dns(Some(Box::new(error)))),
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup_a<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<Ipv4Addr>> {
        answers(self.resolver()?.ipv4_lookup(name.as_str()).await, |data| match data {
            RData::A(address) => Some(address.0),
            _ => None,
        })
    }

    async fn lookup_aaaa<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<Ipv6Addr>> {
        answers(self.resolver()?.ipv6_lookup(name.as_str()).await, |data| match data {
            RData::AAAA(address) => Some(address.0),
            _ => None,
        })
    }

    async fn lookup_mx<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<Name>> {
        let mut found = answers(self.resolver()?.mx_lookup(name.as_str()).await, |data| match data {
            RData::MX(exchange) => Some((exchange.preference, exchange.exchange.clone())),
            _ => None,
        })?;
        found.sort_by_key(|(preference, _)| *preference);
        // RFC 7505: the root is no host.
        let hosts = found.iter().filter(|(_, host)| !host.is_root());
        Ok(hosts.filter_map(|(_, host)| Name::new(&host.to_ascii()).ok()).collect())
    }

    async fn lookup_txt<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<String>> {
        answers(self.resolver()?.txt_lookup(name.as_str()).await, |data| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        })
    }

    async fn lookup_ptr<'l>(&'l self, address: IpAddr) -> LookupResult<Vec<Name>> {
        answers(self.resolver()?.reverse_lookup(address).await, |data| match data {
            RData::PTR(name) => Name::new(&name.0.to_ascii()).ok(),
            _ => None,
        })
    }
}
