//! A group of header fields, as reports are made of.

use crate::headers;
use crate::{Address, FIELDS_MAX};

/// Fields in order: name in lower case, value on one line. Those beyond [`FIELDS_MAX`] are not read.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the block at the beginning of `octets`, and gives what follows its blank line.
    pub(super) fn of(octets: &[u8]) -> (Self, &[u8]) {
        let block = headers::split(octets);
        let mut fields = Self::default();
        for field in &block.fields {
            let name = String::from_utf8_lossy(field.name);
            fields.add(&name, &headers::unfold(field.value));
        }
        (fields, block.body)
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        if self.0.len() < FIELDS_MAX {
            self.0.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of all fields of a name, given in lower case.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first of them.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A value without its comments, if all fields of that name agree: two that differ tell nothing.
    pub(super) fn only(&self, name: &str) -> Option<String> {
        let mut values = self.all(name).map(plain);
        let first = values.next()?;
        values.all(|value| value == first).then_some(first)
    }

    /// The address in a field of one mailbox.
    pub(super) fn address(&self, name: &str) -> Option<Address> {
        self.get(name).and_then(address)
    }
}

/// A value without comments (RFC 5322 §3.2.2).
pub(super) fn plain(value: &str) -> String {
    headers::without_comments(value).as_deref().unwrap_or(value).trim().to_owned()
}

/// What stands between the last pair of angle brackets, or all of it, without comments.
pub(super) fn bare(value: &str) -> String {
    let value = plain(value);
    let inner = value.rfind('<').map_or(value.as_str(), |open| &value[open + 1..]);
    inner.split('>').next().unwrap_or_default().trim().to_owned()
}

/// The address of one mailbox.
pub(super) fn address(value: &str) -> Option<Address> {
    Address::parse(&bare(value)).ok()
}

/// `type; value`, the type in lower case (RFC 3464 §2.1.2).
pub(super) fn typed(value: &str) -> Option<(String, &str)> {
    let (kind, value) = value.split_once(';')?;
    Some((kind.trim().to_ascii_lowercase(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_group() {
        let (fields, rest) =
            Fields::of(b"Action: failed (no\r\n such user)\nACTION : failed\nX: 1\nx: 2\n\nrest");
        assert_eq!((fields.only("action").as_deref(), fields.only("x")), (Some("failed"), None));
        assert_eq!((fields.get("x"), fields.all("x").count(), rest), (Some("1"), 2, &b"rest"[..]));
    }

    #[test]
    fn fields_beyond_the_limit_are_not_read() {
        let of = |n: usize| Fields::of(format!("{}last: 1\n\n", "a: 1\n".repeat(n)).as_bytes()).0;
        assert!(of(FIELDS_MAX - 1).has("last") && !of(FIELDS_MAX).has("last"));
    }

    #[test]
    fn addresses_of_mailboxes() {
        for value in
            ["ann@x.test", "<ann@x.test>", "Ann <ann@x.test>", "ann@x.test (Ann)", "\"<b\" <ann@x.test>"]
        {
            assert_eq!(address(value).map(|a| a.expose()).as_deref(), Some("ann@x.test"), "{value}");
        }
        assert!(address("<>").is_none() && address("MAILER-DAEMON").is_none());
    }
}
