//! As much of HTTP and of its encodings as the provider needs.

use std::io::{BufRead, BufReader, Read};

/// Octets of a request's body that are read.
const BODY_OCTETS_MAX: usize = 64 * 1024;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A request.
pub(super) struct Asking {
    pub(super) path: String,
    authorization: Option<String>,
    pub(super) body: String,
}

impl Asking {
    pub(super) fn read(stream: &mut impl Read) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        let (mut authorization, mut length) = (None, 0);
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "authorization" => authorization = Some(value.trim().to_owned()),
                "content-length" => length = value.trim().parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        if length > BODY_OCTETS_MAX || reader.read_exact(&mut body).is_err() {
            return None;
        }
        Some(Self { path, authorization, body: String::from_utf8(body).ok()? })
    }

    /// Name and secret of a client (RFC 6749 §2.3.1): each is encoded as in a form before they are put together.
    pub(super) fn basic(&self) -> Option<(String, String)> {
        let octets = decoded(self.authorization.as_deref()?.strip_prefix("Basic ")?)?;
        let text = String::from_utf8(octets).ok()?;
        let (name, secret) = text.split_once(':')?;
        Some((unescaped(name), unescaped(secret)))
    }
}

/// The fields of a form or of a query.
pub(super) fn fields(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (unescaped(name), unescaped(value))).collect()
}

pub(super) fn get<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

fn unescaped(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        match octet {
            b'+' => octets.push(b' '),
            b'%' => {
                let digits = [rest.next().expect("two digits"), rest.next().expect("two digits")];
                let digits = std::str::from_utf8(&digits).expect("digits");
                octets.push(u8::from_str_radix(digits, 16).expect("digits"));
            }
            octet => octets.push(octet),
        }
    }
    String::from_utf8(octets).expect("UTF-8")
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    let (mut bits, mut number) = (0, 0_u32);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let place = BASE64.iter().position(|known| *known == letter)?;
        number = (number << 6 | u32::try_from(place).ok()?) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            octets.push(u8::try_from(number >> bits & 0xFF).ok()?);
        }
    }
    Some(octets)
}

/// RFC 4648 §5, without padding.
pub(super) fn base64url(octets: &[u8]) -> String {
    let letter = |number: u32| match BASE64[number as usize & 63] {
        b'+' => '-',
        b'/' => '_',
        letter => char::from(letter),
    };
    let mut text = String::new();
    for three in octets.chunks(3) {
        let number = three.iter().fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
        let number = number << (8 * (3 - three.len()));
        let letters = [18, 12, 6, 0].map(|shift| letter(number >> shift));
        text.extend(&letters[..=three.len()]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_go_back_and_forth() {
        for text in
            ["", "f", "fo", "foo", "foob", "fooba", "foobar", "a secret/of the+test", "\u{ff}\u{fe}~?"]
        {
            let encoded = base64url(text.as_bytes()).replace('-', "+").replace('_', "/");
            assert_eq!(decoded(&encoded).as_deref(), Some(text.as_bytes()));
        }
        assert_eq!(base64url(b"foobar"), "Zm9vYmFy");
        assert_eq!(fields("a=1+2&b=%2B%26"), [("a".into(), "1 2".into()), ("b".into(), "+&".into())]);
    }
}
