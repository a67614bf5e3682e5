//! The key by which messages are signed here, as receivers find it (RFC 6376 §3.6.1).

use viaspf::lookup::Lookup;

use crate::record::{Published, Record, Standing, What, published, unknown};
use crate::sending::Signing;
use crate::tags::{is_version, tag};

pub(crate) async fn look(lookup: &impl Lookup, signing: &Signing) -> Record {
    let name = format!("{}._domainkey.{}", signing.selector, signing.domain);
    // The version may be left out; a key cannot.
    let is_key = |text: &str| is_version(text, "DKIM1") || tag(text, "p").is_some();
    match published(lookup, &name, is_key).await {
        Published::Unknown => unknown(What::Dkim, "TXT", name),
        Published::Texts(found) => {
            let (standing, said) = judge(&found, &signing.record);
            let publish =
                (!matches!(standing, Standing::Right | Standing::Remark)).then(|| signing.record.clone());
            Record { what: What::Dkim, kind: "TXT", name, standing, found, publish, said: said.to_owned() }
        }
    }
}

fn judge(found: &[String], wanted: &str) -> (Standing, &'static str) {
    let text = match found {
        [] => return (Standing::Missing, "The key is not published: no receiver can verify the signature."),
        [text] => text,
        _ => {
            return (
                Standing::Wrong,
                "There is more than one key under this name: receivers take any of them.",
            );
        }
    };
    let key = |record: &str| -> Option<String> {
        Some(tag(record, "p")?.chars().filter(|c| !c.is_ascii_whitespace()).collect())
    };
    let kind = |record: &str| tag(record, "k").unwrap_or("rsa").to_ascii_lowercase();
    match key(text) {
        None => (Standing::Wrong, "The record has no key."),
        // RFC 6376 §3.6.1: an empty key is one that was revoked.
        Some(key) if key.is_empty() => (Standing::Wrong, "The key was revoked: every signature by it fails."),
        Some(published) if Some(&published) != key(wanted).as_ref() || kind(text) != kind(wanted) => {
            (Standing::Wrong, "Another key is published than the one that messages are signed with here.")
        }
        Some(_)
            if tag(text, "h")
                .is_some_and(|hashes| !hashes.split(':').any(|hash| hash.trim() == "sha256")) =>
        {
            (
                Standing::Wrong,
                "It permits other hashes than the one that messages are signed with (h=sha256).",
            )
        }
        Some(_) if tag(text, "t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "y")) => (
            Standing::Remark,
            "The key is published as a test (t=y): receivers treat the mail as if it were not signed. Take the flag away.",
        ),
        Some(_) => {
            (Standing::Right, "The key is published, and is the one that messages are signed with here.")
        }
    }
}
