//! A person's reply, on its way to whoever answers for the campaign.
//!
//! It is the one thing that this program sends and cannot prove (promise 2): the words are somebody else's, with whatever
//! addresses they hold. So it has a type of its own, which nothing but [`Forwarded::new`] makes: for one recipient, whom the
//! settings name and no message, with the null reverse-path, and with the reply as an attachment.

use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use mail::Address;
use memchr::memmem;
use ring::digest::{SHA256, digest};

/// Longest line of a message, in octets without its end (RFC 5322 §2.1.1).
const LINE_OCTETS_MAX: usize = 998;
/// Characters of a line in base64 (RFC 2045 §6.8).
const BASE64_LINE: usize = 76;
/// Octets of a reply's hash that name it.
const ID_OCTETS: usize = 16;
/// A field that our own forwarding is known by, should it come back: it is not sent on again.
const LOOP_FIELD: &str = "X-Undisclosed-Forwarded";

/// What a reply is about, for whoever reads it.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The campaign's name, and the row of the spreadsheet; nothing where the reply does not tell.
    pub delivery: Option<(&'a str, u64)>,
    /// The address in From, if it can be answered: as anybody can write it.
    pub from: Option<&'a Address>,
}

/// A reply in its cover.
pub struct Forwarded {
    recipient: Address,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[a reply of {} octets]", self.bytes.len())
    }
}

impl Forwarded {
    /// Puts a reply into its cover. The same reply brought twice is the same message, by its Message-ID.
    ///
    /// `None`: it was forwarded by us before, and would go round for ever.
    #[must_use]
    pub fn new(
        (to, from): (&Address, &Address),
        about: &About<'_>,
        reply: &[u8],
        now: Timestamp,
    ) -> Option<Self> {
        if is_forwarded(reply) {
            return None;
        }
        let id = id(reply);
        let boundary = format!("forwarded-{id}");
        let mut bytes = head(to, from, about, &boundary, &id, now).into_bytes();
        bytes.extend_from_slice(
            format!(
                "\r\n--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                wrapped(words(about).as_bytes()),
            )
            .as_bytes(),
        );
        if is_plain(reply, &boundary) {
            // RFC 2046 §5.2.1: it may be 7bit, and never base64.
            bytes.extend_from_slice(
                format!(
                    "\r\n--{boundary}\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"reply.eml\"\r\n\r\n"
                )
                .as_bytes(),
            );
            bytes.extend_from_slice(reply);
        } else {
            // Whether the relay's 8BITMIME is true does not matter then.
            bytes.extend_from_slice(
                format!(
                    "\r\n--{boundary}\r\nContent-Type: application/octet-stream; name=\"reply.eml\"\r\n\
                     Content-Disposition: attachment; filename=\"reply.eml\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                    wrapped(reply)
                )
                .as_bytes(),
            );
        }
        bytes.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        Some(Self { recipient: to.clone(), bytes })
    }

    /// The one RCPT: whom the settings name.
    #[must_use]
    pub const fn recipient(&self) -> &Address {
        &self.recipient
    }

    /// The message.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What makes Message-ID and boundary.
fn id(reply: &[u8]) -> String {
    let hash = digest(&SHA256, reply);
    HEXLOWER.encode(&hash.as_ref()[..ID_OCTETS])
}

fn head(to: &Address, from: &Address, about: &About<'_>, boundary: &str, id: &str, now: Timestamp) -> String {
    let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
    let answer = about.from.filter(|from| !from.needs_smtputf8());
    let reply_to = answer.map_or(String::new(), |from| format!("Reply-To: <{}>\r\n", from.expose()));
    format!(
        "Date: {date}\r\nFrom: Undisclosed <{}>\r\nTo: <{}>\r\n{reply_to}Subject: A reply to one of your messages\r\n\
         Message-ID: <forwarded.{id}@{}>\r\n{LOOP_FIELD}: yes\r\nAuto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\r\n",
        from.expose(),
        to.expose(),
        from.domain(),
    )
}

fn words(about: &About<'_>) -> String {
    let whom = match about.delivery {
        Some((campaign, row)) => format!(
            "The attached message came to the technical return address of the campaign \"{campaign}\". That address is of the \
             message to the person in row {row} of its list."
        ),
        None => "The attached message came to a technical address. Which of your messages it answers cannot be told."
            .to_owned(),
    };
    let answer = match about.from {
        Some(_) => {
            "Anybody can write any sender into a message: before you answer with anything that is not for everybody, be sure \
             that it is this person. An answer to this message goes to the sender that it names."
        }
        None => "It names no sender who could be answered.",
    };
    format!("{whom}\r\n\r\n{answer}\r\n")
}

fn wrapped(octets: &[u8]) -> String {
    let text = BASE64.encode(octets);
    let mut out = String::with_capacity(text.len() + text.len() / BASE64_LINE * 2 + 2);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(BASE64_LINE));
        out.push_str(line);
        out.push_str("\r\n");
        rest = behind;
    }
    out
}

/// Seven bits, no line that is too long, and nothing that ends the attachment: it can be attached as it is.
fn is_plain(reply: &[u8], boundary: &str) -> bool {
    reply.is_ascii()
        && memmem::find(reply, boundary.as_bytes()).is_none()
        && !reply.contains(&0)
        && reply.ends_with(b"\r\n")
        && reply.split(|octet| *octet == b'\n').all(|line| line.len() <= LINE_OCTETS_MAX + 1)
}

fn is_forwarded(reply: &[u8]) -> bool {
    let lines = reply.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end);
    let field = LOOP_FIELD.as_bytes();
    lines.take_while(|line| !line.is_empty()).any(|line| {
        line.split_at_checked(field.len())
            .is_some_and(|(name, rest)| name.eq_ignore_ascii_case(field) && rest.starts_with(b":"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn forwarded(reply: &[u8]) -> Option<Forwarded> {
        let (to, from, person) =
            (address("answers@unit.test"), address("survey@unit.test"), address("ada@inbox.test"));
        let about = About { delivery: Some(("Überblick", 17)), from: Some(&person) };
        Forwarded::new((&to, &from), &about, reply, Timestamp::UNIX_EPOCH)
    }

    /// What another program reads in it: the attachment, and the words before it.
    fn read(forwarded: &Forwarded) -> (Vec<u8>, String) {
        let message = mail_parser::MessageParser::default().parse(forwarded.bytes()).unwrap();
        let text = message.body_text(0).unwrap().into_owned();
        let attached = message.attachment(0).unwrap();
        let octets = attached
            .message()
            .map_or_else(|| attached.contents().to_vec(), |inner| inner.raw_message().to_vec());
        (octets, text)
    }

    #[test]
    fn a_reply_arrives_as_it_was_whatever_is_in_it() {
        let long = format!("Subject: x\r\n\r\n{}\r\n", "a".repeat(LINE_OCTETS_MAX + 1));
        for reply in [
            b"From: ada@inbox.test\r\nSubject: Re\r\n\r\nPlease call me.\r\n".as_slice(),
            "Subject: Re\r\n\r\nDanke schön\r\n".as_bytes(),
            b"Subject: Re\r\n\r\n--forwarded--\r\n\xff\r\n",
            long.as_bytes(),
        ] {
            let forwarded = forwarded(reply).unwrap();
            assert!(forwarded.bytes().is_ascii());
            let lines = forwarded.bytes().split(|octet| *octet == b'\n');
            assert!(lines.into_iter().all(|line| line.len() <= LINE_OCTETS_MAX + 1));
            let (octets, words) = read(&forwarded);
            assert_eq!(octets.trim_ascii_end(), reply.trim_ascii_end());
            assert!(words.contains("\"Überblick\"") && words.contains("row 17"));
        }
    }

    #[test]
    fn it_is_for_one_recipient_and_says_that_a_program_sent_it() {
        let forwarded = forwarded(b"Subject: Re\r\n\r\nHello\r\n").unwrap();
        let text = String::from_utf8(forwarded.bytes().to_vec()).unwrap();
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(forwarded.recipient().expose(), "answers@unit.test");
        for line in [
            "To: <answers@unit.test>",
            "Reply-To: <ada@inbox.test>",
            "Auto-Submitted: auto-generated",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000",
            &format!("Message-ID: <forwarded.{}@unit.test>", id(b"Subject: Re\r\n\r\nHello\r\n")),
        ] {
            assert!(head.lines().any(|one| one == line), "{line}");
        }
        assert!(!head.lines().any(|line| line.starts_with("Cc:") || line.starts_with("Bcc:")));
    }

    #[test]
    fn what_was_forwarded_is_not_forwarded_again() {
        let once = forwarded(b"Subject: Re\r\n\r\nHello\r\n").unwrap();
        assert!(forwarded(once.bytes()).is_none());
        assert!(forwarded(b"x-undisclosed-FORWARDED: yes\n\nHello\n").is_none());
        assert!(
            forwarded(b"Subject: Re\r\n\r\nX-Undisclosed-Forwarded: yes\r\n").is_some(),
            "in a text it is one"
        );
    }

    #[test]
    fn the_boundary_is_not_in_the_reply() {
        // It is made of the whole reply: nobody can write what they would have to know before.
        let reply = b"Subject: Re\r\n\r\nHello\r\n";
        let other = [&reply[..], id(reply).as_bytes(), b"\r\n"].concat();
        assert_ne!(id(reply), id(&other));
        assert_eq!(read(&forwarded(&other).unwrap()).0, other);
        // And were it there all the same, nothing ends where it stands.
        assert!(!is_plain(b"--forwarded-abc\r\n", "forwarded-abc"));
    }
}
