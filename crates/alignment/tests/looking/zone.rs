//! Names and what is published under them, without a network.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use alignment::{Lookup, LookupError, LookupResult, Name};
use async_trait::async_trait;

/// What is published.
#[derive(Default)]
pub(crate) struct Zone {
    texts: HashMap<String, Vec<String>>,
    exchanges: HashMap<String, Vec<String>>,
    addresses: HashMap<String, Vec<Ipv4Addr>>,
    silent: HashSet<String>,
}

impl Zone {
    pub(crate) fn text(mut self, name: &str, text: &str) -> Self {
        self.texts.entry(name.to_owned()).or_default().push(text.to_owned());
        self
    }

    pub(crate) fn exchange(mut self, name: &str, host: &str) -> Self {
        self.exchanges.entry(name.to_owned()).or_default().push(host.to_owned());
        self
    }

    /// RFC 7505.
    pub(crate) fn takes_no_mail(mut self, name: &str) -> Self {
        self.exchanges.insert(name.to_owned(), Vec::new());
        self
    }

    pub(crate) fn address(mut self, name: &str, address: Ipv4Addr) -> Self {
        self.addresses.entry(name.to_owned()).or_default().push(address);
        self
    }

    /// The name server does not answer for it.
    pub(crate) fn silent(mut self, name: &str) -> Self {
        self.silent.insert(name.to_owned());
        self
    }

    fn of<T: Clone>(&self, all: &HashMap<String, Vec<T>>, name: &Name) -> LookupResult<Vec<T>> {
        let name = name.to_string().to_ascii_lowercase();
        if self.silent.contains(&name) {
            return Err(LookupError::Timeout);
        }
        all.get(&name).cloned().ok_or(LookupError::NoRecords)
    }
}

#[async_trait]
impl Lookup for Zone {
    async fn lookup_a<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<Ipv4Addr>> {
        self.of(&self.addresses, name)
    }

    async fn lookup_aaaa<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<Ipv6Addr>> {
        self.of(&HashMap::new(), name)
    }

    async fn lookup_mx<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<Name>> {
        let names = self.of(&self.exchanges, name)?;
        Ok(names.iter().map(|name| Name::new(name).expect("a name")).collect())
    }

    async fn lookup_txt<'l, 'a>(&'l self, name: &'a Name) -> LookupResult<Vec<String>> {
        self.of(&self.texts, name)
    }

    async fn lookup_ptr<'l>(&'l self, _: IpAddr) -> LookupResult<Vec<Name>> {
        Err(LookupError::NoRecords)
    }
}
