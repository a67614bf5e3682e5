//! Commands (RFC 5321 §4.1.1), as far as this server knows them.

use smtp_proto::{MAIL_BODY_7BIT, MAIL_BODY_8BITMIME, MAIL_SMTPUTF8, Request};

use crate::Recipient;

/// The longest command with its CRLF: 512 octets (RFC 5321 §4.5.3.1.4), and room for addresses in UTF-8 and parameters.
pub const COMMAND_OCTETS_MAX: usize = 2_048;

/// Parameters of MAIL that were offered.
const MAIL_FLAGS: u64 = MAIL_BODY_7BIT | MAIL_BODY_8BITMIME | MAIL_SMTPUTF8;

/// A command of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Hello(Hello),
    StartTls,
    /// Whether the sender is empty, and the size that was announced; 0 without one.
    Mail {
        null_sender: bool,
        size: usize,
    },
    Rcpt(Recipient),
    Data,
    Rset,
    Noop,
    Vrfy,
    Quit,
    /// A parameter that was not offered.
    BadParameter,
    /// Known, and written wrongly.
    BadArguments,
    Unknown,
}

/// How a client greets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hello {
    Ehlo,
    Helo,
    Lhlo,
}

impl Command {
    /// Reads a line without its CRLF.
    pub(crate) fn read(line: &[u8]) -> Self {
        // RFC 6531 §3.2: what is beyond ASCII is UTF-8; and no control character stands in any command.
        let Ok(text) = std::str::from_utf8(line) else { return Self::BadArguments };
        if text.chars().any(char::is_control) {
            return Self::BadArguments;
        }
        let ended = [line, b"\r\n"].concat();
        match Request::parse(&mut ended.iter()) {
            Ok(request) => Self::of(request, text),
            Err(smtp_proto::Error::UnknownCommand) => Self::Unknown,
            Err(smtp_proto::Error::UnsupportedParameter { .. }) => Self::BadParameter,
            Err(_) => Self::BadArguments,
        }
    }

    fn of(request: Request<std::borrow::Cow<'_, str>>, text: &str) -> Self {
        match request {
            Request::Ehlo { .. } => Self::Hello(Hello::Ehlo),
            Request::Helo { .. } => Self::Hello(Hello::Helo),
            Request::Lhlo { .. } => Self::Hello(Hello::Lhlo),
            Request::StartTls => Self::StartTls,
            Request::Mail { from } => {
                let offered = smtp_proto::MailFrom { flags: from.flags & MAIL_FLAGS, ..plain(&from) };
                if from != offered {
                    return Self::BadParameter;
                }
                // The parser makes `<postmaster>` empty too.
                let null_sender = from.address.is_empty() && text.contains("<>");
                Self::Mail { null_sender, size: from.size }
            }
            Request::Rcpt { to } => {
                if to.flags != 0 || to.orcpt.is_some() || to.rrvs != 0 {
                    return Self::BadParameter;
                }
                match to.address.rsplit_once('@') {
                    Some((local, domain)) => {
                        Self::Rcpt(Recipient { local: local.to_owned(), domain: domain.to_owned() })
                    }
                    None if text.contains("<>") => Self::BadArguments,
                    None => Self::Rcpt(Recipient { local: "postmaster".to_owned(), domain: String::new() }),
                }
            }
            Request::Data => Self::Data,
            Request::Rset => Self::Rset,
            Request::Noop { .. } => Self::Noop,
            Request::Vrfy { .. } => Self::Vrfy,
            Request::Quit => Self::Quit,
            _ => Self::Unknown,
        }
    }
}

/// The same with no parameter but its size.
fn plain<T: Clone>(from: &smtp_proto::MailFrom<T>) -> smtp_proto::MailFrom<T> {
    smtp_proto::MailFrom {
        address: from.address.clone(),
        flags: 0,
        size: from.size,
        trans_id: None,
        by: 0,
        env_id: None,
        solicit: None,
        mtrk: None,
        auth: None,
        hold_for: 0,
        hold_until: 0,
        mt_priority: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rcpt(local: &str, domain: &str) -> Command {
        Command::Rcpt(Recipient { local: local.to_owned(), domain: domain.to_owned() })
    }

    #[test]
    fn commands() {
        let mail = |null_sender, size| Command::Mail { null_sender, size };
        for (line, command) in [
            ("MAIL FROM:<>", mail(true, 0)),
            ("mail from:<a@x.test> SIZE=300 BODY=8BITMIME SMTPUTF8", mail(false, 300)),
            ("MAIL FROM:<postmaster>", mail(false, 0)),
            ("MAIL FROM:<> BODY=7BIT", mail(true, 0)),
            ("MAIL FROM:<> RET=HDRS", Command::BadParameter),
            ("MAIL FROM:<> BODY=BINARYMIME", Command::BadParameter),
            ("MAIL FROM:<> AUTH=<>", Command::BadParameter),
            ("MAIL FROM:<> UNHEARD=OF", Command::BadParameter),
            ("RCPT TO:<b-abc@bounce.test>", rcpt("b-abc", "bounce.test")),
            ("RCPT TO:<\"a b\"@bounce.test>", rcpt("a b", "bounce.test")),
            ("rcpt to:<ä@bounce.test>", rcpt("ä", "bounce.test")),
            ("RCPT TO:<@relay.test:b@bounce.test>", rcpt("b", "bounce.test")),
            ("RCPT TO:<postmaster>", rcpt("postmaster", "")),
            ("RCPT TO:<>", Command::BadArguments),
            ("RCPT TO:<a@x.test> NOTIFY=NEVER", Command::BadParameter),
            ("RCPT TO:a@x.test", Command::BadArguments),
            ("RCPT TO:<a@x.test", Command::BadArguments),
            ("RCPT TO:<a@b@x.test>", Command::BadArguments),
            ("RCPT TO:<nobody>", Command::BadArguments),
            ("MAIL FROM:<a\u{1}@x.test>", Command::BadArguments),
            ("EHLO client.test", Command::Hello(Hello::Ehlo)),
            ("LHLO client.test", Command::Hello(Hello::Lhlo)),
            ("EHLO", Command::BadArguments),
            ("STARTTLS", Command::StartTls),
            ("DATA", Command::Data),
            ("quit", Command::Quit),
            ("BDAT 10 LAST", Command::Unknown),
            ("AUTH PLAIN abc", Command::Unknown),
            ("GET / HTTP/1.1", Command::Unknown),
            ("", Command::Unknown),
        ] {
            assert_eq!(Command::read(line.as_bytes()), command, "{line}");
        }
        assert_eq!(Command::read(b"MAIL FROM:<\xff@x.test>"), Command::BadArguments);
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_panic(line in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            let _ = Command::read(&line);
        }

        #[test]
        fn nor_what_looks_like_a_command(
            verb in "(MAIL FROM:|RCPT TO:|EHLO |LHLO |VRFY |NOOP |)", rest in "[ -~]{0,80}"
        ) {
            let _ = Command::read(format!("{verb}{rest}").as_bytes());
        }
    }
}
