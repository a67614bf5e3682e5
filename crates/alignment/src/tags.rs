//! `v=DKIM1; k=rsa; p=…`: the list of tags that DKIM and DMARC are written in (RFC 6376 §3.2).

/// The value of a tag. Names are compared as DKIM does, by case; blanks around a value do not count. The first of two
/// counts: a record with two is wrong, and each reader takes another.
pub(crate) fn tag<'a>(record: &'a str, name: &str) -> Option<&'a str> {
    record
        .split(';')
        .filter_map(|field| field.split_once('='))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
}

/// Whether the record begins with this version: its first tag is `v` (RFC 6376 §3.6.1, RFC 7489 §6.3).
pub(crate) fn is_version(record: &str, version: &str) -> bool {
    let first = record.split(';').next().unwrap_or_default();
    first.split_once('=').is_some_and(|(key, value)| {
        key.trim().eq_ignore_ascii_case("v") && value.trim().eq_ignore_ascii_case(version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found_whatever_blanks_there_are() {
        let record = " v=DKIM1 ;k = rsa;p= MIIB IjAN ; t=y";
        assert_eq!(tag(record, "k"), Some("rsa"));
        assert_eq!(tag(record, "p"), Some("MIIB IjAN"));
        assert_eq!(tag(record, "t"), Some("y"));
        assert_eq!(tag(record, "s"), None);
        assert!(is_version(record, "DKIM1"));
        assert!(!is_version("k=rsa; v=DKIM1", "DKIM1"));
    }
}
