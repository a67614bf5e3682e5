//! What the first page is asked for: `to=…&page=…`.

/// Octets of a search, decoded: no address is longer (RFC 5321 §4.5.3.1.3).
const SEARCH_OCTETS_MAX: usize = 256;
/// Fields of a query that are looked at.
const FIELDS_MAX: usize = 10;

/// A query, read. What makes no sense in it is as if it were not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Query {
    /// A part of an address, in lower case.
    pub(crate) to: String,
    /// From 1.
    pub(crate) page: usize,
}

impl Query {
    pub(crate) fn read(text: &str) -> Self {
        let mut query = Self { to: String::new(), page: 1 };
        for field in text.split('&').take(FIELDS_MAX) {
            match field.split_once('=') {
                Some(("to", value)) => query.to = decode(value).trim().to_lowercase(),
                Some(("page", value)) => query.page = value.parse().unwrap_or(1).max(1),
                _ => {}
            }
        }
        query.to.truncate(query.to.floor_char_boundary(SEARCH_OCTETS_MAX));
        query
    }

    /// The link to another page of the same search.
    pub(crate) fn link(&self, page: usize) -> String {
        let mut link = format!("/?page={page}");
        if !self.to.is_empty() {
            link.push_str("&to=");
            for octet in self.to.bytes() {
                if octet.is_ascii_alphanumeric() {
                    link.push(char::from(octet));
                } else {
                    link.push_str(&format!("%{octet:02X}"));
                }
            }
        }
        link
    }
}

/// `application/x-www-form-urlencoded`
fn decode(value: &str) -> String {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let escaped = hex.filter(|_| *first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok());
        octets.push(escaped.unwrap_or(if *first == b'+' { b' ' } else { *first }));
        rest = if escaped.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_written() {
        let of = |to: &str, page| Query { to: to.to_owned(), page };
        for (text, expected) in [
            ("", of("", 1)),
            ("to=Ann%40X.test&page=3", of("ann@x.test", 3)),
            ("page=0&to=+a%2Bb+", of("a+b", 1)),
            ("to=%&page=-1", of("%", 1)),
            ("to=%zz%C3%A4&x", of("%zz\u{e4}", 1)),
        ] {
            let query = Query::read(text);
            assert_eq!(query, expected, "{text}");
            let link = query.link(query.page);
            assert_eq!(Query::read(link.trim_start_matches("/?")), query);
        }
        assert_eq!(
            Query::read(&format!("to={}", "x".repeat(SEARCH_OCTETS_MAX + 1))).to.len(),
            SEARCH_OCTETS_MAX
        );
    }
}
