//! One mail transaction: its envelope, and what is wrong with it.

use crate::behaviour::{EightBit, Offers};
use crate::smtp::command::PathAndParameters;

/// Recipients of one transaction, at most (RFC 5321 §4.5.3.1.8 asks for at least so many).
pub const RECIPIENTS_MAX: usize = 100;
/// Characters of an ENVID (RFC 3461 §4.4).
const ENVELOPE_ID_CHARS_MAX: usize = 100;

const NOT_OFFERED: &str = "501 5.5.4 A parameter that was not offered";
const BAD_VALUE: &str = "501 5.5.4 A parameter has a value that it cannot have";

/// Begun by MAIL.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) reverse_path: String,
    pub(crate) mail_parameters: String,
    pub(crate) recipients: Vec<String>,
    pub(crate) rcpt_parameters: Vec<String>,
    pub(crate) smtputf8: bool,
    eight_bit: bool,
}

impl Transaction {
    /// Takes MAIL, or says why not.
    pub(crate) fn begin(
        mail: PathAndParameters,
        offers: &Offers,
        logs_in: bool,
    ) -> Result<Self, &'static str> {
        let mut begun = Self { reverse_path: mail.path, ..Self::default() };
        let mut seen = Vec::new();
        for parameter in mail.parameters.split_ascii_whitespace() {
            let (keyword, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let keyword = keyword.to_ascii_uppercase();
            let offered = match keyword.as_str() {
                "SIZE" => offers.size,
                "BODY" => offers.eight_bit_mime != EightBit::No,
                "SMTPUTF8" => offers.smtputf8,
                "RET" | "ENVID" => offers.dsn,
                "AUTH" => logs_in,
                _ => false,
            };
            if !offered {
                return Err(NOT_OFFERED);
            }
            begun.mail_parameter(&keyword, value, offers)?;
            if seen.contains(&keyword) {
                return Err("501 5.5.4 A parameter stands there twice");
            }
            seen.push(keyword);
        }
        if !begun.reverse_path.is_ascii() && !begun.smtputf8 {
            return Err("553 5.6.7 An address beyond ASCII needs SMTPUTF8");
        }
        begun.mail_parameters = mail.parameters;
        Ok(begun)
    }

    fn mail_parameter(&mut self, keyword: &str, value: &str, offers: &Offers) -> Result<(), &'static str> {
        match keyword {
            "SIZE" => {
                let size: usize = value.parse().map_err(|_| BAD_VALUE)?;
                if size > offers.size_max {
                    return Err("552 5.3.4 The message is too large");
                }
            }
            "BODY" if value.eq_ignore_ascii_case("8BITMIME") => self.eight_bit = true,
            "BODY" if value.eq_ignore_ascii_case("7BIT") => {}
            "SMTPUTF8" if value.is_empty() => self.smtputf8 = true,
            "RET" if ["HDRS", "FULL"].iter().any(|word| value.eq_ignore_ascii_case(word)) => {}
            "ENVID" if is_xtext(value) && value.len() <= ENVELOPE_ID_CHARS_MAX => {}
            "AUTH" if !value.is_empty() => {}
            _ => return Err(BAD_VALUE),
        }
        Ok(())
    }

    /// Takes RCPT, or says why not.
    pub(crate) fn add(
        &mut self,
        rcpt: PathAndParameters,
        offers: &Offers,
        single: bool,
    ) -> Result<(), &'static str> {
        for parameter in rcpt.parameters.split_ascii_whitespace() {
            let (keyword, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value_fits = match keyword.to_ascii_uppercase().as_str() {
                _ if !offers.dsn => return Err(NOT_OFFERED),
                "NOTIFY" => is_notify(value),
                "ORCPT" => {
                    value.split_once(';').is_some_and(|(kind, address)| !kind.is_empty() && is_xtext(address))
                }
                _ => return Err(NOT_OFFERED),
            };
            if !value_fits {
                return Err(BAD_VALUE);
            }
        }
        if !rcpt.path.is_ascii() && !self.smtputf8 {
            return Err("553 5.6.7 An address beyond ASCII needs SMTPUTF8");
        }
        if single && !self.recipients.is_empty() {
            return Err("554 5.5.3 One recipient is all that this server takes");
        }
        if self.recipients.len() >= RECIPIENTS_MAX {
            return Err("452 4.5.3 Too many recipients");
        }
        self.recipients.push(rcpt.path);
        self.rcpt_parameters.push(rcpt.parameters);
        Ok(())
    }

    /// Whether the octets are what the envelope promised.
    pub(crate) fn check(&self, message: &[u8], offers: &Offers) -> Result<(), &'static str> {
        if message.is_ascii() {
            return Ok(());
        }
        if offers.eight_bit_mime == EightBit::Falsely {
            return Err("554 5.6.3 Conversion required but not supported");
        }
        if !self.eight_bit {
            return Err("554 5.6.3 There are 8-bit octets and no BODY=8BITMIME");
        }
        let header_end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(message.len());
        if !self.smtputf8 && !message[..header_end].is_ascii() {
            return Err("554 5.6.7 A header beyond ASCII needs SMTPUTF8");
        }
        Ok(())
    }
}

/// RFC 3461 §4: printable ASCII but for `+` and `=`, which stand as `+HH`.
fn is_xtext(text: &str) -> bool {
    let mut octets = text.bytes();
    let hex = |octet: Option<u8>| octet.is_some_and(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    while let Some(octet) = octets.next() {
        let fits = match octet {
            b'+' => hex(octets.next()) && hex(octets.next()),
            b'=' => false,
            other => (b'!'..=b'~').contains(&other),
        };
        if !fits {
            return false;
        }
    }
    !text.is_empty()
}

/// RFC 3461 §4.1: NEVER alone, or a list of the others.
fn is_notify(value: &str) -> bool {
    let value = value.to_ascii_uppercase();
    value == "NEVER" || value.split(',').all(|word| matches!(word, "SUCCESS" | "FAILURE" | "DELAY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str, parameters: &str) -> PathAndParameters {
        PathAndParameters { path: path.to_owned(), parameters: parameters.to_owned() }
    }

    fn mail(parameters: &str, offers: &Offers) -> Result<Transaction, &'static str> {
        Transaction::begin(path("a@x.test", parameters), offers, false)
    }

    #[test]
    fn parameters_that_are_offered_and_not() {
        let offers = Offers { size_max: 1_000, ..Offers::default() };
        for good in ["", "SIZE=1000 BODY=8bitmime SMTPUTF8 RET=HDRS ENVID=a+2Bb", "BODY=7BIT"] {
            assert!(mail(good, &offers).is_ok(), "{good}");
        }
        for bad in [
            "SIZE=1001",
            "SIZE=x",
            "SIZE=1 SIZE=1",
            "BODY=BINARYMIME",
            "SMTPUTF8=1",
            "ENVID=a=b",
            "ENVID=a+2",
            "X",
            "AUTH=<>",
        ] {
            assert!(mail(bad, &offers).is_err(), "{bad}");
        }
        assert!(mail(&format!("ENVID={}", "x".repeat(ENVELOPE_ID_CHARS_MAX)), &offers).is_ok());
        assert!(mail(&format!("ENVID={}", "x".repeat(ENVELOPE_ID_CHARS_MAX + 1)), &offers).is_err());
        let nothing =
            Offers { size: false, eight_bit_mime: EightBit::No, smtputf8: false, dsn: false, ..offers };
        for parameter in ["SIZE=1", "BODY=8BITMIME", "SMTPUTF8", "RET=HDRS", "ENVID=a"] {
            assert_eq!(mail(parameter, &nothing).unwrap_err(), NOT_OFFERED, "{parameter}");
        }
    }

    #[test]
    fn recipients_and_one_past() {
        let offers = Offers::default();
        let mut many = mail("", &offers).unwrap();
        for n in 0..RECIPIENTS_MAX {
            many.add(path(&format!("{n}@x.test"), "NOTIFY=FAILURE,DELAY"), &offers, false).unwrap();
        }
        assert!(many.add(path("one-more@x.test", ""), &offers, false).unwrap_err().starts_with("452"));
        let mut one = mail("", &offers).unwrap();
        one.add(path("a@x.test", "NOTIFY=NEVER"), &offers, true).unwrap();
        assert!(one.add(path("b@x.test", ""), &offers, true).unwrap_err().starts_with("554"));
        assert!(one.add(path("ä@x.test", ""), &offers, false).unwrap_err().starts_with("553"));
        assert!(one.add(path("b@x.test", "NOTIFY=NEVER,DELAY"), &offers, false).is_err());
        let no_dsn = Offers { dsn: false, ..offers };
        assert_eq!(one.add(path("b@x.test", "NOTIFY=NEVER"), &no_dsn, false).unwrap_err(), NOT_OFFERED);
    }

    #[test]
    fn eight_bit_octets() {
        let offers = Offers::default();
        let (body, header) = ("A: b\r\n\r\nä\r\n".as_bytes(), "A: ä\r\n\r\nb\r\n".as_bytes());
        let check = |parameters: &str, message: &[u8], offers: &Offers| {
            mail(parameters, offers).unwrap().check(message, offers).is_ok()
        };
        assert!(!check("", body, &offers) && check("BODY=8BITMIME", body, &offers));
        assert!(!check("BODY=8BITMIME", header, &offers) && check("BODY=8BITMIME SMTPUTF8", header, &offers));
        let falsely = Offers { eight_bit_mime: EightBit::Falsely, ..offers };
        assert!(
            !check("BODY=8BITMIME", body, &falsely) && check("BODY=8BITMIME", b"A: b\r\n\r\nc\r\n", &falsely)
        );
    }
}
