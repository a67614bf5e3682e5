//! What a server offers in its reply to EHLO (RFC 5321 §4.1.1.1).

use crate::smtp::Reply;

/// Offers that this client uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// RFC 2920.
    pub pipelining: bool,
    /// RFC 6152. Our bodies are 7-bit, so nothing rests on whether the offer is true.
    pub eight_bit_mime: bool,
    /// RFC 6531.
    pub smtputf8: bool,
    /// RFC 3461.
    pub dsn: bool,
    /// RFC 3207.
    pub starttls: bool,
    /// RFC 1870: the largest message in octets, where the server names one.
    pub size_max: Option<u64>,
    /// RFC 4954: the mechanisms.
    pub auth: Vec<String>,
}

impl Capabilities {
    /// Reads the keywords; the first line is the server's name.
    #[must_use]
    pub fn read(reply: &Reply) -> Self {
        let mut offers = Self::default();
        for line in reply.lines.iter().skip(1) {
            let mut words = line.split_ascii_whitespace();
            let Some(keyword) = words.next() else { continue };
            match keyword.to_ascii_uppercase().as_str() {
                "PIPELINING" => offers.pipelining = true,
                "8BITMIME" => offers.eight_bit_mime = true,
                "SMTPUTF8" => offers.smtputf8 = true,
                "DSN" => offers.dsn = true,
                "STARTTLS" => offers.starttls = true,
                // RFC 1870 §4: 0 or nothing means that no limit is named.
                "SIZE" => offers.size_max = words.next().and_then(|n| n.parse().ok()).filter(|n| *n > 0),
                "AUTH" => offers.auth.extend(words.map(str::to_ascii_uppercase)),
                // `AUTH=PLAIN`: what servers say to clients of long ago.
                other => offers.auth.extend(other.strip_prefix("AUTH=").map(str::to_owned)),
            }
        }
        offers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use campaign::ReplyCode;

    #[test]
    fn keywords() {
        let lines =
            ["mx.example", "pipelining", "SIZE 1000", "AUTH PLAIN login", "AUTH=LOGIN", "8BITMIME", "X"];
        let reply = Reply { code: ReplyCode(250), enhanced: None, lines: lines.map(str::to_owned).to_vec() };
        let offers = Capabilities::read(&reply);
        assert!(
            offers.pipelining && offers.eight_bit_mime && !offers.smtputf8 && !offers.dsn && !offers.starttls
        );
        assert_eq!((offers.size_max, offers.auth.join(" ").as_str()), (Some(1000), "PLAIN LOGIN LOGIN"));
    }
}
